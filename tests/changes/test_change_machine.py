"""A change is reported once, at its own time, and asks nobody."""

from __future__ import annotations

from tocsin.changes.change import Change
from tocsin.changes.machine import ChangeMachine, Reason, Reported
from tocsin.kernel.machine import Effect, Standing, Tick

MACHINE = ChangeMachine()
NOW = 1_800_000_000_000


def reported(changed_at: int | None = None) -> Reported:
    return Reported(integration="ops", change=Change(title="shop v7", source="github", changed_at=changed_at))


def test_a_change_is_over_when_it_is_told() -> None:
    decision = MACHINE.decide(None, reported(NOW - 5), NOW)
    assert decision.state is not None
    assert (decision.reason, decision.effects, decision.story) == (Reason.REPORTED, (), "shop v7")
    assert MACHINE.standing(decision.state) == Standing(wake_at=None, live=False, owes=False, rank=NOW - 5)
    assert MACHINE.decode(MACHINE.encode(decision.state)) == decision.state
    assert not MACHINE.wanted(decision.state, Effect(receiver="r", kind="k"))


def test_a_clock_that_is_ahead_does_not_move_a_change_into_the_future() -> None:
    for told in (None, NOW + 99):
        state = MACHINE.decide(None, reported(told), NOW).state
        assert state is not None
        assert state.at == NOW


def test_a_copy_changes_nothing() -> None:
    state = MACHINE.decide(None, reported(), NOW).state
    assert state is not None
    assert MACHINE.answers(state, reported(), NOW)
    assert MACHINE.decide(state, reported(), NOW + 1).reason is Reason.KNOWN
    assert MACHINE.decide(state, Tick(), NOW).reason is Reason.NOT_DUE
