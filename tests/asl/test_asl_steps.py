"""Steps of a run that is stored between them: answers, beats, time, stops, redrives; crashes, duplicates."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.asl import step as stepping
from tocsin.asl.execution import (
    Execution,
    Given,
    Names,
    Passed,
    Redriven,
    Status,
    Stopped,
    TaskBeat,
    TaskFailed,
    TaskStart,
    TaskSucceeded,
)
from tocsin.asl.history import Event, shown
from tocsin.asl.program import Definition
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

NOW: Final[Instant] = 1_700_000_000_000
TASK: Json = {"Type": "Task", "Resource": "work"}


class Run:
    """A run whose state goes through JSON after every step, as it does in a store."""

    def __init__(self, definition: Json, value: Json = None, *, now: Instant = NOW) -> None:
        self.definition: Definition = asl.parse(definition)
        self.now = now
        self.events: list[Event] = []
        self.tasks: list[TaskStart] = []
        self.execution = self._took(stepping.begin(self.definition, value or {}, names=Names(), seed="s", now=now))
        self.noted = ""

    def give(self, given: Given, *, later: int = 0) -> None:
        self.now += later
        self.execution = self._took(stepping.step(self.definition, self.execution, given, self.now))

    def _took(self, made: stepping.Step) -> Execution:
        self.events += made.events
        self.tasks += made.tasks
        self.noted = made.noted
        return msgspec.json.decode(msgspec.json.encode(made.execution), type=Execution)


def test_a_task_is_answered_by_its_name() -> None:
    run = Run(machine(TASK, {"Type": "Pass", "OutputPath": "$.x"}))
    assert (run.tasks[0].resource, run.tasks[0].state, run.execution.wake_at) == ("work", "S0", None)
    run.give(TaskSucceeded(task=run.tasks[0].task, output={"x": 5}))
    assert (run.execution.status, run.execution.output, run.execution.frames) == (Status.SUCCEEDED, 5, {})


def test_an_answer_that_comes_twice_or_late_changes_nothing() -> None:
    run = Run(machine(TASK, TASK))
    first = run.tasks[0].task
    run.give(TaskSucceeded(task=first, output=1))
    before = run.execution
    for late in (TaskSucceeded(task=first, output=2), TaskFailed(task=first, error="E"), TaskBeat(task=""), Passed()):
        run.give(late)
        assert msgspec.json.encode(run.execution) == msgspec.json.encode(before)
    assert run.noted == ""
    run.give(TaskBeat(task=first))
    assert run.noted == "no task waits under that name"
    run.give(TaskSucceeded(task=run.tasks[1].task, output=3))
    run.give(Passed())
    assert (run.execution.output, run.noted) == (3, "the run is over")


def test_a_token_resumes_a_task_that_waits_for_one() -> None:
    ask = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
           "Parameters": {"t.$": "$$.Task.Token"}, "HeartbeatSeconds": 10, "TimeoutSeconds": 60}  # fmt: skip
    run = Run(machine(ask))
    task = run.tasks[0]
    assert (task.arguments, task.timeout) == ({"t": task.token}, 60_000)
    assert run.execution.wake_at == NOW + 10_000
    run.give(TaskBeat(task=task.token), later=9_000)
    assert run.execution.wake_at == NOW + 19_000
    run.give(TaskSucceeded(task=task.token, output="yes"), later=5_000)
    assert run.execution.output == "yes"
    silent = Run(machine(ask))
    silent.give(Passed(), later=10_000)
    assert silent.execution.error == "States.HeartbeatTimeout"
    plain = Run(machine(TASK))
    plain.give(TaskBeat(task=plain.tasks[0].task))
    assert plain.execution.status is Status.RUNNING


def test_two_tasks_that_time_out_together_end_the_run_once() -> None:
    branches = [{"StartAt": name, "States": {name: {**TASK, "TimeoutSeconds": 5, "End": True}}} for name in "AB"]
    run = Run(machine({"Type": "Parallel", "Branches": branches}))
    run.give(Passed(), later=5_000)
    assert (run.execution.error, run.execution.status) == ("States.Timeout", Status.FAILED)


def test_a_run_is_stopped() -> None:
    run = Run(machine({"Type": "Wait", "Seconds": 60}))
    run.give(Stopped(error="Enough", cause="by ada"))
    assert (run.execution.status, run.execution.error, run.execution.wake_at) == (Status.ABORTED, "Enough", None)
    assert shown(run.events)[-1]["executionAbortedEventDetails"] == {"error": "Enough", "cause": "by ada"}


def test_a_run_that_failed_is_redriven_from_the_state_that_failed() -> None:
    run = Run(machine({"Type": "Pass"}, TASK, {"Type": "Pass", "OutputPath": "$$.Execution.RedriveCount"}))
    run.give(TaskFailed(task=run.tasks[0].task, error="E"))
    assert run.execution.status is Status.FAILED
    run.give(Redriven(), later=1_000)
    assert [event.type for event in run.events][-4:] == [
        "ExecutionRedriven", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
    ]  # fmt: skip
    run.give(TaskSucceeded(task=run.tasks[1].task, output={}))
    assert (run.execution.status, run.execution.output) == (Status.SUCCEEDED, 1)
    run.give(Redriven())
    assert run.noted == "only what has failed can be redriven"


def test_what_is_redriven_knows_when_and_has_its_whole_time_again() -> None:
    run = Run(machine({"Type": "Wait", "Seconds": 50}, {"Type": "Pass", "OutputPath": "$$"}, TimeoutSeconds=40))
    run.give(Passed(), later=40_000)
    assert run.execution.status is Status.TIMED_OUT
    run.give(Redriven(), later=1_000)
    assert run.execution.wake_at == run.now + 40_000
    shorter = Run(machine({"Type": "Wait", "Seconds": 30}, {"Type": "Pass", "OutputPath": "$$"}))
    shorter.give(Stopped())
    shorter.give(Redriven(), later=1_000)
    shorter.give(Passed(), later=30_000)
    assert "RedriveTime" in shorter.execution.output["Execution"]


def test_a_branch_is_redriven_with_its_state_above() -> None:
    branches = [{"StartAt": "A", "States": {"A": {**TASK, "End": True}}}]
    run = Run(machine({"Type": "Parallel", "Branches": branches}))
    run.give(Stopped())
    run.give(Redriven())
    run.give(TaskSucceeded(task=run.tasks[1].task, output=7))
    assert run.execution.output == [7]


def test_time_before_it_is_due_changes_nothing() -> None:
    run = Run(machine({"Type": "Wait", "Seconds": 60}))
    run.give(Passed(), later=59_999)
    before = run.execution.status
    run.give(Passed(), later=1)
    assert [before, run.execution.status] == [Status.RUNNING, Status.SUCCEEDED]


def test_a_step_changes_nothing_that_it_was_given() -> None:
    inner = {"StartAt": "In", "States": {"In": {**TASK, "Retry": [{"ErrorEquals": ["E"]}], "End": True}}}
    run = Run(machine({"Type": "Map", "ItemProcessor": inner}), [1, 2])
    held, written = run.execution, msgspec.json.encode(run.execution)
    run.give(TaskFailed(task=run.tasks[0].task, error="E"))
    run.give(TaskSucceeded(task=run.tasks[1].task, output=2))
    assert msgspec.json.encode(held) == written


FATES: Final = ("answer", "fail", "again", "late", "crash", "beat", "token", "time")
FAILING: Final = {"Do", "Spread", "Child"}
ALL_TYPES: Json = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"who": "ada"}, "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 3, "Next": "Each"},
        "Each": {
            "Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 2, "ResultPath": "$.done",
            "ItemProcessor": {
                "StartAt": "Do",
                "States": {"Do": {**TASK, "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 9}], "End": True}},
            },
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel", "ResultPath": "$.both", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
            "Branches": [
                {"StartAt": "One", "States": {"One": {**TASK, "TimeoutSeconds": 60, "End": True}}},
                {"StartAt": "Two", "States": {"Two": {"Type": "Wait", "Seconds": 2, "End": True}}},
            ],
            "Next": "Spread",
        },
        "Spread": {
            "Type": "Map", "ResultPath": "$.spread", "MaxConcurrency": 2,
            "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "in", "Key": "k"}},
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "n.$": "$.n"},
            "ItemBatcher": {"MaxItemsPerBatch": 2},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Child",
                "States": {"Child": {**TASK, "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 99}], "Next": "Rest"},
                           "Rest": {"Type": "Wait", "Seconds": 1, "End": True}},
            },
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out"}},
            "ResultSelector": {"to.$": "$.ResultWriterDetails.Bucket"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 99}],
            "Next": "Ask",
        },
        "Ask": {
            "Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"who": "{% $who %}"}, "HeartbeatSeconds": 1000, "Assign": {"said": "{% $states.result %}"},
            "Output": "{% $merge([$states.input, {'said': $states.result}]) %}", "Next": "Choose",
        },
        "Choose": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Good"}],
                   "Default": "Bad"},
        "Good": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "Small"},
        "Sorry": {"Type": "Pass", "End": True},
    },
}  # fmt: skip


@given(
    fate=st.lists(st.tuples(st.sampled_from(FATES), st.integers(0, 5)), max_size=60),
    n=st.integers(0, 3),
)
@settings(max_examples=80, deadline=None)
def test_crashes_duplicates_and_late_answers_end_as_a_run_without_them(fate: list[tuple[str, int]], n: int) -> None:
    value = {"list": [1, 2, 3], "n": n}
    calm = played(Run(ALL_TYPES, value), [])
    rough = played(Run(ALL_TYPES, value), fate)
    assert calm.execution.status is not Status.RUNNING
    assert (rough.execution.status, rough.execution.output) == (calm.execution.status, calm.execution.output)


def test_what_is_parsed_and_written_is_parsed_to_the_same() -> None:
    source = asl.parse(ALL_TYPES).source
    again = asl.parse(msgspec.json.encode(source))
    assert again.source == source == ALL_TYPES
    value: Json = {"list": [1, 2, 3], "n": 2}
    assert played(Run(again.source, value), []).execution.output == played(Run(ALL_TYPES, value), []).execution.output


def test_a_map_that_failed_is_redriven_as_a_whole() -> None:
    inner = {"StartAt": "In", "States": {"In": {**TASK, "End": True}}}
    run = Run(machine({"Type": "Map", "ItemProcessor": inner}), [1, 2])
    run.give(TaskFailed(task=run.tasks[0].task, error="E"))
    assert run.execution.status is Status.FAILED
    run.give(Redriven())
    for task in run.tasks[2:]:
        run.give(TaskSucceeded(task=task.task, output=task.arguments))
    assert run.execution.output == [1, 2]


def answer(task: TaskStart) -> Json:
    """Its input; of a reader what it reads."""
    return {"Body": "[1, 2, 3]"} if task.resource.endswith("getObject") else task.arguments


def befall(run: Run, what: str, which: int, answered: list[str]) -> None:
    """One thing that happens to a run on its way."""
    waiting = [task for task in run.tasks if task.task not in answered]
    match what:
        case "crash":
            run.execution = msgspec.json.decode(msgspec.json.encode(run.execution), type=Execution)
        case "again" | "late" if answered:
            run.give(TaskSucceeded(task=answered[which % len(answered)], output="wrong"), later=which)
        case "beat" if waiting:
            run.give(TaskBeat(task=waiting[which % len(waiting)].task))
        case "time":
            run.give(Passed())
        case "token" if waiting and waiting[0].token:
            answered.append(waiting[0].task)
            run.give(TaskSucceeded(task=waiting[0].token, output=answer(waiting[0])))
        case "fail" if waiting and waiting[0].state in FAILING:
            answered.append(waiting[0].task)
            run.give(TaskFailed(task=waiting[0].task, error="Busy"))
        case "answer" if waiting:
            task = waiting[which % len(waiting)]
            answered.append(task.task)
            run.give(TaskSucceeded(task=task.task, output=answer(task)))
        case _:
            pass


def played(run: Run, fate: list[tuple[str, int]]) -> Run:
    """A run to its end: tasks answer with their input, whatever fate does before."""
    answered: list[str] = []
    for what, which in fate:
        befall(run, what, which, answered)
    for _ in range(300):
        if run.execution.status is not Status.RUNNING:
            break
        waiting = [task for task in run.tasks if task.task not in answered]
        if waiting:
            answered.append(waiting[0].task)
            run.give(TaskSucceeded(task=waiting[0].task, output=answer(waiting[0])))
        elif run.execution.wake_at is not None:
            run.give(Passed(), later=max(0, run.execution.wake_at - run.now))
    return run


def test_a_thousand_waiting_runs_cost_one_timer_each() -> None:
    run = Run(machine({"Type": "Wait", "Seconds": 60}))
    assert len(msgspec.json.encode(run.execution)) < 700
    assert run.execution.wake_at == NOW + 60_000


@pytest.mark.parametrize("zone", ["arn:aws:states:eu-west-1:1:execution:a:b", "short"])
def test_a_task_is_told_with_the_region_of_the_run(zone: str) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    made = stepping.begin(asl.parse(machine(task)), {}, names=Names(execution=zone), seed="s", now=NOW)
    scheduled = next(event for event in made.events if event.type == "TaskScheduled")
    assert scheduled.details["region"] == ("eu-west-1" if ":" in zone else "")
