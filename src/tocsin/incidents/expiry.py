"""Alerts that expire: what its sender repeats for as long as it fires, and does not repeat any more.

Silence has two meanings: the trouble is over, or the sender is gone. An alert that expires therefore resolves nothing.
The heartbeat of its sender is asked; if that lives, the alert has lapsed, and if not, somebody hears of the sender, and
the incident looks again later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.incidents.inputs import Lapsed
from tocsin.incidents.state import AlertLine, Incident
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, teller
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant

GRACE: Final[Duration] = MINUTE  # A round that is late, and the way here.
LOOK_MIN: Final[Duration] = 2 * MINUTE  # How soon the sender is asked after again.
LOOK_MAX: Final[Duration] = 15 * MINUTE  # When it has been silent for an hour: each look is a delivery.

LINGER: Final[Duration] = DAY  # How long a notification waits for news of its sender; then it is over in any case.

_Decision = Decision[Incident]


def timed(decision: _Decision, now: Instant) -> _Decision:
    """*decision* with its incident's second timer set right, whatever has changed."""
    state = decision.state
    if state is None or (look_at := _look_at(state, now)) == state.look_at:
        return decision
    return replace(decision, state=replace(state, look_at=look_at))


def looked(decision: _Decision, now: Instant) -> _Decision:
    """*decision*, and the question after each sender of what is not repeated."""
    state = decision.state
    if state is None or not state.live:
        return decision
    effects = [_question(state.integration, key, line) for key, line in _expired(state, now)]
    again = [now + min(max((now - _due(line)) // 4, LOOK_MIN), LOOK_MAX) for _, line in _expired(state, now)]
    after = replace(state, look_at=min([*again, *_future(state, now)], default=None))
    return replace(decision, state=after, effects=(*decision.effects, *effects))


def over_at(alert: Alert, window: Duration, now: Instant) -> Instant:
    """When a notification is over that *alert* has opened or repeated; one that expires is over when it has lapsed."""
    return max(now + window, 0 if alert.expires_at is None else alert.expires_at + LINGER)


def has_lapsed(line: AlertLine | None, given: Lapsed) -> bool:
    """Whether nothing has been told of the alert since it expired."""
    return line is not None and line.status is not AlertStatus.RESOLVED and line.expires_at == given.expires_at


def _look_at(state: Incident, now: Instant) -> Instant | None:
    if not state.live:
        return None
    # Asked with each alert, of all alerts of the incident: most tell of no end, and that must cost next to nothing.
    ends = [line.expires_at for line in state.alerts.values() if line.expires_at is not None and _fires(line)]
    future = [due for end in ends if (due := end + GRACE) > now]
    known = (state.look_at or now,) if len(future) < len(ends) else ()
    return min([*known, *future], default=None)


def _expired(state: Incident, now: Instant) -> Iterator[tuple[str, AlertLine]]:
    return ((key, line) for key, line in state.alerts.items() if _fires(line) and _due(line) <= now)


def _future(state: Incident, now: Instant) -> list[Instant]:
    return [due for line in state.alerts.values() if _fires(line) and (due := _due(line)) > now]


def _fires(line: AlertLine) -> bool:
    return line.expires_at is not None and line.status is not AlertStatus.RESOLVED


def _due(line: AlertLine) -> Instant:
    assert line.expires_at is not None
    return line.expires_at + GRACE


def _question(integration: str, key: str, line: AlertLine) -> Effect:
    facts: dict[str, Json] = {
        "what": "expired",
        "integration": integration,
        "sender": line.sender,
        "dedup_key": key,
        "expires_at": line.expires_at,
    }
    return Effect(receiver=teller("heartbeat"), kind=TELL, facts=facts)
