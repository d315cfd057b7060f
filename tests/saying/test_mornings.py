"""Tomorrow morning, by the clock of who presses a button."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernel.time import DAY, HOUR, Instant, parse_instant
from tocsin.saying.mornings import morning
from tocsin.schedules.clock import wall_clock

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"}))
INSTANTS = st.integers(min_value=0, max_value=4_000_000_000_000)


def at(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2026-01-05T12:00Z", "America/New_York", "2026-01-06T14:00Z"),
        ("2026-03-28T12:00Z", "Europe/Berlin", "2026-03-29T07:00Z"),  # The clock goes forward in between.
        ("2026-10-24T12:00Z", "Europe/Berlin", "2026-10-25T08:00Z"),  # And back.
        ("2026-03-29T23:30Z", "Europe/Berlin", "2026-03-30T07:00Z"),  # Half past one at night.
        ("2011-12-29T20:00Z", "Pacific/Apia", "2011-12-30T10:00Z"),  # A day that was skipped: at its end.
        ("2026-01-05T05:59Z", "Europe/London", "2026-01-05T09:00Z"),
        ("2026-01-05T06:00Z", "Europe/London", "2026-01-06T09:00Z"),
        ("2026-01-05T12:00Z", "Mars/Olympus", "2026-01-06T09:00Z"),
        ("2026-01-05T12:00Z", "", "2026-01-06T09:00Z"),
    ],
)
def test_the_morning_is_that_of_the_clock_on_the_wall(now: str, zone: str, until: str) -> None:
    assert morning(at(now), zone) == at(until)


@given(INSTANTS, ZONES)
def test_the_morning_is_near_and_begins_at_nine(now: Instant, zone: str) -> None:
    found = morning(now, zone)
    assert now + 2 * HOUR <= found <= now + 2 * DAY
    clock = wall_clock(zone, now, found)
    shown = clock.reading(found)
    nine = shown - (shown - 9 * HOUR) % DAY
    assert clock.reading(found - 1) < nine <= shown, "it begins to be nine, or the clock jumps over that"
