"""The verbs of the chat, in a terminal: list, show, and act on incidents in a database that may be in use."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tocsin.changes.history import before
from tocsin.changes.machine import Entry
from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.printing import fields, paragraph, plain, say, say_json, table
from tocsin.engine.ports import Handled, Received, Store, Stored, Summary
from tocsin.engine.runner import Runner
from tocsin.errors import TocsinError
from tocsin.incidents import flapping, telling
from tocsin.incidents.commands import CommandError, command
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.moments import legible
from tocsin.incidents.reasons import IGNORED
from tocsin.incidents.state import Incident
from tocsin.incidents.storms import is_held, stands_for
from tocsin.incidents.telling import Telling, next_step
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_duration, format_instant, parse_duration, parse_instant
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.knowing import KnowledgeBook
from tocsin.wiring.machines import machines
from tocsin.wiring.schedules import duty
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import routes

PAGE: Final = 500  # Incidents read at a time.
TIMELINE_MAX: Final = 200
SERVER_SECONDS: Final = 2.0  # A running server handles a command within this; otherwise we do it ourselves.
POLL_SECONDS: Final = 0.02

_VERBS: Final = {"ack": "acknowledge"}
_HEAD: Final = ("ID", "STATUS", "SEVERITY", "TEAM", "ALERTS", "OPENED", "TITLE")
_RIGHT: Final = frozenset({0, 4})  # Columns of numbers.


def listing(given: argparse.Namespace) -> int:
    """`tocsin incidents`."""
    with open_store(given.db) as store:
        rows = _all(store, live_only=not given.all)
        if given.json:
            _list_json(_row(name, state) for name, state in rows)
            return 0
        now = SystemClock()()
        first = next(rows, None)
        if first is None:
            say("no incidents\n" if given.all else "no open incidents\n")
            return 0
        for line in table(_HEAD, (_cells(*row, now) for row in _chain(first, rows)), right=_RIGHT):
            say(line)
    return 0


def show(given: argparse.Namespace) -> int:
    """`tocsin show`."""
    with open_store(given.db) as store:
        stored = stored_incident(store, given.incident)
        timeline = store.timeline(given.incident, TIMELINE_MAX)
        state = IncidentMachine().decode(stored.state)
        changed = before(store, state.opened_at)
    if given.json:
        say_json(
            _row(given.incident, state) | _more(state, timeline) | {"changes": [_change(entry) for entry in changed]}
        )
    else:
        _show(given.incident, state, timeline, SystemClock()())
        for entry in changed:
            say(f"changed {format_instant(entry.at)}  {plain(entry.change.title)}\n")
    return 0


def act(given: argparse.Namespace) -> int:
    """`tocsin ack`, `pass`, `escalate`, `reassign`, `snooze`, `resolve`, `note`."""
    settings = read_settings(given.config, given.db)
    clock = SystemClock()
    document = _document(given, settings, clock())
    with open_store(given.db) as store:
        stored = stored_incident(store, given.incident)
        served = is_claimed(given.db)
        if getattr(given, "held", False):
            _act_on_held(store, IncidentMachine().decode(stored.state), document, settings, served=served)
        received = Received(received_at=clock(), channel="cli", key="", head=b"", body=json.encode(document))
        delivery_id = store.accept([received])[0]
        if not (served and wait(store, f"{delivery_id}/0")):
            handle(store, delivery_id, settings, clock())
        found = next(
            line for line in store.timeline(given.incident, TIMELINE_MAX) if line.input_id == f"{delivery_id}/0"
        )
    ignored = found.reason in IGNORED
    say(f"{given.incident}: {'nothing changed: ' if ignored else ''}{plain(found.story or found.reason)}\n")
    if not (served or ignored):
        sys.stderr.write("No server runs: people hear of this when `tocsin serve` does.\n")
    return 1 if ignored else 0


def _act_on_held(store: Store, storm: Incident, document: dict[str, Any], settings: Settings, *, served: bool) -> None:
    """The same for all that *storm* holds. Raises TocsinError."""
    mark, now = stands_for(storm), SystemClock()()
    if not mark:
        raise TocsinError("no-storm", f"{document['incident']} stands for no storm, so it holds nothing")
    names = [name for name, state in _all(store, live_only=True) if is_held(state, mark)]
    bodies = [json.encode(document | {"incident": name}) for name in names]
    accepted = store.accept(
        [Received(received_at=now, channel="cli", key="", head=b"", body=body) for body in bodies] if bodies else []
    )
    if not served:
        for delivery_id in accepted:
            handle(store, delivery_id, settings, now)
    say(f"{document['incident']}: and {len(names)} that it holds\n")


def stored_incident(store: Store, name: str) -> Stored:
    """The incident *name*. Raises TocsinError."""
    stored = store.load([name]).get(name)
    if stored is None or stored.machine != IncidentMachine.name:
        raise _unknown(name)
    return stored


def _document(given: argparse.Namespace, settings: Settings, now: Instant) -> dict[str, Any]:
    """The command as JSON. Raises TocsinError."""
    if given.by and settings.responders and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    document: dict[str, Any] = {
        "verb": _VERBS.get(given.verb, given.verb),
        "incident": given.incident,
        "by": given.by or login_name(),
    }
    if given.verb == "reassign":
        if given.to not in settings.responders:
            raise unknown("responder", given.to, settings.responders)
        document["to"] = given.to
    if given.verb == "snooze":
        document["until"] = _until(given.until, now)
    if given.verb in {"pass", "resolve", "note"}:
        document["text"] = " ".join(given.text)
    try:
        command(document)
    except CommandError as problem:
        raise TocsinError("command-invalid", str(problem)) from None
    return document


def login_name() -> str:
    """What the operating system calls who types. Raises TocsinError."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise TocsinError("name-missing", "this user has no login name; say who you are with --by") from None


def wait(store: Store, input_id: str) -> bool:
    """Whether the running server has handled the command."""
    deadline = time.monotonic() + SERVER_SECONDS
    while not store.seen([input_id]):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def handle(store: Store, delivery_id: str, settings: Settings, now: Instant) -> None:
    """Handle this one delivery as the server would; the others wait for it, since it alone knows how to read them."""
    delivery = store.delivery(delivery_id)
    assert delivery is not None
    inputs = Interpreter(routes(settings), {}).interpret(delivery).inputs
    calendar, book = duty(settings, store), KnowledgeBook(settings, store)
    Runner(store, machines(calendar, whom=book.whom(calendar)), on_commit=book.committed).handle(inputs, now)
    book.save()
    store.settle({delivery_id: ""})


def _all(store: Store, *, live_only: bool) -> Iterator[tuple[str, Incident]]:
    """All incidents, newest first, read page by page."""
    machine = IncidentMachine()
    before: tuple[Instant, str] | None = None
    while True:
        page: Sequence[Summary] = store.listing(machine.name, live_only=live_only, limit=PAGE, before=before)
        for row in page:
            state = machine.decode(row.state)
            before = (machine.standing(state).rank, row.id)
            yield row.id, state
        if len(page) < PAGE:
            return


def _chain(first: tuple[str, Incident], rest: Iterator[tuple[str, Incident]]) -> Iterator[tuple[str, Incident]]:
    yield first
    yield from rest


def _list_json(rows: Iterator[dict[str, Any]]) -> None:
    """A list, one incident a line, as they are read."""
    say("[")
    for number, row in enumerate(rows):
        say((",\n " if number else "\n ") + json.encode(row).decode())
    say("\n]\n")


_TELLING: Final = Telling({})


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


def _more(state: Incident, timeline: Sequence[Handled]) -> dict[str, Any]:
    face = state.face
    return {
        "description": face.description,
        "source": face.source,
        "account": face.account,
        "region": face.region,
        "resource": face.resource,
        "labels": face.labels,
        "links": face.links,
        "asked": state.asked,
        "held_until": format_instant(state.hold.until) if state.held and state.hold else None,
        "flapping": flapping.worst(state) is not None,
        "silenced": _silenced(state),
        "timeline": [{"at": format_instant(line.at), "reason": line.reason, "text": line.story} for line in timeline],
    }


def _silenced(state: Incident) -> dict[str, Any] | None:
    mute = state.mute if state.silenced else None
    if mute is None:
        return None
    return {"silence": mute.silence, "by": mute.by, "until": format_instant(mute.until), "why": mute.why}


def _change(entry: Entry) -> dict[str, Any]:
    change = entry.change
    return {
        "at": format_instant(entry.at),
        "title": change.title,
        "what": change.what,
        "by": change.by,
        "links": change.links,
    }


def _cells(name: str, state: Incident, now: Instant) -> tuple[str, ...]:
    opened = f"{format_duration(now - state.opened_at).partition(' ')[0]} ago"
    return (
        name,
        _status(state),
        state.severity.value,
        plain(state.team),
        f"{state.count}",
        opened,
        plain(state.face.title),
    )


def _status(state: Incident) -> str:
    if state.silenced and state.mute:
        return f"{state.called} ({plain(state.mute.by) or 'somebody'})"
    by = plain(state.acknowledged_by or "")
    if state.held:
        return "held"
    return f"{state.status.value} ({by})" if by else state.status.value


def _show(name: str, state: Incident, timeline: Sequence[Handled], now: Instant) -> None:
    face = state.face
    say(f"{name}: {plain(face.title)}\n\n")
    next_at = state.wake_at
    rows = [
        ("status", _status(state)),
        ("waits", telling.who(state, _TELLING) if state.held or state.silenced else ""),
        ("flaps", telling.restless(state, _TELLING)),
        ("severity", state.severity.value),
        ("team", state.team),
        ("alerts", f"{state.count}"),
        ("opened", f"{format_duration(now - state.opened_at)} ago, {format_instant(state.opened_at)}"),
        ("next action", "" if next_at is None else f"in {format_duration(next_at - now)}, {format_instant(next_at)}"),
        ("then", plain(next_step(state, Telling(names={}), now))),
        ("from", ", ".join(filter(None, (face.source, face.account, face.region, face.resource)))),
        *(("link", f"{link.text}: {link.href}") for link in face.links),
    ]
    say(fields(rows))
    if face.description:
        say(f"\n{paragraph(face.description)}")
    say("\n")
    for line in timeline:
        if line.story:
            say(f"{format_instant(line.at)}  {plain(legible(line.story, telling.utc_time))}\n")


def _until(text: str, now: Instant) -> Instant:
    duration = parse_duration(text)
    until = parse_instant(text) if duration is None else now + duration
    if until is None:
        message = f"{text!r} is neither a duration like 30m or 2h nor a time like 2026-11-22T09:00Z"
        raise TocsinError("time-invalid", message)
    return until


def _unknown(incident: str) -> TocsinError:
    return TocsinError("incident-unknown", f"there is no incident {incident!r}; `tocsin incidents --all` lists them")
