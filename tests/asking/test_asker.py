"""Whom a step asks: turns, the least disturbed, the best one; and the reason that each of them hears."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from tests.asking.people import ALWAYS, EVERYONE, NOON, TEAM, case, knowledge, machine, opened, plan, state_of, taught
from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.choosing.situation import Presence
from tocsin.incidents.inputs import Passed, Reassigned
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.pages import Became
from tocsin.incidents.policy import Condition, Step
from tocsin.incidents.whom import Found
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant


def on_call(target: str, now: Instant) -> tuple[str, ...]:
    """Bo is on call; Ada takes turns too."""
    del now
    if target == "schedule:ops:all":
        return ("responder:ada", "responder:bo")
    return ("responder:bo",) if target == "schedule:ops" else ()


def whys(knows: Knowledge, step: Step) -> dict[str, object]:
    decision = opened(knows, plan(step))
    return {effect.receiver: effect.facts["why"] for effect in decision.effects if effect.kind == PAGE}


def test_the_next_in_turn_is_who_had_theirs_longest_ago() -> None:
    step = Step(("round-robin:ops",), 3 * MINUTE)
    first = Asker(knowledge()).asks(step, case())
    assert first == Found(
        Step(("responder:ada",), 3 * MINUTE),
        {"responder:ada": "You are asked since it is your turn in ops."},
        step.targets[0],
    )
    turns = {"round-robin:ops": {"ada": NOON - HOUR, "bo": NOON - 2 * HOUR}, "round-robin:shop": {"cy": 1}}
    assert Asker(knowledge(turns=turns)).asks(step, case()).step.targets == ("responder:cy",)
    turns["round-robin:ops"]["cy"] = NOON
    assert Asker(knowledge(turns=turns)).asks(step, case()).step.targets == ("responder:bo",)


def test_a_turn_is_told_with_the_page_and_kept_with_it() -> None:
    decision = opened(knowledge(), plan(Step(("round-robin:ops",))))
    [page] = [effect for effect in decision.effects if effect.kind == PAGE]
    assert page.facts == {"rung": 0, "why": "You are asked since it is your turn in ops.", "turn": "round-robin:ops"}
    assert [kept.turn for kept in state_of(decision).pages] == ["round-robin:ops"]


def test_the_least_disturbed_is_who_was_paged_least_today() -> None:
    asked = {"ada": (NOON - HOUR, NOON - 2 * HOUR), "bo": (NOON - HOUR,), "cy": (NOON - 2 * DAY,) * 9}
    assert whys(knowledge(asked=asked), Step(("least-disturbed:ops",))) == {
        "responder:cy": "You are asked since you were disturbed least in ops: no pages in the last 24 hours."
    }
    assert "2 pages in" in str(whys(knowledge(asked={"cy": (NOON,) * 2}), Step(("least-disturbed:shop",))))
    assert "1 page in" in str(whys(knowledge(asked={"cy": (NOON,)}), Step(("least-disturbed:shop",))))


def test_of_equals_it_is_for_whom_it_is_a_better_hour() -> None:
    people = {"ada": Person(works=(), sleeps=ALWAYS), "bo": Person(works=(), sleeps=()), "cy": Person(works=ALWAYS)}
    step = Step(("least-disturbed:ops",))
    assert Asker(knowledge(people=people)).asks(step, case()).step.targets == ("responder:cy",)
    del people["cy"]
    assert Asker(knowledge(people=people, teams={"ops": ("ada", "bo")})).asks(step, case()).step.targets == (
        "responder:bo",
    )


def test_the_best_one_hears_why() -> None:
    knows = knowledge(
        history=taught(("ada", 2, 9), ("bo", 11, 1), ("cy", 4, 9)),
        on_call={"ops": ("schedule:ops",)},
        calendar=on_call,
        presence=lambda name, _now: Presence.ACTIVE if name == "bo" else Presence.UNKNOWN,
        solved={"disk": {"bo": 2}},
    )
    assert whys(knows, Step(("smart:ops",))) == {
        "responder:bo": "You are asked since you are on call, it is working time for you, you seem to be active, "
        "you answered 11 of 12 pages at work and you have solved this before."
    }


def test_what_was_known_of_somebody_is_kept_with_the_page() -> None:
    knows = knowledge(
        on_call={"ops": ("schedule:ops",)},
        calendar=on_call,
        busy={"bo": 1},
        asked={"bo": (NOON - HOUR,)},
        solved={"disk": {"bo": 2}},
        presence=lambda _name, _now: Presence.AWAY,
    )
    [page] = state_of(opened(knows, plan(Step(("responder:bo",))))).pages
    assert page.known == {
        "hours": "working", "presence": "away", "on_call": True, "busy": True, "recent": 1, "solved": 2,
    }  # fmt: skip


def test_after_a_pass_the_reason_begins_with_that() -> None:
    knows = knowledge(history=taught(("ada", 9, 1), ("bo", 11, 1), ("cy", 9, 1)))
    state = state_of(opened(knows, plan(Step(("smart:ops",)))))
    first = state.asked[0].removeprefix("responder:")
    decision = machine(knows).decide(state, Passed(by=first, why="ill"), NOON + MINUTE)
    [why] = [str(effect.facts["why"]) for effect in decision.effects if effect.kind == PAGE]
    assert why.startswith(f"You are asked now: {first} passed: ill. You are asked since")
    assert state_of(decision).pages[0].became is Became.PASSED
    assert state_of(decision).asked != state.asked


def test_who_is_asked_out_of_turn_hears_that_and_nothing_else() -> None:
    knows = knowledge(history=taught(("ada", 9, 1), ("bo", 11, 1), ("cy", 9, 1)))
    state = state_of(opened(knows, plan(Step(("smart:ops",)))))
    decision = machine(knows).decide(state, Reassigned(by="cy", to="ada"), NOON + MINUTE)
    [why] = [effect.facts["why"] for effect in decision.effects if effect.kind == PAGE]
    assert why == "You are asked now: cy reassigned it to ada."
    assert state_of(decision).wake_at == NOON + 6 * MINUTE


@pytest.mark.parametrize("moves", range(1, 40))
def test_the_whole_team_is_asked_no_later_than_the_ladder_would(moves: int) -> None:
    """Whatever is believed: here, that everybody answers late and each at another hour."""
    knows = knowledge(history=taught(("ada", moves % 13, 9), ("bo", (moves * 5) % 13, 20), ("cy", (moves * 7) % 13, 3)))
    state = state_of(opened(knows, plan(Step(("smart:ops",), 5 * MINUTE), Step(("responder:cy",), MINUTE))))
    now = NOON
    for _ in range(100):
        now = state.wake_at or 0
        state = state_of(machine(knows).decide(state, Tick(), now))
        if state.plan.policy.is_last(state.rung - state.base):
            break
    assert state.asked == EVERYONE
    assert now <= NOON + 11 * MINUTE


def test_who_is_there_only_when_the_step_begins_is_not_asked_for_another_team() -> None:
    assert Asker(knowledge()).asks(Step(("smart:none",)), case()).step.targets == ()
    assert Asker(knowledge()).asks(Step(("round-robin:unknown",)), case()).step.targets == ()
    assert Asker(knowledge()).asks(Step(("members:ops", "team:ops")), case()).step.targets == (*EVERYONE, "team:ops")


def test_a_smart_step_may_be_limited_to_certain_hours() -> None:
    people = {"ada": Person(works=(), sleeps=ALWAYS), "bo": Person(works=ALWAYS), "cy": Person(works=(), sleeps=ALWAYS)}
    step = Step(("smart:ops",), when=Condition(hours=("working",)))
    assert Asker(knowledge(people=people)).asks(step, case()).step.targets == ("responder:bo",)


def test_the_same_moment_is_always_answered_in_the_same_way() -> None:
    asker = Asker(knowledge(history=taught(("ada", 9, 2), ("bo", 9, 2), ("cy", 9, 2))))
    step = Step(("smart:ops",))
    assert asker.asks(step, case()) == asker.asks(step, case())
    others = {Asker(knowledge()).asks(step, case(key=f"disk {number}")).step.targets for number in range(30)}
    assert len(others) > 1, "equals take turns"


def test_choosing_among_two_hundred_takes_a_moment() -> None:
    names = tuple(f"person-{number}" for number in range(200))
    habits = taught(*((name, number % 13, 3) for number, name in enumerate(names)))
    people = {name: Person(zone=("Europe/Berlin", "Asia/Tokyo")[number % 2]) for number, name in enumerate(names)}
    knows = knowledge(history=habits, people=people, teams={"ops": names})
    step, given = Step(("smart:ops",)), case()
    times = []
    for _ in range(15):
        began = time.perf_counter()
        assert Asker(knows).asks(step, given).step.targets
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05, "far more than it takes: this finds what has become quadratic"


def test_all_of_a_schedule_are_a_crowd() -> None:
    asker = Asker(knowledge(calendar=on_call))
    assert asker.crowd("schedule:ops", NOON) == ("ada", "bo")
    assert asker.crowd("ops", NOON) == TEAM
    found = asker.asks(Step(("round-robin:schedule:ops",)), case())
    assert found.why == {"responder:ada": "You are asked since it is your turn in ops."}


def test_more_than_one_target_is_asked_at_once() -> None:
    found = Asker(knowledge()).asks(Step(("round-robin:ops", "responder:cy", "least-disturbed:shop")), case())
    assert found.step.targets == ("responder:ada", "responder:cy")
    assert found.turn == "round-robin:ops"


def test_without_an_answer_another_is_asked_or_those_asked_have_more_time() -> None:
    knows = knowledge(history=taught(("ada", 10, 2), ("bo", 10, 2), ("cy", 10, 2)))
    state = state_of(opened(knows, plan(Step(("smart:ops",), 20 * MINUTE))))
    after = state_of(machine(knows).decide(state, Tick(), state.wake_at or 0))
    assert (after.moves, after.step_at) == (2, NOON)
    assert after.wake_at is not None
    assert replace(after, plan=state.plan) == after, "it has its own policy back"
