"""How an incident that chooses tells whom it asks next, for people who look."""

from __future__ import annotations

import pytest

from tests.asking.people import NOON, knowledge, machine, opened, plan, state_of, taught
from tocsin.incidents.inputs import Acknowledged, Input, Passed, Reassigned
from tocsin.incidents.ladder import label
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Condition, Step
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling, next_step, standing, who
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import MINUTE, format_instant
from tocsin.web.console.outlook import asks, outlook

TELLING = Telling({}, lambda instant: format_instant(instant)[11:16])
KNOWS = knowledge(history=taught(("ada", 8, 9), ("bo", 11, 2), ("cy", 4, 20)))


def after(*inputs: tuple[int, Input], steps: tuple[Step, ...], demands: int = 1) -> Incident:
    state = state_of(opened(KNOWS, plan(*steps, acknowledgements=demands)))
    for minute, given in inputs:
        state = state_of(machine(KNOWS).decide(state, given, NOON + minute * MINUTE))
    return state


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("smart:ops", "whom it is best to ask in ops"),
        ("least-disturbed:ops", "whoever is least disturbed in ops"),
        ("round-robin:schedule:night", "whose turn it is in night"),
        ("members:shop", "everyone in shop"),
    ],
)
def test_the_next_step_is_told_in_words(target: str, said: str) -> None:
    state = after(steps=(Step(("responder:ada",)), Step((target,))))
    assert label(target) == said
    told = "somebody else of ops" if target == "smart:ops" else f"{said} next"
    assert next_step(state, TELLING, NOON) == f"Without an answer, asks {told} at 12:05."
    if not target.startswith("members"):
        assert outlook(machine(KNOWS), state, {}).then in {
            f"asks {said}",
            "asks ada, bo, cy",
        }


def test_a_smart_step_is_asked_again_until_it_is_over() -> None:
    state = state_of(opened(knowledge(), plan(Step(("smart:ops",), 10 * MINUTE), Step(("team:shop",)))))
    assert next_step(state, TELLING, NOON) == "Without an answer, asks somebody else of ops at 12:10."
    assert outlook(machine(knowledge()), state, {}).then == "asks whom it is best to ask in ops"
    second = state_of(machine(knowledge()).decide(state, Tick(), NOON + 10 * MINUTE))
    assert next_step(second, TELLING, NOON) == "Without an answer, asks team shop next at 12:20."
    over = after(
        (1, Passed(by="bo")), (2, Passed(by="ada")), steps=(Step(("smart:ops",), MINUTE), Step(("responder:cy",)))
    )
    assert "somebody else" not in next_step(over, TELLING, NOON)


def test_out_of_turn_the_next_step_is_the_same_again() -> None:
    state = after((1, Reassigned(by="cy", to="ada")), steps=(Step(("smart:ops",)),))
    assert next_step(state, TELLING, NOON) == "Without an answer, asks somebody else of ops at 12:06."


def test_what_asks_anew_tells_its_first_step() -> None:
    state = after((1, Acknowledged(by="bo")), steps=(Step(("smart:ops",)),))
    assert next_step(state, TELLING, NOON) == "Asks bo again at 13:01, unless it is resolved."


def test_who_has_acknowledged_and_who_must_still_is_told() -> None:
    state = after((1, Acknowledged(by="ada")), steps=(Step(("responder:ada", "responder:bo")),), demands=2)
    assert standing(state, TELLING, NOON).startswith(
        "Asking bo. ada acknowledged; 1 more must. Without an answer, asks bo and cy"
    )
    assert outlook(machine(KNOWS), state, {"ada": "Ada"}).who == "asking bo; Ada acknowledged, 1 more must"
    assert (asks(state, "ada", ()), asks(state, "bo", ())) == (False, True)
    both = state_of(machine(KNOWS).decide(state, Acknowledged(by="bo"), NOON + 2 * MINUTE))
    assert who(both, TELLING) == "ada and bo are on it (since 12:02)."
    assert outlook(machine(KNOWS), both, {}).who == "acknowledged by ada, bo"


def test_a_machine_that_knows_nobody_asks_everyone() -> None:
    steps = (Step(("smart:ops",)), Step(("responder:ada",), when=Condition(severities=("high",))))
    decision = IncidentMachine().decide(state_of(opened(KNOWS, plan(*steps))), Tick(), NOON + 20 * MINUTE)
    assert state_of(decision).asked == ("responder:ada", "responder:bo", "responder:cy")
    assert state_of(decision).pages[-1].known == {}
