"""Recorded answers of TestState, lists of references to variables, and inputs refused, compared with ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from tests.conformance.recorded import cases, functions, same
from tocsin import asl
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json

ROLE = "arn:aws:iam::111111111111:role/workflow"


def states() -> Iterator[tuple[str, bool]]:
    """Whether a state that is tried alone does as recorded, or is refused as recorded."""
    for case in cases("test_state", "test_state_error"):
        expected = {name: value for name, value in case["expected"].items() if name != "ResponseMetadata"}
        yield case["id"], same(expected, _tried(case, expected))


def _tried(case: dict[str, Any], expected: dict[str, Json]) -> Json:
    request = case["request"]
    # The recorded requests have left out the role; the context object tells whether there was one.
    role = ROLE if ":role/" in json.dumps(expected) else ""
    try:
        found = asl.test_state(
            case["definition"],
            case.get("input"),
            state_name=request.get("stateName"),
            variables=request.get("variables"),
            context=request.get("context"),
            mock=request.get("mock"),
            functions=functions(case.get("functions") or {}),
            configuration=request.get("stateConfiguration"),
            level=request.get("inspectionLevel", "INFO"),
            role=role,
            reveal_secrets=request.get("revealSecrets", False),
        )
    except TocsinError as refused:
        return _refusal(refused, in_short="exception_typename" in expected)
    return msgspec.to_builtins(found)


def _refusal(refused: TocsinError, *, in_short: bool) -> Json:
    name = refused.exception if isinstance(refused, asl.StateRefusedError) else "InvalidDefinition"
    if in_short:
        before = f"An error occurred ({name}) when calling the TestState operation: "
        return {
            "exception_typename": name,
            "exception_value": refused.message if name == "ParamValidationError" else before + refused.message,
        }
    return {"Error": {"Code": name, "Message": refused.message}, "message": refused.message}


def references() -> Iterator[tuple[str, bool]]:
    """Whether the states refer to the variables that are recorded."""
    for case in cases("variable_references"):
        found = {name: list(each) for name, each in asl.references(asl.parse(case["definition"])).items()}
        yield case["id"], same(case["expected"]["variableReferences"], found)


def inputs() -> Iterator[tuple[str, bool]]:
    """Whether an input that is a text is refused in the recorded words."""
    for case in cases("start_error"):
        if not isinstance(case["input"], str):
            continue  # What is refused there is the type of the state machine.
        try:
            asl.read_input(case["input"])
        except asl.InputError as refused:
            yield case["id"], refused.message == case["expected"]["Error"]["Message"]
        else:
            yield case["id"], False


def logs() -> Iterator[tuple[str, bool]]:
    """Whether the events that are logged have the recorded numbers and types."""
    for case in cases("execution_log"):
        history = asl.run(asl.parse(case["definition"]), case.get("input")).history
        ours = [[str(event["id"]), event["type"], str(event["previousEventId"])] for event in history]
        theirs = [[event["id"], event["type"], event["previous_event_id"]] for event in case["expected"]["logged"]]
        yield case["id"], bool(theirs) and theirs == ours * (len(theirs) // len(ours))
