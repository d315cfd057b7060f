"""When windows of the week are open next."""

from __future__ import annotations

from tocsin.kernel.time import DAY, HOUR, MINUTE, parse_instant
from tocsin.schedules.recurring import never_closed, next_turn, windows_of

SUNDAY = ("sun 02:00-04:00",)


def at(text: str) -> int:
    found = parse_instant(text)
    assert found is not None
    return found


def test_the_turn_that_runs_is_the_next_one_until_it_is_over() -> None:
    noon = at("2026-01-03T12:00Z")
    begin = at("2026-01-04T01:00Z")
    assert next_turn(SUNDAY, "Europe/Berlin", noon) == (begin, begin + 2 * HOUR)
    assert next_turn(SUNDAY, "Europe/Berlin", begin + HOUR) == (begin + HOUR, begin + 2 * HOUR)
    assert next_turn(SUNDAY, "Europe/Berlin", begin + 2 * HOUR) == (begin + 7 * DAY, begin + 7 * DAY + 2 * HOUR)


def test_windows_that_touch_are_one_turn() -> None:
    found = next_turn(("sat 22:00-24:00", "sun 00:00-01:00"), "UTC", at("2026-01-03T12:00Z"))
    assert found == (at("2026-01-03T22:00Z"), at("2026-01-04T01:00Z"))


def test_a_window_in_the_hour_that_is_skipped_is_left_out() -> None:
    found = next_turn(("sun 02:00-02:30",), "Europe/Berlin", at("2026-03-28T12:00Z"))
    assert found == (at("2026-04-05T00:00Z"), at("2026-04-05T00:30Z"))
    partly = next_turn(SUNDAY, "Europe/Berlin", at("2026-03-28T12:00Z"))
    assert partly == (at("2026-03-29T01:00Z"), at("2026-03-29T02:00Z"))


def test_the_hour_that_is_repeated_belongs_to_the_turn() -> None:
    found = next_turn(SUNDAY, "Europe/Berlin", at("2026-10-24T12:00Z"))
    assert found == (at("2026-10-25T00:00Z"), at("2026-10-25T03:00Z"))


def test_what_nobody_can_read_never_comes() -> None:
    assert next_turn(SUNDAY, "Europe/Nowhere", 0) is None
    assert next_turn(("sunday",), "UTC", 0) is None
    assert next_turn((), "UTC", 5 * MINUTE) is None
    assert windows_of(("sunday",)) == ()


def test_windows_that_never_close_are_known() -> None:
    assert never_closed(("mon-sun",))
    assert never_closed(("00:00-12:00", "12:00-24:00"))
    assert not never_closed(("mon-sat",))
