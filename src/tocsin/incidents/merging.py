"""Merging alerts into an incident: what opens it, repeats, joins, worsens, re-opens or resolves it."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from tocsin.incidents import flapping, gating, holding, ladder, muting
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.expiry import has_lapsed, over_at
from tocsin.incidents.inputs import AlertReceived, Lapsed
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant

_Decision = Decision[Incident]


def received(state: Incident | None, given: AlertReceived, now: Instant) -> _Decision:
    """What follows from an alert; *state* None opens an incident (the alert fires then)."""
    line = state.alerts.get(given.alert.dedup_key) if state is not None else None
    decision = muting.told(_received(state, line, given, now), line, given.alert.dedup_key)
    return decision if state is not None else gating.remedied(decision, given.plan)


def lapsed(state: Incident, given: Lapsed, now: Instant) -> _Decision:
    """What a sender that lives does not repeat any more is over, unless it has told of it meanwhile."""
    line = state.alerts.get(given.dedup_key)
    if not state.live or line is None or not has_lapsed(line, given):
        return Decision(state, Reason.NOT_LAPSED)
    recovered = replace(line, status=AlertStatus.RESOLVED, last_at=now, expires_at=None)
    decision = _recovered(state, given.dedup_key, recovered, now, f"{line.sender} stopped telling of it")
    if decision.reason in {Reason.SOURCE_RECOVERED, Reason.HELD_RECOVERED, Reason.FLAPPING}:
        return decision
    return replace(decision, reason=Reason.LAPSED)


def _received(state: Incident | None, line: AlertLine | None, given: AlertReceived, now: Instant) -> _Decision:
    alert = given.alert
    if state is None:
        return _open(given, now)
    if line is not None and is_stale(line, alert):
        return Decision(replace(state, count=state.count + 1), Reason.OUT_OF_ORDER)
    match alert.status:
        case AlertStatus.FIRING:
            return _fires(state, line, given, now)
        case AlertStatus.ACKNOWLEDGED:
            return _acknowledged(state, alert, now)
        case AlertStatus.RESOLVED:
            return _recovers(state, line, alert, now)
    assert_never(alert.status)


def is_stale(line: AlertLine, alert: Alert) -> bool:
    """Whether *alert* tells of a time before what is known: senders deliver out of order."""
    if alert.occurred_at is None or line.occurred_at is None:
        return False
    return alert.occurred_at < line.occurred_at and alert.status is not line.status


def _open(given: AlertReceived, now: Instant) -> _Decision:
    alert, plan = given.alert, given.plan
    kind = plan.kind or alert.kind
    state = Incident(
        plan=plan,
        status=Status.TRIGGERED,
        kind=kind,
        severity=_severity(alert, plan),
        face=alert,
        alerts={alert.dedup_key: _line(None, given, now, muting.mute_for(None, given, now))},
        count=1,
        opened_at=now,
        changed_at=now,
        last_alert_at=now,
        wake_at=over_at(alert, plan.notification_window, now),
        rung=-1,
        integration=given.integration,
    )
    if waits := gating.opened(state, given, now):
        return waits
    if kind is Kind.NOTIFICATION:
        return Decision(state, Reason.OPENED, ladder.show(state), "notification, nobody is asked")
    first = flapping.noted(state, None, state.alerts[alert.dedup_key], now)
    return holding.opened(replace(state, alerts={alert.dedup_key: first}), given, now)


def _fires(state: Incident, line: AlertLine | None, given: AlertReceived, now: Instant) -> _Decision:
    alert, plan = given.alert, given.plan
    severity = _severity(alert, plan)
    worse = severity.weight > state.severity.weight
    fired = _line(line, given, now, muting.mute_for(state, given, now))
    after = replace(
        state,
        alerts={**state.alerts, alert.dedup_key: flapping.noted(state, line, fired, now)},
        count=state.count + 1,
        last_alert_at=now,
        severity=severity if worse else state.severity,
        face=alert if worse else state.face,
    )
    if worse and after.alerts[alert.dedup_key].mute is None:
        after = muting.urgent(after)
    if counted := gating.counted(state, after, given, now):
        return counted
    if state.status is Status.RESOLVED:
        return _reopen(after, alert, now)
    if state.kind is Kind.NOTIFICATION:
        if (plan.kind or alert.kind) is Kind.ALERT:
            return ladder.first_rung(replace(after, face=alert, plan=plan), now, Reason.BECAME_ALERT, "now an alert")
        if state.status is Status.TRIGGERED:  # An acknowledgement or a snooze keeps its own end.
            after = replace(after, wake_at=over_at(alert, state.plan.notification_window, now))
    elif worse and state.status is Status.SNOOZED:
        return ladder.ask_person(after, state.assignee, now, Reason.WORSENED, f"worse: {severity}", resume=0)
    elif resettled := muting.resettled(state, after, now):
        return resettled
    elif line is None and (unheld := holding.joined(after, given, now)):
        return unheld
    elif resumed := flapping.resumed(state, after, now):
        return resumed
    if worse:
        return Decision(after, Reason.WORSENED, ladder.refresh(after), f"worse: {severity}")
    return _merged(after, line, alert)


def _merged(after: Incident, line: AlertLine | None, alert: Alert) -> _Decision:
    """An alert that changes nothing but what is known; *line*: what was known of it before."""
    if line is None:
        return Decision(after, Reason.JOINED, ladder.show(after), f"joined: {alert.title}")
    if line.status is AlertStatus.RESOLVED:
        return Decision(after, Reason.RECURRED, ladder.show(after), f"fires again: {alert.title}")
    effects = ladder.show(after) if _is_round(after.count) else ()
    return Decision(after, Reason.REPEATED, effects)


def _reopen(state: Incident, alert: Alert, now: Instant) -> _Decision:
    fresh = replace(
        holding.missed(state),
        face=alert,
        resolved_at=None,
        resolved_by="",
        resolve_note="",
        withdrawn=False,
        reopened=state.reopened + 1,
    )
    return ladder.ask_person(fresh, state.assignee, now, Reason.REOPENED, "fires again", resume=0)


def _acknowledged(state: Incident, alert: Alert, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED)
    if state.status is not Status.TRIGGERED and not state.held:
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED)
    after = replace(
        state,
        status=Status.ACKNOWLEDGED,
        snoozed_until=None,
        acknowledged_by=alert.source,
        acknowledged_at=now,
        changed_at=now,
        wake_at=now + state.plan.policy.ack_timeout,
    )
    return Decision(after, Reason.SOURCE_ACKNOWLEDGED, ladder.refresh(after), f"acknowledged in {alert.source}")


def _recovers(state: Incident, line: AlertLine | None, alert: Alert, now: Instant) -> _Decision:
    if line is None:
        return Decision(state, Reason.NOTHING_TO_RESOLVE)
    if line.status is AlertStatus.RESOLVED:
        # It has overtaken what it ends: when that comes, it is known to be over.
        known = replace(line, occurred_at=_latest(line, alert, now))
        return Decision(replace(state, alerts={**state.alerts, alert.dedup_key: known}), Reason.ALREADY_RESOLVED)
    # Title and severity stay: what recovered is what had fired, and a sender's OK may carry neither.
    occurred_at = _latest(line, alert, now)
    recovered = replace(line, status=alert.status, last_at=now, occurred_at=occurred_at, expires_at=None)
    return _recovered(state, alert.dedup_key, recovered, now, f"resolved by {alert.source}")


def _recovered(state: Incident, key: str, recovered: AlertLine, now: Instant, story: str) -> _Decision:
    """One alert has recovered; *story* is told when it was the last."""
    recovered = flapping.noted(state, state.alerts[key], recovered, now)
    after = replace(state, alerts={**state.alerts, key: recovered})
    if after.firing or state.status is Status.RESOLVED:
        return Decision(after, Reason.ALERT_RESOLVED, ladder.show(after), f"recovered: {recovered.title}")
    if not state.plan.auto_resolve:
        return Decision(after, Reason.SOURCE_RECOVERED, ladder.show(after), "recovered; a person must resolve it")
    if kept := flapping.kept_open(after):
        return kept
    reason = Reason.HELD_RECOVERED if state.held else Reason.SOURCE_RESOLVED
    after = ladder.resolved(after, now)
    return Decision(after, reason, ladder.refresh(after), story)


def _severity(alert: Alert, plan: Plan) -> Severity:
    return plan.severity or alert.severity


def _line(line: AlertLine | None, given: AlertReceived, now: Instant, mute: Mute | None) -> AlertLine:
    alert = given.alert
    return AlertLine(
        title=alert.title,
        status=alert.status,
        severity=_severity(alert, given.plan),
        count=line.count + 1 if line else 1,
        first_at=line.first_at if line else now,
        last_at=now,
        occurred_at=_latest(line, alert, now),
        expires_at=alert.expires_at,
        sender=alert.sender,
        mute=mute,
        marks=given.marks,
        beside=muting.beside(line, mute, now),
    )


def _latest(line: AlertLine | None, alert: Alert, now: Instant) -> Instant | None:
    """The newest time that the sender told of; never beyond *now*, or a wrong clock would silence all that follows."""
    known = line.occurred_at if line else None
    told = [moment for moment in (known, alert.occurred_at) if moment is not None]
    return min(max(told), now) if told else None


def _is_round(count: int) -> bool:
    """1, 2, 3, 5, 10, 20, 50, 100 ...: a message that is kept true for every repetition would do nothing else."""
    digits = str(count)
    return count in {2, 3} or (digits[0] in "125" and not digits[1:].strip("0"))
