"""The grid of a calendar: which days a month or a week shows, and the words of what stands in each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from tocsin.kernel.time import DAY, Instant
from tocsin.schedules.clock import Wall, moment_of, wall_clock
from tocsin.schedules.days import Day, Part, days
from tocsin.schedules.schedule import Schedule, Why, everybody
from tocsin.schedules.telling import reason

MONTH: Final = "month"
WEEK: Final = "week"
VIEWS: Final = (MONTH, WEEK)
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TINTS: Final = 6  # Colours of people; names stand beside them, so that a seventh may share one.
YEARS: Final = (1971, 9000)  # What can be looked at: beyond it clocks are not told.

_EPOCH: Final = date(1970, 1, 1)
_SIGNS: Final[Mapping[Why, tuple[str, str]]] = {
    Why.LAYER: ("", ""),
    Why.COVER: ("↪", "cover"),
    Why.OVERRIDE: ("◆", "override"),
    Why.SWAP: ("⇄", "swap"),
}
_NOBODY: Final = ("▲", "nobody")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a day. *kind*: `layer`, `cover`, `override`, `swap` or `gap`; *sign* and *word* say it as well.

    *tint*: 0 to TINTS - 1, the same for the same person; *layer*: its name, where there are several.
    """

    when: str
    who: str
    kind: str
    sign: str
    word: str
    tint: int
    why: str
    layer: str = ""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One day. *iso*: its date; *inside*: it is of the month that is shown; *absent*: who is, by name."""

    iso: str
    weekday: str
    day: int
    month: str
    inside: bool
    today: bool
    entries: tuple[Entry, ...]
    absent: tuple[str, ...]


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown: weeks of seven days, from *start* to *until*, and where one goes from there (dates)."""

    title: str
    weeks: tuple[tuple[Cell, ...], ...]
    start: Instant
    until: Instant
    before: str
    after: str


def grid(  # noqa: PLR0917 - the parts of one view.
    schedule: Schedule, zone: str, view: str, at: date, now: Instant, names: Mapping[str, str]
) -> Grid:
    """The month or the week around *at*, by the clocks of *zone*."""
    first, count = _span(view, at)
    today = date_at(now, zone)
    tints = {who: place % TINTS for place, who in enumerate(_people(schedule))}
    found = days(schedule, zone, (first - _EPOCH).days * DAY, count)
    cells = [_cell(schedule, day, zone, names, tints, inside=_month(day.wall, at, view), today=today) for day in found]
    return Grid(
        title=_title(view, first, at),
        weeks=tuple(tuple(cells[place : place + 7]) for place in range(0, count, 7)),
        start=found[0].start,
        until=found[-1].until,
        before=(at.replace(day=1) - timedelta(days=1) if view == MONTH else at - timedelta(days=7)).isoformat(),
        after=(at.replace(day=28) + timedelta(days=4)).replace(day=1).isoformat()
        if view == MONTH
        else (at + timedelta(days=7)).isoformat(),
    )


def read_date(text: str, now: Instant, zone: str) -> date:
    """The date that *text* means (`2026-11-27`, `2026-11`); today for anything else."""
    try:
        found = date.fromisoformat(text if len(text) > len("2026-11") else f"{text}-01")
    except ValueError:
        return date_at(now, zone)
    return found if YEARS[0] <= found.year <= YEARS[1] else date_at(now, zone)


def date_at(instant: Instant, zone: str) -> date:
    """The date that calendars of *zone* show."""
    return moment_of(wall_clock(zone, instant, instant).shown(instant)).date()


def told(instant: Instant, zone: str) -> str:
    """`Fri 27 Nov 09:00`, by the clocks of *zone*."""
    shown = moment_of(wall_clock(zone, instant, instant).shown(instant))
    return f"{shown:%a} {shown.day} {shown:%b %H:%M}"


def _span(view: str, at: date) -> tuple[date, int]:
    """From which day, a Monday, how many days are shown."""
    first = at.replace(day=1) if view == MONTH else at
    first -= timedelta(days=first.weekday())
    if view == WEEK:
        return first, 7
    last = (at.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first, ((last - first).days // 7 + 1) * 7


def _title(view: str, first: date, at: date) -> str:
    return f"{at:%B %Y}" if view == MONTH else f"Week of {first.day} {first:%B %Y}"


def _month(wall: Wall, at: date, view: str) -> bool:
    return view == WEEK or (moment_of(wall).year, moment_of(wall).month) == (at.year, at.month)


def _people(schedule: Schedule) -> Sequence[str]:
    others = (who for override in schedule.overrides for who in (override.who,))
    return list(dict.fromkeys((*everybody(schedule), *others)))


def _cell(
    schedule: Schedule,
    day: Day,
    zone: str,
    names: Mapping[str, str],
    tints: Mapping[str, int],
    *,
    inside: bool,
    today: date,
) -> Cell:
    shown = moment_of(day.wall).date()
    return Cell(
        iso=shown.isoformat(),
        weekday=WEEKDAYS[shown.weekday()],
        day=shown.day,
        month=f"{shown:%B}",
        inside=inside,
        today=shown == today,
        entries=tuple(_entry(schedule, day, part, zone, names, tints) for part in day.parts),
        absent=tuple(names.get(who, who) for who in day.absent),
    )


def _entry(  # noqa: PLR0917 - what a line needs.
    schedule: Schedule, day: Day, part: Part, zone: str, names: Mapping[str, str], tints: Mapping[str, int]
) -> Entry:
    shift = part.shift
    sign, word = _NOBODY if shift.gap else _SIGNS[shift.why]
    several = len(schedule.layers) > 1 and shift.why is Why.LAYER
    return Entry(
        when=_when(day, part, zone),
        who=names.get(shift.who, shift.who),
        kind="gap" if shift.gap else shift.why.value,
        sign=sign,
        word=word,
        tint=tints.get(shift.who, 0),
        why=reason(shift),
        layer=shift.source if several else "",
    )


def _when(day: Day, part: Part, zone: str) -> str:
    """When, within its day: a shift that goes on from the day before, or into the next, has one time or none."""
    clock = wall_clock(zone, part.start, part.until)
    start, until = (f"{moment_of(clock.shown(at)):%H:%M}" for at in (part.start, part.until))
    if part.start == day.start and part.until == day.until:
        return "all day"
    if part.start == day.start:
        return f"until {until}"
    return f"from {start}" if part.until == day.until else f"{start} to {until}"
