"""What answers teach."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from tocsin.choosing.history import HALF_LIFE, Curve, History, Observation, Tally
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate, Presence
from tocsin.kernel.time import HOUR, MINUTE, SECOND

ADA = Candidate(name="ada", hours=HourClass.WORKING)
BO = Candidate(name="bo", hours=HourClass.WORKING)


def taught(history: History, candidate: Candidate, waits: list[float | None], *, given_up: float = 10) -> History:
    """After one page for each of *waits*: the minutes until the answer, None without one."""
    for wait in waits:
        history = history.learned(
            Observation(
                candidate=candidate,
                severity="high",
                waited=int((given_up if wait is None else wait) * MINUTE),
                answered=wait is not None,
                at=(history.pages + 1) * HOUR,
            )
        )
    return history


def answered(history: History, candidate: Candidate, minutes: float = 5) -> float:
    return history.curve(candidate, "high").answered(minutes)


def test_with_nothing_known_all_are_alike_and_nights_are_slower() -> None:
    history = History()
    assert answered(history, ADA) == answered(history, BO)
    night = answered(history, replace(ADA, hours=HourClass.SLEEP))
    assert 0 < night < answered(history, replace(ADA, hours=HourClass.OFF)) < answered(history, ADA) < 1


def test_learning_leaves_the_earlier_value_as_it_was() -> None:
    before = History()
    taught(before, ADA, [1.0])
    assert before == History()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_posterior_converges_to_the_share_that_answers_in_time(share: float) -> None:
    draw = random.Random(4)
    waits = [draw.uniform(0, 5) if draw.random() < share else None for _ in range(600)]
    history = taught(History(), ADA, list(waits), given_up=5)
    assert answered(history, ADA) == pytest.approx(share, abs=0.07)


def test_two_people_are_told_apart() -> None:
    history = History()
    for _ in range(15):
        history = taught(history, ADA, [1.0])
        history = taught(history, BO, [None])
    assert answered(history, ADA) > 0.85
    assert answered(history, BO) < 0.35


def test_who_is_unknown_is_thought_to_be_like_the_team() -> None:
    history = taught(History(), ADA, [0.5] * 40)
    stranger = answered(history, Candidate(name="cy", hours=HourClass.WORKING), 1)
    assert answered(History(), BO, 1) < stranger < answered(history, ADA, 1) + 1e-9


def test_a_page_that_was_not_awaited_for_long_says_little() -> None:
    seconds = taught(History(), ADA, [None] * 5, given_up=1 / 60)
    minutes = taught(History(), ADA, [None] * 5, given_up=10)
    assert answered(minutes, ADA) < 0.7 * answered(seconds, ADA)
    assert answered(seconds, ADA) == pytest.approx(answered(History(), ADA), abs=0.05)


def test_quick_and_slow_answers_make_different_curves() -> None:
    quick, slow = taught(History(), ADA, [0.5] * 60), taught(History(), ADA, [9.0] * 60)
    assert answered(quick, ADA, 1) > 0.5
    assert answered(slow, ADA, 1) < 0.1
    assert answered(slow, ADA, 15) > 0.7


def test_the_worth_of_presence_is_learned_for_each_person() -> None:
    history = History()
    active, away = replace(ADA, presence=Presence.ACTIVE), replace(ADA, presence=Presence.AWAY)
    for _ in range(40):
        history = taught(history, active, [None])
        history = taught(history, away, [1.0])
    assert answered(history, away) > 3 * answered(history, active)


@pytest.mark.parametrize("hint", ["on_call", "busy", "again"])
def test_other_hints_are_learned_too(hint: str) -> None:
    history, hinted = History(), replace(ADA, **{hint: True})
    for _ in range(40):
        history = taught(history, ADA, [1.0])
        history = taught(history, hinted, [None])
    assert answered(history, hinted) < answered(history, ADA)


def test_an_answer_after_the_last_edge_counts_in_the_last_bin() -> None:
    history = taught(History(), ADA, [500.0])
    assert history.people["ada"].told[0].seen == 1
    assert history.base[0][-1].seen == 1


def test_a_page_cannot_have_waited_for_less_than_nothing() -> None:
    history = History().learned(Observation(candidate=ADA, severity="high", waited=-5 * SECOND, answered=True, at=HOUR))
    assert history.base[0][0].seen == 1


def test_old_knowledge_fades() -> None:
    assert Tally().plus(8, 4, HOUR).plus(0, 1, HOUR + HALF_LIFE).seen == pytest.approx(4)
    assert Tally().plus(8, 4, HOUR).plus(1, 1, HOUR).seen == 9


def test_changed_habits_are_learned() -> None:
    history = taught(History(), ADA, [1.0] * 200)
    for number in range(100):
        history = history.learned(
            Observation(
                candidate=ADA,
                severity="high",
                waited=10 * MINUTE,
                answered=False,
                at=HALF_LIFE * 3 + number * 12 * HOUR,
            )
        )
    assert answered(history, ADA) < 0.25


def test_a_curve_goes_on_beyond_its_last_edge() -> None:
    curve = Curve((0.1,) * 8)
    assert curve.hazard(0) == 0
    assert curve.hazard(4) == pytest.approx(0.4)
    assert curve.hazard(100) == pytest.approx(10)


def test_doubt_shrinks_with_answers() -> None:
    assert taught(History(), ADA, [1.0] * 20).doubt(ADA) < History().doubt(ADA)
