"""What a picture says of a state in a line, and its text alternative of the whole workflow in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.asl.picture.condition_words import expression, path
from tocsin.asl.resources import resource
from tocsin.asl.templates import is_expression
from tocsin.kernel.json import Json

_HOW: Final = {"sync": "until it is done", "sync:2": "until it is done", "waitForTaskToken": "until it is answered"}


def details(state: Mapping[str, Json]) -> tuple[str, ...]:
    """What stands below the name of a state: what it does, and how often it tries."""
    match state["Type"]:
        case "Task":
            found = _task(str(state["Resource"]), state)
        case "Wait":
            found = _wait(state)
        case "Fail":
            found = _read(state, "Error") or _read(state, "Cause")
        case "Map":
            found = _map(state)
        case "Parallel":
            found = "all at once"
        case _:
            found = ""
    return tuple(text for text in (found, _retries(state)) if text)


def _task(text: str, state: Mapping[str, Json]) -> str:
    what = resource(text)
    if what.kind != "service":
        return what.name
    how = _HOW.get(what.pattern, "")
    called = f"{what.type.removeprefix('aws-sdk:')}:{what.name}"
    if called == "lambda:invoke":
        given = state.get("Arguments", state.get("Parameters"))
        name = given.get("FunctionName") if isinstance(given, dict) else None
        called = str(name).rpartition(":function:")[2] if isinstance(name, str) else called
    return f"{called}, {how}" if how else called


def _wait(state: Mapping[str, Json]) -> str:
    if (seconds := _read(state, "Seconds")) != "":
        return f"{seconds} seconds"
    return f"until {_read(state, 'Timestamp')}"


def _map(state: Mapping[str, Json]) -> str:
    items = _read(state, "Items") or "the input"
    processor = state.get("ItemProcessor") or state.get("Iterator") or {}
    if "ItemReader" in state:
        items = "what it reads"
    at_once = _read(state, "MaxConcurrency")
    found = f"for each of {items}"
    found += f", {at_once} at once" if at_once not in {"", "0"} else ""
    return found + (", distributed" if (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED" else "")


def _read(state: Mapping[str, Json], field: str) -> str:
    """A field, or its form with Path, in words; empty if there is none."""
    if f"{field}Path" in state:
        return path(str(state[f"{field}Path"]))
    value = state.get(field)
    if isinstance(value, str):
        return expression(value) if is_expression(value) else value
    if isinstance(value, list):
        return f"{len(value)} items"
    return "" if value is None else str(value)


def _retries(state: Mapping[str, Json]) -> str:
    most = max((each.get("MaxAttempts", 3) for each in state.get("Retry", ())), default=0)
    if not most:
        return ""
    return "tries once more" if most == 1 else f"tries up to {most} times more"
