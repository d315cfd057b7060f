"""The stream of alerts: when incidents open, how severe they are, and which end by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.rehearsal.draws import exponential, log_normal, pick, unit
from tocsin.rehearsal.model import HOURS_IN_DAY, Alerts

START: Final[Instant] = 1_767_571_200_000  # Monday, 2026-01-05T00:00Z.

_SEVERITIES: Final = ("critical", "high", "warning", "info")
_ENDS: Final = 0.9  # How many of the alerts of a transient key end by themselves.


class Topic(IntEnum):
    """What a draw is for, so that no two questions are the same."""

    ARRIVAL = 1
    KEEP = 2
    SEVERITY = 3
    KEY = 4
    TRANSIENT_KEY = 5
    ENDS = 6
    END = 7
    STORM = 8
    STORM_PART = 9
    ANSWERS = 10
    ANSWER_TIME = 11
    ACTIVE = 12
    SHOWN = 13
    POLICY = 14


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that opens: *ends* is when its source resolves it, if it does so by itself."""

    at: Instant
    severity: str
    key: int
    ends: Instant | None


def stream(alerts: Alerts, days: int, seed: int) -> tuple[Alarm, ...]:
    """Everything that comes in, oldest first."""
    times = sorted([*_usual(alerts, days, seed), *_storms(alerts, days, seed)])
    return tuple(_alarm(alerts, at, number, seed) for number, at in enumerate(times))


def _usual(alerts: Alerts, days: int, seed: int) -> Iterator[Instant]:
    """A Poisson stream at the rate of the busiest hour, thinned to that of each hour."""
    most = max(alerts.by_hour, default=1)
    mean = sum(alerts.by_hour) / HOURS_IN_DAY if alerts.by_hour else 1.0
    gap = 7 * DAY / alerts.per_week * mean / most
    zone = ZoneInfo(alerts.zone)
    at, number = float(START), 0
    while True:
        at += exponential(unit(seed, Topic.ARRIVAL, number), gap)
        if at >= START + days * DAY:
            return
        hour = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).hour
        share = alerts.by_hour[hour] / most if alerts.by_hour else 1.0
        if unit(seed, Topic.KEEP, number) < share:
            yield int(at)
        number += 1


def _storms(alerts: Alerts, days: int, seed: int) -> Iterator[Instant]:
    storms = alerts.storms
    if storms is None:
        return
    at, number = float(START), 0
    while True:
        at += exponential(unit(seed, Topic.STORM, number), storms.every)
        if at >= START + days * DAY:
            return
        for part in range(storms.alerts):
            yield int(at + unit(seed, Topic.STORM_PART, number, part) * storms.within)
        number += 1


def _alarm(alerts: Alerts, at: Instant, number: int, seed: int) -> Alarm:
    weights = tuple(getattr(alerts.severities, name) for name in _SEVERITIES)
    key = int(unit(seed, Topic.KEY, number) * alerts.keys)
    return Alarm(
        at=at,
        severity=_SEVERITIES[pick(unit(seed, Topic.SEVERITY, number), weights)],
        key=key,
        ends=_end(alerts, at, number, key, seed),
    )


def _end(alerts: Alerts, at: Instant, number: int, key: int, seed: int) -> Instant | None:
    transient = alerts.transient
    if transient is None or unit(seed, Topic.TRANSIENT_KEY, key) * 100 >= transient.keys:
        return None
    if unit(seed, Topic.ENDS, number) >= _ENDS:
        return None
    lasts: Duration = int(log_normal(unit(seed, Topic.END, number), transient.median, transient.p90))
    return at + min(lasts, 24 * HOUR)
