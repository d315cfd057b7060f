"""Silences in a terminal: made from matchers in plain form, listed, made longer, and ended; and maintenance."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.incidents import handle, login_name, stored_incident, wait
from tocsin.cli.printing import fields, plain, say, say_json, table
from tocsin.engine.ports import Received
from tocsin.errors import TocsinError
from tocsin.incidents import silence_making as making
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_lists import Muted, document, listed, muted, phase
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silence_making import UnclearError, Wish
from tocsin.incidents.silence_telling import what, when
from tocsin.incidents.silences import REMIND, Order, Phase, Silence
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Instant, format_duration, format_instant, parse_duration, parse_instant
from tocsin.schedules.clock import is_zone, wall_clock
from tocsin.schedules.recurring import never_closed
from tocsin.schedules.windows import parse_window
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import LOCAL, parse_wall

CHANNEL: Final = "silence"
ID_BYTES: Final = 6

_MACHINE: Final = SilenceMachine()
_HEAD: Final = ("ID", "STATE", "UNTIL", "BY", "HELD", "WHAT", "WHY")
_ACTIONS: Final = ("show", "extend", "expire")


def listing(given: argparse.Namespace) -> int:
    """`tocsin silences`."""
    now = SystemClock()()
    with open_store(given.db) as store:
        found = listed(store, live_only=not given.all, now=now)
        under = muted(store)
    if given.json:
        say_json([document(state, under.get(state.silence.id, ()), now) for state in found])
    elif not found:
        say("no silences\n")
    else:
        for line in table(_HEAD, (_cells(state, now) for state in found), right=frozenset({4})):
            say(line)
    return 0


def silence(given: argparse.Namespace) -> int:
    """`tocsin silence`: make one, or `show`, `extend`, `expire` the one of an id."""
    action = given.words[0] if given.words else ""
    if action not in _ACTIONS:
        return _make(given, given.words, maintenance=False)
    if len(given.words) != 2:  # noqa: PLR2004 - the action, and its one id.
        raise TocsinError("silence-incomplete", f"say `tocsin silence {action} ID`; `tocsin silences` lists them")
    settings, now = read_settings(given.config, given.db), SystemClock()()
    by = _by(given, settings)
    with open_store(given.db) as store:
        state = _find(store, given.words[1])
        if action == "show":
            _show(state, muted(store).get(state.silence.id, ()), now, as_json=given.json)
            return 0
        order = _extension(given, state, by, settings, now) if action == "extend" else _end(given, state, now)
        return _carry_out(given, store, order, settings, now)


def maintenance(given: argparse.Namespace) -> int:
    """`tocsin maintenance`: a silence over a team or an integration, which is told at its begin and at its end."""
    if not (given.team or given.integration):
        raise TocsinError("silence-incomplete", "say which: --team NAME or --integration NAME")
    return _make(given, given.words, maintenance=True)


def _make(given: argparse.Namespace, words: Sequence[str], *, maintenance: bool) -> int:
    settings, now = read_settings(given.config, given.db), SystemClock()()
    by = _by(given, settings)
    if given.team and given.team not in settings.teams:
        raise unknown("team", given.team, settings.teams)
    if given.integration and given.integration not in settings.integrations:
        raise unknown("integration", given.integration, settings.integrations)
    zone = _zone(given.zone, by, settings)
    starts_at = _instant(given.starts, zone, now) if given.starts else now
    with open_store(given.db) as store:
        about, integration, team = _of_incident(given, store) if given.incident else ((), given.integration, given.team)
        wish = Wish(
            id=secrets.token_hex(ID_BYTES),
            by=by,
            why=given.why,
            starts_at=starts_at,
            ends_at=_end_of(given, zone, starts_at, now),
            matchers=tuple(words),
            team=given.team,
            integration=integration,
            every=_windows(given.every),
            zone=zone if given.every else "",
            tell=_receivers(by, team, settings, maintenance=maintenance),
            maintenance=maintenance,
            remind=_reminder(given.remind),
        )
        made = _checked(wish, now, about)
        return _carry_out(given, store, Order(make=made), settings, now)


def _of_incident(given: argparse.Namespace, store: SqliteStore) -> tuple[tuple[Matcher, ...], str, str]:
    """The matcher for the alerts of an incident, and its integration and team. Raises TocsinError."""
    incident = IncidentMachine().decode(stored_incident(store, given.incident).state)
    try:
        return (making.of_incident(incident),), incident.integration, incident.team
    except UnclearError as problem:
        raise TocsinError("silence-unclear", str(problem)) from None


def _checked(wish: Wish, now: Instant, about: Iterable[Matcher]) -> Silence:
    try:
        return making.silence(wish, now, more=about)
    except UnclearError as problem:
        raise TocsinError("silence-unclear", str(problem)) from None


def _extension(given: argparse.Namespace, state: Silencing, by: str, settings: Settings, now: Instant) -> Order:
    """`--for` counts from the end that was planned, `--until` is the new one."""
    silence = state.silence
    if phase(state, now) is Phase.EXPIRED:
        raise TocsinError("silence-over", f"silence {silence.id} is over; make another one")
    ends_at = _end_of(given, _zone(given.zone, by, settings), silence.ends_at, now)
    if ends_at is None:
        raise TocsinError("silence-unclear", "say how much longer with --for, or a new end with --until")
    try:
        return Order(make=making.extended(silence, ends_at, by, now))
    except UnclearError as problem:
        raise TocsinError("silence-unclear", str(problem)) from None


def _end(given: argparse.Namespace, state: Silencing, now: Instant) -> Order:
    silence = state.silence
    if phase(state, now) is Phase.EXPIRED:
        raise TocsinError("silence-over", f"silence {silence.id} is over already")
    if given.for_good and silence.name:
        message = f"silence {silence.id} stands in the configuration as {silence.name!r}; take it out there"
        raise TocsinError("silence-configured", message)
    return Order(end=silence.id, for_good=given.for_good)


def _carry_out(given: argparse.Namespace, store: SqliteStore, order: Order, settings: Settings, now: Instant) -> int:
    """Have *order* carried out as any delivery, by the server that runs, or here; tell what came of it."""
    served = is_claimed(given.db)
    received = Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(order))
    delivery_id = store.accept([received])[0]
    input_id = f"{delivery_id}/{0 if order.make else 1}"
    if not served:
        handle(store, delivery_id, settings, SystemClock()())
    elif not wait(store, input_id):
        # Never here as well: a server knows its silences by what it has committed itself.
        sys.stderr.write(
            "It is stored. The server is busy, and does it in a moment; `tocsin silences` shows it then.\n"
        )
        return 0
    state = _find(store, order.make.id if order.make else order.end)
    _show(state, muted(store).get(state.silence.id, ()), now, as_json=given.json)
    if not served:
        sys.stderr.write("No server runs: people hear of this when `tocsin serve` does.\n")
    return 0


def _find(store: SqliteStore, name: str) -> Silencing:
    stored = store.load([name]).get(name)
    if stored is None or stored.machine != _MACHINE.name:
        raise TocsinError("silence-unknown", f"there is no silence {name[:100]!r}; `tocsin silences --all` lists them")
    return _MACHINE.decode(stored.state)


def _by(given: argparse.Namespace, settings: Settings) -> str:
    if given.by and settings.responders and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    by: str = given.by or login_name()
    return by


def _receivers(by: str, team: str, settings: Settings, *, maintenance: bool) -> tuple[str, ...]:
    """Who hears of it: of a maintenance the rooms of those whom it concerns, of a silence who has made it."""
    rooms = (room(team),) if team else tuple(room(name) for name in settings.teams)
    if maintenance:
        return rooms
    return (responder(by),) if by in settings.responders else ((room(team),) if team else ())


def _zone(text: str, by: str, settings: Settings) -> str:
    """By whose clocks times are meant: as it is said, or those of the one who says it. Raises TocsinError."""
    if text and not is_zone(text):
        raise TocsinError("zone-unknown", f"{text[:100]!r} is no time zone of the IANA database, like Europe/Berlin")
    person = settings.responders.get(by)
    return text or (person.time_zone if person else "") or LOCAL


def _windows(texts: Sequence[str]) -> tuple[str, ...]:
    """The windows of `--every`, in lower case. Raises TocsinError."""
    every = tuple(" ".join(text.lower().split()) for text in texts)
    for text in every:
        if parse_window(text) is None:
            message = f"{text[:100]!r} is no window like `sun 02:00-04:00`, `mon-fri 22:00-06:00` or `sat,sun`"
            raise TocsinError("window-invalid", message)
    if every and never_closed(every):
        raise TocsinError("window-invalid", f"the windows {', '.join(every)} never close: that would silence for ever")
    return every


def _end_of(given: argparse.Namespace, zone: str, starts_at: Instant, now: Instant) -> Instant | None:
    if not given.for_:
        return _instant(given.until, zone, now) if given.until else None
    duration = parse_duration(given.for_)
    if duration is None:
        raise TocsinError("time-invalid", f"{given.for_[:100]!r} is no duration like 30m, '2 h' or 3d")
    return starts_at + duration


def _instant(text: str, zone: str, now: Instant) -> Instant:
    """A duration from now, a time with a zone, or one by the clocks of *zone*. Raises TocsinError."""
    duration = parse_duration(text)
    if duration is not None:
        return now + duration
    wall = parse_wall(text)
    if wall is not None:
        return wall_clock(zone, wall - DAY, wall + DAY).first(wall)
    instant = parse_instant(text)
    if instant is None:
        message = f"{text[:100]!r} is no time like 2h, 2026-12-24T09:00 (by the clocks of {zone}) or 2026-12-24T09:00Z"
        raise TocsinError("time-invalid", message)
    return instant


def _reminder(text: str) -> int:
    duration = parse_duration(text) if text else REMIND
    if duration is None or duration > DAY:
        raise TocsinError("time-invalid", f"{text[:100]!r} is no duration like 15m, of at most a day")
    return duration


def _cells(state: Silencing, now: Instant) -> tuple[str, ...]:
    silence, stands = state.silence, phase(state, now)
    until = {
        Phase.ACTIVE: f"in {format_duration(silence.ends_at - now)}",
        Phase.PENDING: f"begins in {format_duration(silence.starts_at - now)}",
        Phase.EXPIRED: f"{format_duration(now - silence.ends_at)} ago",
    }[stands]
    about = " ".join(filter(None, ("maintenance:" if silence.maintenance else "", what(silence), when(silence))))
    return (
        silence.id,
        stands.value,
        until,
        plain(silence.created_by),
        f"{state.count}",
        plain(about),
        plain(silence.comment),
    )


def _show(state: Silencing, under: Sequence[Muted], now: Instant, *, as_json: bool) -> None:
    if as_json:
        say_json(document(state, under, now))
        return
    silence, stands = state.silence, phase(state, now)
    say(f"{silence.id}: {'maintenance of ' if silence.maintenance else 'silences '}{plain(what(silence))}\n\n")
    rows = [
        ("state", stands.value),
        ("by", silence.created_by),
        ("why", silence.comment),
        ("from", format_instant(silence.starts_at)),
        ("until", f"{format_instant(silence.ends_at)}{_in(silence.ends_at, now)}"),
        ("again", when(silence)),
        ("held back", f"{state.count}"),
        *(("mutes", f"{each.incident}: {each.title}") for each in under),
    ]
    say(fields(rows))


def _in(instant: Instant, now: Instant) -> str:
    return f", in {format_duration(instant - now)}" if instant > now else ""
