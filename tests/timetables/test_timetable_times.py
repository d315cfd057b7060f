"""When a timetable is due next: examples from Amazon's documentation, the special days, the changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from tocsin.kernel.time import DAY, HOUR, INSTANT_MAX, MINUTE, format_instant, parse_instant
from tocsin.timetables import TimetableError, parse


def at(text: str) -> int:
    found = parse_instant(text)
    assert found is not None
    return found


def times(expression: str, after: str, count: int, zone: str = "UTC") -> list[str]:
    found = islice(parse(expression, zone=zone).upcoming(at(after)), count)
    return [format_instant(instant)[:16] for instant in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-27T10:00", "2026-11-28T10:00"]),
        ("cron(15 12 * * ? *)", ["2026-11-27T12:15", "2026-11-28T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-27T18:00", "2026-11-30T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-27T00:15", "2026-11-27T00:30"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-11-27T08:00", "2026-11-27T08:05"]),
        ("cron(0/30 20-2 ? * fri *)", ["2026-11-27T00:30", "2026-11-27T01:00"]),
        ("cron(0 9 L * ? *)", ["2026-11-30T09:00", "2026-12-31T09:00"]),
        ("cron(0 9 L-2 * ? *)", ["2026-11-28T09:00", "2026-12-29T09:00"]),
        ("cron(0 9 LW * ? *)", ["2026-11-30T09:00", "2026-12-31T09:00"]),
        ("cron(0 9 ? * 6L *)", ["2026-11-27T09:00", "2026-12-25T09:00"]),
        ("cron(0 9 ? * L *)", ["2026-11-28T09:00", "2026-12-05T09:00"]),
        ("cron(0 9 ? * 3#2 *)", ["2026-12-08T09:00", "2027-01-12T09:00"]),
        ("cron(0 9 ? * SUN#5 *)", ["2026-11-29T09:00", "2027-01-31T09:00"]),
        ("cron(0 9 1W * ? *)", ["2026-12-01T09:00", "2027-01-01T09:00"]),
        ("cron(0 9 ? * FRI-MON *)", ["2026-11-27T09:00", "2026-11-28T09:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 1 1 ? 2100,2199)", ["2100-01-01T00:00", "2199-01-01T00:00"]),
        ("cron(0 0 1 JAN,jul ? *)", ["2027-01-01T00:00", "2027-07-01T00:00"]),
        ("rate(1 minute)", ["2026-11-27T00:01", "2026-11-27T00:02"]),
        ("rate(5 hours)", ["2026-11-27T05:00", "2026-11-27T10:00"]),
        ("rate(2 days)", ["2026-11-29T00:00", "2026-12-01T00:00"]),
        ("at(2026-12-24T18:30:59)", ["2026-12-24T18:30"]),
        ("at(2026-11-26T18:30:59)", []),
        ("cron(0 0 30 2 ? *)", []),
        ("cron(0 0 31 4,6,9,11 ? *)", []),
        ("cron(0 0 1 1 ? 1999)", []),
    ],
)
def test_times_after_the_beginning_of_a_friday(expression: str, expected: list[str]) -> None:
    assert times(expression, "2026-11-27T00:00Z", 2) == expected


@pytest.mark.parametrize(
    ("field", "month", "expected"),
    [
        ("15W", "2026-08", "14"),  # A Saturday: the Friday before.
        ("16W", "2026-08", "17"),  # A Sunday: the Monday after.
        ("1W", "2026-08", "03"),  # A Saturday, the first: not in the month before.
        ("31W", "2026-05", "29"),  # A Sunday, the last: not in the month after.
        ("30W", "2026-05", "29"),
        ("LW", "2026-05", "29"),
        ("L-30", "2026-05", "01"),
    ],
)
def test_the_nearest_weekday_stays_in_its_month(field: str, month: str, expected: str) -> None:
    assert times(f"cron(0 9 {field} * ? *)", f"{month}-01T00:00Z", 1) == [f"{month}-{expected}T09:00"]


def test_a_day_that_a_month_does_not_have_does_not_come_there() -> None:
    assert times("cron(0 9 31W * ? *)", "2026-04-01T00:00Z", 1) == ["2026-05-29T09:00"]
    assert times("cron(0 9 L-30 * ? *)", "2026-04-01T00:00Z", 1) == ["2026-05-01T09:00"]


def test_local_times_follow_the_clocks_of_the_zone() -> None:
    found = times("cron(0 9 * * ? *)", "2026-03-28T12:00Z", 2, "Europe/Berlin")
    assert found == ["2026-03-29T07:00", "2026-03-30T07:00"]


def test_a_local_time_that_the_clocks_jump_over_is_left_out() -> None:
    found = times("cron(30 2 * * ? *)", "2026-03-28T00:00Z", 2, "Europe/Berlin")
    assert found == ["2026-03-28T01:30", "2026-03-30T00:30"]


def test_a_local_time_that_comes_twice_counts_once() -> None:
    found = times("cron(30 2 * * ? *)", "2026-10-24T12:00Z", 2, "Europe/Berlin")
    assert found == ["2026-10-25T00:30", "2026-10-26T01:30"]
    quarters = times("cron(0/30 * * * ? *)", "2026-10-25T00:00Z", 3, "Europe/Berlin")
    assert quarters == ["2026-10-25T00:30", "2026-10-25T02:00", "2026-10-25T02:30"]


def test_asked_within_the_hour_that_comes_again_it_waits_for_a_time_that_was_not_shown_yet() -> None:
    assert times("cron(0/15 * * * ? *)", "2026-10-25T01:10Z", 1, "Europe/Berlin") == ["2026-10-25T02:00"]


def test_a_day_of_a_rate_is_24_hours_whatever_the_clocks_do() -> None:
    assert times("rate(1 day)", "2026-03-28T12:00Z", 1, "Europe/Berlin") == ["2026-03-29T12:00"]


def test_once_comes_also_where_the_clocks_jump_over_it() -> None:
    assert times("at(2026-03-29T02:30:00)", "2026-03-01T00:00Z", 1, "Europe/Berlin") == ["2026-03-29T01:30"]


def test_a_rate_counts_from_its_start() -> None:
    timetable = parse("rate(10 minutes)", start=at("2026-11-27T00:03Z"))
    assert timetable.next_after(at("2026-11-26T00:00Z")) == at("2026-11-27T00:03Z")
    assert timetable.next_after(at("2026-11-27T00:03Z")) == at("2026-11-27T00:13Z")
    assert timetable.next_after(at("2026-11-27T12:00Z")) == at("2026-11-27T12:03Z")


def test_nothing_is_due_before_the_start_or_after_the_end() -> None:
    start, end = at("2026-11-27T09:00Z"), at("2026-11-29T09:00Z")
    timetable = parse("cron(0 9 * * ? *)", start=start, end=end)
    assert list(timetable.upcoming(0)) == [start, start + DAY, end]
    assert timetable.next_after(end) is None


def test_seconds_before_a_minute_it_is_this_minute_and_on_it_the_next() -> None:
    timetable = parse("cron(* * * * ? *)")
    assert timetable.next_after(MINUTE - 1) == MINUTE
    assert timetable.next_after(MINUTE) == 2 * MINUTE
    assert timetable.next_after(MINUTE + 1) == 2 * MINUTE


@pytest.mark.parametrize("expression", ["cron(0 9 * * ? *)", "rate(1 hour)", "at(2026-11-27T00:00:00)"])
def test_any_instant_may_be_asked_about(expression: str) -> None:
    timetable = parse(expression)
    assert timetable.next_after(-(10**18)) is not None
    assert timetable.next_after(INSTANT_MAX) is None
    assert timetable.next_after(10**18) is None
    assert parse("rate(1 hour)").next_after(-5 * HOUR) == HOUR - 1


def test_a_datetime_is_answered_with_one_in_its_zone() -> None:
    timetable = parse("cron(0 9 * * ? 2027)", zone="Europe/Berlin")
    asked = datetime(2026, 12, 31, 12, tzinfo=ZoneInfo("America/New_York"))
    found = timetable.next_after(asked)
    assert found is not None
    assert (found.isoformat(), found.tzinfo) == ("2027-01-01T03:00:00-05:00", asked.tzinfo)
    assert timetable.next_after(datetime(2028, 1, 1, tzinfo=UTC)) is None
    with pytest.raises(TimetableError, match="with a zone"):
        timetable.next_after(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused.
    with pytest.raises(TimetableError, match="a text is needed"):
        parse(5)  # type: ignore[arg-type] # That is the point.
