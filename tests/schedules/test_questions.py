"""The question machine: told once, and what is answered is not asked any more."""

from __future__ import annotations

import pytest

from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.machine import Effect, Standing, Tick
from tocsin.schedules.questions import Answered, Asked, Question, QuestionMachine, QuestionReason

NOW = 1_800_000_000_000
QUESTION = Announcement("Ada asks you to take a shift", ("Monday",))
ASKED = Asked(receivers=("responder:bo", "responder:cy", "responder:bo"), what=QUESTION)
ANSWERED = Answered(receivers=("responder:ada",), what=Announcement("Bo takes your shift"))
MACHINE = QuestionMachine()


def test_those_who_may_answer_are_told_once_and_then_who_waits_for_it() -> None:
    first = MACHINE.decide(None, ASKED, NOW)
    assert first.reason is QuestionReason.ASKED
    assert [(effect.receiver, effect.kind) for effect in first.effects] == [
        ("responder:bo", ANNOUNCE),
        ("responder:cy", ANNOUNCE),
    ]
    assert all(MACHINE.wanted(Question(made_at=NOW), effect) for effect in first.effects)
    again = MACHINE.decide(first.state, ASKED, NOW + 1)
    assert (again.reason, again.effects, again.state) == (QuestionReason.ALREADY_ASKED, (), first.state)
    after = MACHINE.decide(first.state, ANSWERED, NOW + 2)
    assert (after.reason, after.story) == (QuestionReason.ANSWERED, "Bo takes your shift")
    assert after.state == Question(made_at=NOW, answered=True)
    [heard] = after.effects
    assert heard == Effect(receiver="responder:ada", kind=ANNOUNCE, facts=ANSWERED.what.facts())
    assert [MACHINE.wanted(after.state, effect) for effect in (*first.effects, heard)] == [False, False, True]


def test_an_answer_may_come_without_a_question() -> None:
    decision = MACHINE.decide(None, ANSWERED, NOW)
    assert decision.state == Question(made_at=NOW, answered=True)
    assert MACHINE.decide(decision.state, ASKED, NOW).effects == (), "it is none any more"


@pytest.mark.parametrize(
    ("state", "reason"), [(None, QuestionReason.UNKNOWN), (Question(made_at=1), QuestionReason.NOT_DUE)]
)
def test_time_changes_nothing(state: Question | None, reason: QuestionReason) -> None:
    decision = MACHINE.decide(state, Tick(), NOW)
    assert (decision.state, decision.reason, decision.effects) == (state, reason, ())


def test_it_waits_for_nothing_and_takes_what_is_meant_for_it() -> None:
    state = Question(made_at=NOW, answered=True)
    assert MACHINE.standing(state) == Standing(wake_at=None, live=False, owes=False, rank=NOW)
    assert MACHINE.answers(state, ASKED, NOW)
    assert MACHINE.decode(MACHINE.encode(state)) == state
