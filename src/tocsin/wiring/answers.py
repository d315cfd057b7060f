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
from tocsin.tasks.transport import Claim, answered, once
from tocsin.wiring.workflows import answer_input

BATCH_MAX: Final = 256
REMEMBERED: Final[Duration] = 10 * SECOND  # A lane that has read an effect before its end may come so late.

log = logging.getLogger(__name__)


class Answers:
    """`tocsin.tasks.transport.Answering`, and what commits them. Any thread."""

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
        self._turn = threading.Lock()  # Of whoever commits.
        self._under_way: dict[str, Instant] = {}
        self._known: set[str] = set()
        self._gone: deque[tuple[Instant, Sequence[str]]] = deque()

    def attach(self, runner: Runner) -> None:
        """Who handles them; before the engine begins."""
        self._runner = runner

    def begin(self, effect: str, now: Instant) -> Claim:
        """Whoever hears OURS does the task of *effect*, and nobody else does, until it is given or left."""
        with self._lock:
            if effect in self._known:
                return Claim.ANSWERED
            if effect in self._under_way:
                return Claim.ELSEWHERE
            self._under_way[effect] = now
            return Claim.OURS

    def since(self, effect: str) -> Instant | None:
        """When the task of *effect* was begun that is under way."""
        with self._lock:
            return self._under_way.get(effect)

    def leave(self, effect: str) -> None:
        """The task of *effect* is not under way any more: it has no answer yet, or not by this way."""
        with self._lock:
            self._under_way.pop(effect, None)

    def give(self, effect: str, answer: Mapping[str, Json]) -> None:
        """The task of *effect* was answered, and the engine shall commit that."""
        if self.note(effect, answer):
            self._wake()

    def note(self, effect: str, answer: Mapping[str, Json]) -> bool:
        """The task of *effect* was answered, and the caller sees to it that `handle` follows; False: it was before."""
        with self._lock:
            if effect in self._known:
                return False
            self._known.add(effect)
            self._under_way.pop(effect, None)
        self._queue.put((effect, answer))
        return True

    def waiting(self) -> bool:
        """Whether something is to be committed."""
        return bool(self._left) or not self._queue.empty()

    def handle(self, now: Instant) -> int:
        """Commit what has come in; how many, or 0 if another thread does so. Never waits for that one.

        Whoever finds it at work need do nothing, since it looks again when it has done. Raises StoreUnavailableError:
        then they wait for the next call.
        """
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            handled = self._handle(now)
        finally:
            self._turn.release()
        return handled or int(self.waiting())

    def _handle(self, now: Instant) -> int:
        self._forget(now)
        batch = self._taken()
        if not batch:
            return 0
        assert self._runner is not None
        try:
            # The ids are those of the deliveries that the same answers would be.
            self._runner.handle([self._address(told, f"/{once(told, name)}/0", name) for name, told in batch], now)
        except StoreUnavailableError:
            self._left = batch
            raise
        except Exception:
            log.exception("a batch of answers failed; they are handled one by one")
            self._left = batch
            while self._left:
                self._handle_alone(*self._left[0], now)
                self._left = self._left[1:]
            return len(batch)  # They stay known: what breaks a machine is not done again and again.
        self._gone.append((now, [name for name, _ in batch]))
        return len(batch)

    def _handle_alone(self, name: str, told: Mapping[str, Json], now: Instant) -> None:
        """Commit one answer; one that breaks its machine goes the way of deliveries, where it is set aside."""
        assert self._runner is not None
        try:
            self._runner.handle([self._address(told, f"/{once(told, name)}/0", name)], now)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("an answer breaks its machine", extra={"effect": name})
            self._accept([answered(dict(told), once(told, name), now)])

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
