"""When "tomorrow morning" is, for who presses a button."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.saying.buttons import MORNING_HOUR
from tocsin.schedules.clock import is_zone, wall_clock

NIGHT_ENDS: Final[Duration] = 6 * HOUR  # By the clock on the wall: before it, people mean the morning that comes.


def morning(now: Instant, zone: str) -> Instant:
    """Tomorrow at MORNING_HOUR in *zone* (an IANA name; UTC if it is none); at night, of the same day.

    Where the clock skips it, when it goes on.
    """
    clock = wall_clock(zone if is_zone(zone) else "UTC", now, now + 2 * DAY)
    shown = clock.shown(now)
    today = shown - shown % DAY
    return clock.first(today + MORNING_HOUR * HOUR + (0 if shown % DAY < NIGHT_ENDS else DAY))
