"""A calendar's bytes to its events, those that recur unfolded (RFC 5545, by way of `icalendar`)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import icalendar
import msgspec
import recurring_ical_events

from tocsin.kernel.time import Instant

BYTES_MAX: Final = 4 << 20  # Years of a busy person's calendar.
EVENTS_MAX: Final = 5000  # Of a calendar, those that recur counted each time.
TITLE_MAX: Final = 200
UNFOLD_SECONDS: Final = 10.0  # Anybody may send an invitation, and a few rules that never come true take minutes.
YEARS: Final = (1600, 9000)  # Birthdays without a year are kept in 1604; beyond them clocks are not told.

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})  # Nobody is absent every minute.
_FINER: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
_FINER_MAX: Final = 24  # What is more often than hourly is a mistake, or meant to keep us busy.


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """From *start* to *until*: instants, or, if it is *floating*, milliseconds since 1970 on the clock on the wall."""

    start: int
    until: int
    floating: bool
    title: str = ""


class CalendarError(ValueError):
    """The bytes are no calendar that can be read; the text says why, without any of its contents."""


def events(raw: bytes, start: Instant, until: Instant, *, patience: float = UNFOLD_SECONDS) -> list[Event]:
    """The events of a calendar between *start* and *until*, in order. Raises CalendarError.

    What is cancelled, and what cannot be read, is left out: its neighbours are kept. *patience*: seconds for those that
    recur.
    """
    if len(raw) > BYTES_MAX:
        message = f"it has more than {BYTES_MAX} bytes"
        raise CalendarError(message)
    try:
        calendar = icalendar.Calendar.from_ical(raw)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as problem:
        message = f"it is no calendar: {type(problem).__name__}"
        raise CalendarError(message) from None
    if calendar.name != "VCALENDAR":
        raise CalendarError("it is no calendar")
    found: list[Event] = []
    once, series = _parted(each for each in calendar.subcomponents if each.name == "VEVENT" and _bearable(each))
    ends = time.monotonic() + patience
    for part in (once, *series):
        if part is not once and time.monotonic() > ends:
            raise CalendarError("its events recur in ways that take too long to unfold")
        found += [event for each in _unfolded(part, start, until) if (event := _event(each)) is not None]
        if len(found) >= EVENTS_MAX:
            break
    del found[EVENTS_MAX:]
    return sorted(found, key=lambda event: (event.start, event.until))


def _parted(components: Iterable[Any]) -> tuple[list[Any], list[list[Any]]]:
    """The events that happen once, and the others, each with what was changed of it (it has the same UID)."""
    by_uid: dict[str, list[Any]] = {}
    for each in components:
        by_uid.setdefault(str(each.get("UID", "")), []).append(each)
    once: list[Any] = []
    series: list[list[Any]] = []
    for each in by_uid.values():
        if any("RRULE" in one for one in each):
            series.append(each)
        else:
            once += each
    return once, series


def _unfolded(components: list[Any], start: Instant, until: Instant) -> list[Any]:
    """Their occurrences between *start* and *until*. Raises CalendarError."""
    calendar = icalendar.Calendar()
    calendar.subcomponents = components
    try:
        found: list[Any] = recurring_ical_events.of(calendar, skip_bad_series=True).between(
            _moment(start), _moment(until)
        )
    except Exception as problem:  # noqa: BLE001 - the calendar is a stranger's, and the library promises nothing.
        raise CalendarError(f"its events cannot be unfolded: {type(problem).__name__}") from None
    return found


def _bearable(component: Any) -> bool:  # noqa: ANN401 - icalendar's components are mappings of anything.
    """Whether an event recurs no more often than people are absent."""
    if str(component.get("STATUS", "")).upper() == "CANCELLED" or not _is_dated(component):
        return False
    rules = component.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict):
            return False  # The library could not read it.
        times = 1
        for part in _FINER:
            times *= max(1, len(rule.get(part, [])))
        if not {str(word) for word in rule.get("FREQ", [])} <= _FREQUENCIES or times > _FINER_MAX:
            return False
    return True


def _is_dated(component: Any) -> bool:  # noqa: ANN401 - as above.
    try:
        begins = component["DTSTART"].dt
        ends = component["DTEND"].dt if "DTEND" in component else begins
        return isinstance(begins, date) and begins.year >= YEARS[0] and ends.year < YEARS[1]
    except (KeyError, AttributeError, ValueError):  # Not there, there twice, or it could not be read.
        return False


def _event(component: Any) -> Event | None:  # noqa: ANN401 - as above.
    try:
        start, until = component["DTSTART"].dt, component["DTEND"].dt
    except (KeyError, AttributeError, ValueError):  # Not there, or it could not be read.
        return None
    floating = not isinstance(start, datetime) or start.tzinfo is None
    begins, ends = _millis(start), _millis(until)
    if not isinstance(until, datetime) and begins == ends:
        ends += 24 * 3_600_000  # A day without an end is that day (RFC 5545, 3.6.1).
    if begins >= ends:
        return None
    return Event(start=begins, until=ends, floating=floating, title=str(component.get("SUMMARY", ""))[:TITLE_MAX])


def _millis(moment: date) -> int:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _moment(instant: Instant) -> datetime:
    return _EPOCH + timedelta(milliseconds=instant)
