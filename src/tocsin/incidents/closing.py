"""What an alert teaches when it is closed: by whom, after how long, and what came of its hold.

It is told to the history of its key, an aggregate of its own (law 3). What comes back before its incident is over, or
soon enough to re-open it, is the same occurrence, told again with its whole time: the history then forgets the shorter
one. What flaps is closed when it stops. Notifications teach nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.moved import moved
from tocsin.incidents.occurrences import Closer, Outcome
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, teller
from tocsin.kernel.time import Instant

CLOSED: Final = "closed"  # What the message says.
HISTORY: Final = "history"  # The machine that it is for.


def told(before: Incident | None, decision: Decision[Incident], now: Instant) -> Decision[Incident]:
    """*decision*, and a message for each alert that it has closed."""
    after = decision.state
    if before is None or after is None or not after.plan.transient_hold or after.kind is not Kind.ALERT:
        return decision
    effects = tuple(_messages(before, after, now))
    return replace(decision, effects=(*decision.effects, *effects)) if effects else decision


def _messages(before: Incident, after: Incident, now: Instant) -> Iterator[Effect]:
    if not before.live:
        return  # All of it was closed before.
    for key in moved(before.alerts, after.alerts) if after.live else after.alerts:
        line, known = after.alerts[key], before.alerts.get(key)
        if known is None or _is_closed(before, known) or not _is_closed(after, line):
            continue
        by_source = line.status is AlertStatus.RESOLVED
        facts: dict[str, Json] = {
            "what": CLOSED,
            "of": after.integration,  # Not "integration": its rate is for what it sends.
            "dedup_key": key,
            "closed_by": Closer.SOURCE if by_source else Closer.HUMAN,
            "duration": now - line.first_at,
            "severity": line.severity,
            "closed_at": now,
            "held": _outcome(before, after) if key == after.face.dedup_key else None,
        }
        yield Effect(receiver=teller(HISTORY), kind=TELL, facts=facts)


def _is_closed(state: Incident, line: AlertLine) -> bool:
    return not state.live or (line.status is AlertStatus.RESOLVED and not (line.flips and line.flips.flapping))


def _outcome(before: Incident, after: Incident) -> Outcome | None:
    hold = after.hold
    if hold is None:
        return None
    if hold.late:
        return Outcome.LATE
    recovered = before.held and after.status is Status.RESOLVED and not after.resolved_by
    return Outcome.SAVED if recovered else Outcome.ENDED
