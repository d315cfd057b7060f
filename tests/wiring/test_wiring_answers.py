"""Answers on their short way: in memory until they are committed, and never lost nor given twice."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tocsin import asl
from tocsin.asl import step as stepping
from tocsin.asl.execution import Names
from tocsin.engine.ports import Delivered, Job, Postponed, Taken
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.executions.receivers import ANSWER
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks.task import Later
from tocsin.tasks.transport import WATCH_EVERY, Claim, TasksTransport, once
from tocsin.testing.conformance.subject import NOW, outgoing
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import answers as answers_module
from tocsin.wiring.answers import REMEMBERED, Answers

ANSWERED: dict[str, Json] = {"run": "run-1", "task": "1.3.0", "output": 5}


class Told(Runner):
    """Keeps what it is told, unless it is in trouble."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), [])
        self.trouble: Exception | None = None
        self.told: list[Addressed] = []

    def handle(self, inputs: Any, now: int) -> Any:  # noqa: ANN401, ARG002 - as the base.
        if self.trouble:
            raise self.trouble
        self.told += inputs
        return {}


def answers() -> tuple[Answers, Told, MemoryStore, list[str]]:
    store, runner, woken = MemoryStore(), Told(), list[str]()
    made = Answers(store.accept, lambda: woken.append("woken"))
    made.attach(runner)
    return made, runner, store, woken


def test_an_answer_becomes_an_input_that_confirms_its_effect() -> None:
    made, runner, _, woken = answers()
    assert made.handle(NOW) == 0
    made.give("7/0", ANSWERED)
    assert woken == ["woken"]
    assert made.handle(NOW) == 1
    (given,) = runner.told
    assert (given.input_id, given.aggregate, given.done, given.given.output) == (
        f"/{once(ANSWERED, '7/0')}/0",
        "run-1",
        "7/0",
        5,
    )


def test_it_is_known_as_long_as_a_lane_may_ask() -> None:
    made, _, _, _ = answers()
    made.give("7/0", ANSWERED)
    made.handle(NOW)
    made.handle(NOW + REMEMBERED - 1)
    assert made.begin("7/0", NOW) is Claim.ANSWERED
    made.handle(NOW + REMEMBERED)
    assert made.begin("7/0", NOW) is Claim.OURS


def test_a_task_is_under_way_once_until_it_is_answered_or_left() -> None:
    made, _, _, woken = answers()
    assert [made.begin("7/0", NOW), made.begin("7/0", NOW + 1)] == [Claim.OURS, Claim.ELSEWHERE]
    assert made.since("7/0") == NOW
    made.leave("7/0")
    assert made.since("7/0") is None
    assert made.begin("7/0", NOW + 2) is Claim.OURS
    assert made.note("7/0", ANSWERED)
    made.give("7/0", ANSWERED)  # A second answer is none.
    assert (made.begin("7/0", NOW), woken, made.waiting()) == (Claim.ANSWERED, [], True)
    assert (made.handle(NOW), made.waiting()) == (1, False)


def test_only_one_thread_commits_and_it_looks_again_when_it_has() -> None:
    made, runner, _, _ = answers()
    inner: list[int] = []

    class Slow(Told):
        def handle(self, inputs: Any, now: int) -> Any:  # noqa: ANN401 - as the base.
            made.note("8/0", ANSWERED)
            inner.append(made.handle(now))
            return super().handle(inputs, now)

    slow = Slow()
    made.attach(slow)
    made.note("7/0", ANSWERED)
    assert (made.handle(NOW), inner, made.waiting()) == (1, [0], True)
    made.attach(runner)
    assert (made.handle(NOW), made.handle(NOW)) == (1, 0)


def test_what_the_store_cannot_take_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    made, runner, _, _ = answers()
    monkeypatch.setattr(answers_module, "BATCH_MAX", 2)
    for number in range(3):
        made.give(f"7/{number}", ANSWERED)
    runner.trouble = StoreUnavailableError("away")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            made.handle(NOW)
    runner.trouble = None
    assert [made.handle(NOW), made.handle(NOW), made.handle(NOW)] == [2, 1, 0]
    assert [given.done for given in runner.told] == ["7/0", "7/1", "7/2"]


def test_what_breaks_a_machine_goes_the_way_of_deliveries_and_is_not_done_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, runner, store, _ = answers()
    made.give("7/0", ANSWERED)
    runner.trouble = ValueError("a bug")
    with caplog.at_level(logging.ERROR):
        assert made.handle(NOW) == 1
    (delivery,) = store.backlog(10)
    assert (delivery.channel, delivery.occurrence) == ("tasks", f"/{once(ANSWERED, '7/0')}")
    assert json.decode(delivery.body) == ANSWERED
    made.handle(NOW + REMEMBERED)
    assert made.begin("7/0", NOW) is Claim.ANSWERED


def test_a_task_that_was_answered_is_not_done_again() -> None:
    made, _, store, _ = answers()
    done: list[str] = []
    facts = {**ANSWERED, "resource": "f", "arguments": {}, "token": "", "role": None, "timeout": None}

    def do(task: Any) -> Json:  # noqa: ANN401 - Task.
        done.append(task.id)
        return 5

    transport = TasksTransport(do, store.accept, lambda: NOW, lambda *_: None, made)
    job = Job(outgoing("7/0", kind="task", facts=facts), None, None)
    assert transport.deliver("t", [job, job]) == [Taken(), Postponed("it is answered", WATCH_EVERY, counts=False)]
    assert done == ["7/0"]
    other = Job(outgoing("8/0", kind=ANSWER, facts=ANSWERED), None, None)
    assert transport.deliver("t", [other]) == [Taken()]
    assert made.handle(NOW) == 2


class Choosy(Told):
    """Breaks at a batch; alone, it takes what is not in *away*."""

    def __init__(self) -> None:
        super().__init__()
        self.away = {"8/0"}

    def handle(self, inputs: Any, now: int) -> Any:  # noqa: ANN401 - as the base.
        if len(inputs) > 1:
            raise ValueError("a bug")
        if inputs[0].done in self.away:
            raise StoreUnavailableError("away")
        return super().handle(inputs, now)


def test_of_a_batch_that_breaks_what_the_store_cannot_take_waits() -> None:
    made, _, store, _ = answers()
    runner = Choosy()
    made.attach(runner)
    for name in ("7/0", "8/0"):
        made.note(name, ANSWERED)
    with pytest.raises(StoreUnavailableError):
        made.handle(NOW)
    assert made.waiting()
    runner.away = set()
    assert made.handle(NOW) == 1
    assert [given.done for given in runner.told] == ["7/0", "8/0"]
    assert store.backlog(10) == []


@pytest.mark.parametrize(
    ("trouble", "result"),
    [
        (None, Delivered()),
        (StoreUnavailableError("away"), Postponed("away", counts=False)),
        (Later("E", "slow", 7), Postponed("E: slow", 7)),
        (asl.Failure("E", "may not"), Delivered()),
    ],
)
def test_what_a_run_waits_for_no_more_is_abandoned(trouble: Exception | None, result: object) -> None:
    made, _, store, _ = answers()
    asked: list[str] = []

    def abandon(task: Any) -> None:  # noqa: ANN401 - Task.
        asked.append(task.resource)
        if trouble:
            raise trouble

    resource = "arn:aws:states:::ecs:runTask.sync"
    facts = {**ANSWERED, "resource": resource, "arguments": {}, "token": "", "role": None, "timeout": None}
    definition = asl.parse({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 9, "End": True}}})
    begun = stepping.begin(definition, {}, names=Names(), seed="s", now=NOW)
    run = Run(id="run-1", workflow="w", definition="d", execution=begun.execution)
    transport = TasksTransport(lambda _: 5, store.accept, lambda: NOW, lambda *_: None, made, abandon=abandon)
    job = Job(outgoing("7/0", kind="task", facts=facts), run, None)
    assert transport.deliver("t", [job]) == [result]
    assert asked == [resource]
