"""Calendars in and out: events are read, hostile ones are borne, shifts are written so that others read them."""

from __future__ import annotations

import icalendar
import pytest

from tocsin.ical import reading
from tocsin.ical.reading import BYTES_MAX, CalendarError, Event, events
from tocsin.ical.writing import calendar, uid
from tocsin.kernel.time import DAY, HOUR, Instant, parse_instant
from tocsin.schedules.schedule import Shift, Why


def at(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


START, UNTIL = at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")


def read(*lines: str) -> list[Event]:
    """The events of 2026 of a calendar with one event, or with several between `--`."""
    body = "\r\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT")).replace(
        "--", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2"
    )
    return events(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}\r\nEND:VCALENDAR\r\n".encode(), START, UNTIL)


def test_a_whole_day_is_by_the_clock_on_the_wall() -> None:
    [one] = read("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", "SUMMARY:Away")
    assert one == Event(start=at("2026-12-24T00:00Z"), until=at("2026-12-27T00:00Z"), floating=True, title="Away")
    [bare] = read("DTSTART;VALUE=DATE:20261224")
    assert (bare.start, bare.until - bare.start) == (at("2026-12-24T00:00Z"), DAY)


def test_times_have_a_zone_or_none() -> None:
    [zoned] = read("DTSTART;TZID=Europe/Berlin:20260701T090000", "DTEND;TZID=Europe/Berlin:20260701T170000")
    assert (zoned.start, zoned.floating) == (at("2026-07-01T07:00Z"), False)
    [utc] = read("DTSTART:20260701T090000Z", "DURATION:PT2H")
    assert (utc.start, utc.until) == (at("2026-07-01T09:00Z"), at("2026-07-01T11:00Z"))
    [floating] = read("DTSTART:20260701T090000", "DURATION:PT2H")
    assert (floating.start, floating.floating) == (at("2026-07-01T09:00Z"), True)


def test_what_recurs_is_unfolded_with_its_exceptions() -> None:
    found = read(
        "DTSTART;TZID=Europe/Berlin:20260323T090000",
        "DTEND;TZID=Europe/Berlin:20260323T100000",
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "EXDATE;TZID=Europe/Berlin:20260406T090000",
    )
    assert [each.start for each in found] == [
        at("2026-03-23T08:00Z"),
        at("2026-03-30T07:00Z"),  # Clocks were changed.
        at("2026-04-13T07:00Z"),
    ]


def test_an_event_that_cannot_be_used_is_left_out_and_its_neighbours_are_kept() -> None:
    good = ("--", "DTSTART:20260701T090000Z", "DURATION:PT2H")
    assert len(read("DTSTART:20260601T090000Z", "DURATION:PT2H", "STATUS:CANCELLED", *good)) == 1
    assert len(read("DTSTART:20260601T090000Z", "DURATION:PT2H", "RRULE:FREQ=SECONDLY", *good)) == 1
    minutes = ",".join(str(minute) for minute in range(60))
    assert len(read("DTSTART:20260601T090000Z", f"RRULE:FREQ=DAILY;BYMINUTE={minutes}", *good)) == 1
    assert len(read("DTSTART:20260601T090000Z", "RRULE:FREQ=NEVER", *good)) == 1
    assert len(read("SUMMARY:nothing", *good)) == 1
    assert len(read("DTSTART:soon", *good)) == 1
    assert len(read("DTSTART:20260601T090000Z", "DTEND:later", *good)) == 1
    assert len(read("DTSTART:20260601T090000Z", "DTSTART:20260601T090000Z", *good)) == 1
    assert len(read("DTSTART:20260601T090000Z", *good)) == 1


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"BEGIN:VCALENDAR", b"<html></html>", b"\xff\xfe\x00", b"BEGIN:VEVENT\r\nEND:VCALENDAR\r\n"]
)
def test_what_is_no_calendar_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(CalendarError):
        events(raw, START, UNTIL)


def test_a_calendar_that_is_too_large_is_not_read() -> None:
    with pytest.raises(CalendarError, match="bytes"):
        events(b"x" * (BYTES_MAX + 1), START, UNTIL)


def shift(start: Instant, length: int = HOUR, who: str = "ada") -> Shift:
    return Shift(start=start, until=start + length, who=who, why=Why.LAYER if who else Why.NOBODY, source="week")


def test_an_event_of_all_times_is_left_out_and_its_neighbours_are_kept() -> None:
    found = read("DTSTART:00010101T000000Z", "DTEND:99991231T230000Z", "--", "DTSTART;VALUE=DATE:20261224")
    assert [each.start for each in found] == [at("2026-12-24T00:00Z")]


def test_rules_that_take_too_long_are_given_up_and_all_else_is_not() -> None:
    event = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART;VALUE=DATE:20261224\r\n{}END:VEVENT\r\n"
    head, foot = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", "END:VCALENDAR\r\n"
    once, yearly = event.format("1", ""), event.format("2", "RRULE:FREQ=YEARLY\r\n")
    assert len(events((head + once + yearly + foot).encode(), START, UNTIL)) == 2
    assert len(events((head + once + foot).encode(), START, UNTIL, patience=-1)) == 1
    with pytest.raises(CalendarError, match="too long to unfold"):
        events((head + once + yearly + foot).encode(), START, UNTIL, patience=-1)


def test_of_too_many_events_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "EVENTS_MAX", 3)
    assert len(read("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;COUNT=9")) == 3
    assert len(read("DTSTART;VALUE=DATE:20261224", "--", "DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY")) == 3


def test_what_the_library_cannot_bear_is_told_without_its_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise OverflowError("private")

    monkeypatch.setattr("recurring_ical_events.of", broken)
    with pytest.raises(CalendarError, match="cannot be unfolded: OverflowError"):
        read("DTSTART;VALUE=DATE:20261224")


def test_shifts_go_out_and_come_in_again() -> None:
    planned = [
        ("ops", shift(START + DAY)),
        ("ops, or so; \\", shift(START + 2 * DAY, who="bo")),
        ("ops", shift(START, who="")),
    ]
    raw = calendar("On call: ops", planned, START)
    assert [(each.start, each.until, each.title) for each in events(raw, START, UNTIL)] == [
        (START + DAY, START + DAY + HOUR, "ada is on call: ops"),
        (START + 2 * DAY, START + 2 * DAY + HOUR, "bo is on call: ops, or so; \\"),
    ]
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75  # RFC 5545, 3.1.


def test_no_name_adds_a_line_to_a_calendar() -> None:
    hostile = "ops\r\nBEGIN:VALARM\rX:1\nY:2\u2028\x00;,"
    raw = calendar(hostile, [(hostile, shift(START, who=hostile))], START)
    names = {line.split(b":")[0].split(b";")[0] for line in raw.replace(b"\r\n ", b"").split(b"\r\n") if line}
    assert not names & {b"X", b"Y"}
    assert raw.count(b"BEGIN:") == 2 + raw.count(b"BEGIN:VALARM")
    [event] = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert (len(event.subcomponents), str(event["summary"])[:16]) == (0, "ops  BEGIN:VALAR")


def test_an_event_keeps_its_identity_while_its_end_moves() -> None:
    assert uid("ops", shift(START)) == uid("ops", shift(START, 2 * HOUR))
    others = {
        uid("ops", shift(START)),
        uid("web", shift(START)),
        uid("ops", shift(START + 1)),
        uid("ops", shift(START, who="bo")),
    }
    assert len(others) == 4
    found = icalendar.Calendar.from_ical(calendar("x", [("ops", shift(START))], START))
    assert [str(each["UID"]) for each in found.walk("VEVENT")] == [uid("ops", shift(START))]
