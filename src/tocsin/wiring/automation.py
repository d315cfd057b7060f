"""Workflows in a running server: their definitions, the tasks they want done, and the tokens that are waited for."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.kernel.time import Instant
from tocsin.wiring import runs, tasks, workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.lanes import TaskThreads
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore


class Automation:
    """What the engine needs for them. Raises StoreUnavailableError, TocsinError when it is made."""

    def __init__(
        self,
        settings: Settings,
        store: ShowingStore,
        tell: tasks.Accept,
        clock: Callable[[], Instant],
        wake: Callable[[], None],
    ) -> None:
        """*tell* stores deliveries durably. *wake* the engine."""
        self.definitions = workflows.Definitions(store)
        self.tokens = tasks.Tokens(store, tell, clock)
        self.threads = TaskThreads()
        self.answers = Answers(tell, wake)
        self.transport = tasks.transport(
            settings,
            workflows.keep_all(settings, self.definitions),
            tell,
            clock,
            tokens=self.tokens,
            find=lambda key: runs.find_by(store, key),
            answers=self.answers,
        )
