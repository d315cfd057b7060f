"""Workflows in a running server: their definitions, the tasks they want done, and the tokens that are waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from starlette.routing import BaseRoute

from tocsin.automation.machine import RuleMachine
from tocsin.engine.ports import Commit, Delivery
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation
from tocsin.executions.machine import ExecutionMachine
from tocsin.kernel.time import Instant
from tocsin.tasks.functions import RUNNING_MAX
from tocsin.web.activities import ActivityApi
from tocsin.web.api import OnCallApi
from tocsin.wiring import leftovers, questions, rules, runs, tasks, workflows
from tocsin.wiring.activities import Activities
from tocsin.wiring.answers import Answers
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.direct import Direct
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
        *,
        wake: Callable[[], None],
        publish: Callable[[Sequence[str]], None],
    ) -> None:
        """*tell* stores deliveries durably. *wake* the engine. *publish* which aggregates changed."""
        self._touch: Callable[[Iterable[str]], None] = lambda _: None
        self._publish = publish
        self.definitions = workflows.Definitions(store)
        self.tokens = tasks.Tokens(store, tell, clock)
        self.desk = StoreWorkflowDesk(lambda: settings, store, self.definitions, clock)
        self.threads = TaskThreads()
        self.answers = Answers(tell, wake, rules.answer_input)
        functions = tasks.functions(settings)
        self.activities = Activities(store, self.tokens)
        self._store = store
        self._kept = workflows.keep_all(settings, self.definitions)
        self.rules = rules.RuleDesk(settings, self._kept)
        machines = ExecutionMachine(self.definitions), RuleMachine(self.rules)
        self.answers.attach(Runner(store, machines, on_commit=self.committed))
        order = rules.configuration(settings, store, clock())
        if order is not None:
            store.accept([order])
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
            activities=self.activities.offer(clock),
            people=AskingPeople(lambda: settings, store, tell, clock, self.tokens.forget).functions(),
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

    def routes(self, api: OnCallApi) -> Sequence[BaseRoute]:
        """Where workers ask for tasks and answer them."""
        return ActivityApi(api, self.activities).routes()

    def tidy(self) -> int:
        """Forget what runs have left that are not there any more; how much. Raises StoreUnavailableError."""
        return leftovers.forget(self._store, set(self._kept.values()))

    def close(self) -> None:
        """End; what is under way has a moment, and is done again by a later start."""
        self.direct.close()
        self.threads.shutdown()
        self._function_threads.shutdown()

    def channels(self) -> Mapping[str, Callable[[Delivery], Interpretation]]:
        """What reads the channels of what workflows want of people."""
        return {**workflows.channels(), **questions.channels()}

    def join(self, interpreter: Interpreter) -> None:
        """Have *interpreter* read what concerns workflows beside their own channels."""
        rules.join(self.rules, interpreter)
