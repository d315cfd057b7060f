"""Restlessness: the weighted share of changed minutes, compared with a model that keeps every minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.flips import SLOTS, STARTS_ABOVE, STOPS_BELOW, Flips, calm_at, calmed, changed, counted, share
from tocsin.kernel.time import MINUTE

BEGUN = 1_000_000 * MINUTE


class Model:
    """Nagios' own bookkeeping, minute by minute: 20 marks, the newest last, each with its weight."""

    def __init__(self) -> None:
        self.marks = [False] * SLOTS
        self.flapping = False

    def minute(self, changes: int) -> None:
        self.marks = [*self.marks[1:], changes > 0]
        if self.share() > STARTS_ABOVE:
            self.flapping = True
        if self.share() < STOPS_BELOW:
            self.flapping = False

    def share(self) -> float:
        weights = [0.8 + 0.4 * place / (SLOTS - 1) for place in range(SLOTS)]
        return sum(weight for weight, mark in zip(weights, self.marks, strict=True) if mark) / SLOTS


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80))
def test_every_minute_is_as_the_model_has_it(minutes: list[int]) -> None:
    model, flips = Model(), Flips()
    for number, changes in enumerate(minutes):
        now = BEGUN + number * MINUTE
        for second in range(changes):
            flips = changed(flips, now + second * 1000)
        flips = calmed(flips, now + MINUTE - 1)
        model.minute(changes)
        assert share(flips, now + MINUTE - 1) == pytest.approx(model.share())
        assert flips.flapping is model.flapping
        assert len(flips.slots) <= SLOTS


@given(st.lists(st.integers(0, 4 * MINUTE), min_size=1, max_size=60))
def test_the_timer_is_the_moment_at_which_it_stops(pauses: list[int]) -> None:
    now, flips = BEGUN, Flips()
    for pause in pauses:
        now += pause
        flips = changed(flips, now)
    due = calm_at(flips)
    assert (due is not None) is flips.flapping
    if due is not None:
        assert calmed(flips, due).flapping is False
        assert calmed(flips, due - 1).flapping is (due - 1 >= now)
        assert now < due <= now + (SLOTS + 1) * MINUTE


def test_between_the_thresholds_it_stays_what_it_was() -> None:
    flips = Flips()
    for minute in range(11):
        flips = changed(flips, BEGUN + minute * MINUTE)
    assert flips.flapping
    later = BEGUN + 22 * MINUTE
    assert STOPS_BELOW < share(flips, later) < STARTS_ABOVE
    assert calmed(flips, later).flapping
    fresh = Flips(flips.slots)
    assert not changed(fresh, later).flapping
    assert changed(flips, later).flapping


def test_a_late_change_finds_it_calm() -> None:
    flips = Flips()
    for minute in range(11):
        flips = changed(flips, BEGUN + minute * MINUTE)
    after = changed(flips, BEGUN + 3 * SLOTS * MINUTE)
    assert (after.flapping, after.slots) == (False, (((BEGUN // MINUTE) + 3 * SLOTS, 1),))


def test_changes_are_told_as_people_count_them() -> None:
    flips = Flips()
    for second in (0, 10, 70, 200):
        flips = changed(flips, BEGUN + second * 1000)
    assert counted(flips) == (4, 4 * MINUTE)
