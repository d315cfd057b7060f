"""What hour it is for whom."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tocsin.choosing.hours import HourClass, Week, class_at, hour_class
from tocsin.kernel.time import parse_instant

NIGHT_SHIFT = Week(works_from=22 * 60, works_until=6 * 60, works_on=(0,), sleeps_from=8 * 60, sleeps_until=16 * 60)


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-01-05T08:00Z", "Europe/Berlin", "working"),  # Monday, 9:00.
        ("2026-01-05T07:59Z", "Europe/Berlin", "off"),
        ("2026-01-05T16:00Z", "Europe/Berlin", "off"),
        ("2026-01-05T21:00Z", "Europe/Berlin", "sleep"),
        ("2026-01-05T05:59Z", "Europe/Berlin", "sleep"),
        ("2026-07-06T07:00Z", "Europe/Berlin", "working"),  # In summer an hour earlier.
        ("2026-01-10T12:00Z", "Europe/Berlin", "off"),  # Saturday.
        ("2026-01-05T00:30Z", "Asia/Tokyo", "working"),
    ],
)
def test_hours_are_those_of_the_persons_own_clock(at: str, zone: str, expected: str) -> None:
    now = parse_instant(at)
    assert now is not None
    assert hour_class(now, ZoneInfo(zone), Week()) == expected


@pytest.mark.parametrize(
    ("weekday", "hour", "expected"),
    [
        (0, 22, HourClass.WORKING),
        (1, 5, HourClass.WORKING),  # The night that began on Monday.
        (0, 5, HourClass.OFF),  # Nobody worked into this one.
        (1, 6, HourClass.OFF),
        (1, 22, HourClass.OFF),
        (3, 9, HourClass.SLEEP),
    ],
)
def test_a_night_shift_counts_to_the_day_on_which_it_began(weekday: int, hour: int, expected: HourClass) -> None:
    assert class_at(NIGHT_SHIFT, weekday, hour * 60) is expected


def test_who_works_around_the_clock_always_works() -> None:
    week = Week(works_from=0, works_until=0, works_on=tuple(range(7)))
    assert {class_at(week, day, minute) for day in range(7) for minute in range(0, 1440, 30)} == {HourClass.WORKING}
