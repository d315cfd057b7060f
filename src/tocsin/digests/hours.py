"""What hour it is for each person, by their own clocks and working hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from tocsin.choosing.hours import HourClass, Week, class_at
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.schedules.clock import Wall, WallClock, wall_clock
from tocsin.schedules.windows import WEEK, Window

ZONE: Final = "UTC"  # Of those of whom nothing is known.

HoursOf: TypeAlias = Callable[[str, Instant], HourClass]
"""What an instant is for a responder."""

_BLOCK: Final[Duration] = 30 * DAY
_THURSDAY: Final = 3  # The first day of 1970.
_USUAL: Final = Week()
_IDLE: Final = Week(works_on=())


class Life(msgspec.Struct, frozen=True):
    """Where somebody lives, and when they work; no windows: the usual hours."""

    zone: str = ZONE
    windows: tuple[Window, ...] = ()


def hours_of(lives: Mapping[str, Life]) -> HoursOf:
    """The hours of those who live like *lives* (by responder); others work the usual hours in UTC."""
    unknown = Life()
    clocks: dict[tuple[str, int], WallClock] = {}  # Looking for the clock costs more than looking at it.

    def look(who: str, instant: Instant) -> HourClass:
        life = lives.get(who, unknown)
        block = instant // _BLOCK
        clock = clocks.get((life.zone, block))
        if clock is None:
            clock = clocks[life.zone, block] = wall_clock(life.zone, block * _BLOCK, (block + 1) * _BLOCK)
        return _class(life.windows, clock.shown(instant))

    return look


def _class(windows: tuple[Window, ...], wall: Wall) -> HourClass:
    days, time = divmod(wall, DAY)
    weekday = (days + _THURSDAY) % WEEK
    if not windows:
        return class_at(_USUAL, weekday, time // MINUTE)
    since_monday = weekday * DAY + time
    if any(
        (since_monday - window.day * DAY - window.start) % (WEEK * DAY) < window.end - window.start
        for window in windows
    ):
        return HourClass.WORKING
    return class_at(_IDLE, weekday, time // MINUTE)
