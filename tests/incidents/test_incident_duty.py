"""Policies that ask schedules: what is told, what is kept, and what is asked of whom."""

from __future__ import annotations

from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.duty import nobody
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Noted, Reassigned, Redirected
from tocsin.incidents.ladder import PAGE, label, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Decision, Tick
from tocsin.kernel.time import MINUTE, Instant

POLICY = Policy(
    name="default",
    steps=(Step(("schedule:web",)), Step(("schedule:ops", "responder:cy")), Step(("schedule:ops:next",))),
    everyone=("responder:ada", "responder:bo"),
)
PLAN = Plan(team="ops", policy=POLICY)


def duty(target: str, now: Instant) -> tuple[str, ...]:
    """Ada, and after five minutes Bo; in web nobody."""
    first = now < 5 * MINUTE
    people = {"schedule:ops": "ada" if first else "bo", "schedule:ops:next": "bo" if first else "ada"}
    return (responder(people[target]),) if target in people else ()


MACHINE = IncidentMachine(duty)


def opened(plan: Plan = PLAN, status: AlertStatus = AlertStatus.FIRING) -> Decision[Incident]:
    alert = Alert(status=status, title="disk", dedup_key="disk", source="json")
    return MACHINE.decide(None, AlertReceived(alert, plan), 0)


def pages(decision: Decision[Incident]) -> dict[str, object]:
    return {effect.receiver: effect.facts["why"] for effect in decision.effects if effect.kind == PAGE}


def test_an_incident_keeps_the_policy_that_it_was_opened_with() -> None:
    state = opened().state
    assert state is not None
    assert state.plan == PLAN
    after = MACHINE.decide(state, Tick(), state.wake_at or 0).state
    assert after is not None
    assert after.plan == PLAN
    assert after.asked == ("responder:ada",)  # Next, now that it is Bo's turn.


def test_a_page_says_that_one_is_on_call_and_the_timeline_that_nobody_is() -> None:
    decision = opened()
    assert pages(decision) == {
        "responder:ada": "You are the first to be asked. You are on call in ops.",
        "responder:cy": "You are the first to be asked.",
    }
    assert decision.story == "opened; asked ada, cy; nobody is on call in web"


def test_schedules_that_were_left_out_before_are_not_told_again() -> None:
    state = opened().state
    assert state is not None
    assert MACHINE.decide(state, Tick(), state.wake_at or 0).story == "no answer; asked ada"
    assert MACHINE.decide(state, Reassigned(by="ada", to="bo"), 1).story == "ada reassigned it to bo; asked bo"
    assert MACHINE.decide(state, Noted(by="ada", text=""), 1).story == ""


def test_what_does_not_begin_is_not_kept() -> None:
    assert opened(status=AlertStatus.RESOLVED).state is None


def test_an_incident_of_a_plain_policy_joins_with_an_alert_of_another() -> None:
    plain = Plan(
        team="ops", policy=Policy(name="plain", steps=(Step(("responder:ada",)),), everyone=("responder:ada",))
    )
    state = opened(plain).state
    assert state is not None
    alert = Alert(status=AlertStatus.FIRING, title="disk", dedup_key="disk", source="json")
    after = MACHINE.decide(state, AlertReceived(alert, PLAN), 1).state
    assert after is not None
    assert after.plan == plain
    acknowledged = MACHINE.decide(after, Acknowledged(by="bo"), 2).state
    assert acknowledged is not None
    assert acknowledged.plan == plain


def test_an_incident_that_is_given_another_ladder_keeps_that_one_as_it_is_written() -> None:
    state = opened().state
    assert state is not None
    policy = Policy(name="web", steps=(Step(("schedule:ops:next",)),), everyone=("responder:cy",))
    given = MACHINE.decide(state, Redirected(by="ada", plan=Plan(team="web", policy=policy)), 1)
    assert given.state is not None
    assert (given.state.plan.team, given.state.plan.policy) == ("web", policy)
    assert given.state.asked == ("responder:bo",)
    after = MACHINE.decide(given.state, Noted(by="ada", text="?"), 2).state
    assert after is not None
    assert after.plan.policy == policy


def test_without_schedules_nobody_is_on_call() -> None:
    assert nobody("schedule:ops", 0) == ()
    alert = Alert(status=AlertStatus.FIRING, title="disk", dedup_key="disk", source="json")
    state = IncidentMachine().decide(None, AlertReceived(alert, PLAN), 0).state
    assert state is not None
    assert state.asked == ("responder:cy",)


def test_a_target_has_a_name_for_people() -> None:
    assert label("schedule:ops") == "on call in ops"
    assert label("schedule:ops:next") == "next on call in ops"
