"""What scenarios do not show: whose message is kept true, what a page says, and the limits."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.incidents.laws import MACHINE, decided
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Input,
    Noted,
    PageFailed,
    Passed,
    Reassigned,
    Resolved,
    Snoozed,
)
from tocsin.incidents.machine import NOTE_MAX
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import MINUTE

BEGUN = 1_700_000_000_000
ADA, BO, CY, ROOM = ladder.responder("ada"), ladder.responder("bo"), ladder.responder("cy"), ladder.room("ops")
PLAN = Plan(team="ops", policy=Policy(name="p", steps=(Step((ADA,)), Step((BO,))), everyone=(ADA, BO, CY)))
ALERT = Alert(status=AlertStatus.FIRING, title="disk is full", dedup_key="disk", source="probe")
FIRES = AlertReceived(ALERT, PLAN)


def after(*given: Input, plan: Plan = PLAN, now: int = BEGUN) -> Incident:
    """The incident after *given*, all in one moment."""
    state = decided(None, AlertReceived(ALERT, plan), now).state
    for each in given:
        state = decided(state, each, now).state
    assert state is not None
    return state


def receivers(decision: Decision[Incident], kind: str) -> list[str]:
    return [effect.receiver for effect in decision.effects if effect.kind == kind]


def why(decision: Decision[Incident]) -> set[str]:
    return {effect.facts["why"] for effect in decision.effects if effect.kind == ladder.PAGE}


def test_who_was_asked_before_sees_that_another_is_asked_now() -> None:
    decision = decided(after(), Passed(by="ada"), BEGUN)
    assert receivers(decision, ladder.PAGE) == [BO]
    assert receivers(decision, ladder.SHOW) == [ROOM, ADA]


def test_an_acknowledgement_shows_in_the_room_and_with_everybody_who_was_asked() -> None:
    decision = decided(after(Passed(by="ada")), Acknowledged("cy"), BEGUN)
    assert receivers(decision, ladder.SHOW) == [ROOM, ADA, BO]


def test_a_click_that_comes_too_late_makes_the_message_true() -> None:
    decision = decided(after(Resolved(by="bo")), Acknowledged("ada"), BEGUN)
    assert decision.reason is Reason.ALREADY_RESOLVED
    assert receivers(decision, ladder.SHOW) == [ROOM, ADA]


def test_repetitions_are_shown_at_round_counts_only() -> None:
    state, shown = after(), []
    for _ in range(120):
        decision = decided(state, FIRES, BEGUN)
        assert decision.state is not None
        state = decision.state
        if decision.effects:
            shown.append(state.count)
    assert shown == [2, 3, 5, 10, 20, 50, 100]


@pytest.mark.parametrize(
    ("before", "given", "sentence"),
    [
        ((), Passed(by="ada", why="on a train"), "You are asked now: ada passed: on a train."),
        ((), Reassigned(by="bo", to="cy"), "You are asked now: bo reassigned it to cy."),
        (
            (Snoozed(by="ada", until=BEGUN + MINUTE),),
            AlertReceived(replace(ALERT, severity=Severity.CRITICAL), PLAN),
            "You are asked now: worse: critical.",
        ),
        (
            (),
            PageFailed(receiver=ADA, rung=0, error="no such user", final=True),
            "You are asked now: ada could not be reached: no such user.",
        ),
    ],
)
def test_a_page_says_why_you(before: tuple[Input, ...], given: Input, sentence: str) -> None:
    assert why(decided(after(*before), given, BEGUN)) == {sentence}


def test_the_first_who_is_asked_is_told_so() -> None:
    assert why(decided(None, FIRES, BEGUN)) == {"You are the first to be asked."}
    notified = decided(None, AlertReceived(replace(ALERT, kind=Kind.NOTIFICATION), PLAN), BEGUN).state
    assert why(decided(notified, FIRES, BEGUN)) == {"You are the first to be asked."}


def test_the_timeline_is_told_for_people() -> None:
    stories = [decided(None, FIRES, BEGUN).story]
    state = after()
    for given in (
        Passed(by="ada", why="on a train"),
        Acknowledged("bo"),
        Acknowledged("cy"),
        Noted(by="cy", text=" looks like the log rotation\n"),
        Snoozed(by="cy", until=BEGUN + MINUTE),
        Resolved(by="cy", note="rotated the logs"),
    ):
        decision = decided(state, given, BEGUN)
        assert decision.state is not None
        state = decision.state
        stories.append(decision.story)
    assert stories == [
        "opened; asked ada",
        "ada passed: on a train; asked bo",
        "bo acknowledged",
        "cy took over from bo",
        "cy: looks like the log rotation",
        "cy snoozed until 2023-11-14T22:14:20.000Z",
        "cy resolved: rotated the logs",
    ]


def test_a_page_of_an_earlier_rung_is_not_wanted_though_its_receiver_is_asked_again() -> None:
    first = decided(None, FIRES, BEGUN)
    page = next(effect for effect in first.effects if effect.kind == ladder.PAGE)
    assert first.state is not None
    assert MACHINE.wanted(first.state, page)
    everyone = after(Passed(by="ada"), Passed(by="bo"))
    assert ADA in everyone.asked
    assert not MACHINE.wanted(everyone, page)


def test_a_page_is_not_wanted_after_an_answer() -> None:
    page = Effect(receiver=ADA, kind=ladder.PAGE, facts={"rung": 0})
    assert MACHINE.wanted(after(), page)
    assert not MACHINE.wanted(after(Acknowledged("bo")), page)
    both = replace(PLAN, policy=replace(PLAN.policy, steps=(Step((ADA, BO)),)))
    assert not MACHINE.wanted(after(Passed(by="ada"), plan=both), page)
    assert MACHINE.wanted(after(Passed(by="ada"), plan=both), replace(page, receiver=BO))


def test_a_message_is_always_worth_being_kept_true() -> None:
    assert MACHINE.wanted(after(Resolved(by="ada")), Effect(receiver=ROOM, kind=ladder.SHOW))


def test_only_some_messages_of_a_large_team_are_kept_true() -> None:
    crowd = tuple(ladder.responder(f"r{number}") for number in range(150))
    plan = replace(PLAN, policy=Policy(name="p", steps=(), everyone=crowd))
    decision = decided(None, AlertReceived(ALERT, plan), BEGUN)
    assert decision.state is not None
    assert receivers(decision, ladder.PAGE) == list(crowd)
    assert decision.state.paged == crowd[: ladder.PAGED_MAX]


def test_who_could_not_be_reached_is_kept_in_order() -> None:
    crowd = tuple(ladder.responder(f"r{number}") for number in range(20))
    plan = replace(PLAN, policy=Policy(name="p", steps=(Step(crowd),), everyone=crowd))
    failed = [PageFailed(receiver=each, rung=0, error="gone", final=True) for each in crowd[:-1]]
    assert after(*failed, plan=plan).unreached == crowd[:-1]


def test_texts_have_a_limit() -> None:
    much = "x" * (2 * NOTE_MAX)
    bound = NOTE_MAX + 100
    assert len(decided(after(), Noted(by="ada", text=much), BEGUN).story) < bound
    assert after(Resolved(by="ada", note=much)).resolve_note == "x" * NOTE_MAX
    for given in (Passed(by="ada", why=much), PageFailed(receiver=ADA, rung=0, error=much, final=True)):
        decision = decided(after(), given, BEGUN)
        assert len(decision.story) < bound
        assert all(len(sentence) < bound for sentence in why(decision))


def test_a_resolved_incident_that_was_restored_with_a_deadline_loses_it() -> None:
    broken = replace(after(Resolved(by="ada")), wake_at=BEGUN)
    decision = MACHINE.decide(broken, Tick(), BEGUN)
    assert decision.reason is Reason.NOT_DUE
    assert decision.state is not None
    assert decision.state.wake_at is None


def test_recovery_keeps_the_title_and_the_severity_of_what_had_fired() -> None:
    ok = replace(ALERT, status=AlertStatus.RESOLVED, title="OK", severity=Severity.INFO)
    line = after(AlertReceived(ok, PLAN)).alerts["disk"]
    assert (line.title, line.severity, line.status) == ("disk is full", Severity.HIGH, AlertStatus.RESOLVED)


def test_the_face_of_what_becomes_an_alert_is_that_alert() -> None:
    notified = replace(ALERT, kind=Kind.NOTIFICATION, title="disk fills up")
    state = decided(None, AlertReceived(notified, PLAN), BEGUN).state
    state = decided(state, FIRES, BEGUN).state
    assert state is not None
    assert (state.face.title, state.kind) == ("disk is full", Kind.ALERT)


def test_the_face_is_the_first_alert_or_a_worse_one() -> None:
    equal, worse = (
        replace(ALERT, dedup_key="mail", title="mail"),
        replace(ALERT, title="full", severity=Severity.CRITICAL),
    )
    state = after(AlertReceived(equal, PLAN))
    assert (state.face.title, state.severity) == ("disk is full", Severity.HIGH)
    state = after(AlertReceived(equal, PLAN), AlertReceived(worse, PLAN))
    assert (state.face.title, state.severity) == ("full", Severity.CRITICAL)


def test_each_alert_has_its_own_count_and_times() -> None:
    state = after()
    for minute in (1, 2):
        state = decided(state, FIRES, BEGUN + minute * MINUTE).state or state
    line = state.alerts["disk"]
    assert (line.count, line.first_at, line.last_at) == (3, BEGUN, BEGUN + 2 * MINUTE)


def test_it_is_counted_how_often_it_came_back() -> None:
    ok = AlertReceived(replace(ALERT, status=AlertStatus.RESOLVED), PLAN)
    assert after(ok, FIRES, ok, FIRES).reopened == 2


def test_an_incident_written_by_an_older_version_is_read() -> None:
    old = b'{"plan": {"team": "ops", "policy": {"name": "p", "steps": [], "everyone": []}}, "status": "triggered",'
    old += b'"kind": "alert", "severity": "high", "face": {"status": "firing", "title": "t", "dedup_key": "k",'
    old += b'"source": "s"}, "alerts": {}, "count": 1, "opened_at": 1, "changed_at": 1, "last_alert_at": 1,'
    old += b'"wake_at": 2, "a_field_of_another_version": 7}'
    state = MACHINE.decode(old)
    assert (state.team, state.status, state.rung) == ("ops", Status.TRIGGERED, 0)


def test_receivers_have_names_for_people() -> None:
    assert [ladder.label(receiver) for receiver in (ADA, ROOM, "responder:a:b")] == ["ada", "team ops", "a:b"]
