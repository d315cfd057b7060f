"""What hour it is for a person: working time, time off, or sleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.kernel.time import Instant

DAY_MINUTES: Final = 24 * 60

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class HourClass(StrEnum):
    """How much a page disturbs, the least first."""

    WORKING = "working"
    OFF = "off"
    SLEEP = "sleep"


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's week in their own time: minutes after midnight, and weekdays with Monday as 0.

    Working time and sleep may reach over midnight; a night's work counts to the day on which it began. Where both
    claim a minute, it is working time. The defaults are the common ones of incident analytics: sleep from 22 to 7.
    """

    works_from: int = 9 * 60
    works_until: int = 17 * 60
    works_on: tuple[int, ...] = (0, 1, 2, 3, 4)
    sleeps_from: int = 22 * 60
    sleeps_until: int = 7 * 60


def hour_class(now: Instant, zone: tzinfo, week: Week) -> HourClass:
    """What *now* is for somebody who lives by *week* in *zone*; daylight saving is the zone's business."""
    local = (_EPOCH + timedelta(milliseconds=now)).astimezone(zone)
    return class_at(week, local.weekday(), local.hour * 60 + local.minute)


def class_at(week: Week, weekday: int, minute: int) -> HourClass:
    """As `hour_class`, of a local weekday and minute."""
    if _within(minute, week.works_from, week.works_until):
        wraps = week.works_until <= week.works_from
        began = (weekday - 1) % 7 if wraps and minute < week.works_until else weekday
        if began in week.works_on:
            return HourClass.WORKING
    return HourClass.SLEEP if _within(minute, week.sleeps_from, week.sleeps_until) else HourClass.OFF


def _within(minute: int, begin: int, end: int) -> bool:
    """Whether *minute* lies in a span that may reach over midnight; equal ends are a whole day."""
    return begin <= minute < end if begin < end else minute >= begin or minute < end
