"""The verbs of the chat, in a terminal: list, show, and act on incidents in a database that may be in use."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from tocsin.cli.access import open_store, read_settings
from tocsin.engine.ports import Received, Store, Summary
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.errors import TocsinError
from tocsin.incidents.commands import CommandError, command
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import IGNORED
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_instant, parse_duration, parse_instant
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings_routes import routes

PAGE: Final = 500  # Incidents read at a time.
TIMELINE_MAX: Final = 200
SERVER_SECONDS: Final = 1.5  # A running server handles a command within this; without one we do it ourselves.
POLL_SECONDS: Final = 0.02

_VERBS: Final = {"ack": "acknowledge"}


def listing(given: argparse.Namespace) -> int:
    """`tocsin incidents`."""
    store = open_store(given.db)
    rows = (_row(name, state) for name, state in _all(store, live_only=not given.all))
    if given.json:
        sys.stdout.write("[")
        for number, row in enumerate(rows):
            sys.stdout.write((",\n " if number else "\n ") + json.encode(row).decode())
        sys.stdout.write("\n]\n")
        return 0
    count = 0
    for row in rows:
        count += 1
        sys.stdout.write(_line(row))
    if not count:
        sys.stdout.write("no incidents\n" if given.all else "no open incidents\n")
    return 0


def show(given: argparse.Namespace) -> int:
    """`tocsin show`."""
    store = open_store(given.db)
    stored = store.load([given.incident]).get(given.incident)
    if stored is None:
        raise _unknown(given.incident)
    state = IncidentMachine().decode(stored.state)
    lines = [
        {"at": format_instant(line.at), "reason": line.reason, "text": line.story}
        for line in store.timeline(given.incident, TIMELINE_MAX)
    ]
    row = _row(given.incident, state)
    if given.json:
        face = state.face
        more = {
            "description": face.description,
            "source": face.source,
            "account": face.account,
            "region": face.region,
            "resource": face.resource,
            "labels": face.labels,
            "links": face.links,
            "asked": state.asked,
            "timeline": lines,
        }
        sys.stdout.write(json.encode(row | more).decode() + "\n")
        return 0
    for name, value in row.items():
        if value not in {None, ""}:
            sys.stdout.write(f"{name.replace('_', ' '):>16}  {value}\n")
    if state.face.description:
        sys.stdout.write(f"\n{state.face.description}\n")
    sys.stdout.write("\n")
    for line in lines:
        if line["text"]:
            sys.stdout.write(f"{line['at']}  {line['text']}\n")
    return 0


def act(given: argparse.Namespace) -> int:
    """`tocsin ack`, `pass`, `escalate`, `reassign`, `snooze`, `resolve`, `note`."""
    settings = read_settings(given.config)
    store = open_store(given.db)
    clock = SystemClock()
    document: dict[str, Any] = {
        "verb": _VERBS.get(given.verb, given.verb),
        "incident": given.incident,
        "by": given.by or getpass.getuser(),
    }
    if given.verb == "reassign":
        document["to"] = given.to
    if given.verb == "snooze":
        document["until"] = _until(given.until, clock())
    if given.verb in {"pass", "resolve", "note"}:
        document["text"] = given.text
    try:
        command(document)
    except CommandError as problem:
        raise TocsinError("command-invalid", str(problem)) from None
    if given.incident not in store.load([given.incident]):
        raise _unknown(given.incident)
    received = Received(received_at=clock(), channel="cli", key="", head=b"", body=json.encode(document))
    delivery_id = store.accept([received])[0]
    if not _wait(store, f"{delivery_id}/0"):
        machine = IncidentMachine()
        interpreter = Interpreter(routes(settings), {})
        worker = Worker(store, Runner(store, [machine]), interpreter.interpret, interpreter.poisoned)
        while worker.step(clock()):
            pass
    return _tell(store, given.incident, f"{delivery_id}/0")


def _wait(store: Store, input_id: str) -> bool:
    """Whether a running server has handled the command."""
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline:
        if store.seen([input_id]):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _tell(store: Store, incident: str, input_id: str) -> int:
    found = next((line for line in store.timeline(incident, TIMELINE_MAX) if line.input_id == input_id), None)
    reason = found.reason if found else "not handled yet"
    sys.stdout.write(f"{incident}: {(found.story if found else '') or reason}\n")
    return 1 if found is None or reason in {word.value for word in IGNORED} else 0


def _all(store: Store, *, live_only: bool) -> Iterator[tuple[str, Incident]]:
    """All incidents, newest first, read page by page."""
    machine = IncidentMachine()
    before: tuple[Instant, str] | None = None
    while True:
        page: list[Summary] = list(store.listing(machine.name, live_only=live_only, limit=PAGE, before=before))
        for row in page:
            state = machine.decode(row.state)
            before = (machine.standing(state).rank, row.id)
            yield row.id, state
        if len(page) < PAGE:
            return


def _row(name: str, state: Incident) -> dict[str, Any]:
    return {
        "id": name,
        "status": state.status.value,
        "title": state.face.title,
        "severity": state.severity.value,
        "team": state.team,
        "alerts": state.count,
        "opened_at": format_instant(state.opened_at),
        "acknowledged_by": state.acknowledged_by or None,
        "wake_at": None if state.wake_at is None else format_instant(state.wake_at),
    }


def _line(row: dict[str, Any]) -> str:
    status = f"{row['status']} ({row['acknowledged_by']})" if row["acknowledged_by"] else row["status"]
    where = f"{row['severity']:<9} {row['team']:<12}"
    return f"{row['id']:>8}  {status:<24} {where} {row['alerts']:>5}x  {row['title']}\n"


def _until(text: str, now: Instant) -> Instant:
    duration = parse_duration(text)
    until = parse_instant(text) if duration is None else now + duration
    if until is None:
        message = f"{text!r} is neither a duration like 30m or 2h nor a time like 2026-11-22T09:00Z"
        raise TocsinError("time-invalid", message)
    return until


def _unknown(incident: str) -> TocsinError:
    return TocsinError("incident-unknown", f"there is no incident {incident!r}; `tocsin incidents --all` lists them")
