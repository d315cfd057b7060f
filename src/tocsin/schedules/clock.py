"""Wall clocks: what the clocks of a time zone show, and when they show it first.

Everything in a schedule is written by the clock on the wall: a hand-over at 09:00 stays at 09:00, whatever the season.
On two days of the year that needs a rule, and there is one for all of them: **a time counts from the first instant at
which the clock shows it, or a later one.** Hence

- a time that does not exist, since the clock jumps over it, is the instant of the jump. What would have both begun and
  ended in the hour that is skipped does not take place.
- a time that comes twice is the first of the two. Whatever runs when the clock is turned back runs on through the hour
  that is repeated, so that shifts neither overlap nor leave a hole.

In other words, rules are read from a clock that stands still, at the latest time it has shown, until the clock on the
wall has caught up with it. `WallClock.reading` is that clock, `WallClock.first` its inverse.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from tocsin.kernel.time import DAY, INSTANT_MAX, SECOND, Duration, Instant

Wall: TypeAlias = int  # Milliseconds since 1970-01-01T00:00 as a clock on a wall counts them, whatever its zone.

YEAR_FIRST: Final = 1970
YEAR_LAST: Final = 9998  # The year after it must still be one that a date can have.

_PROBE: Final[Duration] = DAY  # No zone has ever changed its clocks twice within a day.
_MARGIN: Final[Duration] = 2 * DAY  # No clock has ever been changed by more than one.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS: Final[Instant] = -(1 << 62)
_FOREVER: Final[Instant] = 1 << 62


class WallClock:
    """The clocks of one zone; made by `wall_clock`, good for the instants that it was asked for."""

    __slots__ = ("_floors", "_offsets", "_starts", "_tops")

    def __init__(self, changes: list[tuple[Instant, Duration]]) -> None:
        """*changes*: from which instant the clock is how far ahead of UTC, in order."""
        self._starts = [_ALWAYS, *(start for start, _ in changes[1:])]
        self._offsets = [offset for _, offset in changes]
        ends = [end + offset for (_, offset), (end, _) in pairwise(changes)]
        self._tops = [*accumulate(ends, max), _FOREVER]
        self._floors = [_ALWAYS, *(top - 1 for top in self._tops[:-1])]

    def first(self, wall: Wall) -> Instant:
        """The first instant at which the clock shows *wall*, or a later time."""
        place = bisect_right(self._tops, wall)
        return max(self._starts[place], wall - self._offsets[place])

    def reading(self, instant: Instant) -> Wall:
        """The latest time that the clock has shown up to *instant*."""
        place = bisect_right(self._starts, instant) - 1
        return max(self._floors[place], instant + self._offsets[place])

    def shown(self, instant: Instant) -> Wall:
        """What the clock on the wall shows at *instant*; in an hour that is repeated less than `reading`."""
        return instant + self._offsets[bisect_right(self._starts, instant) - 1]


def wall_clock(zone: str, start: Instant, until: Instant) -> WallClock:
    """The clock of the zone with the IANA name *zone*, good for the instants from *start* to *until*."""
    return _years(zone, _year_of(start - _MARGIN), _year_of(until + _MARGIN))


def is_zone(name: str) -> bool:
    """Whether *name* is a time zone of the IANA database, as far as this machine knows it."""
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):  # Unknown; no such name can be; a folder of the database.
        return False
    return True


def wall_of(moment: datetime) -> Wall:
    """What a clock shows at *moment*, which has no zone."""
    return (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def moment_of(wall: Wall) -> datetime:
    """The inverse of `wall_of`."""
    return (_EPOCH + timedelta(milliseconds=wall)).replace(tzinfo=None)


def _year_of(instant: Instant) -> int:
    if instant <= 0:
        return YEAR_FIRST
    return min((_EPOCH + timedelta(milliseconds=min(instant, INSTANT_MAX))).year, YEAR_LAST)


@lru_cache(maxsize=256)
def _years(zone: str, first: int, last: int) -> WallClock:
    found: list[tuple[Instant, Duration]] = []
    for year in range(first, last + 1):
        found += [change for change in _year(zone, year) if not found or change[1] != found[-1][1]]
    return WallClock(found)


@lru_cache(maxsize=4096)
def _year(zone: str, year: int) -> tuple[tuple[Instant, Duration], ...]:
    """How far the clock is ahead of UTC: at the beginning of *year*, and from each instant at which that changes."""
    return tuple(_changes(_zone(zone), _seconds(year), _seconds(year + 1)))


def _changes(zone: ZoneInfo, start: int, until: int) -> Iterator[tuple[Instant, Duration]]:
    step = _PROBE // SECOND
    last = _offset(zone, start)
    yield start * SECOND, last
    for before in range(start, until, step):
        after = min(before + step, until - 1)
        offset = _offset(zone, after)
        if offset != last:
            yield _change(zone, before, after) * SECOND, offset
            last = offset


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The second in (before, after] from which on the clock is changed."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, seconds: int) -> Duration:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    assert offset is not None, "a zone of the database knows its offset"
    return offset // timedelta(milliseconds=1)


def _seconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
