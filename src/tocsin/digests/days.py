"""A span day by day: what began in each, how soon it was answered, and who answered while they should have slept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import median_low
from typing import Final

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.digests.episode import Episode
from tocsin.digests.hours import HoursOf
from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.clock import wall_clock

DAYS_MAX: Final = 14  # More bars are none that anybody reads.


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the calendar, which begins at *start*; of the first and the last one only what lies in the span counts.

    Alerts of the incidents that were opened in it, by severity. *answered*: how many were answered in it, and how soon
    (the median); nothing without any.
    """

    start: Instant
    critical: int = 0
    high: int = 0
    warning: int = 0
    info: int = 0
    answered: int = 0
    to_acknowledge: Duration | None = None


class Night(msgspec.Struct, frozen=True):
    """*who* has answered *count* incidents in hours in which they sleep."""

    who: str
    count: int


def days(episodes: Iterable[Episode], since: Instant, until: Instant, zone: str) -> tuple[Day, ...]:
    """Each day of the calendar from *since* to *until* (excluded), by the clocks of *zone*; the last DAYS_MAX."""
    clock = wall_clock(zone, since, until)
    begin = clock.reading(since) // DAY * DAY
    many = max(1, -(-(clock.reading(until) - begin) // DAY))
    alerts: list[Counter[Severity]] = [Counter() for _ in range(many)]
    times: list[list[Duration]] = [[] for _ in range(many)]

    def place(instant: Instant | None) -> int | None:
        """In which day *instant* is."""
        if instant is None or not since <= instant < until:
            return None
        return min((clock.reading(instant) - begin) // DAY, many - 1)

    for each in episodes:
        if each.kind is not Kind.ALERT:
            continue
        opened, answered = place(each.opened_at), place(each.answered_at)
        if opened is not None:
            alerts[opened][each.severity] += each.count
        if answered is not None and each.answered_at is not None:
            times[answered].append(each.answered_at - each.opened_at)
    return tuple(
        _day(clock.first(begin + number * DAY), alerts[number], times[number])
        for number in range(max(0, many - DAYS_MAX), many)
    )


def nights(episodes: Iterable[Episode], since: Instant, until: Instant, hours: HoursOf) -> tuple[Night, ...]:
    """Who has answered in their sleep from *since* to *until* (excluded), who did so most often first."""
    counted = Counter(
        each.answered_by
        for each in episodes
        if each.kind is Kind.ALERT
        and each.answered_by
        and each.answered_at is not None
        and since <= each.answered_at < until
        and hours(each.answered_by, each.answered_at) is HourClass.SLEEP
    )
    return tuple(Night(who, count) for who, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _day(start: Instant, alerts: Counter[Severity], times: list[Duration]) -> Day:
    return Day(
        start=start,
        critical=alerts[Severity.CRITICAL],
        high=alerts[Severity.HIGH],
        warning=alerts[Severity.WARNING],
        info=alerts[Severity.INFO],
        answered=len(times),
        to_acknowledge=median_low(times) if times else None,
    )
