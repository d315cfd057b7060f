"""Who is on call, in a terminal: now and next, hand-overs, coverage; overrides and swaps."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.incidents import login_name
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.kernel.time import (
    DAY,
    MINUTE,
    Duration,
    Instant,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.schedules.coverage import Hours, coverage
from tocsin.schedules.schedule import Override, Schedule, Shift, Swap
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import current, next_on_call, shifts
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.digests import changed
from tocsin.wiring.schedules import OVERRIDE, SWAP, Agreed, agreed, document, hours, schedules
from tocsin.wiring.settings import DEFAULT, Settings
from tocsin.wiring.settings_reader import NEXT_SUFFIX, SCHEDULE_PREFIX
from tocsin.wiring.settings_schedules import parse_wall

ID_BYTES: Final = 4
FEED_BLOCK: Final[Duration] = 28 * DAY  # A feed begins at a multiple of it, so that no event begins anew each day.
FEED_AHEAD: Final[Duration] = 120 * DAY
SPAN_MAX: Final[Duration] = 400 * DAY  # Of an override or a swap: longer ones belong into the file.

_SHOWN: Final = 8  # Hand-overs and gaps of one schedule; --json has all of them.


def oncall(given: argparse.Namespace) -> int:
    """`tocsin oncall`."""
    settings = read_settings(given.config)
    known = _schedules(given, settings)
    names = _wanted(given, settings)
    now = SystemClock()()
    if given.ical:
        _feed(given, known, names, now)
        return 0
    reports = [
        _Report(known[name], _instant(given.at, known[name].zone, now), given.days * DAY, hours(settings))
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
    settings = read_settings(given.config)
    by = _by(given, settings)
    with open_store(given.db) as store:
        if given.remove:
            if store.take_record(OVERRIDE, given.remove) is None:
                raise TocsinError(
                    "override-unknown", f"there is no override {given.remove!r}; `tocsin oncall` shows them"
                )
            _tell(settings, store)
            say(f"override {plain(given.remove)} is taken back\n")
            return 0
        if given.until is None:
            raise TocsinError("override-incomplete", "say SCHEDULE RESPONDER FROM UNTIL, or --remove ID")
        schedule = _one(given.schedule, schedules(settings, store))
        if given.responder not in settings.responders:
            raise unknown("responder", given.responder, settings.responders)
        now = SystemClock()()
        start, until = _period(given.begin, given.until, schedule.zone, now)
        made = Override(id=_new_id(), schedule=schedule.name, who=given.responder, start=start, until=until, by=by)
        store.put_record(OVERRIDE, made.id, document(Agreed(at=now, override=made)))
        _tell(settings, store)
    say(f"override {made.id}: {made.who} is on call in {schedule.name} {_between(schedule, start, until)}\n")
    return 0


def swap(given: argparse.Namespace) -> int:
    """`tocsin swap`: ask for one, accept it, take it back, list them."""
    settings = read_settings(given.config)
    with open_store(given.db) as store:
        if given.action == "list":
            _list_swaps(given, schedules(settings, store), agreed(store, SWAP))
            return 0
        by = _by(given, settings)
        if given.action == "ask":
            return _ask(given, settings, store, by)
        [name] = given.words if len(given.words) == 1 else [""]
        found = next((each for each in agreed(store, SWAP) if each.swap and each.swap.id == name), None)
        if found is None or found.swap is None:
            raise TocsinError("swap-unknown", f"there is no swap {name!r}; `tocsin swap list` shows them")
        if given.action == "accept":
            _accept(store, found.swap, by)
            _tell(settings, store)
            return 0
        if by not in {found.swap.by, found.swap.to}:
            raise TocsinError(
                "swap-foreign", f"swap {name} is between {found.swap.by} and {found.swap.to or 'anybody'}"
            )
        store.take_record(SWAP, name)
        _tell(settings, store)
    say(f"swap {plain(name)} is taken back\n")
    return 0


def _tell(settings: Settings, store: SqliteStore) -> None:
    """Another one may be on call: a running server hands over at once, and need not find out."""
    told = changed(settings, SystemClock()())
    if told is not None:
        store.accept([told])


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
            "now": _row(self.now),
            "next": None if self.next is None else _row(self.next),
            "shifts": [_row(shift) for shift in self.shifts],
            "coverage": {
                "start": format_instant(found.start),
                "until": format_instant(found.until),
                "needed_ms": found.needed,
                "covered_ms": found.covered,
                "gaps": [_row(gap) for gap in found.gaps],
                "covers": [_row(shift) for shift in found.covers],
                "shares": [
                    {"who": share.who, "shifts": share.shifts, "time_ms": share.time, "off_hours_ms": share.off}
                    for share in found.shares
                ],
            },
            "overrides": [
                {
                    "id": each.id,
                    "who": each.who,
                    "start": format_instant(each.start),
                    "until": format_instant(each.until),
                }
                for each in self._overrides()
            ],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        zone = self.schedule.zone
        yield f"{plain(self.schedule.name)} ({zone})\n"
        yield f"  now   {_who(self.now)}, until {_time(self.now.until, zone)}: {plain(reason(self.now))}\n"
        if self.next:
            until = _time(self.next.until, zone)
            yield f"  next  {_who(self.next)}, {_time(self.next.start, zone)} to {until}: {plain(reason(self.next))}\n"
        for shift in self.shifts[1 : _SHOWN + 1]:
            yield f"  {_time(shift.start, zone)}  {_who(shift)}: {plain(reason(shift))}\n"
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
            yield f"  NOBODY from {_time(gap.start, zone)} to {_time(gap.until, zone)}: {plain(reason(gap))}\n"
        if len(found.gaps) > _SHOWN:
            yield f"  ... and {len(found.gaps) - _SHOWN} more gaps\n"
        for each in found.shares:
            off = "" if each.off is None else f", {format_duration(each.off)} of it outside working hours"
            yield f"  {plain(each.who)}: {format_duration(each.time)}{off}\n"

    def _overrides(self) -> list[Override]:
        return [each for each in self.schedule.overrides if each.until > self.at]


def _ask(given: argparse.Namespace, settings: Settings, store: SqliteStore, by: str) -> int:
    if len(given.words) != len(("SCHEDULE", "FROM", "UNTIL")):
        raise TocsinError("swap-incomplete", "say `tocsin swap ask SCHEDULE FROM UNTIL`")
    name, begin, end = given.words
    schedule = _one(name, schedules(settings, store))
    for each in filter(None, (by, given.to)):
        if each not in settings.responders:
            raise unknown("responder", each, settings.responders)
    if given.to == by:
        raise TocsinError("swap-self", f"{by} cannot swap with {by}")
    if given.back and not given.to:
        raise TocsinError("swap-incomplete", "--back needs --with: whose turns are taken in return")
    now = SystemClock()()
    start, until = _period(begin, end, schedule.zone, now)
    back = _period(given.back[0], given.back[1], schedule.zone, now) if given.back else (None, None)
    _needs_turn(schedule, by, start, until)
    if back[0] is not None and back[1] is not None:
        _needs_turn(schedule, given.to, back[0], back[1])
    made = Swap(
        id=_new_id(), schedule=schedule.name, by=by, to=given.to, start=start, until=until, back_start=back[0],
        back_until=back[1],
    )  # fmt: skip
    store.put_record(SWAP, made.id, document(Agreed(at=now, swap=made)))
    say(f"swap {made.id}: {by} asks {made.to or 'anybody'} to be on call {_between(schedule, start, until)}\n")
    say(f"It counts when it is accepted: tocsin swap accept {made.id} --by {made.to or 'RESPONDER'}\n")
    return 0


def _needs_turn(schedule: Schedule, who: str, start: Instant, until: Instant) -> None:
    if all(shift.who != who for shift in shifts(schedule, start, until)):
        raise TocsinError("swap-empty", f"{who} has no turn in {schedule.name} {_between(schedule, start, until)}")


def _accept(store: SqliteStore, asked: Swap, by: str) -> None:
    if asked.accepted:
        raise TocsinError("swap-accepted", f"{asked.to} has accepted swap {asked.id} already")
    if by == asked.by or (asked.to and by != asked.to):
        raise TocsinError("swap-foreign", f"swap {asked.id} asks {asked.to or f'anybody but {asked.by}'}, not {by}")
    now = SystemClock()()
    if asked.until <= now:
        raise TocsinError("swap-over", f"the time of swap {asked.id} has passed")
    # Whoever takes it, has it: of two who accept at the same time one finds nothing.
    if store.take_record(SWAP, asked.id) is None:
        raise TocsinError("swap-unknown", f"there is no swap {asked.id!r} any more; `tocsin swap list` shows them")
    taken = replace(asked, to=by, accepted=True)
    store.put_record(SWAP, taken.id, document(Agreed(at=now, swap=taken)))
    say(f"swap {taken.id}: {by} takes the turns of {taken.by} in {taken.schedule}\n")


def _list_swaps(given: argparse.Namespace, known: dict[str, Schedule], found: Sequence[Agreed]) -> None:
    swaps = [each.swap for each in found if each.swap]
    if given.json:
        say_json(
            [
                msgspec.to_builtins(each)
                | {"start": format_instant(each.start), "until": format_instant(each.until)}
                | {
                    name: None if at is None else format_instant(at)
                    for name, at in (("back_start", each.back_start), ("back_until", each.back_until))
                }
                for each in swaps
            ]
        )
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
    from tocsin.ical.writing import calendar

    start = now - now % FEED_BLOCK - FEED_BLOCK
    found = [
        (name, shift)
        for name in names
        for shift in shifts(known[name], start, now + FEED_AHEAD)
        if given.responder in {"", shift.who}
    ]
    title = f"On call: {given.responder or ', '.join(names)}"
    say(calendar(title, found, now).decode().replace("\r\n", "\n").replace("\n", "\r\n"))


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
    policy = settings.policies.get(settings.teams[given.team].policy or DEFAULT)
    targets = [target for step in policy.steps for target in step.ask] if policy else []
    names = (target.removeprefix(SCHEDULE_PREFIX) for target in targets if target.startswith(SCHEDULE_PREFIX))
    return list(dict.fromkeys(name.removesuffix(NEXT_SUFFIX) for name in names))


def _one(name: str, known: dict[str, Schedule]) -> Schedule:
    if name not in known:
        raise unknown("schedule", name, known)
    return known[name]


def _by(given: argparse.Namespace, settings: Settings) -> str:
    if given.by and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    by: str = given.by or login_name()
    return by


def _period(begin: str, end: str, zone: str, now: Instant) -> tuple[Instant, Instant]:
    """From when to when; the end may be a duration. Raises TocsinError."""
    start = _instant(begin, zone, now)
    duration = parse_duration(end)
    until = _instant(end, zone, now) if duration is None else start + duration
    if until <= start:
        raise TocsinError("time-invalid", f"{end!r} is not later than {begin!r}")
    if until <= now:
        raise TocsinError("time-invalid", f"{end!r} has passed")
    if until - start > SPAN_MAX:
        message = f"from {begin!r} to {end!r} is longer than {format_duration(SPAN_MAX)}; change the schedule instead"
        raise TocsinError("time-invalid", message)
    return start, until


def _instant(text: str, zone: str, now: Instant) -> Instant:
    """What a time means: `now`, one with a zone, or one by the clocks of *zone*. Raises TocsinError."""
    if text in {"", "now"}:
        return now
    wall = parse_wall(text)
    if wall is not None:
        return wall_clock(zone, wall - DAY, wall + DAY).first(wall)
    instant = parse_instant(text)
    if instant is None:
        message = f"{text!r} is no time like now, 2026-12-24T09:00 (by the clocks of the schedule) or 2026-12-24T09:00Z"
        raise TocsinError("time-invalid", message)
    return instant


def _row(shift: Shift) -> dict[str, Any]:
    return {
        "who": shift.who or None,
        "start": format_instant(shift.start),
        "until": format_instant(shift.until),
        "why": shift.why.value,
        "source": shift.source,
        "instead_of": shift.instead or None,
        "reason": reason(shift),
    }


def _who(shift: Shift) -> str:
    return plain(shift.who) or "NOBODY"


def _between(schedule: Schedule, start: Instant, until: Instant) -> str:
    return f"from {_time(start, schedule.zone)} to {_time(until, schedule.zone)}"


def _time(instant: Instant, zone: str) -> str:
    """A time by the clocks of *zone*, to the minute."""
    shown = moment_of(wall_clock(zone, instant, instant).shown(instant - instant % MINUTE))
    return f"{shown:%a %Y-%m-%d %H:%M}"


def _new_id() -> str:
    return secrets.token_hex(ID_BYTES)
