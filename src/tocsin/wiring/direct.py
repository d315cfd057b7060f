"""Functions of Python on the short way: from the commit that wants one to the commit of its answer on one thread.

What a commit wants done needs not be read again to be done. The thread that has done it commits the answer, and those
of others that have come meanwhile, and does what follows; so a run alone costs no change of threads, and many runs
share their commits. The outbox stays the truth: whatever is not done here is found there, by the dispatcher.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Final

from tocsin.engine.ports import Commit, Outgoing
from tocsin.errors import StoreUnavailableError
from tocsin.executions.machine import TASK, is_local
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.tasks.functions import Functions
from tocsin.tasks.transport import Claim, TasksTransport
from tocsin.wiring.answers import Answers

FRESH: Final[Duration] = SECOND  # After so long a run may have been stopped: then its state is read first.

log = logging.getLogger(__name__)


class Direct:
    """Does them on the threads of an executor. Any thread."""

    def __init__(
        self,
        functions: Functions,
        transport: TasksTransport,
        answers: Answers,
        *,
        executor: Executor,
        clock: Callable[[], Instant],
        wake: Callable[[], None],
    ) -> None:
        """*transport* makes answers of what *functions* give. *wake* the engine."""
        self._functions = functions
        self._transport = transport
        self._answers = answers
        self._executor = executor
        self._clock = clock
        self._wake = wake
        self._here = threading.local()
        self._closed = False

    def take(self, commits: Iterable[Commit]) -> set[str]:
        """Begin what these commits want done, as far as it is done here; the receivers of all else."""
        others: set[str] = set()
        for commit in commits:
            for item in commit.outbox:
                if not self._takes(item):
                    others.add(item.receiver)
                elif (kept := getattr(self._here, "kept", None)) is not None:
                    kept.append(item)
                else:
                    self._executor.submit(self._work, item)
        return others

    def close(self) -> None:
        """Begin and commit nothing more; what is under way is done again by the next process."""
        self._closed = True

    def _takes(self, item: Outgoing) -> bool:
        return (
            not self._closed
            and is_local(item.receiver)
            and item.kind == TASK
            and item.facts["resource"] in self._functions
            and self._answers.begin(item.id, item.not_before) is Claim.OURS
        )

    def _work(self, item: Outgoing) -> None:
        """Do *item*, and what follows from it as far as no other thread has taken that."""
        following: Outgoing | None = item
        while following is not None and not self._closed:
            answer = self._answer(following)
            if answer is None or self._closed:
                self._answers.leave(following.id)
                self._wake()
                return
            self._answers.note(following.id, answer)
            following = self._commit()

    def _answer(self, item: Outgoing) -> Mapping[str, Json] | None:
        if self._clock() - item.not_before > FRESH:
            return None
        return self._transport.answer(item, self._functions.here)

    def _commit(self) -> Outgoing | None:
        """Commit what has come in, unless another thread does so; one of the tasks that follow, for this thread."""
        while True:
            kept: list[Outgoing] = []
            self._here.kept = kept
            try:
                handled = self._answers.handle(self._clock())
            except StoreUnavailableError:
                self._wake()  # It tries again, and says so.
                handled = 0
            finally:
                self._here.kept = None
                mine = kept.pop() if kept and not self._answers.waiting() else None
                for item in kept:
                    self._executor.submit(self._work, item)
            if mine is not None or not handled:
                return mine
