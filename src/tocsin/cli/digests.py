"""`tocsin missed`, `stats` and `digest`: what incidents have cost, and what would be told of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.printing import fields, plain, say, say_json, table
from tocsin.digests import telling
from tocsin.digests.document import document, missed_document
from tocsin.digests.figures import Figures, Pages, Times
from tocsin.digests.missing import Missed
from tocsin.digests.report import Kind, Scene
from tocsin.digests.times import latest
from tocsin.errors import TocsinError
from tocsin.kernel.time import DAY, Instant, format_duration
from tocsin.schedules.timeline import current, shifts
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.digests import asked_schedules, of_team, rhythm_of
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_digests import Digests
from tocsin.wiring.settings_schedules import LOCAL

_MISSED: Final = ("ID", "TEAM", "SEVERITY", "OPENED", "HOW", "TITLE")


def show_missed(given: argparse.Namespace) -> int:
    """`tocsin missed`."""
    settings = read_settings(given.config, given.db)
    _check_team(settings, given.team)
    now = SystemClock()()
    with open_store(given.db) as store:
        found = Reckoner(settings, store).missed(now - given.since, now, given.team)
    if given.json:
        say_json([missed_document(each) for each in found])
    elif not found:
        say(f"nothing was missed in the last {format_duration(given.since)}\n")
    else:
        for line in table(_MISSED, (_cells(each, now) for each in found)):
            say(line)
    return 0


def stats(given: argparse.Namespace) -> int:
    """`tocsin stats`."""
    settings = read_settings(given.config, given.db)
    _check_team(settings, given.team)
    now = SystemClock()()
    with open_store(given.db) as store:
        found = Reckoner(settings, store).figures(now - given.since, now, given.team)
    if given.json:
        say_json(document(found))
    elif given.by == "person":
        _by_person(found)
    elif given.by == "key":
        _by_key(found)
    else:
        say(fields(_rows(found)))
    return 0


def digest(given: argparse.Namespace) -> int:
    """`tocsin digest`."""
    settings = read_settings(given.config, given.db)
    team = given.team or settings.first_team
    _check_team(settings, team)
    now = SystemClock()()
    with open_store(given.db) as store:
        scene = _scene(given, settings, store, team, now)
        found = Reckoner(settings, store).report(scene, (team,), now)
    told = telling.told(found)
    if given.json:
        say_json(msgspec.to_builtins(told))
        return 0
    say(f"{plain(told.title)}\n")
    for line in told.lines:
        say(f"- {plain(line)}\n")
    if found.quiet and scene.kind is not Kind.WEEKLY:
        say("There is nothing to tell: this would not be sent.\n")
    return 0


def _scene(given: argparse.Namespace, settings: Settings, store: SqliteStore, team: str, now: Instant) -> Scene:
    """What the digest would be about that ends now. Raises TocsinError."""
    kind = Kind(given.kind)
    if kind is Kind.HANDOVER:
        return _handover(given.schedule, settings, store, team, now)
    wanted = of_team(settings, team) or Digests()
    rhythm = rhythm_of(kind, wanted)
    since = now - 7 * DAY if kind is Kind.WEEKLY else latest(rhythm, now) if rhythm else now - DAY
    return Scene(kind=kind, subject=team, since=since, until=now, zone=wanted.time_zone or LOCAL)


def _handover(name: str, settings: Settings, store: SqliteStore, team: str, now: Instant) -> Scene:
    known = schedules(settings, store)
    if name and name not in known:
        raise unknown("schedule", name, known)
    name = name or next(iter(sorted(asked_schedules(settings, team))), "")
    if not name:
        raise TocsinError("schedule-missing", f"the policy of team {team!r} asks no schedule; name one with --schedule")
    turn = current(known[name], now)
    past = shifts(known[name], now - 7 * DAY, now)
    came = next((each.who for each in shifts(known[name], turn.until, turn.until + 1)), "")
    return Scene(
        kind=Kind.HANDOVER,
        subject=name,
        since=past[-1].start,
        until=now,
        zone=known[name].zone,
        left=turn.who,
        came=came,
    )


def _check_team(settings: Settings, team: str) -> None:
    if team and team not in settings.teams:
        raise unknown("team", team, settings.teams)


def _cells(found: Missed, now: Instant) -> Sequence[str]:
    opened = f"{format_duration(now - found.opened_at).partition(' ')[0]} ago"
    return (found.incident, plain(found.team), found.severity.value, opened, found.how.value, plain(found.title))


def _rows(found: Figures) -> list[tuple[str, str]]:
    share = found.auto_closed_share
    return [
        ("alerts", f"{found.alerts}"),
        ("incidents", f"{found.incidents}"),
        ("notifications", f"{found.notifications}"),
        ("pages", f"{found.pages.total}: {_hours(found.pages)}"),
        ("calls to rooms", f"{found.room_pages}"),
        ("to acknowledge", _times(found.to_acknowledge)),
        ("to resolve", _times(found.to_resolve)),
        ("ended", f"{found.closed}" + ("" if share is None else f", {share:.0%} of them by themselves")),
        ("missed", f"{found.missed}"),
    ]


def _hours(found: Pages) -> str:
    return f"{found.working} at work, {found.off} off, {found.sleep} asleep"


def _times(found: Times) -> str:
    if found.mean is None or found.median is None:
        return "-"
    return f"{format_duration(found.mean)} on average, median {format_duration(found.median)}"


def _by_person(found: Figures) -> None:
    head = ("PAGES", "AT WORK", "OFF", "ASLEEP", "ANSWERED", "ON AVERAGE", "CLOSED", "PERSON")
    rows = (
        (
            f"{each.pages.total}",
            f"{each.pages.working}",
            f"{each.pages.off}",
            f"{each.pages.sleep}",
            f"{each.answered.count}",
            "-" if each.answered.mean is None else format_duration(each.answered.mean),
            f"{each.closed}",
            plain(each.name),
        )
        for each in found.people
    )
    for line in table(head, rows, right=frozenset(range(7))):
        say(line)


def _by_key(found: Figures) -> None:
    head = ("INCIDENTS", "ALERTS", "PAGES", "ASLEEP", "ENDED", "BY ITSELF", "MISSED", "TITLE")
    rows = (
        (
            f"{each.incidents}",
            f"{each.alerts}",
            f"{each.pages.total}",
            f"{each.pages.sleep}",
            f"{each.closed}",
            f"{each.auto_closed}",
            f"{each.missed}",
            plain(each.title),
        )
        for each in found.keys
    )
    for line in table(head, rows, right=frozenset(range(7))):
        say(line)
