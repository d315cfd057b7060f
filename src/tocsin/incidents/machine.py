"""The incident machine.

An incident is opened by an alert that fires, and lives until a person or the source resolves it:

    triggered ──acknowledged──► acknowledged ──┐
       ▲  │                          │         ├─resolved──► resolved
       │  └──────snoozed─► snoozed ──┼─────────┘                │
       └─── passed, escalated, time ─┴──────── fires again ◄────┘

While it is *triggered* somebody is asked: the policy's ladder is walked rung by rung, and beyond its last rung everyone
is asked for ever. A rung's number never comes back in one incident; a button carries the rung it was drawn for, so that
a late click cannot escalate twice. *Acknowledged* and *snoozed* are promises with an end: when it comes, the one who
made the promise is asked first, then the ladder begins anew. A deadline always counts from now, not from the deadline
before: after an outage one rung is asked, not all that were missed.

A *notification* is announced, asks nobody, and is over after its window; who snoozes it hears of it again.

What a silence covers is snoozed, by nobody, until the silence is over (module `muting`); so is what another alert
inhibits, and what a storm holds (module `marks`). What its sender repeats, and then does not repeat any more, has a
timer of its own (module `expiry`), and so has what flaps (module `flapping`). What usually recovers by itself is
snoozed by nobody for some minutes before anybody is asked (module `holding`). What must fire several times before
somebody is asked is a notification until then (module `gating`).
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.incidents import (
    amending,
    closing,
    duty,
    expiry,
    flapping,
    gating,
    holding,
    ladder,
    ledger,
    marks,
    muting,
    paging,
    several,
)
from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Escalated,
    Input,
    Lapsed,
    Muted,
    Noted,
    PageFailed,
    Passed,
    Reassigned,
    Redirected,
    Resolved,
    Restored,
    Snoozed,
    Unmuted,
)
from tocsin.incidents.merging import is_stale, lapsed, received
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.whom import Stranger, Whom
from tocsin.kernel import json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import DAY, Duration, Instant, format_instant

ALERTS_MAX: Final = 500  # Distinct alerts of one incident: its state stays small enough to be written often.
SNOOZE_MAX: Final[Duration] = 30 * DAY  # Longer is forgetting.
NOTE_MAX: Final = 2000  # Characters of a note, of why somebody passed, and of what a transport says.

_Decision = Decision[Incident]
_DECODER: Final = msgspec.json.Decoder(Incident)


class IncidentMachine:
    """The machine of DESIGN's table; see the module's essay."""

    name = "incident"

    def __init__(self, on_duty: duty.OnDuty = duty.nobody, whom: Whom | None = None) -> None:
        """*on_duty* says whom the schedules in policies stand for, *whom* knows people."""
        self._on_duty = on_duty
        self._whom: Whom = whom or Stranger()

    def decide(self, state: Incident | None, given: Input, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        plans = [state.plan] if state is not None else []
        if isinstance(given, AlertReceived | Redirected):
            plans.append(given.plan)
        if any(duty.needs_people(plan.policy) for plan in plans):
            decision = duty.decided(self._timed, state, given, now, self._on_duty, self._whom)
        else:
            decision = self._timed(state, given, now)
        if decision.state is None:
            return decision
        return paging.kept(decision, state, given, now, self._whom)

    def _timed(self, state: Incident | None, given: Input, now: Instant) -> _Decision:
        decision = flapping.timed(expiry.timed(marks.told(state, self._decide(state, given, now)), now), now)
        return closing.told(state, ledger.entered(state, decision, now), now)

    def _decide(self, state: Incident | None, given: Input, now: Instant) -> _Decision:
        if state is None:
            return _begin(given, now)
        match given:
            case AlertReceived() | Muted() | Unmuted() | Lapsed():
                return _told(state, given, now)
            case Acknowledged():
                return _acknowledge(state, given, now)
            case Passed():
                return _pass(state, given, now)
            case Escalated():
                return _escalate(state, given, now)
            case Reassigned():
                return _reassign(state, given, now)
            case Snoozed():
                return _snooze(state, given, now)
            case Resolved():
                return _resolve(state, given, now)
            case Noted():
                return _note(state, given)
            case PageFailed() | Restored():
                return _page_failed(state, given, now) if isinstance(given, PageFailed) else _restored(state, now)
            case Tick():
                return _tick(state, now)
            case _:
                return amending.amended(state, given, now)

    def answers(self, state: Incident, given: Input, now: Instant) -> bool:
        """Whether the incident still takes *given*: only an alert that fires can need a new one."""
        if not isinstance(given, AlertReceived) or given.alert.status is not AlertStatus.FIRING:
            return True
        line = state.alerts.get(given.alert.dedup_key)
        if line is not None and is_stale(line, given.alert):
            return True
        if line is None and len(state.alerts) >= ALERTS_MAX:
            return False
        if gating.goes_on(state, given, now):
            return True
        if state.status is Status.RESOLVED:
            return _reopens(state, given, now)
        if state.kind is Kind.NOTIFICATION and state.status is Status.TRIGGERED and now <= (state.wake_at or now):
            return True
        window = state.plan.alert_window if state.kind is Kind.ALERT else state.plan.notification_window
        return now - state.last_alert_at <= window

    def wanted(self, state: Incident, effect: Effect) -> bool:
        """A page leaves only while its rung still asks; a message is always worth being kept true."""
        if effect.kind != ladder.PAGE:
            return True
        asks = state.status is Status.TRIGGERED and effect.facts.get("rung") == state.rung
        return asks and effect.receiver in ladder.awaited(state, unreached=True)

    def standing(self, state: Incident) -> Standing:
        """Law 12: whoever waits for a human, or promised to come back, owes a due next action."""
        owes = state.status in {Status.TRIGGERED, Status.SNOOZED}
        return Standing(wake_at=state.next_at, live=state.live, owes=owes, rank=state.opened_at)

    def encode(self, state: Incident) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Incident:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _begin(given: Input, now: Instant) -> _Decision:
    if not isinstance(given, AlertReceived):
        return Decision(None, Reason.UNKNOWN_INCIDENT)
    if given.alert.status is AlertStatus.RESOLVED:
        return Decision(None, Reason.NOTHING_TO_RESOLVE)
    if given.alert.status is AlertStatus.ACKNOWLEDGED:
        return Decision(None, Reason.NOTHING_TO_ACKNOWLEDGE)
    return received(None, given, now)


def _told(state: Incident, given: AlertReceived | Muted | Unmuted | Lapsed, now: Instant) -> _Decision:
    """What senders and other machines tell."""
    match given:
        case AlertReceived():
            return received(state, given, now)
        case Muted():
            return muting.begun(state, given, now)
        case Unmuted():
            return muting.ended(state, given, now)
        case Lapsed():
            return lapsed(state, given, now)
    assert_never(given)


def _reopens(state: Incident, given: AlertReceived, now: Instant) -> bool:
    """What its source closed and fires again at once is the same trouble; what a person closed is over.

    Not so for notifications, before or now: nobody is asked again because of one.
    """
    closed_by_source = not state.resolved_by and not state.withdrawn
    both_alerts = state.kind is Kind.ALERT and (given.plan.kind or given.alert.kind) is Kind.ALERT
    assert state.resolved_at is not None
    return closed_by_source and both_alerts and now - state.resolved_at <= state.plan.reopen_window


def _acknowledge(state: Incident, given: Acknowledged, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    if state.status is Status.ACKNOWLEDGED and state.assignee == given.by:
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED, ladder.refresh(state))
    if partly := several.acknowledged(state, given.by, now):
        return partly
    taken_over = state.status is Status.ACKNOWLEDGED and state.assignee
    after = replace(
        state,
        status=Status.ACKNOWLEDGED,
        assignee=given.by,
        answered=several.names(state, given.by),
        acknowledged_by=given.by,
        acknowledged_at=now,
        snoozed_until=None,
        changed_at=now,
        wake_at=now + state.plan.policy.ack_timeout,
    )
    if taken_over:
        return Decision(after, Reason.TAKEN_OVER, ladder.refresh(after), f"{given.by} took over from {taken_over}")
    return Decision(after, Reason.ACKNOWLEDGED, ladder.refresh(after), f"{given.by} acknowledged")


def _pass(state: Incident, given: Passed, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    if given.rung is not None and given.rung != state.rung:
        return Decision(state, Reason.STALE_RUNG, ladder.refresh(state))
    receiver = ladder.responder(given.by)
    why = f": {given.why[:NOTE_MAX]}" if given.why else ""
    if state.status is Status.TRIGGERED and receiver in state.asked and receiver not in state.passed:
        answered = tuple(name for name in state.answered if name != given.by)
        after = replace(state, passed=(*state.passed, receiver), answered=answered, changed_at=now)
        if ladder.awaited(after):
            story = f"{given.by} passed{why}; others are still asked"
            return Decision(after, Reason.PASSED_OTHERS_ASKED, ladder.refresh(after), story)
        if after.plan.policy.asks_everyone(after.rung - after.base):
            # There is nobody else: who has just said no is not asked again in the same moment.
            story = f"{given.by} passed{why}; everyone is asked again when the step ends"
            return Decision(after, Reason.PASSED_BY_EVERYONE, ladder.refresh(after), story)
        return ladder.next_rung(after, now, Reason.PASSED, f"{given.by} passed{why}")
    if state.status is not Status.TRIGGERED and state.assignee == given.by:
        after = replace(state, passed=(*state.passed, receiver))
        return ladder.next_rung(after, now, Reason.PASSED, f"{given.by} passed{why}")
    return Decision(state, Reason.NOT_ASKED, ladder.refresh(state))


def _escalate(state: Incident, given: Escalated, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    if given.rung is not None and given.rung != state.rung:
        return Decision(state, Reason.STALE_RUNG, ladder.refresh(state))
    return ladder.next_rung(muting.overruled(state), now, Reason.ESCALATED, f"{given.by} escalated")


def _reassign(state: Incident, given: Reassigned, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    story = f"{given.by} reassigned it to {given.to}"
    resume = state.rung + 1 - state.base
    return ladder.ask_person(muting.overruled(state), given.to, now, Reason.REASSIGNED, story, resume=resume)


def _snooze(state: Incident, given: Snoozed, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    if given.until <= now:
        return Decision(state, Reason.SNOOZE_IN_PAST, ladder.refresh(state))
    until = min(given.until, now + SNOOZE_MAX)
    after = replace(state, status=Status.SNOOZED, assignee=given.by, snoozed_until=until, changed_at=now, wake_at=until)
    return Decision(after, Reason.SNOOZED, ladder.refresh(after), f"{given.by} snoozed until {format_instant(until)}")


def _resolve(state: Incident, given: Resolved, now: Instant) -> _Decision:
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    note = given.note[:NOTE_MAX]
    after = ladder.resolved(state, now, by=given.by, note=note)
    story = f"{given.by} resolved: {note}" if note else f"{given.by} resolved"
    return Decision(after, Reason.RESOLVED, ladder.refresh(after), story)


def _note(state: Incident, given: Noted) -> _Decision:
    if not given.text.strip():
        return Decision(state, Reason.NOTE_EMPTY)
    return Decision(state, Reason.NOTED, ladder.refresh(state), f"{given.by}: {given.text.strip()[:NOTE_MAX]}")


def _page_failed(state: Incident, given: PageFailed, now: Instant) -> _Decision:
    """When nobody of the present step can be reached at all, the next one is asked at once."""
    name = ladder.label(given.receiver)
    story = f"{name} could not be reached: {given.error[:NOTE_MAX]}"
    current = state.status is Status.TRIGGERED and given.rung == state.rung
    if not (current and given.final and given.receiver in state.asked):
        return Decision(state, Reason.PAGE_FAILED, story=story)
    after = replace(state, unreached=tuple(dict.fromkeys((*state.unreached, given.receiver))))
    if ladder.awaited(after) or after.plan.policy.asks_everyone(after.rung - after.base):
        return Decision(after, Reason.PAGE_FAILED, story=story)
    return ladder.next_rung(after, now, Reason.NOBODY_REACHED, story)


def _restored(state: Incident, now: Instant) -> _Decision:
    """Nobody is asked a second time: only where all who were asked could not be reached the next step begins."""
    asks = state.status is Status.TRIGGERED and state.kind is Kind.ALERT
    if asks and state.unreached and not ladder.awaited(state):
        return ladder.next_rung(state, now, Reason.ASKED_AGAIN, "people can be reached again")
    return Decision(state, Reason.SHOWN_AGAIN, ladder.refresh(state))


def _tick(state: Incident, now: Instant) -> _Decision:
    """Any of the timers may be due."""
    climbs = state.wake_at is not None and state.wake_at <= now
    looks = state.look_at is not None and state.look_at <= now
    calms = state.calm_at is not None and state.calm_at <= now
    if not (climbs or looks or calms):
        return Decision(state, Reason.NOT_DUE)
    decision = flapping.calmed(state, now) if calms else Decision(state, Reason.EXPIRED)
    if climbs and (calmed := decision.state) is not None and calmed.wake_at is not None:
        decision = _climb(calmed, now)
    return expiry.looked(decision, now) if looks else decision


def _climb(state: Incident, now: Instant) -> _Decision:
    if state.kind is Kind.NOTIFICATION and state.status is not Status.SNOOZED:
        return Decision(ladder.resolved(state, now), Reason.NOTIFICATION_OVER)
    match state.status:
        case Status.TRIGGERED:
            return flapping.paused(state) or ladder.next_rung(state, now, Reason.STEP_EXPIRED, "no answer")
        case Status.ACKNOWLEDGED:
            story = "acknowledged, but not resolved"
            return ladder.ask_person(state, state.assignee, now, Reason.ACK_EXPIRED, story, resume=0)
        case Status.SNOOZED if state.silenced:
            return muting.over(state, now)
        case Status.SNOOZED if state.held:
            return holding.over(state, now)
        case Status.SNOOZED:
            return ladder.ask_person(state, state.assignee, now, Reason.SNOOZE_OVER, "snooze over", resume=0)
        case Status.RESOLVED:  # It has no wake_at; one that was restored by hand loses it.
            return Decision(replace(state, wake_at=None), Reason.NOT_DUE)
    assert_never(state.status)
