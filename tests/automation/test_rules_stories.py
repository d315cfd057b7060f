"""A night with rules on a real store: time passes, processes die after any write, and everything is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.asl.asl_examples import machine
from tests.executions.durable_world import STEPS_MAX, Died, Inline, Mortal
from tests.sqlite.connections import UnsyncedConnection
from tocsin.automation.book import Book
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivery, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.executions.receivers import is_task
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, Instant, parse_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.tasks.channel import CHANNEL as TASKS
from tocsin.tasks.transport import TasksTransport
from tocsin.wiring import rule_joining, rules, runs, workflows
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import CHANNEL, MessageTransport
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

EVENING: Instant = parse_instant("2026-11-27T22:00:00Z") or 0
NIGHTLY = 'nightly: {schedule: "cron(30 2 * * ? *)", workflow: chores}'
WAIT = {"Type": "Wait", "Seconds": 5400}


class World:
    """The file and the clock; each process reads the settings anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = EVENING
        self.store = SqliteStore(folder / "tocsin.db", UnsyncedConnection)
        self.settings = Settings()

    def configure(self, text: str, *states: Json) -> None:
        (self.folder / "chores.asl.json").write_bytes(json.encode(machine(*states or ({"Type": "Pass"},))))
        config = f"workflows: {{chores: chores.asl.json, tidy: chores.asl.json}}\nrules:\n  {text}\n"
        self.settings = parse(config.encode(), {}, str(self.folder / "tocsin.yaml")).settings

    def send(self, event: Json) -> None:
        self.store.accept(
            [Received(received_at=self.now, channel="in", key="default", head=b"", body=json.encode(event))]
        )

    def play(self, until: Instant, life: int | None = None) -> None:
        """Processes live until then; each dies after *life* writes, or up to four more."""
        for number in range(STEPS_MAX):
            try:
                # A message and that it is delivered are two writes: who always dies after one never gets further.
                self._live(until, None if life is None else life + number % 5)
            except Died:
                continue
            self.now = max(self.now, until)
            return
        raise AssertionError("it goes round in circles")

    def _live(self, until: Instant, life: int | None) -> None:
        definitions = workflows.Definitions(self.store)
        desk = rules.RuleDesk(self.settings, workflows.keep_all(self.settings, definitions))
        order = rules.configuration(self.settings, self.store, self.now)
        if order is not None:
            self.store.accept([order])
        store: Any = Mortal(self.store, life)
        known = machines(definitions=definitions, rules=desk)
        interpreter = Interpreter(routes(self.settings), {}, workflows.channels())
        rules.join(desk, interpreter)
        runner = Runner(store, known)
        worker = Worker(store, runner, interpreter.interpret, interpreter.poisoned)
        dispatcher = Dispatcher(
            store,
            known,
            [
                MessageTransport(store.accept, lambda: self.now),
                TasksTransport(lambda _: None, store.accept, lambda: self.now, lambda *_: None),
            ],
            self,
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
                return
            self.now = max(self.now + 1, *known_times[:1], min(known_times))
        raise AssertionError("a process goes round in circles")

    def ways(self, receiver: str) -> tuple[Way, ...]:
        """`tocsin.engine.ports.Directory`."""
        if receiver.startswith("machine:"):
            return (Way(CHANNEL, receiver),)
        return (Way(TASKS, receiver),) if is_task(receiver) else ()

    def runs(self) -> list[Run]:
        """The oldest first."""
        return list(runs.listed(self.store))[::-1]

    def book(self, rule: str) -> Book:
        found = rules.book_of(self.store, rule)
        assert found is not None
        return found


@pytest.fixture
def world(quick_folder: Path) -> Iterator[World]:
    made = World(quick_folder)
    yield made
    made.store.close()


@pytest.fixture
def quick_folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("life", [None, 1, 2, 3])
def test_a_timetable_starts_its_run_at_its_time_and_once(life: int | None, world: World) -> None:
    world.configure(NIGHTLY)
    world.play(EVENING + 30 * HOUR, life)
    assert [run.id for run in world.runs()] == [
        "run-nightly-20261128T023000Z-1",
        "run-nightly-20261129T023000Z-2",
    ]
    assert {run.execution.status.value for run in world.runs()} == {"SUCCEEDED"}
    assert world.runs()[0].execution.input["time"] == "2026-11-28T02:30:00.000Z"
    assert world.book("nightly").live == ()


def test_after_an_outage_of_days_one_run_is_started(world: World) -> None:
    world.configure(NIGHTLY)
    world.play(EVENING)
    world.now = EVENING + 86 * HOUR  # Noon, four days later.
    world.play(world.now + MINUTE)
    (run,) = world.runs()
    assert run.execution.input["time"] == "2026-11-28T02:30:00.000Z"
    assert world.book("nightly").due == parse_instant("2026-12-02T02:30:00Z")


def test_a_changed_timetable_counts_from_the_next_start(world: World) -> None:
    world.configure(NIGHTLY)
    world.play(EVENING + 5 * HOUR)
    world.configure(NIGHTLY.replace("30 2", "0 4"))
    world.play(EVENING + 5 * HOUR + MINUTE)
    assert world.book("nightly").due == parse_instant("2026-11-28T04:00:00Z")
    assert len(world.runs()) == 1


@pytest.mark.parametrize("life", [None, 1, 2])
def test_queued_runs_follow_each_other(life: int | None, world: World) -> None:
    world.configure("busy: {event: {source: [x]}, workflow: [chores, tidy], mode: queued}", WAIT)
    world.send({"source": "x", "n": 1})
    world.send({"source": "x", "n": 2})
    world.play(EVENING + 5 * HOUR, life)
    first, second = world.runs()[:2], world.runs()[2:]
    assert [run.execution.input["n"] for run in (*first, *second)] == [1, 1, 2, 2]
    assert max(run.execution.ended_at or 0 for run in first) <= min(run.execution.started_at for run in second)


def test_restart_stops_the_run_before(world: World) -> None:
    world.configure("busy: {event: {source: [x]}, workflow: chores, mode: restart, retries: 2}", WAIT)
    for _ in range(2):
        world.send({"source": "x"})
        world.play(world.now + MINUTE)
    assert [run.execution.status.value for run in world.runs()] == ["ABORTED", "RUNNING"]
    world.store.accept([workflows.ordered(workflows.Order(stop=world.runs()[1].id), world.now)])
    world.play(world.now + HOUR)
    assert [run.execution.status.value for run in world.runs()] == ["ABORTED", "ABORTED"]
    assert (world.book("busy").live, world.book("busy").dead) == ((), ())


@pytest.mark.parametrize("life", [None, 1])
def test_a_run_that_fails_is_redriven_and_then_dead(life: int | None, world: World) -> None:
    failing = {"Type": "Fail", "Error": "Busy", "Cause": "not now"}
    world.configure("frail: {event: {source: [x]}, workflow: chores, retries: 2}", failing)
    world.send({"source": "x"})
    world.play(EVENING + HOUR, life)
    (run,) = world.runs()
    assert run.execution.redrives == 2
    (dead,) = world.book("frail").dead
    assert (dead.run, dead.error) == (run.id, "Busy: not now")


def test_a_workflow_that_left_the_file_meanwhile_fails_its_firing(world: World) -> None:
    world.configure("frail: {event: {source: [x]}, workflow: tidy}")
    desk = rules.RuleDesk(world.settings, {})
    facts = {"run": "r", "name": "n", "workflow": "tidy", "input": 1, "seed": "s", "rule": "frail"}
    body = json.encode({"to": "machine:rule", "from": "rule-frail", "what": "rule-start", **facts})
    delivery = Delivery(id="1", received_at=1, channel="machine", key="", head=b"", body=body)
    interpreter = Interpreter(routes(world.settings), {})
    rules.join(desk, interpreter)
    (addressed,) = interpreter.interpret(delivery).inputs
    assert (addressed.aggregate, addressed.given.error) == ("rule-frail", "there is no workflow tidy any more")


def test_what_is_no_order_is_noted(world: World) -> None:
    desk = rules.RuleDesk(world.settings, {})
    notes = []
    for body in (b"[", b"5", b"{}", b'{"command": "x"}'):
        delivery = Delivery(id="1", received_at=1, channel=rule_joining.CHANNEL, key="", head=b"", body=body)
        notes.append(desk.ordered(delivery).outcome)
    assert [note.partition(":")[0] for note in notes] == ["not an order"] * 2 + ["no rule is meant"] * 2
