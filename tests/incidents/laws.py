"""What must hold after every single step of the incident machine, whatever led there."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents import ladder
from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.incidents.holding import HOLD_MAX
from tocsin.incidents.inputs import Input
from tocsin.incidents.ladder import PAGE, PAGED_MAX, SHOW, room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import IGNORED, Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import TELL, Decision, Tick, teller
from tocsin.kernel.time import Instant

MACHINE = IncidentMachine()


def decided(
    state: Incident | None, given: Input, now: Instant, machine: IncidentMachine = MACHINE
) -> Decision[Incident]:
    """What follows from *given*, with every law checked."""
    decision = machine.decide(state, given, now)
    assert machine.decide(state, given, now) == decision
    after = decision.state
    if after is None:
        assert state is None
        assert decision.reason in IGNORED
        assert (decision.effects, decision.story) == ((), "")
        return decision
    assert MACHINE.decode(MACHINE.encode(after)) == after
    _check_promises(after, given, now)
    _check_effects(decision, after, now)
    if state is not None:
        _check_step(state, decision, after)
    return decision


def _check_promises(after: Incident, given: Input, now: Instant) -> None:
    standing = MACHINE.standing(after)
    assert standing.wake_at == after.next_at
    assert standing.live is (after.status is not Status.RESOLVED)
    assert standing.owes is (after.status in {Status.TRIGGERED, Status.SNOOZED})
    assert standing.live is (after.wake_at is not None), "law 12: what is open has a due next action, what is over none"
    assert not isinstance(given, Tick) or after.next_at is None or after.next_at > now, "law 7"
    _check_timers(after)
    assert (after.status is Status.SNOOZED) is (after.snoozed_until is not None)
    assert (after.status is Status.RESOLVED) is (after.resolved_at is not None)
    assert after.status is Status.RESOLVED or (after.resolved_by, after.resolve_note) == ("", "")
    assert set(after.unreached) <= set(after.asked)
    assert after.status is Status.RESOLVED or not after.withdrawn
    assert after.status is not Status.ACKNOWLEDGED or after.acknowledged_at is not None
    if after.status is Status.TRIGGERED:
        assert (after.assignee, after.acknowledged_by, after.acknowledged_at) == ("", "", None)
        waiting = set(after.asked) - set(after.passed)
        last = after.plan.policy.is_last(after.rung - after.base)  # Who passes there is asked again when the step ends.
        assert waiting or after.kind is Kind.NOTIFICATION or last
    assert set(after.asked) <= set(after.paged) or len(after.paged) == PAGED_MAX


def _check_timers(after: Incident) -> None:
    firing = [line for line in after.alerts.values() if line.status is not AlertStatus.RESOLVED]
    expires = any(line.expires_at is not None for line in firing)
    assert (after.look_at is not None) is (after.live and expires), "what expires is looked at"
    assert after.status is not Status.SNOOZED or after.wake_at == after.snoozed_until, "what is muted has its end"
    flaps = any(line.flips is not None and line.flips.flapping for line in after.alerts.values())
    assert (after.calm_at is not None) is (after.live and flaps), "what flaps is looked at"
    if after.held and after.hold is not None:
        assert after.wake_at == after.hold.until <= after.hold.since + HOLD_MAX
        assert after.severity is not Severity.CRITICAL, "an emergency is never held"
        assert not after.silenced, "a silence takes the place of a hold"


def _check_effects(decision: Decision[Incident], after: Incident, now: Instant) -> None:
    pages = [effect for effect in decision.effects if effect.kind == PAGE]
    shows = [effect for effect in decision.effects if effect.kind == SHOW]
    tells = [effect for effect in decision.effects if effect.kind == TELL]
    assert len(pages) + len(shows) + len(tells) == len(decision.effects)
    told = {effect.receiver for effect in tells}
    assert told <= {teller("heartbeat"), teller("silence"), teller("history"), teller("incident")}
    assert all(effect.urgent and not effect.coalesce for effect in pages)
    assert all(effect.coalesce and not effect.urgent for effect in shows)
    assert all(effect.facts["rung"] == after.rung for effect in pages)
    assert all(MACHINE.wanted(after, effect) for effect in decision.effects), "only who is asked gets a page"
    assert len({effect.receiver for effect in shows}) == len(shows)
    assert not pages or after.status is Status.TRIGGERED
    assert not pages or ladder.hushed(after, now) is None, "nobody is paged for what is silenced"


def _check_step(state: Incident, decision: Decision[Incident], after: Incident) -> None:
    assert after.rung >= state.rung
    assert after.paged[: len(state.paged)] == state.paged
    assert after.opened_at == state.opened_at
    assert after.count >= state.count
    receivers = {effect.receiver for effect in decision.effects}
    pages = {effect.receiver for effect in decision.effects if effect.kind == PAGE}
    if after.rung == state.rung and decision.reason is Reason.INVITED:
        awaited, still_silent = ladder.awaited(state), set(after.asked) - ladder.awaited(after)
        assert pages == set(after.asked) - awaited - still_silent
    else:
        assert pages == (set(after.asked) if after.rung > state.rung else set()), "a new rung asks, nothing else does"
    if after.rung == state.rung and decision.reason is not Reason.INVITED:
        assert after.unreached[: len(state.unreached)] == state.unreached
    if decision.reason in IGNORED:
        assert replace(after, count=state.count, wake_at=state.wake_at) == state
        assert (decision.story, pages) == ("", set())
    if _seen(state) != _seen(after) and decision.reason is not Reason.NOTIFICATION_OVER:
        assert decision.story
        assert room(after.team) in receivers or decision.reason is Reason.PAGE_FAILED
    if state.status is not after.status and decision.reason is not Reason.NOTIFICATION_OVER:
        assert set(state.paged) <= receivers, "who was asked sees that it has changed"


def _seen(state: Incident) -> object:
    """What people can see of it, times and counts left out."""
    return (
        state.status,
        state.kind,
        state.severity,
        state.face.title,
        {key: line.status for key, line in state.alerts.items()},
        state.asked,
        state.passed,
        state.unreached,
        state.assignee,
        state.acknowledged_by,
        state.resolved_by,
        state.snoozed_until,
    )
