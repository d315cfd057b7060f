"""Runs that ask people, on a SQLite file, in a process that may die after each thing it has written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.executions.durable_world import Died, Directory, Inline, Mortal
from tests.sqlite.connections import UnsyncedConnection
from tocsin import asl
from tocsin.approvals.machine import Answered, Approval
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.executions.receivers import is_task
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, parse_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions
from tocsin.tasks.task import Task
from tocsin.tasks.transport import TasksTransport
from tocsin.wiring import news, questions, runs, workflows
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.machines import machines
from tocsin.wiring.nested_runs import NestedRuns
from tocsin.wiring.settings_file import parse
from tocsin.wiring.tasks import Tokens
from tocsin.wiring.withdrawals import Withdrawals

BEGIN: Final[Instant] = parse_instant("2026-11-27T10:00Z") or 0
STEPS_MAX: Final = 2000
CONFIG: Final = """
responders: {ada: {name: Ada}, bo: {name: Bo}, cy: {}}
teams: {ops: {members: [ada, bo], slack: C0OPS}, web: {members: [cy], slack: "#web"}}
schedules: {nights: {layers: [{responders: [bo], start: 2026-01-05 09:00, rotate: daily}]}}
"""


def asking(more: Mapping[str, Json] | None = None, /, **payload: Json) -> dict[str, Json]:
    """A workflow that asks; `token` is the task's, if the payload does not say otherwise."""
    asks: dict[str, Json] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": "tocsin-ask",
            "Payload": {"token.$": "$$.Task.Token", "title": "May it go on?", **payload},
        },
        "End": True,
        **(more or {}),
    }
    return {"StartAt": "Ask", "States": {"Ask": asks}}


class World:
    """The file, the clock, and what people have read."""

    def __init__(self, path: Path, config: str = CONFIG) -> None:
        self.now = BEGIN
        self.settings = parse(config.encode(), {}).settings
        self.store = SqliteStore(path, UnsyncedConnection)
        self.told: dict[str, str] = {}  # By the id of its effect: `receiver: title | lines`.
        self.calls: list[tuple[str, Json]] = []
        self.pipeline: dict[str, Json] = {}
        self.withdraws = True  # False: as an older version did, nobody is told that a run waits no more.
        self.away = 0  # So often a withdrawal finds the store away.
        self.nested: dict[str, str] = {}  # Definitions of workflows that others may start, by name.

    def start(self, definition: Json, given: Json = None, **more: Any) -> str:  # noqa: ANN401 - the fields of Start.
        """Order a run; its id."""
        kept = workflows.Definitions(self.store).keep("deploy", json.encode(definition).decode())
        order = workflows.start("deploy", kept, {} if given is None else given, **more)
        [delivery] = self.store.accept([workflows.ordered(order, self.now)])
        return f"run-{delivery}"

    def answer(self, by: str, choice: str = "approve", comment: str = "") -> None:
        """To the newest question, as a delivery."""
        given = Answered(by=by, choice=choice, comment=comment)
        self.store.accept([questions.answered(self.question().question.id, given, self.now)])

    def nest(self, name: str, definition: Json) -> None:
        """Have a workflow that others may start."""
        text = json.encode(definition).decode()
        self.nested[name] = workflows.Definitions(self.store).keep(name, text)

    def stop(self, run: str, cause: str | None = None) -> None:
        """As `tocsin workflow stop`."""
        self.store.accept([workflows.ordered(workflows.Order(stop=run, cause=cause), self.now)])

    def redrive(self, run: str) -> None:
        """As `tocsin workflow redrive`."""
        self.store.accept([workflows.ordered(workflows.Order(redrive=run), self.now)])

    def question(self) -> Approval:
        """The newest one."""
        return next(questions.listed(self.store, live_only=False))

    def run(self, name: str) -> Run:
        found = runs.find(self.store, name)
        assert found
        return found

    def outcome(self, name: str) -> tuple[str, Json]:
        """How a run ended: its status, and its output or error."""
        execution = self.run(name).execution
        ended = execution.output if execution.status.value == "SUCCEEDED" else execution.error
        return execution.status.value, ended

    def heard(self) -> list[str]:
        """What people have read since the last time; rooms first."""
        told, self.told = list(self.told.values()), {}
        return sorted(told, key=lambda line: (not line.startswith("team:"), line.partition(": ")[0]))

    def play(self, until: Instant | None = None, life: int | None = None) -> None:
        """Go on up to *until* (default: while nothing has to wait); the first process dies after *life* writes."""
        for _ in range(STEPS_MAX):
            try:
                self._live(self.now if until is None else until, life)
            except Died:
                life = None
                continue
            return
        raise AssertionError("it goes round in circles")

    def _live(self, until: Instant, life: int | None) -> None:
        """One process, whose memory is empty at first."""
        store: Any = Mortal(self.store, life)
        known = machines(definitions=workflows.Definitions(store))
        tokens = Tokens(store, store.accept, lambda: self.now)
        asking_people = AskingPeople(lambda: self.settings, store, store.accept, lambda: self.now, tokens.forget)
        nested = NestedRuns(
            self.nested, {}, store.accept, lambda: self.now, seed=lambda: "seed", find=partial(runs.find_by, store)
        )
        services = {"states:startExecution": nested.do}
        doing = Doing(Functions({}), services, self._aws, asking_people.functions())
        tells = Withdrawals(store.accept, lambda: self.now)

        def withdraw(facts: Mapping[str, Json]) -> None:
            if self.away:
                self.away -= 1
                raise StoreUnavailableError("away")
            if self.withdraws:
                tells(facts)

        tasks = TasksTransport(doing, store.accept, lambda: self.now, tokens.expect, withdraw=withdraw)
        runner = Runner(store, known)
        read = {**workflows.channels(), **questions.channels(), **news.channels(lambda: self.settings, "")}
        worker = Worker(store, runner, lambda each: read[each.channel](each), lambda *_: Interpretation((), "poisoned"))
        dispatcher = Dispatcher(
            store,
            known,
            [tasks, _Chat(self.told)],
            _Ways(),
            executor=Inline(),
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=lambda _: None,
        )
        for _ in range(STEPS_MAX):
            busy = worker.step(self.now)
            due = store.due(self.now, 100)
            if due:
                runner.tick(due, self.now)
            if dispatcher.step(self.now) or busy or due:
                continue
            times = [store.next_wake(), store.next_attempt(self.now), dispatcher.next_start()]
            known_times = [at for at in times if at is not None and at <= until]
            if not known_times:
                self.now = max(self.now, until)
                return
            self.now = max(self.now + 1, min(known_times))
        raise AssertionError("a process goes round in circles")

    def _aws(self, task: Task) -> Json:
        """CodePipeline, as far as an approval needs it."""
        self.calls.append((task.what.name, task.arguments))
        if task.what.name == "getPipelineState":
            return self.pipeline
        if task.what.name == "putApprovalResult":
            return {"ApprovedAt": "2026-11-27T10:00:00Z"}
        if task.what.waits:  # A function of somebody else, which has the token now.
            return None
        raise asl.Failure("NoSuchCall", task.resource)


class _Ways(Directory):
    def ways(self, receiver: str) -> Sequence[Way]:
        return super().ways(receiver) if is_task(receiver) else (Way("chat", receiver),)


class _Chat:
    """Everybody reads what they are told; told twice under one id, it is one message."""

    name = "chat"

    def __init__(self, told: dict[str, str]) -> None:
        self._told = told

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        for job in jobs:
            facts = job.outgoing.facts
            self._told[job.outgoing.id] = f"{address}: {' | '.join([facts['title'], *facts['lines']])}"
        return [Delivered()] * len(jobs)


def received(body: bytes) -> Received:
    """Something on the channel of questions."""
    return Received(received_at=BEGIN, channel=questions.CHANNEL, key="", head=b"", body=body)
