"""Back-off: longer and longer, never twice the same, never too long for somebody who waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.backoff import ATTEMPTS_MAX, DELAY_MAX, FIRST_DELAY, delay
from tocsin.kernel.time import SECOND

attempts = st.integers(1, 1_000_000)
chances = st.floats(0, 1, exclude_max=True)


@given(attempts, chances)
def test_a_pause_is_half_to_whole_of_its_length(count: int, chance: float) -> None:
    whole = min(FIRST_DELAY * 2 ** min(count - 1, 40), DELAY_MAX)
    assert whole / 2 <= delay(count, chance) <= whole


@given(attempts, chances)
def test_the_next_pause_is_never_shorter(count: int, chance: float) -> None:
    assert delay(count, chance) <= delay(count + 1, chance)


def test_chance_spreads_those_who_failed_together() -> None:
    assert len({delay(3, chance / 100) for chance in range(100)}) == 100


def test_all_attempts_of_one_way_take_less_than_a_minute() -> None:
    assert sum(delay(count, 0.999) for count in range(1, ATTEMPTS_MAX)) < 60 * SECOND
