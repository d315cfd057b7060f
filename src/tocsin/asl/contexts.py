"""The context object: what a state can know of its run, itself, and the item that it is for.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

from tocsin.asl import mapruns
from tocsin.asl.execution import Execution, Frame
from tocsin.asl.moves import Moves
from tocsin.asl.program import State
from tocsin.asl.times import written
from tocsin.kernel.json import Json


def context(moves: Moves, frame: Frame, state: State) -> dict[str, Json]:
    """Of *state*, in which *frame* is."""
    item, run = _around(moves, frame)
    found: dict[str, Json] = {
        **(_run(moves.execution) if run is None else mapruns.context(moves, run)),
        "State": {"Name": state.name, "EnteredTime": written(frame.entered_at)},
    }
    if state.type in {"Task", "Parallel", "Map"}:
        found["State"]["RetryCount"] = frame.retries
    if frame.token:
        found["Task"] = {"Token": frame.token}
    if item is not None:
        found["Map"] = {"Item": item}
    return found


def _around(moves: Moves, frame: Frame) -> tuple[Json, Frame | None]:
    """The item that *frame* is for, and where the child of a distributed Map begins that it is in."""
    item: Json = None
    inner: Frame | None = frame
    while inner is not None:
        item = inner.item if item is None else item
        if inner.run is not None:
            break
        inner = moves.execution.frames.get(inner.parent)
    return item, inner


def _run(execution: Execution) -> dict[str, Json]:
    names = execution.names
    told: dict[str, Json] = {
        "Id": names.execution,
        "Input": execution.input,
        "StartTime": written(execution.started_at),
        "Name": names.name,
        "RoleArn": names.role,
        **({} if names.express else {"RedriveCount": execution.redrives}),
    }
    if execution.redriven_at is not None:
        told["RedriveTime"] = written(execution.redriven_at)
    return {"Execution": told, "StateMachine": {"Id": names.machine, "Name": names.machine_name}}
