"""The history of a key: what it remembers, counts and forgets."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from tocsin.incidents.alerts import Severity
from tocsin.incidents.history_machine import FORGET_AFTER, Closed, History, HistoryMachine, HistoryReason
from tocsin.incidents.ladder import SHOW
from tocsin.incidents.occurrences import OCCURRENCES_MAX, Closer, Occurrence, Outcome
from tocsin.kernel.machine import Effect, Tick
from tocsin.kernel.time import MINUTE

MACHINE = HistoryMachine()
NOW = 1_700_000_000_000


def closed(incident: str = "1", at: int = NOW, held: Outcome | None = None, duration: int = MINUTE) -> Closed:
    found = Occurrence(
        incident=incident,
        closed_by=Closer.SOURCE,
        duration=duration,
        severity=Severity.HIGH,
        closed_at=at,
        held=held,
    )
    return Closed(integration="prom", dedup_key="disk", occurrence=found)


def after(*given: Closed) -> History:
    state: History | None = None
    for each in given:
        state = MACHINE.decide(state, each, each.occurrence.closed_at).state
    assert state is not None
    assert MACHINE.decode(MACHINE.encode(state)) == state
    return state


def test_what_is_closed_is_remembered() -> None:
    state = after(closed("1", held=Outcome.SAVED), closed("2", NOW + 1, Outcome.LATE), closed("3", NOW + 2))
    assert [each.incident for each in state.occurrences] == ["1", "2", "3"]
    assert (state.count, state.held, state.saved, state.late, state.last_at) == (3, 2, 1, 1, NOW + 2)


def test_what_comes_back_is_one_occurrence_and_the_longest_counts() -> None:
    state = after(closed("1", held=Outcome.SAVED), closed("1", NOW + 9, Outcome.LATE, duration=9 * MINUTE))
    assert [(each.duration, each.held) for each in state.occurrences] == [(9 * MINUTE, Outcome.LATE)]
    assert (state.count, state.held, state.saved, state.late) == (1, 1, 0, 1)


def test_an_older_message_that_comes_late_changes_nothing() -> None:
    late = closed("1", held=Outcome.SAVED)
    state = after(closed("1", NOW + 9, duration=9 * MINUTE))
    decision = MACHINE.decide(state, late, NOW + 10)
    assert (decision.state, decision.reason) == (state, HistoryReason.CORRECTED)


def test_messages_out_of_order_are_put_in_order() -> None:
    assert [each.incident for each in after(closed("2", NOW + 5), closed("1")).occurrences] == ["1", "2"]


def test_the_last_ones_are_kept_and_all_are_counted() -> None:
    state = after(*(closed(f"{n}", NOW + n, Outcome.ENDED) for n in range(OCCURRENCES_MAX + 5)))
    assert len(state.occurrences) == OCCURRENCES_MAX
    assert state.occurrences[0].incident == "5"
    assert (state.count, state.held, state.saved, state.late) == (OCCURRENCES_MAX + 5, OCCURRENCES_MAX + 5, 0, 0)


def test_a_key_that_is_not_heard_of_is_forgotten() -> None:
    state = after(closed())
    standing = MACHINE.standing(state)
    assert (standing.wake_at, standing.live, standing.owes, standing.rank) == (NOW + FORGET_AFTER, True, False, NOW)
    assert MACHINE.decide(state, Tick(), NOW + FORGET_AFTER - 1).reason is HistoryReason.NOT_DUE
    decision = MACHINE.decide(state, Tick(), NOW + FORGET_AFTER)
    assert decision.reason is HistoryReason.FORGOTTEN
    assert decision.state == replace(state, over=True)
    assert MACHINE.standing(decision.state).wake_at is None
    assert not MACHINE.standing(decision.state).live


@pytest.mark.parametrize(
    ("state", "given"), list(product([None, after(closed()), replace(after(closed()), over=True)], [Tick(), closed()]))
)
def test_every_input_is_legal_in_every_state(state: History | None, given: Closed | Tick) -> None:
    decision = MACHINE.decide(state, given, NOW + 1)
    assert decision.reason in set(HistoryReason)
    assert decision.effects == ()
    assert (decision.state is None) is (state is None and isinstance(given, Tick))
    if state is not None:
        assert MACHINE.answers(state, given, NOW) is not state.over
        assert not MACHINE.wanted(state, Effect(receiver="team:ops", kind=SHOW))
