"""Windows of the week: `mon-fri 09:00-17:00`, `22:00-06:00`, `sat,sun`, `fri 17:00-mon 09:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration, Instant
from tocsin.schedules.clock import WallClock

Span: TypeAlias = tuple[Instant, Instant]
"""From an instant to another, the second one excluded."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK: Final = len(DAYS)

_DAY: Final = f"(?:{'|'.join(DAYS)})"
_DAYS: Final = rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_ACROSS: Final = rf"({_DAY}) ({_TIME})-({_DAY}) ({_TIME}|24:00)"
_DAILY: Final = rf"(?:({_DAYS})(?: |$))?(?:({_TIME})-({_TIME}|24:00))?"
SHAPE: Final = rf"(?!$)(?:{_ACROSS}|{_DAILY})(?<! )"
"""What a window looks like, as a regular expression for the whole text."""

_WINDOW: Final = re.compile(SHAPE)
_THURSDAY: Final = 3  # The first day of 1970.


class Window(msgspec.Struct, frozen=True):
    """Each week, from *start* to *end* (ms since midnight of the weekday *day*, 0 is Monday) by the clock on the wall.

    *end* lies after *start*, and may lie on a later day.
    """

    day: int
    start: Duration
    end: Duration


def parse_window(text: str) -> tuple[Window, ...] | None:
    """The windows that *text* means, one for each of its days; None when it means none.

    A time that is not later than the one before it is on the next day; days without times are whole days.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        return None
    if found[1]:
        return (_across(DAYS.index(found[1]), _time(found[2]), DAYS.index(found[3]), _time(found[4])),)
    start, end = (_time(found[6]), _time(found[7])) if found[6] else (0, DAY)
    days = _days(found[5]) if found[5] else range(WEEK)
    return tuple(Window(day, start, end if end > start else end + DAY) for day in days)


def opened(windows: Sequence[Window], clock: WallClock, start: Instant, until: Instant) -> list[Span]:
    """When at least one of *windows* is open between *start* and *until*, by *clock*; in order, and merged."""
    first, last = clock.reading(start) // DAY, clock.reading(until) // DAY
    longest = max((window.end for window in windows), default=0) // DAY + 1
    spans = [
        (day * DAY + window.start, day * DAY + window.end)
        for day in range(first - longest, last + 1)
        for window in windows
        if (day + _THURSDAY) % WEEK == window.day
    ]
    # By the wall first: what touches there is one window, also when the clock is changed in it.
    instants = [(clock.first(begins), clock.first(ends)) for begins, ends in merged(spans)]
    return clipped(merged(instants), start, until)


def merged(spans: Iterable[Span]) -> list[Span]:
    """*spans* in order, those that overlap or touch made one, and without empty ones."""
    found: list[Span] = []
    for start, until in sorted(spans):
        if start >= until:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], until)
        else:
            found.append((start, until))
    return found


def clipped(spans: Iterable[Span], start: Instant, until: Instant) -> list[Span]:
    """What of *spans* lies between *start* and *until*."""
    return [(max(a, start), min(b, until)) for a, b in spans if a < until and b > start]


def common(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What lies in both; each is in order and merged."""
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        start, until = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < until:
            found.append((start, until))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def inverted(spans: Sequence[Span], start: Instant, until: Instant) -> list[Span]:
    """What lies between *start* and *until* and in none of *spans*, which are in order and merged."""
    edges = [(start, start), *clipped(spans, start, until), (until, until)]
    return [(left, right) for (_, left), (right, _) in pairwise(edges) if left < right]


def _across(day: int, start: Duration, last: int, end: Duration) -> Window:
    days = (last - day) % WEEK
    length = days * DAY + end
    return Window(day, start, length if length > start else length + WEEK * DAY)


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = DAYS.index(first)
        length = (DAYS.index(last or first) - begin) % WEEK
        found += [(begin + step) % WEEK for step in range(length + 1)]
    return sorted(set(found))


def _time(text: str) -> Duration:
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE
