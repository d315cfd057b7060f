"""The three kinds of expressions, and when each is due after an instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from tocsin.kernel.time import Duration, Instant
from tocsin.timetables.fields import Days
from tocsin.timetables.wall import first, shown, since_jump


class Rate(msgspec.Struct, frozen=True):
    """Every *period* ms, counted as time passes, whatever the clocks do."""

    period: Duration

    def after(self, instant: Instant, start: Instant | None) -> Instant:
        """The first one after *instant*, counted from *start*; without that, from *instant* itself."""
        if start is None:
            return instant + self.period
        return start + max(0, (instant - start) // self.period + 1) * self.period


class At(msgspec.Struct, frozen=True):
    """Once, at a local time."""

    wall: datetime

    def after(self, instant: Instant, zone: ZoneInfo) -> Instant | None:
        """It, if it is still to come. What the clocks jump over comes all the same, as once is not to be never."""
        at = since_jump(zone, self.wall)
        return at if at > instant else None


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """At local times to the minute; the tuples are in order."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: frozenset[int]
    years: tuple[int, ...]

    def after(self, instant: Instant, zone: ZoneInfo) -> Instant | None:
        """The first one after *instant*; None when there is none up to the end of YEAR_LAST."""
        begin = shown(zone, instant).replace(second=0, microsecond=0)
        for wall in self._walls(begin):
            at = first(zone, wall)
            if at is not None and at > instant:
                return at
        return None

    def _walls(self, begin: datetime) -> Iterator[datetime]:
        """Local times that match, from *begin*, in order."""
        for year, month, day in self._dates(begin):
            same_day = (year, month, day) == (begin.year, begin.month, begin.day)
            for hour in self.hours:
                if same_day and hour < begin.hour:
                    continue
                for minute in self.minutes:
                    if not (same_day and hour == begin.hour and minute < begin.minute):
                        yield datetime(year, month, day, hour, minute)  # noqa: DTZ001 - a wall clock's time.

    def _dates(self, begin: datetime) -> Iterator[tuple[int, int, int]]:
        for year in self.years:
            if year < begin.year:
                continue
            for month in sorted(self.months):
                if (year, month) < (begin.year, begin.month):
                    continue
                for day in sorted(self.days.of(year, month)):
                    if (year, month, day) >= (begin.year, begin.month, begin.day):
                        yield year, month, day


Rule: TypeAlias = Rate | At | Cron
