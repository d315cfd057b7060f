"""Workflows in a running server: their definitions, the tasks they want done, and the tokens that are waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tocsin.engine.ports import Delivery
from tocsin.engine.worker import Interpretation
from tocsin.kernel.time import Instant
from tocsin.wiring import questions, rules, runs, tasks, workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.lanes import TaskThreads
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.workflow_desk import StoreWorkflowDesk


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
        self.desk = StoreWorkflowDesk(lambda: settings, store, self.definitions, clock)
        self.threads = TaskThreads()
        self.answers = Answers(tell, wake, rules.answer_input)
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
            answers=self.answers,
            people=AskingPeople(lambda: settings, store, tell, clock, self.tokens.forget).functions(),
        )

    def channels(self) -> Mapping[str, Callable[[Delivery], Interpretation]]:
        """What reads the channels of what workflows want of people."""
        return {**workflows.channels(), **questions.channels()}

    def join(self, interpreter: Interpreter) -> None:
        """Have *interpreter* read what concerns workflows beside their own channels."""
        rules.join(self.rules, interpreter)
