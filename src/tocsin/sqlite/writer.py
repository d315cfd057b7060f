"""The group-committing writer: deliveries that arrive while one group is on its way to the disk make the next group."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.engine.ports import Deliveries, Received
from tocsin.errors import StoreUnavailableError

GROUP_MAX: Final = 256  # Deliveries of one group: one statement of the store.
GROUP_BYTES_MAX: Final = 4 * 1024 * 1024  # Larger groups would make the first of them wait for the last.

Answers = Sequence[tuple[Any, str | StoreUnavailableError]]

log = logging.getLogger(__name__)


class GroupWriter:
    """One thread that stores deliveries in groups and then answers for each."""

    def __init__(
        self, store: Deliveries, *, answer: Callable[[Answers], None], on_group: Callable[[], None] = lambda: None
    ) -> None:
        """*answer* gets, on the writer's thread, each token with its delivery id or the trouble; *on_group* hears of each group."""
        self._store = store
        self._answer = answer
        self._on_group = on_group
        self._waiting: list[tuple[Received, Any]] = []
        self._wake = threading.Semaphore(0)
        self._stopping = False
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, received: Received, token: object) -> None:
        """Queue one delivery; the answer comes later. Called by one thread."""
        first = not self._waiting
        self._waiting.append((received, token))
        if first:
            self._wake.release()

    def depth(self) -> int:
        """How many deliveries wait for the disk."""
        return len(self._waiting)

    def close(self) -> None:
        """Store and answer what waits, then stop."""
        self._stopping = True
        self._wake.release()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping or self._waiting:
            self._wake.acquire()
            while self._waiting:
                taken, self._waiting = self._waiting, []
                for group in _groups(taken):
                    self._store_group(group)

    def _store_group(self, group: Sequence[tuple[Received, Any]]) -> None:
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
        self._answer([(token, delivery_id) for (_, token), delivery_id in zip(group, ids, strict=True)])
        self._on_group()


def _groups(taken: Sequence[tuple[Received, Any]]) -> list[list[tuple[Received, Any]]]:
    groups: list[list[tuple[Received, Any]]] = [[]]
    size = 0
    for item in taken:
        if len(groups[-1]) >= GROUP_MAX or (groups[-1] and size + len(item[0].body) > GROUP_BYTES_MAX):
            groups.append([])
            size = 0
        groups[-1].append(item)
        size += len(item[0].body)
    return groups
