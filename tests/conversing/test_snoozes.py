"""The snooze choice of a page, by the reader's clock."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.conversing.snoozes import FORM, snoozes
from tocsin.conversing.wall import at_night, known_zone, next_morning, written, written_span
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant, parse_instant
from tocsin.schedules.clock import moment_of, wall_clock

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"}))
INSTANTS = st.integers(min_value=0, max_value=4_000_000_000_000)


def at(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


def test_a_page_offers_two_lengths_the_next_morning_and_a_form() -> None:
    choices = snoozes(at("2026-01-05T12:00Z"), "America/New_York")
    assert [choice.name for choice in choices] == ["30 minutes", "2 hours", "Tomorrow 9:00", "Until ..."]
    half, two, morning, until = choices
    assert (half.length, two.length) == (30 * MINUTE, 2 * HOUR)
    assert morning.until == at("2026-01-06T14:00Z")
    assert [choice.opens for choice in choices] == [False, False, False, True]
    assert (until.length, until.until, FORM) == (None, None, "form:snooze")


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2026-03-28T12:00Z", "Europe/Berlin", "2026-03-29T07:00Z"),  # The clock goes forward in between.
        ("2026-10-24T12:00Z", "Europe/Berlin", "2026-10-25T08:00Z"),  # And back.
        ("2026-03-29T23:30Z", "Europe/Berlin", "2026-03-30T07:00Z"),  # Half past one at night.
        ("2011-12-29T20:00Z", "Pacific/Apia", "2011-12-30T10:00Z"),  # A day that was skipped: at its end.
    ],
)
def test_the_morning_is_that_of_the_clock_on_the_wall(now: str, zone: str, until: str) -> None:
    assert snoozes(at(now), zone)[2].until == at(until)


@pytest.mark.parametrize(
    ("now", "name"),
    [
        ("2026-01-05T05:59Z", "This morning 9:00"),
        ("2026-01-05T06:00Z", "Tomorrow 9:00"),
        ("2026-01-05T23:59Z", "Tomorrow 9:00"),
        ("2026-01-06T00:00Z", "This morning 9:00"),
    ],
)
def test_at_night_the_next_morning_is_that_of_the_same_day(now: str, name: str) -> None:
    found = snoozes(at(now), "Europe/London")[2]
    assert found.name == name
    assert found.until is not None
    assert at(now) < found.until


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "UTC", "../etc/passwd", "America"])
def test_of_whom_no_zone_is_known_the_choice_says_so(zone: str) -> None:
    assert snoozes(at("2026-01-05T12:00Z"), zone)[2].name == "Tomorrow 9:00 UTC"


@given(INSTANTS, ZONES)
def test_the_next_morning_is_near_and_begins_at_nine(now: Instant, zone: str) -> None:
    morning = next_morning(now, zone)
    assert now + 2 * HOUR <= morning <= now + 2 * DAY
    clock = wall_clock(zone, now, morning)
    shown = clock.reading(morning)
    nine = shown - (shown - 9 * HOUR) % DAY
    assert clock.reading(morning - 1) < nine <= shown, "it begins to be nine, or the clock jumps over that"
    assert at_night(now, zone) == (moment_of(wall_clock(zone, now, now).shown(now)).hour < 6)


def test_times_are_written_by_a_clock() -> None:
    start = at("2026-01-05T12:00Z")
    assert written(start, "Europe/Berlin") == "Mon 5 Jan 13:00"
    assert written_span(start, start + 4 * HOUR, "Europe/Berlin") == "Mon 5 Jan 13:00 to 17:00"
    assert written_span(start, start + DAY, "Europe/Berlin") == "Mon 5 Jan 13:00 to Tue 6 Jan 13:00"


def test_the_first_zone_that_is_one_counts() -> None:
    assert known_zone("", "nowhere", "Asia/Tokyo", "Europe/Berlin") == "Asia/Tokyo"
    assert known_zone() == "UTC"
