"""Runs as people and programs look at them: lists, one run, its history in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.asl.execution import Phase
from tocsin.asl.history import Event, shown
from tocsin.engine.ports import Aggregates
from tocsin.executions.machine import ExecutionMachine
from tocsin.executions.run import Run, described
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant

PAGE: Final = 200
EVENTS_PAGE: Final = 1000  # As GetExecutionHistory gives at most.

_EVENT: Final = msgspec.json.Decoder(Event)
_MACHINE: Final = ExecutionMachine()


def find(store: Aggregates, run: str) -> Run | None:
    """One run by its id. Raises StoreUnavailableError."""
    stored = store.load([run]).get(run)
    return _MACHINE.decode(stored.state) if stored is not None and stored.machine == _MACHINE.name else None


def find_by(store: Aggregates, key: str) -> Run | None:
    """The run that answers to a correlation key. Raises StoreUnavailableError."""
    return next((find(store, name) for name in store.find([key]).values()), None)


def listed(store: Aggregates, *, workflow: str = "", status: str = "", limit: int = PAGE) -> Iterator[Run]:
    """The newest runs, at most *limit*, of one *workflow* and in one *status* if given; read page by page."""
    before: tuple[Instant, str] | None = None
    while limit > 0:
        page = store.listing(_MACHINE.name, live_only=status == "RUNNING", limit=PAGE, before=before)
        for row in page:
            run = _MACHINE.decode(row.state)
            before = run.execution.started_at, row.id
            if workflow in {"", run.workflow} and status in {"", run.execution.status.value}:
                yield run
                limit -= 1
                if not limit:
                    return
        if len(page) < PAGE:
            return


def history(store: Aggregates, run: str, *, limit: int = EVENTS_PAGE, after: int = 0) -> list[dict[str, Json]]:
    """Its events behind the id *after*, in the shape of GetExecutionHistory, at most *limit*."""
    return shown(_EVENT.decode(row.row) for row in store.history(run, limit, after=after))


def whole_history(store: Aggregates, run: str) -> Iterator[dict[str, Json]]:
    """All its events, read page by page."""
    after = 0
    while page := history(store, run, after=after):
        yield from page
        after = int(page[-1]["id"])


def states(run: Run) -> list[str]:
    """The states in which it is, and what it waits for there."""
    return [
        f"{frame.state} ({_WAITS[frame.phase]})"
        for frame in run.execution.frames.values()
        if frame.phase is not Phase.BELOW
    ]


_WAITS: Final = {
    Phase.ENTER: "about to begin",
    Phase.TASK: "its task is at work",
    Phase.WAIT: "waits",
    Phase.AGAIN: "waits to try again",
}


def document(run: Run) -> dict[str, Json]:
    """A run for programs."""
    execution = run.execution
    told = described(run)
    return {
        "id": run.id,
        "workflow": run.workflow,
        "name": execution.names.name,
        "status": execution.status.value,
        "started_at": format_instant(execution.started_at),
        "ended_at": _at(execution.ended_at),
        "wake_at": _at(execution.wake_at),
        "states": states(run) if execution.ended_at is None else [],
        "input": told["Input"],
        "output": told.get("Output"),
        "error": execution.error,
        "cause": execution.cause,
        "redrives": execution.redrives,
        "events": execution.events,
        "definition": run.definition,
        "arn": execution.names.execution,
        "parent": None if run.parent is None else run.parent.run,
    }


def short(value: Json, most: int) -> str:
    """A value on one line, cut."""
    text = json.encode(value).decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def _at(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
