"""Times by the reader's own clock."""

from __future__ import annotations

from tests.saying.test_mornings import at
from tocsin.conversing.wall import known_zone, written, written_span
from tocsin.kernel.time import DAY, HOUR


def test_times_are_written_by_a_clock() -> None:
    start = at("2026-01-05T12:00Z")
    assert written(start, "Europe/Berlin") == "Mon 5 Jan 13:00"
    assert written_span(start, start + 4 * HOUR, "Europe/Berlin") == "Mon 5 Jan 13:00 to 17:00"
    assert written_span(start, start + DAY, "Europe/Berlin") == "Mon 5 Jan 13:00 to Tue 6 Jan 13:00"


def test_the_first_zone_that_is_one_counts() -> None:
    assert known_zone("", "nowhere", "Asia/Tokyo", "Europe/Berlin") == "Asia/Tokyo"
    assert known_zone() == "UTC"
