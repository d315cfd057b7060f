"""Answers of tasks on their way into their runs: many of them in one transaction, which confirms their effects too.

A task's answer is kept in memory until the commit that handles it, and its effect is pending as long: who dies between
finds the effect, and does the task again. What is under way is not done twice meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from tocsin.engine.ports import Received
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.tasks.transport import answered
from tocsin.wiring.workflows import answer_input

BATCH_MAX: Final = 256
REMEMBERED: Final[Duration] = 10 * SECOND  # A lane that has read an effect before its end may come so late.

log = logging.getLogger(__name__)


class Answers:
    """`give` and `knows` from any thread, `handle` from the engine's."""

    def __init__(
        self,
        accept: Callable[[Sequence[Received]], object],
        wake: Callable[[], None],
        address: Callable[[Mapping[str, Json], str, str], Addressed] = answer_input,
    ) -> None:
        """*accept* stores deliveries durably. *wake* the engine.

        *address* tells whom an answer is for: an answer, the id of the input that it is, the effect that it confirms.
        """
        self._accept = accept
        self._address = address
        self._wake = wake
        self._runner: Runner | None = None
        self._queue: SimpleQueue[tuple[str, Mapping[str, Json]]] = SimpleQueue()
        self._left: list[tuple[str, Mapping[str, Json]]] = []
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._gone: deque[tuple[Instant, Sequence[str]]] = deque()

    def attach(self, runner: Runner) -> None:
        """Who handles them; before the engine begins."""
        self._runner = runner

    def knows(self, effect: str) -> bool:
        """Whether the task of *effect* was answered a moment ago."""
        with self._lock:
            return effect in self._known

    def give(self, effect: str, answer: Mapping[str, Json]) -> None:
        """The task of *effect* was answered."""
        with self._lock:
            self._known.add(effect)
        self._queue.put((effect, answer))
        self._wake()

    def handle(self, now: Instant) -> int:
        """Commit what has come in; how many. Raises StoreUnavailableError: then they wait for the next call."""
        self._forget(now)
        batch = self._taken()
        if not batch:
            return 0
        assert self._runner is not None
        try:
            # The ids are those of the deliveries that the same answers would be.
            self._runner.handle([self._address(answer, f"/{name}/answer/0", name) for name, answer in batch], now)
        except StoreUnavailableError:
            self._left = batch
            raise
        except Exception:
            log.exception("a batch of answers failed; they are handled as deliveries")
            self._left = batch
            self._accept([answered(dict(answer), f"{name}/answer", now) for name, answer in batch])
            self._left = []
            return len(batch)  # They stay known: what breaks a machine is not done again and again.
        self._gone.append((now, [name for name, _ in batch]))
        return len(batch)

    def _taken(self) -> list[tuple[str, Mapping[str, Json]]]:
        batch, self._left = self._left, []
        while len(batch) < BATCH_MAX:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
        return batch

    def _forget(self, now: Instant) -> None:
        while self._gone and self._gone[0][0] + REMEMBERED <= now:
            _, names = self._gone.popleft()
            with self._lock:
                self._known.difference_update(names)
