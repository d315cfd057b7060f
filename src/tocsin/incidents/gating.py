"""Thresholds: an alert whose plan has a gate asks nobody before it has fired so often within so long a time.

Until then it is a notification, which is over when the time has passed since it fired last; so all that must be
remembered stands in one incident, and its timer is the same field as ever. What its source closes meanwhile and fires
again in that time is the same incident, and counts on. Alerts of one group count together. An emergency never waits.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.incidents import ladder
from tocsin.incidents.alerts import Gate, Kind, Plan, Severity
from tocsin.incidents.expiry import over_at
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant, format_duration

FIRED_MAX: Final = 100  # Times that an incident remembers; a gate that wants more wants a silence.

_Decision = Decision[Incident]


def opened(state: Incident, given: AlertReceived, now: Instant) -> _Decision | None:
    """*given* has opened *state*: what follows if it has not fired often enough, which one time seldom is."""
    gate = gate_of(given)
    fired = _fired(state, gate, now) if gate else ()
    return None if gate is None or _reached(fired, gate) else _waits(state, given, gate, fired, now)


def counted(state: Incident, after: Incident, given: AlertReceived, now: Instant) -> _Decision | None:
    """*given* has fired and led from *state* to *after*: what follows if its threshold has a say in it."""
    gate = gate_of(given)
    if gate is None or state.kind is Kind.ALERT:
        return None
    fired = _fired(state, gate, now)
    if not _reached(fired, gate):
        return _waits(after, given, gate, fired, now)
    story = f"fires {len(fired)} times within {format_duration(gate.within)}"
    known = replace(after, fired=fired, plan=given.plan)
    if state.status in {Status.ACKNOWLEDGED, Status.SNOOZED}:  # Somebody has it, and will be reminded.
        alert = replace(known, kind=Kind.ALERT)
        return Decision(alert, Reason.REACHED, ladder.refresh(alert), story)
    return ladder.first_rung(_awake(known, given), now, Reason.REACHED, story)


def goes_on(state: Incident, given: AlertReceived, now: Instant) -> bool:
    """Whether *given* counts on in *state*: a person has not closed it, and the time is not over."""
    gate = gate_of(given)
    if gate is None or state.kind is Kind.ALERT or state.resolved_by or state.withdrawn:
        return False
    return bool(state.fired) and now - state.fired[-1] < gate.within


def gate_of(given: AlertReceived) -> Gate | None:
    """What *given* must pass, if it would ask somebody at all; an emergency need not."""
    alert, plan = given.alert, given.plan
    emergency = (plan.severity or alert.severity) is Severity.CRITICAL
    return None if emergency or (plan.kind or alert.kind) is Kind.NOTIFICATION else plan.gate


def remedied(decision: _Decision, plan: Plan) -> _Decision:
    """*decision*, which has opened an incident, with the remedy that has made its plan quieter."""
    return replace(decision, story=f"{decision.story}; {plan.remedy.words}") if plan.remedy else decision


def _waits(after: Incident, given: AlertReceived, gate: Gate, fired: tuple[Instant, ...], now: Instant) -> _Decision:
    story = f"fired {len(fired)} of {gate.count} times within {format_duration(gate.within)}; nobody is asked yet"
    counted = replace(after, fired=fired, kind=Kind.NOTIFICATION)
    if after.status in {Status.ACKNOWLEDGED, Status.SNOOZED}:  # An acknowledgement or a snooze keeps its own end.
        return Decision(counted, Reason.COUNTED, ladder.show(counted), story)
    waiting = replace(
        _awake(counted, given),
        status=Status.TRIGGERED,
        changed_at=now,
        wake_at=over_at(given.alert, gate.within, now),
    )
    effects = ladder.refresh(waiting) if after.status is Status.RESOLVED else ladder.show(waiting)
    return Decision(waiting, Reason.COUNTED, effects, story)


def _awake(state: Incident, given: AlertReceived) -> Incident:
    """*state*, not over any more if it was, and nobody's."""
    if state.status is not Status.RESOLVED:
        return state
    return replace(
        state,
        face=given.alert,
        assignee="",
        acknowledged_by="",
        acknowledged_at=None,
        resolved_by="",
        resolved_at=None,
        resolve_note="",
        withdrawn=False,
        reopened=state.reopened + 1,
    )


def _fired(state: Incident, gate: Gate, now: Instant) -> tuple[Instant, ...]:
    return (*(at for at in state.fired if now - at < gate.within), now)[-FIRED_MAX:]


def _reached(fired: tuple[Instant, ...], gate: Gate) -> bool:
    return len(fired) >= min(gate.count, FIRED_MAX)
