"""Small workflows of all types of states, with the functions that they call."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import msgspec

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.kernel.json import Json
from tocsin.tasks.functions import Function

PASS: Final = {"Type": "Pass"}
WAIT: Final = {"Type": "Wait", "Seconds": 60}
SUCCEED: Final = {"Type": "Succeed"}
END: Final[dict[str, Json]] = {"End": True}
TASK: Final = {"Type": "Task", "Resource": "double"}


def _double(given: Any) -> Json:  # noqa: ANN401 - whatever a state gives it.
    return {"n": given["n"] * 2}


def _broken(given: Json) -> Json:
    raise asl.Failure("Broken", f"given {given}")


def _strict(given: Any) -> Json:  # noqa: ANN401
    if given["n"] > 1:
        raise asl.Failure("TooLarge", str(given["n"]))
    return given


FUNCTIONS: Final[Mapping[str, Function]] = {
    "double": _double,
    "broken": _broken,
    "strict": _strict,
    "echo": lambda given: given,
    "large": lambda _: "x" * 300_000,
}


_NUMBERS: Final = count()


def _counted(name: str) -> dict[str, Json]:
    return {"Type": "Task", "Resource": name}


def _retried(resource: str, **retrier: Json) -> dict[str, Json]:
    return {**_counted(resource), "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, **retrier}]}


def _caught(state: dict[str, Json], error: str = "States.ALL", **catcher: Json) -> dict[str, Json]:
    return {**state, "Catch": [{"ErrorEquals": [error], "Next": "S1", **catcher}], "End": True}


def _branch(*states: dict[str, Json]) -> dict[str, Json]:
    """States inside another: no two states of one definition have the same name."""
    names = [f"B{next(_NUMBERS)}" for _ in states]
    nexts: list[dict[str, Json]] = [{"Next": name} for name in names[1:]]
    made = {name: {**state, **after} for name, state, after in zip(names, states, [*nexts, END], strict=True)}
    return {"StartAt": names[0], "States": made}


def _map(*states: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": _branch(*states), **more}


def _choice(**rule: Json) -> dict[str, Json]:
    return {"Type": "Choice", "Choices": [{"Variable": "$.n", "Next": "S1", **rule}], "Default": "S2"}


def _data(*states: dict[str, Json]) -> dict[str, Json]:
    return machine(*states, QueryLanguage="JSONata")


class Case(msgspec.Struct, frozen=True):
    """A definition, and its input."""

    definition: dict[str, Json]
    given: Json = msgspec.field(default_factory=lambda: {"n": 1})


LIST: Final = {"n": 1, "list": [{"n": 1}, {"n": 2}, {"n": 3}]}

CASES: Final[dict[str, Case]] = {
    "pass": Case(machine(PASS)),
    "pass with a result": Case(machine({**PASS, "Result": {"a": 1}, "ResultPath": "$.r"})),
    "pass with parameters": Case(machine({**PASS, "Parameters": {"m.$": "$.n"}})),
    "pass with variables": Case(machine({**PASS, "Assign": {"v.$": "$.n"}}, {**PASS, "Parameters": {"v.$": "$v"}})),
    "pass in JSONata": Case(_data({**PASS, "Output": {"m": "{% $states.input.n + 1 %}"}})),
    "many passes": Case(machine(*[PASS] * 20)),
    "pass of a missing path": Case(machine({**PASS, "InputPath": "$.none"})),
    "succeed": Case(machine(PASS, SUCCEED)),
    "succeed with a path": Case(machine({**SUCCEED, "OutputPath": "$.n"})),
    "fail": Case(machine({"Type": "Fail", "Error": "Own", "Cause": "because"})),
    "fail by a path": Case(machine({"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c"}), {"e": "E", "c": "C"}),
    "fail without words": Case(machine({"Type": "Fail"})),
    "wait": Case(machine(WAIT)),
    "wait by a path": Case(machine({"Type": "Wait", "SecondsPath": "$.n"}, PASS)),
    "wait in JSONata": Case(_data({"Type": "Wait", "Seconds": "{% $states.input.n %}"}, PASS)),
    "wait until the past": Case(machine({"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z"}, PASS)),
    "wait twice": Case(machine(WAIT, WAIT)),
    "wait for nothing": Case(machine({"Type": "Wait", "Seconds": 0}, PASS)),
    "wait too long": Case(machine(WAIT, TimeoutSeconds=30)),
    "choice": Case(machine(_choice(NumericEquals=1), {**PASS, "Result": "one", **END}, {**PASS, "Result": "other"})),
    "choice by default": Case(machine(_choice(NumericEquals=7), {**PASS, **END}, {**PASS, "Result": "other"})),
    "choice of nothing": Case(
        machine({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 7, "Next": "S1"}]}, PASS)
    ),
    "choice in JSONata": Case(
        _data(
            {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n = 1 %}", "Next": "S1"}], "Default": "S1"},
            {**PASS, "Output": "{% $states.context.State.Name %}"},
        )
    ),
    "task": Case(machine(TASK)),
    "tasks in a row": Case(machine(TASK, TASK, TASK)),
    "task, wait, task": Case(machine(PASS, TASK, WAIT, TASK)),
    "task with paths": Case(
        machine({**TASK, "Parameters": {"n": 5}, "ResultSelector": {"m.$": "$.n"}, "ResultPath": "$.r"})
    ),
    "task in JSONata": Case(_data({**TASK, "Arguments": {"n": 4}, "Output": "{% $states.result.n %}"})),
    "task with a variable": Case(machine({**TASK, "Assign": {"v.$": "$.n"}}, {**PASS, "Parameters": {"v.$": "$v"}})),
    "task of a Lambda function": Case(
        machine({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:double"})
    ),
    "task that fails": Case(machine(_counted("broken"))),
    "task that is caught": Case(machine(_caught(_counted("broken")), PASS)),
    "task that is caught into a path": Case(machine(_caught(_counted("broken"), ResultPath="$.error"), PASS)),
    "task that is not caught": Case(machine(_caught(_counted("broken"), "Other"), PASS)),
    "task that is tried again": Case(machine(_retried("broken", MaxAttempts=3))),
    "task that is tried again faster": Case(machine(_retried("broken", MaxAttempts=3, BackoffRate=1.0))),
    "task that is tried with a limit": Case(machine(_retried("broken", MaxAttempts=4, MaxDelaySeconds=3))),
    "task that is tried again and caught": Case(machine(_caught(_retried("broken", MaxAttempts=2)), WAIT)),
    "task that gives too much": Case(machine(_counted("large"))),
    "task that gives too much, caught": Case(machine(_caught(_counted("large")), PASS)),
    "task with time to spare": Case(machine({**TASK, "TimeoutSeconds": 100, "HeartbeatSeconds": 50})),
    "parallel": Case(machine({"Type": "Parallel", "Branches": [_branch(PASS), _branch(TASK)]})),
    "parallel that waits": Case(machine({"Type": "Parallel", "Branches": [_branch(WAIT, TASK), _branch(TASK, WAIT)]})),
    "parallel that fails": Case(
        machine({"Type": "Parallel", "Branches": [_branch(WAIT), _branch(_counted("broken"))]})
    ),
    "parallel that is caught": Case(
        machine(_caught({"Type": "Parallel", "Branches": [_branch(WAIT), _branch(_counted("broken"))]}), PASS)
    ),
    "parallel in parallel": Case(
        machine(
            {
                "Type": "Parallel",
                "Branches": [_branch({"Type": "Parallel", "Branches": [_branch(TASK), _branch(WAIT)]}), _branch(PASS)],
            },
            PASS,
        )
    ),
    "parallel tried again": Case(
        machine(
            {
                "Type": "Parallel",
                "Branches": [_branch(_counted("broken"))],
                "Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 2}],
            }
        )
    ),
    "map": Case(machine(_map(TASK)), LIST),
    "map of nothing": Case(machine(_map(TASK)), {"list": []}),
    "map one by one": Case(machine(_map(TASK, WAIT, MaxConcurrency=1)), LIST),
    "map two by two": Case(machine(_map(TASK, MaxConcurrency=2), PASS), LIST),
    "map that fails": Case(machine(_map(_counted("strict"), MaxConcurrency=1)), LIST),
    "map that is caught": Case(machine(_caught(_map(_counted("strict"), MaxConcurrency=1)), PASS), LIST),
    "map that selects": Case(machine(_map(TASK, ItemSelector={"n.$": "$$.Map.Item.Index"})), LIST),
    "map in a map": Case(
        machine(_map(_map(TASK, MaxConcurrency=1))), {"list": [{"list": [{"n": 1}, {"n": 2}]}, {"list": [{"n": 3}]}]}
    ),
    "map in JSONata": Case(
        _data({"Type": "Map", "Items": "{% $states.input.list %}", "ItemProcessor": _branch({**PASS, "Output": 1})}),
        LIST,
    ),
    "loop": Case(
        machine(
            {**TASK, "Next": "S1"},
            {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 20, "Next": "S0"}], "Default": "S2"},
            SUCCEED,
        )
    ),
    "chance": Case(machine({**PASS, "Parameters": {"u.$": "States.UUID()"}}, {**TASK, "Resource": "echo"}, PASS)),
}
