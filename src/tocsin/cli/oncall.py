"""Who is on call, in a terminal: now and next, hand-overs, coverage; overrides and swaps."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.incidents import login_name
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.kernel.time import (
    DAY,
    Duration,
    Instant,
    format_duration,
    format_instant,
)
from tocsin.schedules.coverage import Hours, coverage
from tocsin.schedules.documents import override_document, shift_document, swap_document
from tocsin.schedules.schedule import Override, Schedule, Shift, Swap
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import current, next_on_call, shifts
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.knowing import team_schedules
from tocsin.wiring.oncall_book import OnCallBook, instant, period, told
from tocsin.wiring.schedules import hours, schedules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_reader import SCHEDULE_PREFIX
from tocsin.wiring.shift_feeds import shift_feed

_SHOWN: Final = 8  # Hand-overs and gaps of one schedule; --json has all of them.


def oncall(given: argparse.Namespace) -> int:
    """`tocsin oncall`."""
    settings = read_settings(given.config, given.db)
    known = _schedules(given, settings)
    names = _wanted(given, settings)
    now = SystemClock()()
    if given.ical:
        _feed(given, known, names, now)
        return 0
    reports = [
        _Report(known[name], instant(given.at, known[name].zone, now), given.days * DAY, hours(settings))
        for name in names
    ]
    if given.json:
        say_json([report.document() for report in reports])
    elif not reports:
        say("no schedules\n")
    else:
        say("\n".join("".join(report.lines()) for report in reports))
    return 0


def override(given: argparse.Namespace) -> int:
    """`tocsin override`: somebody is on call for a while, or an override is taken back."""
    settings = read_settings(given.config, given.db)
    by = _by(given, settings)
    with open_store(given.db) as store:
        book = OnCallBook(settings, store, SystemClock(), store.accept)
        if given.remove:
            book.end_override(given.remove)
            say(f"override {plain(given.remove)} is taken back\n")
            return 0
        if given.until is None:
            raise TocsinError("override-incomplete", "say SCHEDULE RESPONDER FROM UNTIL, or --remove ID")
        schedule = book.schedule(given.schedule)
        start, until = period(given.begin, given.until, schedule.zone, SystemClock()())
        made, _ = book.override(schedule=schedule.name, who=given.responder, start=start, until=until, by=by)
    say(f"override {made.id}: {made.who} is on call in {schedule.name} {_between(schedule, start, until)}\n")
    return 0


def swap(given: argparse.Namespace) -> int:
    """`tocsin swap`: ask for one, accept or decline it, take it back, list them."""
    settings = read_settings(given.config, given.db)
    with open_store(given.db) as store:
        book = OnCallBook(settings, store, SystemClock(), store.accept)
        if given.action == "list":
            _list_swaps(given, book.schedules(), book.swaps())
            return 0
        by = _by(given, settings)
        if given.action == "ask":
            return _ask(given, book, by)
        [name] = given.words if len(given.words) == 1 else [""]
        match given.action:
            case "accept":
                taken = book.accept(name, by)
                say(f"swap {taken.id}: {by} takes the turns of {taken.by} in {taken.schedule}\n")
            case "decline":
                say(f"swap {plain(name)}: {by} has told {book.decline(name, by).by} no\n")
            case _:
                book.withdraw(name, by)
                say(f"swap {plain(name)} is taken back\n")
    return 0


class _Report:
    """What is told of one schedule."""

    def __init__(self, schedule: Schedule, at: Instant, length: Duration, known: dict[str, Hours]) -> None:
        self.schedule = schedule
        self.at = at
        self.now = current(schedule, at)
        self.next = next_on_call(schedule, at)
        self.shifts = shifts(schedule, at, at + length)
        self.coverage = coverage(schedule, at, at + length, known)

    def document(self) -> dict[str, Any]:
        """For scripts."""
        found = self.coverage
        return {
            "schedule": self.schedule.name,
            "time_zone": self.schedule.zone,
            "at": format_instant(self.at),
            "now": shift_document(self.now),
            "next": None if self.next is None else shift_document(self.next),
            "shifts": [shift_document(shift) for shift in self.shifts],
            "coverage": {
                "start": format_instant(found.start),
                "until": format_instant(found.until),
                "needed_ms": found.needed,
                "covered_ms": found.covered,
                "gaps": [shift_document(gap) for gap in found.gaps],
                "covers": [shift_document(shift) for shift in found.covers],
                "shares": [
                    {"who": share.who, "shifts": share.shifts, "time_ms": share.time, "off_hours_ms": share.off}
                    for share in found.shares
                ],
            },
            "overrides": [override_document(each) for each in self._overrides()],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        zone = self.schedule.zone
        yield f"{plain(self.schedule.name)} ({zone})\n"
        yield f"  now   {_who(self.now)}, until {told(self.now.until, zone)}: {plain(reason(self.now))}\n"
        if self.next:
            until = told(self.next.until, zone)
            yield f"  next  {_who(self.next)}, {told(self.next.start, zone)} to {until}: {plain(reason(self.next))}\n"
        for shift in self.shifts[1 : _SHOWN + 1]:
            yield f"  {told(shift.start, zone)}  {_who(shift)}: {plain(reason(shift))}\n"
        if len(self.shifts) > _SHOWN + 1:
            yield f"  ... and {len(self.shifts) - _SHOWN - 1} more; --json has them all\n"
        yield from self._coverage(zone)
        for each in self._overrides():
            yield f"  override {each.id}: {plain(each.who)} {_between(self.schedule, each.start, each.until)}\n"

    def _coverage(self, zone: str) -> Iterator[str]:
        found = self.coverage
        length = format_duration(found.until - found.start)
        share = 100 * found.covered // found.needed if found.needed else 100
        yield f"  coverage of the next {length}: {share} %\n"
        for gap in found.gaps[:_SHOWN]:
            yield f"  NOBODY from {told(gap.start, zone)} to {told(gap.until, zone)}: {plain(reason(gap))}\n"
        if len(found.gaps) > _SHOWN:
            yield f"  ... and {len(found.gaps) - _SHOWN} more gaps\n"
        for each in found.shares:
            off = "" if each.off is None else f", {format_duration(each.off)} of it outside working hours"
            yield f"  {plain(each.who)}: {format_duration(each.time)}{off}\n"

    def _overrides(self) -> list[Override]:
        return [each for each in self.schedule.overrides if each.until > self.at]


def _ask(given: argparse.Namespace, book: OnCallBook, by: str) -> int:
    if len(given.words) != len(("SCHEDULE", "FROM", "UNTIL")):
        raise TocsinError("swap-incomplete", "say `tocsin swap ask SCHEDULE FROM UNTIL`")
    if given.back and not given.to:
        raise TocsinError("swap-incomplete", "--back needs --with: whose turns are taken in return")
    name, begin, end = given.words
    schedule, now = book.schedule(name), SystemClock()()
    start, until = period(begin, end, schedule.zone, now)
    back = period(given.back[0], given.back[1], schedule.zone, now) if given.back else None
    made, _ = book.ask(schedule=name, by=by, to=given.to, start=start, until=until, back=back)
    say(f"swap {made.id}: {by} asks {made.to or 'anybody'} to be on call {_between(schedule, start, until)}\n")
    say(f"It counts when it is accepted: tocsin swap accept {made.id} --by {made.to or 'RESPONDER'}\n")
    return 0


def _list_swaps(given: argparse.Namespace, known: dict[str, Schedule], swaps: Sequence[Swap]) -> None:
    if given.json:
        say_json([swap_document(each) for each in swaps])
        return
    if not swaps:
        say("no swaps\n")
        return
    rows = [
        (
            each.id,
            "accepted" if each.accepted else "asked",
            plain(each.schedule),
            plain(each.by),
            plain(each.to or "anybody"),
            _between(known[each.schedule], each.start, each.until) if each.schedule in known else "",
        )
        for each in swaps
    ]
    for line in table(("ID", "STATUS", "SCHEDULE", "BY", "WITH", "WHEN"), rows):
        say(line)


def _feed(given: argparse.Namespace, known: dict[str, Schedule], names: Sequence[str], now: Instant) -> None:
    say(shift_feed(known, names, now, given.responder).write(now).decode())


def _schedules(given: argparse.Namespace, settings: Settings) -> dict[str, Schedule]:
    """All of them, with what is agreed if there is a database."""
    if not given.db.exists():
        return schedules(settings, None)
    with open_store(given.db) as store:
        return schedules(settings, store)


def _wanted(given: argparse.Namespace, settings: Settings) -> list[str]:
    """The names of the schedules that are asked for."""
    if given.schedule:
        if given.schedule not in settings.schedules:
            raise unknown("schedule", given.schedule, settings.schedules)
        return [given.schedule]
    if not given.team:
        return list(settings.schedules)
    if given.team not in settings.teams:
        raise unknown("team", given.team, settings.teams)
    return [target.removeprefix(SCHEDULE_PREFIX) for target in team_schedules(settings, given.team)]


def _by(given: argparse.Namespace, settings: Settings) -> str:
    if given.by and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    by: str = given.by or login_name()
    return by


def _who(shift: Shift) -> str:
    return plain(shift.who) or "NOBODY"


def _between(schedule: Schedule, start: Instant, until: Instant) -> str:
    return f"from {told(start, schedule.zone)} to {told(until, schedule.zone)}"
