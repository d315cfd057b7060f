"""What hour it is for whoever has said when they sleep."""

from __future__ import annotations

import pytest

from tocsin.choosing.hours import HourClass
from tocsin.digests.hours import Life, hours_of
from tocsin.kernel.time import HOUR, parse_instant
from tocsin.schedules.windows import Window, parse_window

MONDAY = parse_instant("2026-11-23T00:00Z") or 0


def windows(text: str) -> tuple[Window, ...]:
    found = parse_window(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("who", "hour", "is_"),
    [
        ("owl", 1, HourClass.OFF),
        ("owl", 4, HourClass.SLEEP),
        ("owl", 11, HourClass.WORKING),  # The usual hours of work come before sleep.
        ("owl", 23, HourClass.OFF),
        ("nurse", 4, HourClass.WORKING),
        ("nurse", 12, HourClass.SLEEP),
        ("nurse", 20, HourClass.OFF),
        ("else", 4, HourClass.SLEEP),
    ],
)
def test_who_says_when_they_sleep_is_believed(who: str, hour: int, is_: HourClass) -> None:
    look = hours_of(
        {
            "owl": Life(sleeps=windows("03:00-12:00")),
            "nurse": Life(windows=windows("22:00-06:00"), sleeps=windows("09:00-17:00")),
        }
    )
    assert look(who, MONDAY + hour * HOUR) is is_
