"""Workflows in a running server: their definitions, the tasks they want done, and the tokens that are waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tocsin.engine.ports import Commit
from tocsin.engine.runner import Runner
from tocsin.executions.machine import ExecutionMachine
from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.tasks.functions import RUNNING_MAX
from tocsin.wiring import leftovers, runs, tasks, workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.direct import Direct
from tocsin.wiring.lanes import TaskThreads
from tocsin.wiring.settings import Settings


class Automation:
    """What the engine needs for them. Raises StoreUnavailableError, TocsinError when it is made."""

    def __init__(
        self,
        settings: Settings,
        store: SqliteStore,
        tell: tasks.Accept,
        clock: Callable[[], Instant],
        *,
        wake: Callable[[], None],
        publish: Callable[[Sequence[str]], None],
    ) -> None:
        """*tell* stores deliveries durably. *wake* the engine. *publish* which aggregates changed."""
        self._touch: Callable[[Iterable[str]], None] = lambda _: None
        self._publish = publish
        self.definitions = workflows.Definitions(store)
        self.tokens = tasks.Tokens(store, tell, clock)
        self.threads = TaskThreads()
        self.answers = Answers(tell, wake)
        self.answers.attach(Runner(store, [ExecutionMachine(self.definitions)], on_commit=self.committed))
        functions = tasks.functions(settings)
        self._store = store
        self._kept = workflows.keep_all(settings, self.definitions)
        self.transport = tasks.transport(
            settings,
            self._kept,
            tell,
            clock,
            tokens=self.tokens,
            book=tasks.JobBook(store),
            find=lambda key: runs.find_by(store, key),
            functions=functions,
            answers=self.answers,
        )
        self._function_threads = TaskThreads(RUNNING_MAX)
        self.direct = Direct(
            functions, self.transport, self.answers, executor=self._function_threads, clock=clock, wake=wake
        )

    def attach(self, touch: Callable[[Iterable[str]], None]) -> None:
        """What tells the engine for which receivers something waits; before it begins."""
        self._touch = touch

    def committed(self, commits: Sequence[Commit]) -> None:
        """These are durable: what they want done begins. Any thread."""
        self._publish([commit.aggregate for commit in commits])
        if receivers := self.direct.take(commits):
            self._touch(receivers)

    def tidy(self) -> int:
        """Forget what runs have left that are not there any more; how much. Raises StoreUnavailableError."""
        return leftovers.forget(self._store, set(self._kept.values()))

    def close(self) -> None:
        """End; what is under way has a moment, and is done again by a later start."""
        self.direct.close()
        self.threads.shutdown()
        self._function_threads.shutdown()
