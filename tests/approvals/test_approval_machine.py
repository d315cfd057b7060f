"""The approval machine: who may answer, when it is decided, what is told."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.approvals.question_examples import MACHINE, NOW, QUESTION, answer, opened, state_of, tick, to_run, told
from tocsin.approvals.machine import Answered, Approval, Opened, Withdrawn
from tocsin.approvals.question import asked, may
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.approvals.telling import people, refused, rule
from tocsin.executions.receivers import is_task
from tocsin.kernel.announcement import announcement
from tocsin.kernel.machine import Decision, Tick
from tocsin.kernel.time import HOUR, MINUTE

BEGUN = "Asked by the workflow deploy (run-3)."


def test_a_question_goes_to_the_room_and_to_each_who_may_answer() -> None:
    decision = MACHINE.decide(None, Opened(question=QUESTION), NOW)
    assert decision.reason is Reason.ASKED
    assert [each.receiver for each in decision.effects] == [
        "team:ops",
        "responder:ada",
        "responder:bo",
        "responder:cy",
    ]
    assert told(decision.effects)[0] == (
        "team:ops: May shop go on? | It waits in its stage prod. | Tests are green. | ada, Bo B or cy can answer."
        " | If it is not decided by 2026-11-27 12:00 UTC, it counts as 'Stop here'."
        f" | {BEGUN} | In a terminal: tocsin workflow answer question-7 approve --by YOU"
    )
    offers = announcement(decision.effects[0].facts).offers
    assert [(each.verb, each.label, each.style, dict(each.value), each.opens) for each in offers] == [
        ("answer", "Go on", "primary", {"q": "question-7", "c": "approve"}, False),
        ("answer", "Stop here", "danger", {"q": "question-7", "c": "reject"}, False),
    ]
    assert MACHINE.standing(state_of(decision)).wake_at == QUESTION.deadline


def test_an_answer_decides_and_goes_to_the_run() -> None:
    decision = answer(opened(), "bo", comment="  looks good ")
    assert decision.reason is Reason.DECIDED
    assert to_run(decision) == {
        "run": "run-3",
        "task": "t-1",
        "output": {"choice": "approve", "by": ["bo"], "comment": "looks good", "at": "2026-11-27T10:00:00.001Z"},
    }
    assert is_task(decision.effects[0].receiver)
    assert told(decision.effects)[0] == (
        "team:ops: May shop go on? Go on | Bo B said 'Go on' at 2026-11-27 10:00 UTC. | Comment: looks good"
    )
    after = state_of(decision)
    standing = MACHINE.standing(after)
    assert (standing.wake_at, standing.live, standing.owes) == (None, False, False)
    assert [(each.by, each.choice, each.at) for each in after.answers] == [("bo", "approve", NOW + 1)]


def test_what_is_decided_is_locked() -> None:
    state = state_of(answer(opened(), "bo"))
    for decision in (
        answer(state, "ada", "reject"),
        answer(state, "bo"),
        MACHINE.decide(state, Withdrawn(), NOW + 2),
    ):
        assert (decision.state, decision.reason, decision.effects) == (state, Reason.DECIDED_BEFORE, ())
    assert tick(state, 3 * HOUR).reason is Reason.NOT_DUE
    assert MACHINE.decide(state, Opened(question=QUESTION), NOW).reason is Reason.ASKED_BEFORE


def test_several_must_agree_and_one_can_stop() -> None:
    first = answer(opened(needed=2), "ada", comment="fine")
    assert first.reason is Reason.COUNTED
    assert told(first.effects) == ["team:ops: May shop go on? | ada says 'Go on': 1 of 2."]
    assert to_run(first) is None
    again = answer(first.state, "ada")
    assert (again.state, again.reason) == (first.state, Reason.ANSWERED_BEFORE)
    both = answer(first.state, "bo", comment="fine, too")
    given = to_run(both)
    assert given
    assert (given["output"]["by"], given["output"]["comment"]) == (["ada", "bo"], "fine\nfine, too")
    stopped = answer(first.state, "ada", "reject", after=5)
    given = to_run(stopped)
    assert given
    assert (given["output"]["choice"], given["output"]["by"], given["output"]["comment"]) == ("reject", ["ada"], "")


def test_who_has_started_the_run_may_stop_it_but_not_approve_it() -> None:
    state = opened(started_by="ada")
    assert asked(state.question) == ("bo", "cy")
    assert answer(state, "ada").reason is Reason.OWN_RUN
    assert answer(state, "ada", "reject").reason is Reason.DECIDED
    assert answer(opened(started_by="ada", self_approval=True), "ada").reason is Reason.DECIDED


@pytest.mark.parametrize(
    ("by", "choice", "why"),
    [
        ("eve", "approve", Reason.NOT_ASKED),
        ("ada", "maybe", Reason.UNKNOWN_CHOICE),
        ("ada", "approve", None),
    ],
)
def test_one_rule_says_who_may(by: str, choice: str, why: Reason | None) -> None:
    state = opened()
    assert may(state.question, by, choice) is why
    decision = answer(state, by, choice)
    assert decision.reason is (why or Reason.DECIDED)
    if why:
        assert (decision.state, decision.effects) == (state, ())


def test_a_question_may_want_a_comment() -> None:
    state = opened(comment=True)
    assert answer(state, "ada", comment="  ").reason is Reason.COMMENT_MISSING
    assert answer(state, "ada", comment="why not").reason is Reason.DECIDED
    asks = MACHINE.decide(None, Opened(question=state.question), NOW).effects[0].facts
    assert asks["lines"][-1].endswith("--by YOU --comment TEXT")
    assert all(each.opens for each in announcement(asks).offers)


def test_at_the_deadline_a_choice_is_taken() -> None:
    half = state_of(answer(opened(needed=2), "ada"))
    assert tick(half, 2 * HOUR - 1).reason is Reason.NOT_DUE
    decision = tick(half, 2 * HOUR)
    assert decision.reason is Reason.DEADLINE_DECIDED
    given = to_run(decision)
    assert given
    assert given["output"] == {"choice": "reject", "by": [], "comment": "", "at": "2026-11-27T12:00:00.000Z"}
    assert "Nobody has decided by 2026-11-27 12:00 UTC, so it counts as 'Stop here'." in told(decision.effects)[0]
    assert [each.by for each in state_of(decision).answers] == ["ada"]  # Who had agreed is on record.


def test_without_such_a_choice_the_task_fails_at_the_deadline() -> None:
    asks = told(MACHINE.decide(None, Opened(question=opened(otherwise="").question), NOW).effects)[0]
    assert "If it is not decided by 2026-11-27 12:00 UTC, the run is told that nobody has answered." in asks
    decision = tick(opened(otherwise=""), 2 * HOUR)
    assert decision.reason is Reason.NOT_ANSWERED
    assert to_run(decision) == {
        "run": "run-3",
        "task": "t-1",
        "error": "Tocsin.NotAnswered",
        "cause": "Nobody has decided question-7 by 2026-11-27T12:00:00.000Z.",
    }
    assert told(decision.effects)[0].startswith("team:ops: Not answered: May shop go on? | Nobody has decided by")


def test_a_late_answer_beats_a_late_sweeper() -> None:
    assert answer(opened(), "ada", after=3 * HOUR).reason is Reason.DECIDED


def test_who_has_not_answered_is_reminded_and_not_for_ever() -> None:
    state = state_of(answer(opened(needed=2, remind_every=10 * MINUTE, deadline=NOW + 100 * HOUR), "ada"))
    assert MACHINE.standing(state).wake_at == NOW + 10 * MINUTE
    decision = tick(state, 11 * MINUTE)
    assert decision.reason is Reason.REMINDED
    assert [each.receiver for each in decision.effects] == ["responder:bo", "responder:cy"]
    assert told(decision.effects)[0].startswith("responder:bo: Still waiting: May shop go on?")
    after = state_of(decision)
    assert MACHINE.standing(after).wake_at == NOW + 21 * MINUTE  # From now, however late it was.
    for _ in range(20):
        due = MACHINE.standing(after).wake_at
        assert due
        if due < after.question.deadline:
            after = state_of(MACHINE.decide(after, Tick(), due))
    assert after.reminders == 12
    assert MACHINE.standing(after).wake_at == after.question.deadline


def test_what_waits_to_leave_is_dropped_when_it_is_pointless() -> None:
    asks = MACHINE.decide(None, Opened(question=opened(needed=2).question), NOW).effects
    half = answer(opened(needed=2), "ada")
    state = state_of(half)
    wanted = [each.receiver for each in asks if MACHINE.wanted(state, each)]
    assert wanted == ["team:ops", "responder:bo", "responder:cy"]
    over = answer(state, "bo")
    assert not any(MACHINE.wanted(state_of(over), each) for each in asks)
    assert all(MACHINE.wanted(state_of(over), each) for each in (*half.effects, *over.effects))


def test_a_question_whose_run_is_over_is_withdrawn() -> None:
    decision = MACHINE.decide(opened(), Withdrawn(), NOW + 1)
    assert (decision.reason, to_run(decision)) == (Reason.WITHDRAWN, None)
    assert told(decision.effects)[0].startswith("team:ops: No answer is needed: May shop go on?")
    assert answer(decision.state, "ada").reason is Reason.DECIDED_BEFORE


def test_what_nobody_has_asked_is_unknown() -> None:
    for given in (Answered(by="ada", choice="approve"), Withdrawn(), Tick()):
        decision = MACHINE.decide(None, given, NOW)
        assert (decision.state, decision.reason, decision.effects) == (None, Reason.UNKNOWN, ())


def test_its_state_is_json_and_back() -> None:
    for state in (opened(), state_of(answer(opened(needed=2, remind_every=HOUR), "ada", comment="x"))):
        assert MACHINE.decode(MACHINE.encode(state)) == state
        assert MACHINE.answers(state, Tick(), NOW)


def test_sentences() -> None:
    both = opened(needed=2, choices=QUESTION.choices[:1], workflow="", started_by="zoe").question
    assert rule(both) == "2 of ada, Bo B and cy must say 'Go on'."
    assert rule(opened(needed=2).question).endswith(" One 'Stop here' decides at once.")
    lines = MACHINE.decide(None, Opened(question=both), NOW).effects[0].facts["lines"]
    assert "Asked by run-3, which zoe has started." in lines
    assert people(both, [f"p{number}" for number in range(7)]) == "p0, p1, p2, p3, p4 or 2 more"
    assert (people(both, ["ada"]), people(both, ())) == ("ada", "nobody")
    assert both.label("other") == "other"
    assert refused(Reason.OWN_RUN).startswith("You have started this run yourself")
    assert refused(Reason.NOT_DUE) == "Nothing has changed: question not due."


# ── Withdrawn ────────────────────────────────────────────────────────────────────────────────────────────────────────
def withdraw(state: Approval, why: str = "its run was stopped", *, by_run: bool = True) -> Decision[Approval]:
    return MACHINE.decide(state, Withdrawn(why=why, by_run=by_run), NOW + MINUTE)


def test_everybody_who_was_asked_reads_why_it_is_withdrawn_and_only_the_room_hears_it() -> None:
    decision = withdraw(opened())
    assert (decision.reason, decision.story) == (Reason.WITHDRAWN, "withdrawn: its run was stopped")
    line = "No answer is needed: May shop go on? | The question is withdrawn, for its run was stopped."
    receivers = ("team:ops", "responder:ada", "responder:bo", "responder:cy")
    assert told(decision.effects) == [f"{each}: {line}" for each in receivers]
    assert [each.facts["replaces"] for each in decision.effects] == ["aloud", *["silently"] * 3]
    after = state_of(decision)
    standing = MACHINE.standing(after)
    assert (standing.wake_at, standing.live, standing.owes) == (None, False, False)
    assert after.unwaited == "its run was stopped"
    assert MACHINE.decode(MACHINE.encode(after)) == after


def test_what_is_withdrawn_stays_so() -> None:
    after = state_of(withdraw(opened()))
    for decision in (
        withdraw(after, "another"),
        withdraw(after, by_run=False),
        answer(after, "ada"),
        tick(after, HOUR),
    ):
        assert (decision.state, decision.effects) == (after, ())
    reminder = MACHINE.decide(None, Opened(question=QUESTION), NOW).effects[1]
    assert not MACHINE.wanted(after, reminder)


def test_an_answer_that_its_run_did_not_wait_for_stays_on_record_and_is_called_late() -> None:
    decided = state_of(answer(opened(), "bo"))
    decision = withdraw(decided)
    assert decision.reason is Reason.TOO_LATE
    assert decision.state == replace(decided, withdrawn="its run was stopped")
    assert to_run(decision) is None
    assert told(decision.effects)[0] == (
        "team:ops: Too late: May shop go on?"
        " | Bo B said 'Go on' at 2026-11-27 10:00 UTC; that came too late, for its run was stopped."
    )
    heard = {each.receiver: each.facts["replaces"] for each in decision.effects}
    assert heard == {
        "team:ops": "aloud",
        "responder:ada": "silently",
        "responder:bo": "aloud",  # Who has been thanked must hear it.
        "responder:cy": "silently",
    }
    again = withdraw(state_of(decision))
    assert (again.reason, again.effects) == (Reason.DECIDED_BEFORE, ())


def test_whoever_stops_the_question_of_their_own_run_is_told_too_that_it_came_late() -> None:
    decided = state_of(answer(opened(started_by="ada"), "ada", "reject"))
    assert "responder:ada" in [each.receiver for each in withdraw(decided).effects]


def test_what_the_deadline_took_can_come_late_too() -> None:
    decided = state_of(tick(opened(), 2 * HOUR))
    assert told(withdraw(decided).effects)[0].endswith(
        "The deadline took 'Stop here' at 2026-11-27 12:00 UTC; that came too late, for its run was stopped."
    )
    unanswered = state_of(tick(opened(otherwise=""), 2 * HOUR))
    assert withdraw(unanswered).reason is Reason.DECIDED_BEFORE
    assert unanswered.unwaited == ""


def test_who_only_sees_that_a_run_does_not_wait_calls_no_answer_late() -> None:
    decided = state_of(answer(opened(), "bo"))
    decision = withdraw(decided, by_run=False)
    assert (decision.state, decision.reason, decision.effects) == (decided, Reason.DECIDED_BEFORE, ())


def test_without_a_reason_there_is_a_general_one_and_a_long_one_is_cut() -> None:
    assert state_of(withdraw(opened(), "")).withdrawn == "its run waits for it no more"
    assert len(state_of(withdraw(opened(), "x\n" * 1000)).withdrawn) == 300
    older = replace(opened(), closed_at=NOW)
    assert older.unwaited == "its run waits for it no more"
    assert opened().unwaited == ""
