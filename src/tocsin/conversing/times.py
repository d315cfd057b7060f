"""Times and durations in words, by the speaker's clock: `2h`, `until 18:00`, `tomorrow 9am`, `last week`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration, Instant, parse_duration, parse_instant
from tocsin.schedules.clock import Wall, is_zone, moment_of, wall_clock, wall_of

LENGTH_MAX: Final[Duration] = 400 * DAY  # Longer is a slip of the keyboard.
REACH: Final[Duration] = 3660 * DAY  # Ten years: what is further away is no time that anybody means.
MORNING: Final[Duration] = 9 * HOUR  # When a day is named and no time.
EVENING: Final[Duration] = 18 * HOUR  # `tonight` begins then, and ends in the morning.
NIGHT: Final[Duration] = 22 * HOUR  # One moment of `tonight`.
WAKING: Final[Duration] = 8 * HOUR

Words: TypeAlias = Sequence[str]

_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: Final = {short: number for number, day in enumerate(_WEEK) for short in (day, day[:3], f"{day}s")} | {
    "tues": 1,
    "wednes": 2,
    "thur": 3,
    "thurs": 3,
}
_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1
    )
} | {"a": 1, "an": 1, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "ninety": 90}
_UNITS: Final = {
    unit: length
    for length, units in (
        (MINUTE, "m min mins minute minutes"),
        (HOUR, "h hr hrs hour hours"),
        (DAY, "d day days"),
        (7 * DAY, "w week weeks"),
        (30 * DAY, "month months"),
    )
    for unit in units.split()
}
_CLOCK: Final = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s?(am|pm)?")
_DATE: Final = re.compile(r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})")
_ZONED: Final = re.compile(r"t.*(?:z|utc|[+-][0-9]{2}:?[0-9]{2})$")
_SMALL: Final = re.compile(r"[0-9]{1,4}")
_FILLERS: Final = frozenset({"at", "on", "the", "around", "about"})


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """When and where somebody speaks."""

    now: Instant
    zone: str = "UTC"

    @property
    def wall(self) -> Wall:
        """What the clock shows now."""
        return wall_clock(self._zone, self.now, self.now).shown(self.now)

    @property
    def today(self) -> Wall:
        """When the day has begun."""
        wall = self.wall
        return wall - wall % DAY

    def instant(self, wall: Wall) -> Instant:
        """When the clock shows *wall*."""
        return wall_clock(self._zone, wall - DAY, wall + DAY).first(wall)

    @property
    def _zone(self) -> str:
        return self.zone if self.zone and is_zone(self.zone) else "UTC"


class Found(msgspec.Struct, frozen=True):
    """What *used* words mean. *start* None: from now, or as long as there is anything."""

    start: Instant | None
    until: Instant | None
    used: int


def duration(words: Words) -> tuple[Duration, int] | None:
    """The length at the beginning of *words*, and how many of them say it."""
    total, used = 0, 0
    while used < len(words):
        part = _part(words[used:])
        if part is None:
            break
        total, used = total + part[0], used + part[1]
        if words[used : used + 1] == ["and"] and _part(words[used + 1 :]):
            used += 1
    return (total, used) if 0 < total <= LENGTH_MAX else None


def moment(words: Words, here: Here, *, past: bool = False, bare: bool = False) -> tuple[Instant, int] | None:
    """The moment at the beginning of *words*: the next one, or with *past* the last one.

    *bare*: a number alone is an hour, as in `until 18`.
    """
    words = list(words)
    exact = parse_instant(words[0]) if words else None
    if exact is not None:
        at = exact if _ZONED.search(words[0]) else here.instant(exact)
        return (at, 1) if abs(at - here.now) < REACH else None
    if words[:1] == ["now"]:
        return here.now, 1
    if words[:1] == ["in"] and (length := duration(words[1:])):
        return here.now + length[0], length[1] + 1
    day = _day(words, here, past=past)
    used = day[1] if day else _fillers(words)
    clock = _clock(words[used:], bare=bare or words[used - 1 : used] == ["at"])
    if clock is None:
        if day is None:
            return None
        return here.instant(day[0] + (0 if past else day[2])), day[1]
    used += clock[1]
    if day is None:
        after = _day(words[used:], here, past=past)
        if after:
            return here.instant(after[0] + clock[0]), used + after[1]
        return here.instant(_nearest(here, clock[0], past=past)), used
    return here.instant(day[0] + clock[0]), used


def span(words: Words, here: Here) -> Found | None:
    """From when to when, ahead, at the beginning of *words*: `for 2h`, `until 18:00`, `tomorrow 9:00-17:00`."""
    words = list(words)
    if words[:1] in (["for"], ["next"], ["during"]) and (found := span(words[1:], here)):
        return Found(found.start, found.until, found.used + 1)
    if words[:2] == ["the", "next"] and (found := span(words[2:], here)):
        return Found(found.start, found.until, found.used + 2)
    length = duration(words)
    if length:
        return Found(None, here.now + length[0], length[1])
    if words[:1] and words[0] in {"until", "till", "til", "to"}:
        end = moment(words[1:], here, bare=True)
        return Found(None, end[0], end[1] + 1) if end else None
    if words[:1] == ["from"]:
        found = _between(words[1:], here, bare=True)
        return Found(found.start, found.until, found.used + 1) if found else None
    return _between(words, here) or _whole(words, here)


def until(words: Words, here: Here) -> tuple[Instant, int] | None:
    """The moment ahead at the beginning of *words* at which something ends: `2h`, `for 2h`, `until 18`, `tomorrow`."""
    words = list(words)
    lead = int(words[:1] != [] and words[0] in {"for", "until", "till", "til", "to", "in"})
    length = duration(words[lead:])
    if length:
        return here.now + length[0], lead + length[1]
    found = moment(words[lead:], here, bare=lead > 0)
    return (found[0], lead + found[1]) if found else None


def since(words: Words, here: Here) -> Found | None:
    """Which time, that has passed, at the beginning of *words*: `last 24 hours`, `since monday`, `yesterday`, `7d`."""
    words = list(words)
    lead = 0
    while words[lead : lead + 1] and words[lead] in {"in", "the", "of", "from", "within", "for", "over", "during"}:
        lead += 1
    rest = words[lead:]
    if rest[:1] in (["since"], ["after"]):
        begun = moment(rest[1:], here, past=True, bare=True)
        return Found(begun[0], None, lead + 1 + begun[1]) if begun else None
    named = _period(rest, here)
    if named:
        return Found(named.start, named.until, named.used + lead)
    if rest[:1] and rest[0] in {"last", "past", "previous"}:
        length = duration(rest[1:]) or _bare_unit(rest[1:])
        if length:
            return Found(here.now - length[0], None, lead + 1 + length[1])
        day = _day(rest[1:], here, past=True)
        return Found(here.instant(day[0]), here.instant(day[0] + DAY), lead + 1 + day[1]) if day else None
    length = duration(rest)
    if length:
        ago = int(rest[length[1] : length[1] + 1] == ["ago"])
        return Found(here.now - length[0], None, lead + length[1] + ago)
    day = _day(rest, here, past=True)
    return Found(here.instant(day[0]), min(here.instant(day[0] + DAY), here.now), lead + day[1]) if day else None


def _period(words: Words, here: Here) -> Found | None:
    """A named one: this week, last month, today."""
    today = here.today
    monday = today - moment_of(today).weekday() * DAY
    first = today - (moment_of(today).day - 1) * DAY
    before = first - moment_of(first - DAY).day * DAY
    named: dict[tuple[str, ...], tuple[Wall, Wall | None]] = {
        ("this", "week"): (monday, None),
        ("last", "week"): (monday - 7 * DAY, monday),
        ("this", "month"): (first, None),
        ("last", "month"): (before, first),
        ("today",): (today, None),
        ("yesterday",): (today - DAY, today),
        ("last", "night"): (today - 6 * HOUR, today + WAKING),
        ("this", "morning"): (today, None),
        ("overnight",): (today - 6 * HOUR, today + WAKING),
    }
    for name, (start, until) in named.items():
        if tuple(words[: len(name)]) == name:
            end = None if until is None else min(here.instant(until), here.now)
            return Found(min(here.instant(start), here.now), end, len(name))
    return None


def _whole(words: Words, here: Here) -> Found | None:
    """A whole evening, day or week."""
    used = _fillers(words)
    today = here.today
    match list(words[used : used + 2]):
        case ["tonight", *_]:
            return _ahead(here, today + EVENING, today + DAY + WAKING, used + 1)
        case ["tomorrow", "night"]:
            return _ahead(here, today + DAY + EVENING, today + 2 * DAY + WAKING, used + 2)
        case ["today", *_]:
            return _ahead(here, here.wall, today + DAY, used + 1)
        case ["this" | "next" as which, "week" | "weekend" as what]:
            monday = today - moment_of(today).weekday() * DAY
            start = monday + (7 * DAY if which == "next" and (what == "week" or here.wall >= monday + 5 * DAY) else 0)
            if what == "weekend":
                return _ahead(here, start + 5 * DAY, start + 7 * DAY, used + 2)
            return _ahead(here, start, start + 7 * DAY, used + 2)
        case ["weekend", *_]:
            monday = today - moment_of(today).weekday() * DAY
            return _ahead(here, monday + 5 * DAY, monday + 7 * DAY, used + 1)
        case _:
            day = _day(words, here, past=False)
            return _ahead(here, day[0], day[0] + DAY, day[1]) if day else None


def _ahead(here: Here, start: Wall, until: Wall, used: int) -> Found:
    return Found(max(here.instant(start), here.now), here.instant(until), used)


def _between(words: Words, here: Here, *, bare: bool = False) -> Found | None:
    """`18:00 - 22:00`, `tomorrow 9am to 5pm`, `monday to friday`; the end may be a length: `18:00 for 2h`."""
    begin = moment(words, here, bare=bare)
    if begin is None:
        return None
    start, used = begin
    if words[used : used + 1] == ["for"]:
        used += 1
    length = duration(words[used:])
    if length:
        return Found(start, start + length[0], used + length[1])
    joint = words[used : used + 1]
    if not joint or joint[0] not in {"-", "to", "until", "till", "til"}:
        return None
    then = Here(now=start, zone=here.zone)
    end = moment(words[used + 1 :], then, bare=True)
    return Found(start, end[0], used + 1 + end[1]) if end else None


def _day(words: Words, here: Here, *, past: bool) -> tuple[Wall, int, Duration] | None:
    """When the day begins that is named, by how many words, and at which time it is meant if none is said."""
    lead = _fillers(words)
    rest = words[lead:]
    if not rest:
        return None
    first = rest[0]
    if (date := _date(first)) is not None:
        return date, lead + 1, MORNING
    next_ = int(first in {"next", "this", "last"} and len(rest) > 1 and rest[1] in _DAYS)
    if rest[next_] in _DAYS:
        return _weekday(here, _DAYS[rest[next_]], past=past), lead + next_ + 1, MORNING
    today = here.today
    named = {
        "today": (today, MORNING),
        "tonight": (today, NIGHT),
        "yesterday": (today - DAY, MORNING),
    }
    if first in named:
        return named[first][0], lead + 1, named[first][1]
    if first in {"tomorrow", "tmrw", "tmr"}:
        parts = {"morning": MORNING, "evening": EVENING, "night": NIGHT, "afternoon": 14 * HOUR}
        part = rest[1] if len(rest) > 1 and rest[1] in parts else ""
        return today + DAY, lead + 1 + bool(part), parts.get(part, MORNING)
    if first == "weekend":
        return _weekday(here, 5, past=past), lead + 1, MORNING
    return None


def _weekday(here: Here, number: int, *, past: bool) -> Wall:
    ahead = (number - moment_of(here.today).weekday()) % 7
    return here.today + ((ahead - 7 if ahead else 0) if past else (ahead or 7)) * DAY


def _date(text: str) -> Wall | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return wall_of(datetime(int(found[1]), int(found[2]), int(found[3])))  # noqa: DTZ001 - a clock on a wall.
    except ValueError:
        return None


def _clock(words: Words, *, bare: bool) -> tuple[Duration, int] | None:
    """A time of the day; a *bare* hour only where it cannot be anything else."""
    used = _fillers(words)
    rest = words[used:]
    bare = bare or (used > 0 and words[used - 1] == "at")
    if rest[:1] in (["noon"], ["midday"]):
        return 12 * HOUR, used + 1
    if rest[:1] == ["midnight"]:
        return DAY, used + 1
    found = _CLOCK.fullmatch(rest[0]) if rest else None
    if found is None:
        return None
    apart = rest[1] if len(rest) > 1 and rest[1] in {"am", "pm", "o'clock", "oclock"} else ""
    half = found[3] or (apart if apart in {"am", "pm"} else "")
    alone = bare and not (len(rest) > 1 and rest[1] in _UNITS)
    if not (found[2] or half or apart or alone):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - the hours of half a day.
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - the last of an hour and of a day.
        return None
    return hour * HOUR + minute * MINUTE, used + 1 + bool(apart)


def _nearest(here: Here, clock: Duration, *, past: bool) -> Wall:
    today = here.today + clock
    if past:
        return today if today <= here.wall else today - DAY
    return today if today > here.wall else today + DAY


def _part(words: Words) -> tuple[Duration, int] | None:
    if not words:
        return None
    first = words[0]
    whole = parse_duration(first) if first[:1].isdigit() else None
    if whole:
        return whole, 1
    second = words[1] if len(words) > 1 else ""
    if first == "half" and words[1:3] in (["an", "hour"], ["a", "day"]):
        return (30 * MINUTE if words[2] == "hour" else 12 * HOUR), 3
    number = int(first) if _SMALL.fullmatch(first) else _NUMBERS.get(first)
    if number is not None and second in _UNITS:
        return number * _UNITS[second], 2
    return None


def _bare_unit(words: Words) -> tuple[Duration, int] | None:
    """`last hour`, `past day`."""
    return (_UNITS[words[0]], 1) if words and words[0] in _UNITS else None


def _fillers(words: Words) -> int:
    used = 0
    while used < len(words) and words[used] in _FILLERS:
        used += 1
    return used
