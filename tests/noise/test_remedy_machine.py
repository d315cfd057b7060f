"""The remedy machine: remedies lie on each other, undoing restores what was before, and an end comes by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.noise.noisy import BEGUN, CPU
from tocsin.kernel.machine import TELL, Decision, Effect, Tick, teller
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant
from tocsin.noise.machine import (
    ENDED,
    SET,
    STACK_MAX,
    Applied,
    RemedyInput,
    RemedyMachine,
    RemedyReason,
    Treatment,
    Undone,
    aggregate,
)
from tocsin.noise.remedies import Measure, Remedy

MACHINE = RemedyMachine()
HOLD = Remedy(measure=Measure.HOLD, by="ada", at=0, hold=3 * MINUTE, why="it flaps")
QUIET = Remedy(measure=Measure.NOTIFICATION, by="bo", at=0, until=BEGUN + DAY)
SILENCE = Remedy(measure=Measure.SILENCE, by="cy", at=0, until=BEGUN + HOUR)


def decided(state: Treatment | None, given: RemedyInput, now: Instant = BEGUN) -> Decision[Treatment]:
    decision = MACHINE.decide(state, given, now)
    if decision.state is not None:
        assert MACHINE.decode(MACHINE.encode(decision.state)) == decision.state
        wake_at = MACHINE.standing(decision.state).wake_at
        assert not isinstance(given, Tick) or wake_at is None or wake_at > now, "law 7"
    return decision


def after(*inputs: RemedyInput, state: Treatment | None = None) -> Treatment:
    for each in inputs:
        state = decided(state, each).state
    assert state is not None
    return state


def put(remedy: Remedy) -> Applied:
    return Applied(key=CPU, remedy=remedy, title="CPU is high")


def test_a_remedy_is_in_force_until_it_is_taken_back() -> None:
    decision = decided(None, put(HOLD))
    assert (decision.reason, decision.story) == (RemedyReason.SET, "ada: hold 3m (it flaps)")
    state = decision.state
    assert state
    assert state.current == replace(HOLD, at=BEGUN)
    assert MACHINE.standing(state).live
    assert MACHINE.standing(state).wake_at is None
    undone = decided(state, Undone(by="bo"))
    assert (undone.reason, undone.story) == (RemedyReason.UNDONE, "bo took back: hold 3m, of ada")
    assert undone.state
    assert undone.state.current is None
    assert not MACHINE.standing(undone.state).live
    assert decided(undone.state, Undone(by="bo")).reason is RemedyReason.NOTHING


def test_undoing_restores_what_was_before() -> None:
    state = after(put(HOLD), put(QUIET))
    assert decided(after(put(HOLD)), put(QUIET)).reason is RemedyReason.REPLACED
    undone = decided(state, Undone(by="cy"))
    assert undone.story.endswith("; again: hold 3m")
    assert undone.state
    assert undone.state.current == replace(HOLD, at=BEGUN)


def test_a_double_click_is_undone_by_one() -> None:
    twice = after(put(QUIET), put(SILENCE), put(SILENCE))
    assert len(twice.stack) == 2
    set_, ended = decided(after(put(QUIET), put(SILENCE)), put(SILENCE)).effects
    assert (set_.facts["what"], ended.facts["what"]) == (SET, ENDED)
    undone = decided(twice, Undone(by="ada")).state
    assert undone
    assert undone.current == replace(QUIET, at=BEGUN)


def test_an_old_button_undoes_nothing_newer() -> None:
    state = decided(after(put(HOLD)), put(QUIET), BEGUN + MINUTE).state
    assert decided(state, Undone(by="cy", at=BEGUN)).reason is RemedyReason.NOTHING
    assert decided(state, Undone(by="cy", at=BEGUN + MINUTE)).reason is RemedyReason.UNDONE


def test_a_silence_is_told_when_it_comes_into_force_and_when_it_goes() -> None:
    begun = decided(after(put(HOLD)), put(SILENCE))
    [effect] = begun.effects
    assert (effect.receiver, effect.kind, effect.facts["what"]) == (teller("silence"), TELL, SET)
    name = f"{aggregate(CPU.id)}-2"
    assert begun.state
    assert begun.state.current
    assert begun.state.current.silence == name
    told = (Effect(receiver=teller("silence"), kind=TELL, facts={"what": ENDED, "silence": name}),)
    assert decided(begun.state, Undone(by="ada")).effects == told
    covered = decided(begun.state, put(QUIET))
    assert covered.effects == told
    assert decided(covered.state, Undone(by="ada")).effects == begun.effects


def test_an_end_comes_by_itself_and_what_lies_below_is_in_force_again() -> None:
    state = after(put(HOLD), put(SILENCE))
    assert MACHINE.standing(state).wake_at == BEGUN + HOUR
    assert decided(state, Tick(), BEGUN + MINUTE).reason is RemedyReason.NOT_DUE
    over = decided(state, Tick(), BEGUN + HOUR)
    assert over.reason is RemedyReason.OVER
    assert over.story == "over: silence until 2026-11-18T12:06Z, of cy; again: hold 3m"
    assert over.state
    assert over.state.current == replace(HOLD, at=BEGUN)


def test_what_ends_below_is_forgotten_and_nobody_is_told() -> None:
    state = after(put(SILENCE), put(HOLD))
    over = decided(state, Tick(), BEGUN + HOUR)
    assert (over.reason, over.story, over.effects) == (RemedyReason.OVER, "", ())
    assert decided(state, Undone(by="ada"), BEGUN + DAY).state == replace(state, stack=())


def test_without_a_remedy_there_is_nothing_to_undo() -> None:
    assert decided(None, Undone(by="ada")) == Decision(None, RemedyReason.UNKNOWN)
    assert decided(None, Tick()).reason is RemedyReason.UNKNOWN
    assert decided(after(put(HOLD), Undone(by="ada")), Tick()).reason is RemedyReason.NOT_DUE


def test_it_takes_whatever_is_meant_for_it_and_forgets_the_oldest() -> None:
    state = after(*[put(HOLD), put(QUIET)] * STACK_MAX)
    assert (len(state.stack), state.made) == (STACK_MAX, 2 * STACK_MAX)
    assert MACHINE.answers(state, Tick(), BEGUN)
    assert MACHINE.wanted(state, Effect(receiver=teller("silence"), kind=TELL))
    assert after(Applied(key=CPU, remedy=HOLD), state=state).title == "CPU is high"


inputs = st.one_of(
    st.sampled_from([HOLD, QUIET, SILENCE]).map(put),
    st.builds(Undone, by=st.just("bo"), at=st.none() | st.just(BEGUN)),
    st.just(Tick()),
)


@given(st.lists(st.tuples(inputs, st.sampled_from([0, MINUTE, HOUR, DAY])), max_size=12))
def test_whatever_comes_the_silences_are_told_the_truth(story: list[tuple[RemedyInput, int]]) -> None:
    state: Treatment | None = None
    now, live = BEGUN, set[str]()
    for each, passes in story:
        now += passes
        if isinstance(each, Applied) and not each.remedy.lasts(now):
            continue  # The edge refuses what has ended.
        decision = decided(state, each, now)
        state = decision.state or state
        for effect in decision.effects:
            what, told = effect.facts["what"], effect.facts["silence"]
            if what == SET:
                assert isinstance(told, dict)
                live.add(str(told["id"]))
            else:
                live.discard(str(told))
        current = state.current if state else None
        assert live == ({current.silence} if current and current.silence else set())
