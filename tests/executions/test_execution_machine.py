"""The machine: total, whatever it is told; what the store indexes of it; what older versions have written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.asl.execution import Names, Redriven, Status, Stopped, TaskBeat, TaskFailed, TaskSucceeded
from tocsin.asl.program import Definition
from tocsin.executions.inputs import Input, Parent, Started
from tocsin.executions.machine import TASK, ExecutionMachine
from tocsin.executions.reasons import RunReason as Reason
from tocsin.executions.receivers import ANSWER, is_task
from tocsin.executions.run import Run, described
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.testing.conformance.subject import NOW

DEFINITIONS: dict[str, dict[str, Json]] = {
    "pass": machine({"Type": "Pass"}),
    "wait": machine({"Type": "Wait", "Seconds": 60}),
    "task": machine({"Type": "Task", "Resource": "work", "TimeoutSeconds": 30, "HeartbeatSeconds": 20}),
    "fail": machine({"Type": "Fail", "Error": "Own"}),
    "jitter": machine(
        {
            "Type": "Parallel",
            "Branches": [{"StartAt": "F", "States": {"F": {"Type": "Fail"}}}],
            "Retry": [
                {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "JitterStrategy": "FULL"}
            ],
        }
    ),
}


def lookup(name: str) -> Definition | None:
    return asl.parse(DEFINITIONS[name]) if name in DEFINITIONS else None


MACHINE = ExecutionMachine(lookup)


def started(definition: str, given: Json = None, **more: Any) -> Started:  # noqa: ANN401 - the fields of Started.
    usual = {"run": "run-1", "workflow": "w", "names": Names(), "seed": "seed"}
    return Started(definition=definition, input=given or {}, **{**usual, **more})


def begun(definition: str, **more: Any) -> Decision[Run]:  # noqa: ANN401 - the fields of Started.
    return MACHINE.decide(None, started(definition, **more), NOW)


def state(decision: Decision[Run]) -> Run:
    assert decision.state
    return decision.state


def test_a_run_that_waits_for_nothing_ends_with_its_start() -> None:
    decision = begun("pass")
    assert (decision.reason, decision.story, decision.effects) == (Reason.STARTED, "started, succeeded", ())
    assert [past.place for past in decision.history] == [1, 2, 3, 4]
    assert MACHINE.standing(state(decision)).live is False


def test_what_waits_is_live_and_owes_nothing_to_people() -> None:
    decision = begun("wait")
    standing = MACHINE.standing(state(decision))
    assert (standing.wake_at, standing.live, standing.owes, standing.rank) == (NOW + MINUTE, True, False, NOW)
    assert decision.story == "started"
    assert MACHINE.decide(state(decision), Tick(), NOW).reason is Reason.NOT_DUE
    after = MACHINE.decide(state(decision), Tick(), NOW + MINUTE)
    assert (after.reason, after.story) == (Reason.SUCCEEDED, "succeeded")


def test_a_task_is_an_effect_with_a_lane_of_its_own() -> None:
    (effect,) = begun("task", role="arn:aws:iam::111122223333:role/r").effects
    assert (effect.receiver, effect.kind) == ("task:local/run-1/1.3.0", TASK)
    assert is_task(effect.receiver)
    assert not is_task("responder:ada")
    assert effect.facts["resource"] == "work"
    assert effect.facts["runs_as"] == "arn:aws:iam::111122223333:role/r"


def test_a_task_that_is_over_is_not_wanted_any_more() -> None:
    decision = begun("task")
    (effect,) = decision.effects
    assert MACHINE.wanted(state(decision), effect)
    over = MACHINE.decide(state(decision), TaskSucceeded(task="1.3.0", output=1), NOW)
    assert not MACHINE.wanted(state(over), effect)
    stopped = MACHINE.decide(state(decision), Stopped(), NOW)
    assert not MACHINE.wanted(state(stopped), effect)
    assert MACHINE.wanted(state(over), Effect(receiver="task:run/r/t", kind=ANSWER))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (TaskSucceeded(task="1.3.0", output={"a": 1}), Reason.SUCCEEDED),
        (TaskFailed(task="1.3.0", error="E", cause="c"), Reason.FAILED),
        (TaskBeat(task="1.3.0"), Reason.ALIVE),
        (TaskSucceeded(task="9.9.9", output=1), Reason.LATE),
        (TaskBeat(task=""), Reason.LATE),
        (Stopped(error="E", cause="c"), Reason.ABORTED),
        (Redriven(), Reason.NOT_REDRIVABLE),
        (Tick(), Reason.NOT_DUE),
        (started("pass"), Reason.STARTED_BEFORE),
    ],
)
def test_a_running_run_takes_every_input(given: Input, reason: Reason) -> None:
    decision = MACHINE.decide(state(begun("task")), given, NOW + SECOND)
    assert decision.reason is reason
    assert decision.state


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (TaskSucceeded(task="1.3.0", output={"a": 1}), Reason.OVER),
        (TaskFailed(task="1.3.0", error="E", cause="c"), Reason.OVER),
        (TaskBeat(task="1.3.0"), Reason.OVER),
        (Stopped(), Reason.OVER),
        (Redriven(), Reason.REDRIVEN),
        (Tick(), Reason.NOT_DUE),
        (started("pass"), Reason.STARTED_BEFORE),
    ],
)
def test_a_run_that_has_failed_takes_every_input(given: Input, reason: Reason) -> None:
    failed = MACHINE.decide(state(begun("task")), TaskFailed(task="1.3.0", error="E"), NOW)
    assert failed.story == "failed: E"
    decision = MACHINE.decide(state(failed), given, NOW + SECOND)
    assert decision.reason is reason
    assert bool(decision.effects) is (reason is Reason.REDRIVEN)


@pytest.mark.parametrize("given", [TaskBeat(task="t"), Stopped(), Redriven(), Tick()])
def test_what_is_told_to_no_run_is_ignored(given: Input) -> None:
    decision = MACHINE.decide(None, given, NOW)
    assert (decision.state, decision.reason) == (None, Reason.UNKNOWN)


def test_a_run_times_out_at_its_deadlines() -> None:
    waiting = state(begun("task"))
    assert MACHINE.standing(waiting).wake_at == NOW + 20 * SECOND
    beaten = state(MACHINE.decide(waiting, TaskBeat(task="1.3.0"), NOW + 15 * SECOND))
    assert MACHINE.standing(beaten).wake_at == NOW + 30 * SECOND
    over = MACHINE.decide(beaten, Tick(), NOW + 30 * SECOND)
    assert (over.reason, state(over).execution.error) == (Reason.FAILED, "States.Timeout")


def test_what_fails_again_at_once_when_redriven_says_so() -> None:
    redriven = MACHINE.decide(state(begun("fail")), Redriven(), NOW)
    assert (redriven.reason, redriven.story) == (Reason.REDRIVEN, "redriven, failed: Own")
    waiting = MACHINE.decide(state(begun("wait")), Stopped(), NOW)
    assert MACHINE.decide(state(waiting), Redriven(), NOW).story == "redriven"


def test_after_a_tick_it_wakes_later() -> None:
    """Law 7, though a pause before another try may be no pause at all."""
    for seed in range(20):
        run = state(begun("jitter", seed=str(seed)))
        wake_at = MACHINE.standing(run).wake_at
        while wake_at is not None:
            now = wake_at
            run = state(MACHINE.decide(run, Tick(), now))
            wake_at = MACHINE.standing(run).wake_at
            assert wake_at is None or wake_at > now


def test_without_its_definition_a_run_ends_and_is_not_begun() -> None:
    assert begun("gone").reason is Reason.NO_DEFINITION
    waiting = state(begun("wait"))
    lost = ExecutionMachine().decide(waiting, Tick(), NOW + MINUTE)
    assert (lost.reason, lost.story) == (Reason.NO_DEFINITION, "stopped: States.Runtime")
    assert state(lost).execution.status is Status.ABORTED
    assert ExecutionMachine().decide(state(lost), Redriven(), NOW).reason is Reason.NO_DEFINITION


@pytest.mark.parametrize("text", [False, True])
def test_the_end_of_a_run_answers_the_task_that_waits_for_it(text: bool) -> None:
    parent = Parent(run="run-0", task="1.3.0", text=text)
    (effect,) = begun("pass", given={"a": 1}, parent=parent).effects
    assert (effect.receiver, effect.kind) == ("task:run/run-0/1.3.0", ANSWER)
    assert (effect.facts["run"], effect.facts["task"]) == ("run-0", "1.3.0")
    output = '{"a":1}' if text else {"a": 1}
    assert effect.facts["output"] == {
        "ExecutionArn": Names().execution,
        "Input": output,
        "InputDetails": {"Included": True},
        "Name": "run",
        "RedriveCount": 0,
        "StartDate": NOW,
        "StateMachineArn": Names().machine,
        "Status": "SUCCEEDED",
        "StopDate": NOW,
        "Output": output,
        "OutputDetails": {"Included": True},
    }
    (effect,) = begun("fail", parent=parent).effects
    assert effect.facts["error"] == "States.TaskFailed"
    told = json.decode(effect.facts["cause"])
    assert (told["Status"], told["Error"]) == ("FAILED", "Own")


def test_who_waits_for_a_run_whose_name_another_has_is_told() -> None:
    running = state(begun("wait", parent=Parent(run="run-0", task="1.3.0")))
    same = started("wait", parent=Parent(run="run-0", task="1.3.0"))
    other = started("wait", parent=Parent(run="run-9", task="1.3.0"))
    idle = started("wait", parent=Parent(run="run-9", task="1.3.0", waits=False))
    assert [bool(MACHINE.decide(running, each, NOW).effects) for each in (same, other, idle)] == [False, True, False]
    assert begun("pass", parent=idle.parent).effects == ()


def test_a_run_is_described_with_its_cause() -> None:
    stopped = state(MACHINE.decide(state(begun("wait")), Stopped(cause="enough"), NOW))
    assert described(stopped)["Cause"] == "enough"
    assert "StopDate" not in described(state(begun("wait")))


def test_a_state_is_read_as_it_was_written_and_as_older_versions_did() -> None:
    for definition in ("pass", "wait", "task", "fail"):
        run = state(begun(definition, given={"a": [1, None]}))
        assert MACHINE.decode(MACHINE.encode(run)) == run
        assert MACHINE.answers(run, Tick(), NOW)
    old = (
        b'{"id":"run-1","workflow":"w","definition":"wait","execution":{"names":{"execution":"arn"},"input":{},'
        b'"started_at":1,"seed":"s","frames":{"1":{"id":1,"program":"","state":"S0","phase":"wait","wake_at":5}}}}'
    )
    found = MACHINE.decode(old)
    assert (found.execution.status, found.parent, found.role) == (Status.RUNNING, None, "")
    assert MACHINE.decide(found, Tick(), NOW).reason is Reason.SUCCEEDED
