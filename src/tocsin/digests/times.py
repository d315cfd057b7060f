"""When a digest is due: at a time of the day or the week by a team's clocks, whatever the season."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.clock import WallClock, wall_clock
from tocsin.schedules.windows import WEEK

_THURSDAY: Final = 3  # The first day of 1970.
_FURTHEST: Final[Duration] = (WEEK + 1) * DAY


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """Each day, or each week on *weekday* (0 is Monday), at *time* (ms after midnight) by the clocks of *zone*."""

    zone: str
    time: Duration
    weekday: int | None = None


def following(rhythm: Rhythm, now: Instant) -> Instant:
    """The first beat after *now*."""
    clock = wall_clock(rhythm.zone, now, now + _FURTHEST)
    day = clock.reading(now) // DAY
    beats = (_beat(rhythm, clock, day + ahead) for ahead in range(WEEK + 2))
    return next(beat for beat in beats if beat is not None and beat > now)


def latest(rhythm: Rhythm, now: Instant) -> Instant:
    """The last beat up to *now*."""
    clock = wall_clock(rhythm.zone, now - _FURTHEST, now)
    day = clock.reading(now) // DAY
    beats = (_beat(rhythm, clock, day - back) for back in range(WEEK + 2))
    return next(beat for beat in beats if beat is not None and beat <= now)


def _beat(rhythm: Rhythm, clock: WallClock, day: int) -> Instant | None:
    if rhythm.weekday is not None and (day + _THURSDAY) % WEEK != rhythm.weekday:
        return None
    return clock.first(day * DAY + rhythm.time)
