"""What is kept of an incident for figures: who was asked when, who answered first, and whether nobody did.

It is read off each decision after it was made, whichever rule made it, and stands in the state: so it is committed with
what it tells of, and no crash can part the two. No rule of the machine asks for it.
"""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from tocsin.incidents.ladder import PAGE
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant

PAGES_MAX: Final = 100  # An incident that pages more often is asked about for ever; beyond that, a number will do.


def entered(before: Incident | None, decision: Decision[Incident], now: Instant) -> Decision[Incident]:
    """*decision*, with what figures need of it in its state."""
    after = decision.state
    if after is None:
        return decision
    asked = tuple((effect.receiver, now) for effect in decision.effects if effect.kind == PAGE)
    answers = after.answered_at is None and _answers(before, after)
    climbs = before is None or before.rung != after.rung
    in_vain = climbs and after.answered_at is None and after.unanswered_at is None and _in_vain(after)
    if not asked and not answers and not in_vain:
        return decision
    room = PAGES_MAX - len(after.asked_at)
    kept = replace(
        after,
        asked_at=(*after.asked_at, *asked[:room]),
        asked_more=after.asked_more + len(asked[room:]),
        answered_by=after.resolved_by or after.assignee if answers else after.answered_by,
        answered_at=now if answers else after.answered_at,
        unanswered_at=now if in_vain else after.unanswered_at,
    )
    return replace(decision, state=kept)


def _answers(before: Incident | None, after: Incident) -> bool:
    """Whether somebody has taken it on: acknowledged here or at its source, snoozed, or closed by a person."""
    if before is not None and before.status is after.status:
        return False
    match after.status:
        case Status.ACKNOWLEDGED:
            return True
        case Status.SNOOZED:
            return bool(after.assignee)
        case Status.RESOLVED:
            return bool(after.resolved_by) and not after.withdrawn
        case Status.TRIGGERED:
            return False
    assert_never(after.status)


def _in_vain(after: Incident) -> bool:
    """Whether the whole ladder was walked: everyone is asked, and before them somebody was, if only everyone."""
    if after.status is not Status.TRIGGERED or not after.asked_at:
        return False
    position = after.rung - after.base
    return position > 0 and after.plan.policy.is_last(position)
