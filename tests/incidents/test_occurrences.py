"""What a key's history says of the next time: Wilson's bound, and the hold that follows."""

from __future__ import annotations

from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import Severity
from tocsin.incidents.occurrences import (
    HORIZONS,
    OCCURRENCES_MAX,
    OCCURRENCES_MIN,
    SHARE_MIN,
    Closer,
    Occurrence,
    Usual,
    usual,
    wilson_low,
)
from tocsin.kernel.time import MINUTE, SECOND


def occurrence(
    duration: int = MINUTE, closed_by: Closer = Closer.SOURCE, severity: Severity = Severity.HIGH
) -> Occurrence:
    return Occurrence(incident="i", closed_by=closed_by, duration=duration, severity=severity, closed_at=0)


HUMAN = occurrence(closed_by=Closer.HUMAN)


@given(of=st.integers(1, 200), data=st.data())
def test_the_bound_is_the_root_of_the_score_equation(of: int, data: st.DataObject) -> None:
    """Wilson's bounds are the shares p whose z-score for what was seen, (seen - p) / sqrt(p (1 - p) / n), is 1.96."""
    hits = data.draw(st.integers(1, of))
    low = wilson_low(hits, of)
    assert 0 < low < hits / of
    assert (hits / of - low) / sqrt(low * (1 - low) / of) == pytest.approx(1.959964, abs=1e-4)


def test_the_bound_of_nothing_is_nothing_and_more_hits_are_more() -> None:
    assert wilson_low(0, 10) == pytest.approx(0)
    bounds = [wilson_low(hits, 50) for hits in range(51)]
    assert bounds == sorted(bounds)


def test_who_is_held_would_seldom_have_recovered_so_often_by_chance() -> None:
    """46 of 50 when really fewer than four of five recover: less than one in forty, as the interval promises."""
    chance = sum(comb(50, hits) * 0.8**hits * 0.2 ** (50 - hits) for hits in range(46, 51))
    assert chance < 0.025


@pytest.mark.parametrize(("hits", "of"), [(16, 16), (20, 20), (29, 30), (46, 50), (50, 50)])
def test_as_good_as_always_is_held(hits: int, of: int) -> None:
    assert usual([occurrence()] * hits + [HUMAN] * (of - hits), Severity.HIGH) == Usual(MINUTE, hits, of)


@pytest.mark.parametrize(("hits", "of"), [(7, 7), (8, 8), (15, 15), (18, 20), (28, 30), (45, 50), (0, 50)])
def test_what_is_not_sure_is_not_held(hits: int, of: int) -> None:
    assert usual([occurrence()] * hits + [HUMAN] * (of - hits), Severity.HIGH) is None


@pytest.mark.parametrize(
    ("duration", "within"),
    [(0, 1), (MINUTE, 1), (MINUTE + 1, 2), (150 * SECOND, 3), (4 * MINUTE, 5), (10 * MINUTE, 10)],
)
def test_the_shortest_time_that_is_long_enough_counts(duration: int, within: int) -> None:
    assert usual([occurrence(duration)] * 30, Severity.HIGH) == Usual(within * MINUTE, 30, 30)
    assert usual([occurrence(10 * MINUTE + 1)] * 30, Severity.HIGH) is None


def test_only_the_last_fifty_count() -> None:
    assert usual([HUMAN] * 50 + [occurrence()] * OCCURRENCES_MAX, Severity.HIGH) == Usual(MINUTE, 50, 50)
    assert usual([occurrence()] * 50 + [HUMAN] * OCCURRENCES_MAX, Severity.HIGH) is None


def test_only_what_was_as_severe_counts() -> None:
    mixed = [occurrence(severity=Severity.WARNING)] * 20 + [occurrence(severity=Severity.HIGH)] * 16
    assert usual(mixed, Severity.WARNING) == Usual(MINUTE, 36, 36)
    assert usual(mixed, Severity.HIGH) == Usual(MINUTE, 16, 16)
    assert usual(mixed, Severity.CRITICAL) is None


@given(
    known=st.lists(
        st.builds(
            occurrence,
            duration=st.integers(0, 12 * MINUTE),
            closed_by=st.sampled_from(Closer),
            severity=st.sampled_from(Severity),
        ),
        max_size=60,
    ),
    severity=st.sampled_from(Severity),
)
def test_whatever_is_known_a_hold_is_short_and_well_founded(known: list[Occurrence], severity: Severity) -> None:
    found = usual(known, severity)
    if found is not None:
        assert found.within in HORIZONS
        assert OCCURRENCES_MIN <= found.of <= OCCURRENCES_MAX
        assert wilson_low(found.recovered, found.of) >= SHARE_MIN
        assert found.recovered <= sum(each.closed_by is Closer.SOURCE for each in known)
