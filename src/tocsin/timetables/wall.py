"""Local times of a zone, and the instants at which its clocks show them first.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: a local time that the clock jumps
over does not come; one that comes twice counts the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.kernel.time import Instant
from tocsin.timetables.refusal import TimetableError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone *name*. Raises TimetableError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # Unknown; no such name can be; a folder of the database.
        raise TimetableError("zone-unknown", "zone", name, "an IANA time zone like Europe/Berlin is needed") from None


def shown(zone: ZoneInfo, instant: Instant) -> datetime:
    """What the clocks of *zone* show at *instant*; without a zone."""
    return moment_of(instant, zone).replace(tzinfo=None, fold=0)


def first(zone: ZoneInfo, wall: datetime) -> Instant | None:
    """The first instant at which the clocks of *zone* show *wall*; None if they jump over it."""
    instant = since_jump(zone, wall)
    return instant if shown(zone, instant) == wall else None


def since_jump(zone: ZoneInfo, wall: datetime) -> Instant:
    """As `first`; where the clocks jump over *wall*, the instant at which they would have shown it."""
    return instant_of(wall.replace(tzinfo=zone))


def instant_of(moment: datetime) -> Instant:
    """The instant of a *moment* that has a zone."""
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND


def moment_of(instant: Instant, zone: tzinfo) -> datetime:
    """The inverse of `instant_of`."""
    return (_EPOCH + instant * _MILLISECOND).astimezone(zone)
