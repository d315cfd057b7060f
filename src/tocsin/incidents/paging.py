"""Keeping the log of pages (module `pages`): each one that is made, and what became of those before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus
from tocsin.incidents.inputs import AlertReceived, Input
from tocsin.incidents.ladder import PAGE, is_responder, responder
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.policy import Policy
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.whom import Case, Whom
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant

PAGES_MAX: Final = 60  # Of one incident; the oldest are forgotten.


def kept(
    decision: Decision[Incident], before: Incident | None, given: Input, case: Case, whom: Whom
) -> Decision[Incident]:
    """*decision*, whose incident has taken note of the pages that it makes, and of the alert that came."""
    after = decision.state
    assert after is not None, "what does not begin has no pages"
    begun = before is None or before.status is Status.RESOLVED  # What comes again is asked about from the beginning.
    pages = () if begun and after.live else after.pages
    made = {effect.receiver: effect for effect in decision.effects if effect.kind == PAGE}
    over = _over(after)
    closed = tuple(_closed(page, after, made.keys(), over, case.now) if not page.until else page for page in pages)
    new = tuple(
        Page(receiver=name, at=case.now, known=whom.known(name, case), turn=str(effect.facts.get("turn", "")))
        for name, effect in made.items()
        if is_responder(name)
    )
    logged = (*closed, *new)[-PAGES_MAX:]
    fired = _fired(decision.reason, after, given, case.now)
    if logged == after.pages and fired == after.fired:
        return decision
    return replace(decision, state=replace(after, pages=logged, fired=fired))


def _over(after: Incident) -> str:
    """Who has answered by what has just happened; empty for nobody."""
    if after.status is Status.RESOLVED:
        return after.resolved_by
    return after.acknowledged_by if after.status is Status.ACKNOWLEDGED else ""


def _closed(page: Page, after: Incident, made: Collection[str], over: str, now: Instant) -> Page:
    """*page*, as it stands after a decision."""
    name = page.receiver
    answered = name in {responder(each) for each in (*after.answered, over) if each}
    if answered:
        return replace(page, until=now, became=Became.ANSWERED)
    if after.status is not Status.TRIGGERED:
        return replace(page, until=now, became=Became.OVER)
    if name in made:
        return replace(page, until=now, became=Became.AGAIN)
    if name in after.passed:
        return replace(page, until=now, became=Became.PASSED)
    return replace(page, until=now, became=Became.UNREACHED) if name in after.unreached else page


def _fired(reason: str, after: Incident, given: Input, now: Instant) -> tuple[Instant, ...]:
    """When the newest alerts came, as many as the policy counts."""
    most = counted(after.plan.policy)
    fires = isinstance(given, AlertReceived) and given.alert.status is AlertStatus.FIRING
    newest = (*after.fired, now) if fires and reason != Reason.OUT_OF_ORDER else after.fired
    return newest[-most:] if most else ()


def counted(policy: Policy) -> int:
    """How many alerts the conditions of *policy* count at most."""
    return max((step.when.alerts for step in policy.steps if step.when is not None), default=0)
