"""The group-committing writer: deliveries that arrive while one group is on its way to the disk make the next group."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

from tocsin.engine.ports import Deliveries, Received
from tocsin.errors import StoreUnavailableError

GROUP_MAX: Final = 256  # Deliveries of one group: one statement of the store.
GROUP_BYTES_MAX: Final = 4 * 1024 * 1024  # Larger groups would make the first of them wait for the last.

Answers = Sequence[tuple[Any, str | StoreUnavailableError]]
_Waiting: TypeAlias = tuple[Received, Any]

log = logging.getLogger(__name__)


class GroupWriter:
    """One thread that stores deliveries in groups and then answers for each."""

    def __init__(
        self, store: Deliveries, *, answer: Callable[[Answers], None], on_group: Callable[[], None] = lambda: None
    ) -> None:
        """*answer* gets, on the writer's thread, each token with its delivery id or the trouble.

        *on_group* hears of each group that was stored.
        """
        self._store = store
        self._answer = answer
        self._on_group = on_group
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()  # None is the end.
        self._troubled = False
        self.accepted = 0  # Deliveries stored so far.
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, received: Received, token: object) -> None:
        """Queue one delivery; the answer comes later. From any thread, but not after `close`."""
        self._waiting.put((received, token))

    def depth(self) -> int:
        """How many deliveries wait for the disk."""
        return self._waiting.qsize()

    def close(self) -> None:
        """Store and answer what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            taken, stopping = self._take()
            for group in _groups(taken):
                try:
                    self._store_group(group)
                except Exception:  # A thread that died of an answer would keep every later sender waiting for ever.
                    log.exception("a group could not be answered")

    def _take(self) -> tuple[list[_Waiting], bool]:
        """Wait for a delivery and take what waits behind it too; whether the end was reached."""
        taken: list[_Waiting] = []
        item = self._waiting.get()
        while item is not None:
            taken.append(item)
            if len(taken) == GROUP_MAX or self._waiting.empty():
                return taken, False
            item = self._waiting.get()
        return taken, True

    def _store_group(self, group: Sequence[_Waiting]) -> None:
        try:
            ids = self._store.accept([received for received, _ in group])
        except StoreUnavailableError as problem:
            if not self._troubled:
                log.error("deliveries refused: the store cannot write", extra={"problem": problem.message})  # noqa: TRY400
            self._troubled = True
            self._answer([(token, problem) for _, token in group])
            return
        except Exception as problem:
            log.exception("storing deliveries failed")
            trouble = StoreUnavailableError(f"internal error: {type(problem).__name__}")
            self._answer([(token, trouble) for _, token in group])
            return
        if self._troubled:
            self._troubled = False
            log.warning("deliveries are stored again")
        self.accepted += len(ids)
        self._answer([(token, delivery_id) for (_, token), delivery_id in zip(group, ids, strict=True)])
        self._on_group()


def _groups(taken: Sequence[_Waiting]) -> list[list[_Waiting]]:
    """*taken* in order, in groups of at most GROUP_BYTES_MAX (a larger delivery is a group of its own)."""
    groups: list[list[_Waiting]] = []
    size = 0
    for item in taken:
        size += len(item[0].body)
        if not groups or size > GROUP_BYTES_MAX:
            groups.append([])
            size = len(item[0].body)
        groups[-1].append(item)
    return groups
