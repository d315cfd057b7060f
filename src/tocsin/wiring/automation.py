"""Workflows in a running server: their definitions, the tasks they want done, and the tokens that are waited for."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import rules, runs, tasks, workflows
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.lanes import TaskThreads
from tocsin.wiring.settings import Settings


class Automation:
    """What the engine needs for them. Raises StoreUnavailableError, TocsinError when it is made."""

    def __init__(
        self, settings: Settings, store: SqliteStore, tell: tasks.Accept, clock: Callable[[], Instant]
    ) -> None:
        """*tell* stores deliveries durably."""
        self.definitions = workflows.Definitions(store)
        self.tokens = tasks.Tokens(store, tell, clock)
        self.threads = TaskThreads()
        kept = workflows.keep_all(settings, self.definitions)
        self.rules = rules.RuleDesk(settings, kept)
        order = rules.configuration(settings, store, clock())
        if order is not None:
            store.accept([order])
        self.transport = tasks.transport(
            settings,
            kept,
            tell,
            clock,
            tokens=self.tokens,
            find=lambda key: runs.find_by(store, key),
        )

    def join(self, interpreter: Interpreter) -> None:
        """Have *interpreter* read what concerns workflows beside their own channels."""
        rules.join(self.rules, interpreter)
