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
    """Where somebody lives, when they work, and when they sleep; no windows, no *sleeps*: the usual hours."""

    zone: str = ZONE
    windows: tuple[Window, ...] = ()
    sleeps: tuple[Window, ...] = ()


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
        return _class(life, clock.shown(instant))

    return look


def _class(life: Life, wall: Wall) -> HourClass:
    days, time = divmod(wall, DAY)
    weekday = (days + _THURSDAY) % WEEK
    since_monday = weekday * DAY + time
    usual = class_at(_IDLE if life.windows else _USUAL, weekday, time // MINUTE)
    if usual is HourClass.WORKING or _open(life.windows, since_monday):
        return HourClass.WORKING
    if life.sleeps:
        return HourClass.SLEEP if _open(life.sleeps, since_monday) else HourClass.OFF
    return usual


def _open(windows: tuple[Window, ...], since_monday: Duration) -> bool:
    return any(
        (since_monday - window.day * DAY - window.start) % (WEEK * DAY) < window.end - window.start
        for window in windows
    )
