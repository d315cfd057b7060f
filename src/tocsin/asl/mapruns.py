"""The Map Run of a distributed Map: what it reads and writes, and what its children are called.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

from tocsin.asl import gathering, readers, writers
from tocsin.asl.execution import ChildRun, Frame, Phase, TaskStart, Work
from tocsin.asl.failures import StateFailure
from tocsin.asl.intrinsics import drawn, uuid_of
from tocsin.asl.moves import Moves
from tocsin.asl.program import State
from tocsin.asl.scope import Scope
from tocsin.asl.times import written
from tocsin.kernel.json import Json


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def arn(moves: Moves, label: str) -> str:
    """Of a new Map Run."""
    machine = moves.execution.names.machine.replace(":stateMachine:", ":mapRun:")
    return f"{machine}/{label}:{uuid_of(drawn(moves.dice))}"


def context(moves: Moves, frame: Frame) -> dict[str, Json]:
    """What the context object tells of the child that begins with *frame*."""
    names, run = moves.execution.names, frame.run
    work = moves.execution.frames[frame.parent].work
    assert run is not None
    assert work is not None
    told: dict[str, Json] = {
        "Id": _child_arn(moves, work, run),
        "Input": run.input,
        "StartTime": written(run.started_at),
        "Name": run.name,
        "RoleArn": names.role,
        **({} if run.express else {"RedriveCount": 0}),
    }
    machine = {"Id": f"{names.machine}/{work.label}", "Name": f"{names.machine_name}/{work.label}"}
    return {"Execution": told, "StateMachine": machine}


def record(
    moves: Moves, work: Work, run: ChildRun, output: Json, error: tuple[str | None, str | None] | None
) -> dict[str, Json]:
    """What the writer tells of a child that has ended."""
    machine = f"{moves.execution.names.machine}/{work.label}"
    return writers.record(run, machine, _child_arn(moves, work, run), moves.now, output=output, error=error)


def _child_arn(moves: Moves, work: Work, run: ChildRun) -> str:
    kind = "express" if run.express else "execution"
    machine = moves.execution.names.machine.replace(":stateMachine:", f":{kind}:")
    return f"{machine}/{work.label}:{run.name}"


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def read(moves: Moves, frame: Frame, state: State, scope: Scope) -> bool:
    """Begin to read. Raises StateFailure."""
    assert state.map is not None
    assert state.map.reader is not None
    assert frame.work is not None
    reading = readers.begun(state.map.reader, scope)
    assert reading.arguments is not None
    frame.work.reading = reading
    frame.work.source = readers.source(state.map.reader, reading.arguments)
    _start(moves, frame, state.map.reader.resource, reading.arguments, reading.pages)
    return False


def took(moves: Moves, frame: Frame, state: State, output: Json) -> list[Json] | None:
    """All items, when *output* was the last answer. Raises StateFailure."""
    assert state.map is not None
    assert state.map.reader is not None
    work = frame.work
    assert work is not None
    assert work.reading is not None
    try:
        work.reading = readers.taken(work.reading, state.map.reader, output)
    except StateFailure as failure:
        moves.event(frame, "MapRunFailed", {"error": failure.error, "cause": failure.cause})
        raise
    if work.reading.arguments is not None:
        _start(moves, frame, state.map.reader.resource, work.reading.arguments, work.reading.pages)
        return None
    items, work.reading = work.reading.items, None
    return items


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def write(moves: Moves, frame: Frame, state: State) -> bool:
    """Begin to write the results. Raises StateFailure."""
    assert state.map is not None
    assert state.map.writer is not None
    work, writer = frame.work, state.map.writer
    assert work is not None
    arguments = writer.arguments(moves.scope(frame, state))
    if not isinstance(arguments, dict):
        raise writers.failed("The arguments of the ResultWriter must be an object")
    work.writing = writers.files(arguments, work.arn, gathering.listed(work.results), writer.config)
    work.wrote = str(work.writing[-1]["Key"])
    work.items, work.results = [], []
    _start(moves, frame, writer.resource, work.writing[0], len(work.writing))
    return False


def wrote(moves: Moves, frame: Frame, state: State) -> Json:
    """The result of the state when the last file is written; None before."""
    assert state.map is not None
    assert state.map.writer is not None
    work = frame.work
    assert work is not None
    bucket = work.writing[0]["Bucket"]
    work.writing = work.writing[1:]
    if work.writing:
        _start(moves, frame, state.map.writer.resource, work.writing[0], len(work.writing))
        return None
    return {"MapRunArn": work.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": work.wrote}}


def _start(moves: Moves, frame: Frame, resource: str, arguments: dict[str, Json], number: int) -> None:
    """Begin the task of a reader or writer. *number*: the same task has another one each time."""
    frame.phase = Phase.TASK
    frame.task = f"{frame.id}.{moves.execution.events}.{frame.retries}.{number}"
    moves.tasks.append(TaskStart(task=frame.task, state=frame.state, resource=resource, arguments=arguments, token=""))
