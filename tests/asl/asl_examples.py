"""Small machines for the tests of the States Language."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin import asl
from tocsin.asl.memory import Function
from tocsin.kernel.json import Json

LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:work"
INVOKE = "arn:aws:states:::lambda:invoke"


def machine(*states: Mapping[str, Json], **top: Json) -> dict[str, Json]:
    """A machine of states that follow each other, named S0, S1 and so on, if they do not say otherwise."""
    made: dict[str, Json] = {}
    for number, state in enumerate(states):
        last = number == len(states) - 1
        ends = state["Type"] in {"Succeed", "Fail", "Choice"} or "Next" in state or "End" in state
        made[f"S{number}"] = {**state} if ends else {**state, **({"End": True} if last else {"Next": f"S{number + 1}"})}
    return {"StartAt": "S0", "States": made, **top}


def run(
    definition: Mapping[str, Json],
    given: Json = None,
    functions: Mapping[str, Function] | None = None,
    mocks: Json = None,
) -> asl.Result:
    """The whole run of a definition."""
    return asl.run(asl.parse(definition), given, functions=functions, mocks=mocks)


def one(state: Mapping[str, Json], given: Json = None, **top: Json) -> Json:
    """The output of a machine of one state, or its error and cause."""
    result = run(machine(state, **top), given)
    return result.output if result.status == "SUCCEEDED" else (result.error, result.cause)


def types(result: asl.Result) -> list[str]:
    """The types of its events."""
    return [event["type"] for event in result.history]
