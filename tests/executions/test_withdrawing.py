"""What a run waits for no more: who hears of it, why, and on which lane; a run that is given up by another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.asl.execution import Frame, Names, Phase, Redriven, Status, Stopped, TaskBeat, TaskFailed, TaskSucceeded
from tocsin.asl.program import Definition
from tocsin.executions.inputs import Input, Parent, Started, Unawaited
from tocsin.executions.machine import TASK, ExecutionMachine
from tocsin.executions.reasons import RunReason as Reason
from tocsin.executions.run import Run
from tocsin.executions.withdrawing import WITHDRAW, Because
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import SECOND, Instant
from tocsin.testing.conformance.subject import NOW

ASK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
START = "arn:aws:states:::states:startExecution"
ASKS: dict[str, Json] = {"Type": "Task", "Resource": ASK, "Parameters": {"FunctionName": "tocsin-ask"}}


def branch(name: str, state: dict[str, Json], *then: dict[str, Json]) -> dict[str, Json]:
    states: dict[str, Json] = {}
    for number, each in enumerate((state, *then)):
        after: dict[str, Json] = {"Next": f"{name}{number + 1}"} if number < len(then) else {"End": True}
        states[f"{name}{number}"] = {**each, **({} if each["Type"] == "Fail" else after)}
    return {"StartAt": f"{name}0", "States": states}


def parallel(*branches: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Parallel", "Branches": list(branches), **more}


CATCH: Json = [{"ErrorEquals": ["States.ALL"], "Next": "S1"}]
WORK: dict[str, Json] = {"Type": "Task", "Resource": "work"}
DEFINITIONS: dict[str, dict[str, Json]] = {
    "asks": machine(ASKS),
    "timed": machine({**ASKS, "TimeoutSeconds": 30}),
    "caught": machine({**ASKS, "TimeoutSeconds": 30, "Catch": CATCH}, {"Type": "Wait", "Seconds": 9}),
    "again": machine({**ASKS, "TimeoutSeconds": 30, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}]}),
    "beats": machine({**ASKS, "HeartbeatSeconds": 20}),
    "whole": machine(ASKS, TimeoutSeconds=60),
    "beside": machine(parallel(branch("A", ASKS), branch("B", WORK))),
    "beside caught": machine(
        parallel(branch("A", ASKS), branch("B", WORK), Catch=CATCH), {"Type": "Wait", "Seconds": 9}
    ),
    "beside fails": machine(parallel(branch("A", ASKS), branch("B", WORK, {"Type": "Fail", "Error": "Own"}))),
    "both ask": machine(parallel(branch("A", ASKS), branch("B", ASKS))),
    "each": machine({"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": branch("A", ASKS)}),
    "work": machine(WORK),
    "queue": machine({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}),
    "starts": machine({"Type": "Task", "Resource": START}),
    "starts.sync": machine({"Type": "Task", "Resource": f"{START}.sync"}),
    "starts.sync:2": machine({"Type": "Task", "Resource": f"{START}.sync:2"}),
    "reads": machine(
        {
            "Type": "Map",
            "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                **branch("A", ASKS),
            },
        }
    ),
}


def lookup(name: str) -> Definition | None:
    return asl.parse(DEFINITIONS[name]) if name in DEFINITIONS else None


MACHINE = ExecutionMachine(lookup)


def begun(definition: str, given: Json = None, **more: Any) -> Run:  # noqa: ANN401 - the fields of Started.
    usual = {"run": "run-1", "workflow": "w", "names": Names(), "seed": "seed"}
    started = Started(definition=definition, input=given or {}, **{**usual, **more})
    return state(MACHINE.decide(None, started, NOW))


def state(decision: Decision[Run]) -> Run:
    assert decision.state
    return decision.state


def frames(run: Run, resource: str = ASK) -> list[Frame]:
    """Those that wait for a task of that kind."""
    definition = lookup(run.definition)
    assert definition
    return [
        each
        for each in run.execution.frames.values()
        if each.phase is Phase.TASK and definition.programs[each.program].states[each.state].resource == resource
    ]


def withdrawn(decision: Decision[Run]) -> list[Effect]:
    return [each for each in decision.effects if each.kind == WITHDRAW]


def whys(decision: Decision[Run]) -> list[Json]:
    return [each.facts["why"] for each in withdrawn(decision)]


def tick(run: Run, at: Instant) -> Decision[Run]:
    return MACHINE.decide(run, Tick(), at)


def test_a_run_that_is_stopped_says_so_on_the_lane_of_its_task() -> None:
    (task,) = MACHINE.decide(
        None, Started(run="run-1", workflow="w", names=Names(), seed="s", definition="asks", input={}), NOW
    ).effects
    run = begun("asks")
    decision = MACHINE.decide(run, Stopped(cause="not tonight"), NOW + SECOND)
    (effect,) = decision.effects
    assert (task.kind, effect.kind, effect.receiver) == (TASK, WITHDRAW, task.receiver)
    assert effect.facts == {
        "run": "run-1",
        "task": task.facts["task"],
        "resource": ASK,
        "why": "its run was stopped (not tonight)",
    }
    assert MACHINE.wanted(state(decision), effect)
    assert whys(MACHINE.decide(run, Stopped(), NOW + SECOND)) == [Because.STOPPED]


@pytest.mark.parametrize(
    ("definition", "after", "why"),
    [
        ("timed", 30, Because.TIMED_OUT),
        ("caught", 30, Because.TIMED_OUT),
        ("again", 30, Because.TIMED_OUT),
        ("beats", 20, Because.SILENT),
        ("whole", 60, Because.RUN_TIMED_OUT),
    ],
)
def test_time_ends_what_is_waited_for(definition: str, after: int, why: Because) -> None:
    run = begun(definition)
    assert whys(tick(run, NOW + (after - 1) * SECOND)) == []
    assert whys(tick(run, NOW + after * SECOND)) == [why]


def test_a_task_that_is_tried_again_is_another() -> None:
    first = begun("again")
    (before,) = frames(first)
    over = state(tick(first, NOW + 30 * SECOND))
    decision = tick(over, NOW + 31 * SECOND)
    assert [each.kind for each in decision.effects] == [TASK]
    (after,) = frames(state(decision))
    assert after.task != before.task
    assert whys(tick(state(decision), NOW + 61 * SECOND)) == [Because.TIMED_OUT]


@pytest.mark.parametrize("definition", ["beside", "beside caught", "beside fails"])
def test_what_runs_beside_it_fails(definition: str) -> None:
    run = begun(definition)
    ((asks,), (works,)) = (frames(run), frames(run, "work"))
    fails = (
        TaskSucceeded(task=works.task, output=1)
        if definition == "beside fails"
        else TaskFailed(task=works.task, error="E")
    )
    decision = MACHINE.decide(run, fails, NOW + SECOND)
    caught = definition == "beside caught"
    assert state(decision).execution.status is (Status.RUNNING if caught else Status.FAILED)
    (effect,) = withdrawn(decision)
    assert (effect.facts["task"], effect.facts["why"]) == (asks.task, Because.BESIDE if caught else Because.FAILED)


def test_of_two_that_ask_the_one_that_fails_is_answered_and_the_other_is_withdrawn() -> None:
    run = begun("both ask")
    first, second = frames(run)
    for name in (first.task, first.token):
        decision = MACHINE.decide(run, TaskFailed(task=name, error="E"), NOW + SECOND)
        assert [each.facts["task"] for each in withdrawn(decision)] == [second.task]


def test_all_that_a_map_asks_is_withdrawn_together() -> None:
    run = begun("each", {"list": [1, 2, 3]})
    decision = MACHINE.decide(run, Stopped(), NOW + SECOND)
    assert [each.facts["task"] for each in withdrawn(decision)] == [each.task for each in frames(run)]
    assert len(withdrawn(decision)) == 3


@pytest.mark.parametrize("how", ["task", "token"])
def test_what_is_answered_or_alive_is_not_withdrawn(how: str) -> None:
    run = begun("beats")
    (frame,) = frames(run)
    name = getattr(frame, how)
    for given in (TaskSucceeded(task=name, output=1), TaskFailed(task=name, error="E"), TaskBeat(task=name)):
        assert withdrawn(MACHINE.decide(run, given, NOW + SECOND)) == []


def test_what_is_over_is_withdrawn_once() -> None:
    over = state(MACHINE.decide(begun("asks"), Stopped(), NOW))
    inputs: tuple[Input, ...] = (Stopped(), TaskSucceeded(task="1.3.0", output=1), Tick(), Redriven())
    for given in inputs:
        assert withdrawn(MACHINE.decide(over, given, NOW + SECOND)) == []
    again = state(MACHINE.decide(over, Redriven(), NOW + SECOND))
    assert len(withdrawn(MACHINE.decide(again, Stopped(), NOW + 2 * SECOND))) == 1


@pytest.mark.parametrize(
    ("definition", "hears"),
    [("work", 0), ("queue", 0), ("reads", 0), ("starts", 0), ("starts.sync", 1), ("starts.sync:2", 1)],
)
def test_only_who_has_something_to_give_up_hears_of_it(definition: str, hears: int) -> None:
    decision = MACHINE.decide(begun(definition), Stopped(), NOW + SECOND)
    assert len(withdrawn(decision)) == hears


def test_without_its_definition_a_run_gives_up_what_waits_for_a_token() -> None:
    lost = ExecutionMachine()
    (effect,) = lost.decide(begun("timed"), Tick(), NOW + 30 * SECOND).effects
    assert effect.receiver.startswith("task:lambda/run-1/")
    assert str(effect.facts["why"]).startswith("its run was stopped (The definition timed of this run is not kept")
    working = begun("whole")
    (frame,) = working.execution.frames.values()
    frame.token = ""
    assert withdrawn(lost.decide(working, Tick(), NOW + 60 * SECOND)) == []


# ── Given up by another run ──────────────────────────────────────────────────────────────────────────────────────────
GIVEN_UP = Unawaited(run="run-0", task="1.3.0", why="its run was stopped")


def test_a_run_whose_end_nobody_awaits_any_more_is_stopped_and_withdraws_what_it_asks() -> None:
    run = begun("asks", parent=Parent(run="run-0", task="1.3.0"))
    decision = MACHINE.decide(run, GIVEN_UP, NOW + SECOND)
    assert decision.reason is Reason.ABORTED
    execution = state(decision).execution
    assert (execution.status, execution.cause) == (
        Status.ABORTED,
        "The run that waited for its end does so no more, for its run was stopped.",
    )
    assert [each.kind for each in decision.effects] == ["answer", WITHDRAW]
    assert MACHINE.decide(state(decision), GIVEN_UP, NOW + 2 * SECOND).reason is Reason.OVER


@pytest.mark.parametrize(
    "parent",
    [
        None,
        Parent(run="run-0", task="1.3.0", waits=False),
        Parent(run="run-0", task="1.9.0"),
        Parent(run="run-9", task="1.3.0"),
    ],
)
def test_a_run_that_another_does_not_await_goes_on(parent: Parent | None) -> None:
    run = begun("asks", parent=parent)
    decision = MACHINE.decide(run, GIVEN_UP, NOW + SECOND)
    assert (decision.state, decision.reason, decision.effects) == (run, Reason.NOT_AWAITED, ())


def test_a_run_that_is_not_there_is_not_given_up() -> None:
    decision = MACHINE.decide(None, GIVEN_UP, NOW)
    assert (decision.state, decision.reason) == (None, Reason.UNKNOWN)
