"""Several must acknowledge: until so many different people have, those who have not are asked on.

A policy, or one of its steps, may demand it. Who has acknowledged is not asked again, unless they pass after all, or
somebody asks them by name. When all of the team have acknowledged it is enough, however many were demanded.
"""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents import ladder
from tocsin.incidents.alerts import Kind
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant


def some(state: Incident) -> bool:
    """Whether somebody has acknowledged while others are still asked."""
    return state.status is Status.TRIGGERED and bool(state.answered)


def missing(state: Incident) -> int:
    """How many must still acknowledge; none where nobody is asked, and one at least while it is not acknowledged."""
    if state.status is not Status.TRIGGERED or state.kind is Kind.NOTIFICATION:
        return 0
    return max(1, state.plan.policy.demands(state.rung - state.base) - len(state.answered))


def names(state: Incident, by: str) -> tuple[str, ...]:
    """All who have it when *by* acknowledges; empty where one is enough."""
    together = state.answered if state.status in {Status.TRIGGERED, Status.ACKNOWLEDGED} else ()
    return tuple(dict.fromkeys((*together, by))) if together else ()


def acknowledged(state: Incident, by: str, now: Instant) -> Decision[Incident] | None:
    """What follows when *by* acknowledges and others must as well; None: it is enough."""
    if state.status is Status.SNOOZED:
        return None
    if by in state.answered and (state.status is Status.TRIGGERED or state.assignee):
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED, ladder.refresh(state))
    more = missing(state) - 1
    after = replace(
        state,
        answered=(*state.answered, by),
        passed=tuple(name for name in state.passed if name != ladder.responder(by)),
        changed_at=now,
    )
    if more < 1 or not _others(after):
        return None
    story = f"{by} acknowledged; {more} more must"
    if ladder.awaited(after) or after.plan.policy.asks_everyone(after.rung - after.base):
        return Decision(after, Reason.ACKNOWLEDGED_PARTLY, ladder.refresh(after), story)
    return ladder.next_rung(after, now, Reason.ACKNOWLEDGED_PARTLY, story)


def _others(state: Incident) -> bool:
    """Whether anybody is left who could acknowledge too; a room is somebody."""
    policy = state.plan.policy
    everyone = policy.step(len(policy.steps) * (policy.repeat + 1)).targets  # As people, whatever they are named by.
    return not set(map(ladder.responder, state.answered)).issuperset(everyone)
