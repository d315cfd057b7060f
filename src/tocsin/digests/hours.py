"""What hour it is for each person, by their own clocks and working hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from tocsin.choosing.hours import HourClass, Week, class_at
from tocsin.kernel.time import DAY, MINUTE, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.windows import WEEK, Window

ZONE: Final = "UTC"  # Of those of whom nothing is known.

HoursOf: TypeAlias = Callable[[str, Instant], HourClass]
"""What an instant is for a responder."""

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

    def look(who: str, instant: Instant) -> HourClass:
        return hour_class(lives.get(who, unknown), instant)

    return look


def hour_class(life: Life, instant: Instant) -> HourClass:
    """What *instant* is for somebody who lives like *life*."""
    wall = wall_clock(life.zone, instant, instant).shown(instant)
    days, time = divmod(wall, DAY)
    weekday = (days + _THURSDAY) % WEEK
    if not life.windows:
        return class_at(_USUAL, weekday, time // MINUTE)
    since_monday = weekday * DAY + time
    if any(
        (since_monday - window.day * DAY - window.start) % (WEEK * DAY) < window.end - window.start
        for window in life.windows
    ):
        return HourClass.WORKING
    return class_at(_IDLE, weekday, time // MINUTE)
