"""Pace: senders first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.pace import BITE, REST_MAX, RUSH_BITE, RUSH_PER_SECOND, WINDOW, Pace

SECONDS = st.floats(0, 10)


def paced(*steps: tuple[float, float]) -> tuple[Pace, list[float]]:
    """A pace after steps that took one millisecond, each (deliveries a second before it, seconds since the last)."""
    pace, accepted, at, rests = Pace(), 0.0, 1000.0, []
    pace.rest(0, at, at)
    for rate, since in steps:
        accepted += rate * since
        at += since
        rests.append(pace.rest(int(accepted), at - 0.001, at))
    return pace, rests


def test_without_a_rush_the_engine_takes_large_bites_and_no_rest() -> None:
    pace, rests = paced((RUSH_PER_SECOND / 2, 1.0), (0.0, 1.0))
    assert (pace.bite, rests) == (BITE, [0.0, 0.0])


def test_in_a_rush_the_engine_takes_small_bites_and_rests() -> None:
    pace, (rest,) = paced((RUSH_PER_SECOND * 2, 1.0))
    assert pace.bite == RUSH_BITE < BITE
    assert 0 < rest <= REST_MAX


def test_when_the_rush_is_over_all_is_as_before() -> None:
    pace, rests = paced((RUSH_PER_SECOND * 2, 1.0), (0.0, 1.0))
    assert (pace.bite, rests[-1]) == (BITE, 0.0)


def test_a_few_deliveries_at_once_are_no_rush() -> None:
    pace, rests = paced((RUSH_PER_SECOND * 2, WINDOW / 100))
    assert (pace.bite, rests) == (BITE, [0.0])


def test_a_new_pace_has_no_rush() -> None:
    assert Pace().bite == BITE


@given(st.lists(st.tuples(st.integers(0, 10_000), SECONDS, SECONDS), max_size=10))
def test_no_rest_is_negative_or_long_enough_to_make_a_first_page_late(steps: list[tuple[int, float, float]]) -> None:
    pace, accepted, at = Pace(), 0, 0.0
    for more, since, took in steps:  # Also when no time has passed between two steps.
        accepted += more
        began = at + since
        at = began + took
        assert 0.0 <= pace.rest(accepted, began, at) <= REST_MAX
        assert pace.bite >= 1


def test_a_few_deliveries_at_one_moment_are_no_rush() -> None:
    pace, rests = paced((0.0, 1.0), (3 / 0.002, 0.002), (0.0, 0.002))
    assert (pace.bite, rests) == (BITE, [0.0, 0.0, 0.0])
