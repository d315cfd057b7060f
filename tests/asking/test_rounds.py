"""Beyond a ladder that ends with a smart step: everyone, those whom it is worth asking again, everyone anew."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.asking.people import EVERYONE, NOON, case, knowledge, machine, opened, plan, state_of, taught
from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge
from tocsin.incidents import steps
from tocsin.incidents.inputs import Acknowledged, Escalated, PageFailed, Passed
from tocsin.incidents.policy import Condition, Round, Step, Waiting
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant

SMART = Step(("smart:ops",), 5 * MINUTE)
KNOWN = knowledge(history=taught(("ada", 11, 2), ("bo", 5, 3), ("cy", 2, 15)))


def beyond(knows: Knowledge = KNOWN, step: Step = SMART) -> Incident:
    """An incident for which everyone has just been asked."""
    return asked_by_all(state_of(opened(knows, plan(step))), knows)[0]


def asked_by_all(state: Incident, knows: Knowledge) -> tuple[Incident, Instant]:
    """The same, and when, if nobody answers."""
    while True:
        now, rung = state.wake_at or 0, state.rung
        state = state_of(machine(knows).decide(state, Tick(), now))
        assert state.wake_at is not None
        assert state.wake_at > now
        if state.asked == EVERYONE and state.step_at == now and state.rung > rung:
            return state, now


@pytest.mark.parametrize("habits", range(12))
def test_no_belief_delays_the_next_round(habits: int) -> None:
    knows = knowledge(history=taught(("ada", habits, 9), ("bo", habits * 5 % 13, 20), ("cy", habits * 7 % 13, 3)))
    state = state_of(opened(knows, plan(SMART)))
    state, first = asked_by_all(state, knows)
    assert first <= NOON + 10 * MINUTE
    for _ in range(4):
        state, then = asked_by_all(state, knows)
        assert then == first + 15 * MINUTE
        first = then


def test_who_knows_nobody_asks_everyone_and_nothing_in_between() -> None:
    state = beyond(knowledge())
    assert (state.wake_at or 0) - state.step_at == 15 * MINUTE


def test_after_an_outage_everyone_is_asked_once() -> None:
    state = beyond()
    late = state.step_at + 9 * HOUR
    again = state_of(machine(KNOWN).decide(state, Tick(), late))
    assert (again.asked, again.step_at) == (EVERYONE, late)


def test_when_all_have_passed_nobody_is_asked_before_the_next_round() -> None:
    state = beyond()
    begun = state.step_at
    reasons = []
    for name in ("ada", "bo", "cy"):
        decision = machine(KNOWN).decide(state, Passed(by=name), begun + MINUTE)
        state = state_of(decision)
        reasons.append(decision.reason)
    assert reasons[-1] is Reason.PASSED_BY_EVERYONE
    waits = machine(KNOWN).decide(state, Tick(), state.wake_at or 0)
    assert waits.reason is Reason.STILL_ASKED
    assert state_of(waits).wake_at == begun + 15 * MINUTE
    again = state_of(machine(KNOWN).decide(state_of(waits), Tick(), begun + 15 * MINUTE))
    assert (again.asked, again.passed) == (EVERYONE, ())


def test_who_cannot_be_reached_in_between_is_waited_for_until_the_step_looks_again() -> None:
    state = beyond()
    state = state_of(machine(KNOWN).decide(state, Tick(), state.wake_at or 0))
    assert state.asked != EVERYONE
    for receiver in state.asked:
        failed = PageFailed(receiver=receiver, rung=state.rung, error="gone", final=True)
        decision = machine(KNOWN).decide(state, failed, state.step_at + 5 * MINUTE)
        assert decision.reason is Reason.PAGE_FAILED
        assert state_of(decision).wake_at == state.wake_at
        state = state_of(decision)


def test_who_escalates_in_between_has_everyone_asked() -> None:
    state = beyond()
    state = state_of(machine(KNOWN).decide(state, Tick(), state.wake_at or 0))
    decision = machine(KNOWN).decide(state, Escalated(by="ada"), state.step_at + 5 * MINUTE)
    assert state_of(decision).asked == EVERYONE
    assert state_of(decision).step_at == state.step_at + 5 * MINUTE


def test_an_acknowledgement_in_between_ends_it_and_a_forgotten_one_begins_anew() -> None:
    state = beyond()
    state = state_of(machine(KNOWN).decide(state, Tick(), state.wake_at or 0))
    state = state_of(machine(KNOWN).decide(state, Acknowledged(by="cy"), state.step_at + 5 * MINUTE))
    state = state_of(machine(KNOWN).decide(state, Tick(), state.wake_at or 0))
    assert (state.asked, state.moves) == (("responder:cy",), 0)
    state = state_of(machine(KNOWN).decide(state, Tick(), state.wake_at or 0))
    assert (state.rung - state.base, state.moves) == (0, 1)


def test_what_comes_next_is_told() -> None:
    state = beyond()
    assert steps.ahead(state) == ("smart:ops",)
    last = replace(state, wake_at=state.step_at + 15 * MINUTE)
    assert steps.ahead(last) == EVERYONE


@pytest.mark.parametrize(
    ("knows", "step"),
    [
        (knowledge(), SMART),  # What was known is forgotten.
        (KNOWN, replace(SMART, when=Condition(severities=("critical",)))),  # The condition is not fulfilled any more.
    ],
)
def test_with_nothing_to_choose_by_everyone_stays_asked(knows: Knowledge, step: Step) -> None:
    state = beyond()
    given = case(
        state=state, plan=plan(step), now=state.step_at + 4 * MINUTE, opened_at=NOON, goes_on=True, may_wait=True
    )
    found = Asker(knows).asks(Round(EVERYONE, 15 * MINUTE, chooses=step), given)
    assert found.step == Waiting((), 11 * MINUTE)


def test_a_plain_ladder_has_no_rounds() -> None:
    assert plan(SMART, Step(("responder:ada",))).policy.round is None
    assert plan().policy.round is None
