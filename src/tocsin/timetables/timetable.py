"""A timetable: an expression, where its clocks are, when it begins and ends, and how late it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never, overload
from zoneinfo import ZoneInfo

import msgspec

from tocsin.kernel.time import DAY, HOUR, INSTANT_MAX, MINUTE, Duration, Instant
from tocsin.timetables.fields import HOURS, MINUTES, MONTH, YEAR, YEAR_FIRST, YEAR_LAST, days
from tocsin.timetables.refusal import TimetableError
from tocsin.timetables.rules import At, Cron, Rate, Rule
from tocsin.timetables.wall import instant_of, moment_of, zone_of

TEXT_MAX: Final = 256  # Characters, as EventBridge has it (rules: 256).
WINDOW_MAX: Final[Duration] = DAY  # EventBridge Scheduler: 1440 minutes.
RATE_DIGITS_MAX: Final = 9

_CALL: Final = re.compile(r"(rate|cron|at)\((.*)\)", re.ASCII | re.DOTALL)
_RATE: Final = re.compile(rf"([0-9]{{1,{RATE_DIGITS_MAX}}}) (minute|hour|day)(s?)", re.ASCII)
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_UNITS: Final = {"minute": MINUTE, "hour": HOUR, "day": DAY}
_FIELDS: Final = 6


class Service(StrEnum):
    """Which of EventBridge's two services is to accept an expression."""

    SCHEDULER = "scheduler"
    RULE = "events-rule"


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """When something is due; made by `parse`. Instants and durations in ms.

    *start* and *end*: nothing is due before and after them. *window*: it may be done so much later (a flexible window).
    """

    expression: str
    zone: str
    rule: Rule
    start: Instant | None = None
    end: Instant | None = None
    window: Duration = 0

    @overload
    def next_after(self, instant: Instant) -> Instant | None: ...

    @overload
    def next_after(self, instant: datetime) -> datetime | None: ...

    def next_after(self, instant: Instant | datetime) -> Instant | datetime | None:
        """The first time after *instant* at which it is due; None when there is none any more.

        Given a datetime with a zone, it gives one in the same zone. Raises TimetableError for one without.
        A rate counts from *start*; without one, from *instant*. A local time that the clocks jump over is left out, one
        that comes twice counts the first time.
        """
        if isinstance(instant, datetime):
            if instant.tzinfo is None:
                raise TimetableError("instant", "instant", str(instant), "a datetime with a zone is needed")
            due = self.next_after(instant_of(instant))
            return None if due is None else moment_of(due, instant.tzinfo)
        if self.start is not None:
            instant = max(instant, self.start - 1)
        last = INSTANT_MAX if self.end is None else min(self.end, INSTANT_MAX)
        found = self._after(max(instant, -1)) if instant < last else None
        return None if found is None or found > last else found

    def upcoming(self, instant: Instant) -> Iterator[Instant]:
        """All times after *instant*, in order; perhaps without an end."""
        found = self.next_after(instant)
        while found is not None:
            yield found
            found = self.next_after(found)

    def _after(self, instant: Instant) -> Instant | None:
        match self.rule:
            case Rate():
                return self.rule.after(instant, self.start)
            case At() | Cron():
                return self.rule.after(instant, ZoneInfo(self.zone))
        assert_never(self.rule)


def parse(
    expression: str,
    *,
    zone: str = "UTC",
    start: Instant | None = None,
    end: Instant | None = None,
    window: Duration = 0,
    service: Service = Service.SCHEDULER,
) -> Timetable:
    """The timetable of `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` or `at(2027-01-31T09:00:00)`.

    *zone* is an IANA name. With `Service.RULE` only what a rule of EventBridge takes is accepted: no `at`, no zone but
    UTC, `minute` behind a 1 only. Raises TimetableError.
    """
    if not isinstance(expression, str):
        raise TimetableError("expression", "expression", repr(expression), "a text is needed")
    zone_of(zone)
    if not 0 <= window <= WINDOW_MAX:
        raise TimetableError("window", "window", str(window), f"0 to {WINDOW_MAX} ms are needed")
    if start is not None and end is not None and end < start:
        raise TimetableError("end", "end", str(end), f"an end that is not before the start ({start}) is needed")
    return Timetable(
        expression=expression, zone=zone, rule=_rule(expression, zone, service), start=start, end=end, window=window
    )


def _rule(expression: str, zone: str, service: Service) -> Rule:
    found = _CALL.fullmatch(expression)
    kinds = "rate(...) or cron(...)" if service is Service.RULE else "rate(...), cron(...) or at(...)"
    if found is None or len(expression) > TEXT_MAX:
        raise TimetableError("expression", "expression", expression, f"{kinds} is needed")
    kind, inner = found.groups()
    if service is Service.RULE and zone != "UTC":
        raise TimetableError("zone", "zone", zone, "rules know UTC only")
    match kind:
        case "rate":
            return _rate(inner, service)
        case "cron":
            return _cron(inner)
        case _ if service is Service.RULE:
            raise TimetableError("expression", "expression", expression, f"{kinds} is needed")
        case _:
            return _at(inner)


def _rate(text: str, service: Service) -> Rate:
    found = _RATE.fullmatch(text)
    if found is None or int(found[1]) == 0:
        sentence = "a positive number, a space, and minutes, hours or days are needed"
        raise TimetableError("rate", "rate", text, sentence)
    if service is Service.RULE and (int(found[1]) == 1) == bool(found[3]):
        right = f"{found[2]}{'' if int(found[1]) == 1 else 's'}"
        raise TimetableError("rate", "rate", text, f"behind {int(found[1])} the unit is {right}")
    return Rate(int(found[1]) * _UNITS[found[2]])


def _cron(text: str) -> Cron:
    fields = text.upper().split()
    if len(fields) != _FIELDS or text != text.strip():
        sentence = "six fields are needed: minutes, hours, day of month, month, day of week, year"
        raise TimetableError("fields", "cron", text, sentence)
    minutes, hours, of_month, month, of_week, year = fields
    return Cron(
        minutes=tuple(sorted(MINUTES.numbers(minutes))),
        hours=tuple(sorted(HOURS.numbers(hours))),
        days=days(of_month, of_week),
        months=MONTH.numbers(month),
        years=tuple(sorted(YEAR.numbers(year))),
    )


def _at(text: str) -> At:
    wall = None
    if _AT.fullmatch(text):
        with suppress(ValueError):
            wall = datetime.fromisoformat(text)
    if wall is None or not YEAR_FIRST <= wall.year <= YEAR_LAST:
        sentence = f"a local date and time like 2027-01-31T09:00:00, from {YEAR_FIRST} to {YEAR_LAST}, is needed"
        raise TimetableError("at", "at", text, sentence)
    return At(wall)
