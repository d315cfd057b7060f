"""`tocsin workflow start|runs|show|stop|redrive`: runs in the database of a server that may be at work."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tocsin.asl.execution import Status
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX
from tocsin.cli import questions
from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.files import file_text, json_of, text_of
from tocsin.cli.incidents import login_name, wait
from tocsin.cli.printing import fields, plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_duration, format_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import runs
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_workflows import definition_text
from tocsin.wiring.workflows import NAME_MAX, Definitions, Order, named, ordered, start, started_as

SHOWN_MAX: Final = 400  # Characters of a value in a terminal.

_HEAD: Final = ("RUN", "WORKFLOW", "STATUS", "BEGAN", "TOOK", "NAME OR ERROR")


def run(given: argparse.Namespace) -> int:
    """One of ACTIONS. Raises TocsinError, OSError."""
    return ACTIONS[given.action](given)


def _start(given: argparse.Namespace) -> int:
    settings, now = read_settings(given.config), SystemClock()()
    workflow, text, role = _definition(_one(given, "a workflow of tocsin.yaml, or a file"), settings)
    value = json_of(text_of(given.input), "the input")
    if len(json.encode(value)) > PAYLOAD_BYTES_MAX:
        raise TocsinError("workflow-input-large", f"the input has more than {PAYLOAD_BYTES_MAX} bytes")
    name = named(given.name)
    with open_store(given.db) as store:
        kept = Definitions(store).keep(workflow, text)
        order = start(workflow, kept, value, name=name, role=role, by=_starter(given))
        return _carry_out(given, store, order, now)


def _starter(given: argparse.Namespace) -> str:
    """Who starts a run, as far as it is known; nobody is asked for it."""
    try:
        return str(given.by) or login_name()
    except TocsinError:
        return ""


def _definition(name: str, settings: Settings) -> tuple[str, str, str]:
    """The name, the text and the role of a workflow of the settings, or of a file."""
    known = settings.workflows.get(name)
    if known is not None:
        return name, definition_text(known), known.role or ""
    if not Path(name).exists():
        raise unknown("workflow", name, settings.workflows)
    stem = Path(name).name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]", "-", stem)[:NAME_MAX] or "workflow", file_text(name), ""


def _list(given: argparse.Namespace) -> int:
    if len(given.path) > 1:
        raise TocsinError("workflow-one", "runs takes the name of one workflow, or none")
    workflow = given.path[0] if given.path else ""
    with open_store(given.db) as store:
        found = list(runs.listed(store, workflow=workflow, status=given.status.upper(), limit=given.limit))
    if given.json:
        say_json([runs.document(each) for each in found])
    elif not found:
        say("no runs\n")
    else:
        now = SystemClock()()
        for line in table(_HEAD, (_cells(each, now) for each in found)):
            say(line)
    return 0


def _show(given: argparse.Namespace) -> int:
    with open_store(given.db) as store:
        found = _find(store, given)
        if given.json:
            events = {"history": list(runs.whole_history(store, found.id))} if given.history else {}
            say_json(runs.document(found) | events)
            return 0
        _tell(found)
        if given.history:
            for event in runs.whole_history(store, found.id):
                _tell_event(event, found.execution.started_at)
    return 0


def _stop(given: argparse.Namespace) -> int:
    with open_store(given.db) as store:
        found = _find(store, given)
        if found.execution.status is not Status.RUNNING:
            raise TocsinError("workflow-run-over", f"{found.id} is over already: it {_ended(found)}")
        return _carry_out(given, store, Order(stop=found.id, cause=given.cause or None), SystemClock()())


def _redrive(given: argparse.Namespace) -> int:
    with open_store(given.db) as store:
        found = _find(store, given)
        if found.execution.status in {Status.RUNNING, Status.SUCCEEDED}:
            state = "is still running" if found.execution.status is Status.RUNNING else "succeeded"
            raise TocsinError("workflow-not-redrivable", f"{found.id} {state}; only what has failed can be redriven")
        return _carry_out(given, store, Order(redrive=found.id), SystemClock()())


ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "start": _start,
    "runs": _list,
    "show": _show,
    "stop": _stop,
    "redrive": _redrive,
    "questions": questions.show,
    "answer": questions.answer,
}


def _carry_out(given: argparse.Namespace, store: SqliteStore, order: Order, now: Instant) -> int:
    """Have *order* carried out by the server; without one it is stored, and carried out when it runs."""
    served = is_claimed(given.db)
    (delivery_id,) = store.accept([ordered(order, now)])
    input_id = f"{delivery_id}/0"
    if served and wait(store, input_id):
        name = store.seen([input_id])[input_id]
        found = runs.find(store, name)
        if found is not None:
            if given.json:
                say_json(runs.document(found))
            else:
                _tell(found)
        return 0
    name = order.stop or order.redrive or started_as(delivery_id)
    if given.json:
        say_json({"id": name, "status": "PENDING"})
    else:
        say(f"{name}\n")
    when = "does it in a moment" if served else "does it when `tocsin serve` runs"
    sys.stderr.write(f"It is stored; the server {when}. `tocsin workflow show {name}` shows it then.\n")
    return 0


def _find(store: SqliteStore, given: argparse.Namespace) -> Run:
    name = _one(given, "the id of a run")
    found = runs.find(store, name)
    if found is None:
        message = f"there is no run {name[:100]!r}; `tocsin workflow runs` lists them"
        raise TocsinError("workflow-run-unknown", message)
    return found


def _one(given: argparse.Namespace, what: str) -> str:
    if len(given.path) != 1:
        raise TocsinError("workflow-one", f"{given.action} takes {what}, and one only")
    return str(given.path[0])


def _cells(found: Run, now: Instant) -> tuple[str, ...]:
    execution = found.execution
    ended = execution.ended_at
    named = execution.names.name if execution.names.name != found.id else ""
    return (
        found.id,
        plain(found.workflow),
        execution.status.value,
        f"{format_duration(now - execution.started_at).partition(' ')[0]} ago",
        format_duration((ended or now) - execution.started_at),
        plain(execution.error or named),
    )


def _tell(found: Run) -> None:
    execution = found.execution
    running = execution.status is Status.RUNNING
    say(
        fields(
            [
                ("run", found.id),
                ("workflow", found.workflow),
                ("name", execution.names.name if execution.names.name != found.id else ""),
                ("status", execution.status.value),
                ("began", format_instant(execution.started_at)),
                ("ended", "" if execution.ended_at is None else format_instant(execution.ended_at)),
                ("in", ", ".join(runs.states(found)) if running else ""),
                ("wakes", format_instant(execution.wake_at) if execution.wake_at is not None else ""),
                ("redriven", f"{execution.redrives} times" if execution.redrives else ""),
                ("input", runs.short(execution.input, SHOWN_MAX)),
                ("output", runs.short(execution.output, SHOWN_MAX) if execution.status is Status.SUCCEEDED else ""),
                ("error", execution.error or ""),
                ("cause", (execution.cause or "")[:SHOWN_MAX]),
            ]
        )
    )


def _tell_event(event: Mapping[str, object], begun: Instant) -> None:
    details = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    told = details if isinstance(details, Mapping) else {}
    name = told.get("name") or told.get("resource") or told.get("error") or ""
    after = (int(str(event["timestamp"])) - begun) / 1000
    say(f"{event['id']:>5}  +{after:<10g} {event['type']} {plain(str(name))}".rstrip() + "\n")


def _ended(found: Run) -> str:
    return {Status.SUCCEEDED: "succeeded", Status.FAILED: "failed", Status.TIMED_OUT: "timed out"}.get(
        found.execution.status, "was stopped"
    )
