"""Transient holds: what usually recovers by itself within minutes is shown at once, and pages nobody until then.

Held is snoozed by nobody, as silenced is; the end of the hold is the incident's own timer, and then the ladder begins.
Nothing is held that is critical, that a person must resolve, or that has come back. A learned hold needs a key that is
known, and no worse than it was. Whoever escalates, reassigns, invites or takes an acknowledgement back wants somebody
asked, and ends the hold; so does a worse alert, and another one that would not be held itself.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.incidents import flapping, gating, ladder
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.occurrences import Hold, usual
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import MINUTE, Duration, Instant, format_duration, format_instant

HOLD_MAX: Final[Duration] = 10 * MINUTE  # Whatever is configured or was learned: later is too late.

_Decision = Decision[Incident]


def hold_of(given: AlertReceived, now: Instant) -> Hold | None:
    """The hold of an alert that fires, if it may have one."""
    plan, severity = given.plan, given.plan.severity or given.alert.severity
    if severity is Severity.CRITICAL or not plan.auto_resolve:
        return None
    if plan.hold > 0:
        return Hold(since=now, until=now + min(plan.hold, HOLD_MAX))
    found = usual(given.history, severity) if plan.transient_hold else None
    return Hold(since=now, until=now + min(found.within, HOLD_MAX), usual=found) if found else None


def opened(state: Incident, given: AlertReceived, now: Instant) -> _Decision:
    """The first alert of an incident fires: ask the first step, or hold the page."""
    hold = None if ladder.hushed(state, now) else hold_of(given, now)
    if hold is None:
        return ladder.first_rung(state, now, Reason.OPENED, "opened")
    after = replace(state, status=Status.SNOOZED, hold=hold, snoozed_until=hold.until, wake_at=hold.until)
    return Decision(after, Reason.HELD, ladder.refresh(after), f"opened; {told(hold)}")


def joined(after: Incident, given: AlertReceived, now: Instant) -> _Decision | None:
    """Another alert has joined what is held, and led to *after*: it is asked about if it would not be held itself."""
    alert = given.alert
    informs = (given.plan.kind or alert.kind) is Kind.NOTIFICATION or gating.gate_of(given) is not None
    quiet = informs or after.alerts[alert.dedup_key].mute is not None
    if not after.held or quiet or hold_of(given, now) is not None:
        return None
    return ladder.first_rung(after, now, Reason.UNHELD, f"joined, and is not held: {alert.title}")


def over(state: Incident, now: Instant) -> _Decision:
    """It has not recovered in its time."""
    hold = state.hold
    assert hold is not None, "what is held has a hold"
    if flapping.quiet(state):  # When it fires again soon, it is asked about at once.
        after = ladder.resolved(state, now)
        return Decision(after, Reason.HELD_RECOVERED, ladder.refresh(after), "the hold is over, and nothing fires")
    story = f"not recovered after {format_duration(now - hold.since)}"
    return ladder.first_rung(missed(state), now, Reason.HELD_OVER, story)


def missed(state: Incident) -> Incident:
    """The incident, whose hold, if it had one, has only made the page late."""
    return replace(state, hold=replace(state.hold, late=True)) if state.hold else state


def told(hold: Hold) -> str:
    """The hold as a line of the timeline."""
    return f"held until {format_instant(hold.until)}: {because(hold)}"


def because(hold: Hold) -> str:
    """Why it is held, as the rest of a sentence."""
    if hold.usual is None:
        return f"it has {format_duration(hold.until - hold.since)} to recover by itself"
    often = f"{hold.usual.recovered} of the last {hold.usual.of} times"
    return f"it usually recovers by itself within {format_duration(hold.usual.within)} ({often})"
