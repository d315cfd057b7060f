"""Proposals: from enough cases, never for an emergency, and only what loses nothing that people cared for."""

from __future__ import annotations

import pytest

from tests.noise.noisy import CPU, TITLE, solved, some
from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.noise.occurrences import Closed
from tocsin.noise.proposals import propose, wilson
from tocsin.noise.remedies import Measure


@pytest.mark.parametrize(
    ("successes", "cases", "bound"),
    [(0, 0, 0.0), (0, 10, 0.0), (8, 8, 0.676), (18, 20, 0.699), (10, 20, 0.299), (70, 100, 0.604)],
)
def test_the_lower_bound_of_a_share(successes: int, cases: int, bound: float) -> None:
    assert wilson(successes, cases) == pytest.approx(bound, abs=0.001)


def test_what_closes_by_itself_within_minutes_is_held_for_so_long() -> None:
    found = propose(CPU, [*some(18, lasted=3 * MINUTE), *solved(2)])
    assert found
    assert (found.measure, found.hold) == (Measure.HOLD, 3 * MINUTE)
    assert found.why == "closed by itself 18 of 20 times within 3m"


def test_the_shortest_hold_that_helps_is_proposed() -> None:
    found = propose(CPU, [*some(30, lasted=MINUTE), *some(8, lasted=9 * MINUTE)])
    assert found
    assert found.hold == MINUTE


def test_few_cases_are_an_anecdote() -> None:
    assert propose(CPU, some(7)) is None
    assert propose(CPU, [*some(7), *some(9, closed=Closed.OPEN)]) is None
    assert propose(CPU, [*some(7), *some(9, kind=Kind.NOTIFICATION)]) is None
    assert propose(CPU, some(8))


def test_an_emergency_is_never_made_quieter() -> None:
    assert propose(CPU, [*some(50), *some(1, severity=Severity.CRITICAL, closed=Closed.OPEN)]) is None


def test_what_asks_nobody_needs_no_remedy() -> None:
    assert propose(CPU, some(20, pages=0)) is None


def test_what_nobody_ever_solves_becomes_a_notification() -> None:
    found = propose(CPU, some(20, lasted=HOUR))
    assert found
    assert found.measure is Measure.NOTIFICATION
    assert found.why == "closed by itself 20 of 20 times, and nobody has ever written what helped"
    again = propose(CPU, [*some(19, lasted=HOUR), *some(1, lasted=HOUR, acknowledged=True)])
    assert again
    assert again.why.endswith("; 1 of them acknowledged by somebody who did nothing")


def test_what_people_solve_stays_as_it_is() -> None:
    assert propose(CPU, solved(20)) is None
    assert propose(CPU, [*some(18, lasted=HOUR), *solved(2)]) is None
    assert propose(CPU, [*some(10, lasted=HOUR, noted=True), *some(10, lasted=HOUR)]) is None


def test_a_threshold_parts_what_closes_by_itself_from_what_people_solve() -> None:
    all_ = [*some(20, lasted=HOUR, fired=1), *solved(9, fired=3, lasted=25 * MINUTE)]
    found = propose(CPU, all_)
    assert found
    assert (found.measure, found.count, found.within) == (Measure.THRESHOLD, 2, 30 * MINUTE)
    assert found.why == "closed by itself each of the 20 times that it fired less than 2 times"
    more = propose(CPU, [*some(20, lasted=HOUR, fired=2), *solved(9, fired=3)])
    assert more
    assert more.count == 3


def test_no_threshold_fits_a_title_or_what_lasts_for_hours() -> None:
    all_ = [*some(20, lasted=HOUR, fired=1), *solved(9, fired=3)]
    assert propose(TITLE, all_) is None
    assert propose(CPU, [*all_, *solved(1, fired=3, lasted=3 * HOUR)]) is None
    assert propose(CPU, [*some(7, lasted=HOUR), *solved(9, fired=3)]) is None
    assert propose(CPU, [*some(20, lasted=HOUR, fired=9), *solved(9, fired=1)]) is None
