"""Keeping the log of pages (module `pages`): each one that is made, and what became of those before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus
from tocsin.incidents.duty import case_of
from tocsin.incidents.inputs import AlertReceived, Input
from tocsin.incidents.ladder import PAGE, is_responder, responder
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.policy import Policy
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.whom import Whom
from tocsin.kernel.machine import Decision, Effect
from tocsin.kernel.time import Instant

PAGES_MAX: Final = 60  # Of one incident; the oldest are forgotten.


def kept(
    decision: Decision[Incident], before: Incident | None, given: Input, now: Instant, whom: Whom
) -> Decision[Incident]:
    """*decision*, whose incident has taken note of the pages that it makes, and of the alert that came."""
    after = decision.state
    assert after is not None, "what does not begin has no pages"
    made = {effect.receiver: effect for effect in decision.effects if effect.kind == PAGE}
    logged = _logged(before, after, made, given, now, whom) if made or _moved(before, after) else after.pages
    fired = _fired(decision.reason, after, given, now)
    if logged is after.pages and fired == after.came:
        return decision
    return replace(decision, state=replace(after, pages=logged, came=fired))


def _moved(before: Incident | None, after: Incident) -> bool:
    """Whether anything has happened that ends a page."""
    return before is None or (before.status, before.passed, before.unreached, before.answered) != (
        after.status,
        after.passed,
        after.unreached,
        after.answered,
    )


def _logged(  # noqa: PLR0917 - the parts of one decision.
    before: Incident | None, after: Incident, made: Mapping[str, Effect], given: Input, now: Instant, whom: Whom
) -> tuple[Page, ...]:
    """The log, with what has become of the pages before, and with those that are *made*."""
    begun = before is None or before.status is Status.RESOLVED  # What comes again is asked about from the beginning.
    pages = () if begun and after.live else after.pages
    closed = tuple(page if page.until else _closed(page, after, made, _over(after), now) for page in pages)
    case = case_of(before, given, after.plan, now) if made else None
    new = tuple(
        Page(receiver=name, at=now, known=whom.known(name, case), turn=str(effect.facts.get("turn", "")))
        for name, effect in made.items()
        if case is not None and is_responder(name)
    )
    return (*closed, *new)[-PAGES_MAX:]


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
    if not most:
        return ()
    fires = isinstance(given, AlertReceived) and given.alert.status is AlertStatus.FIRING
    newest = (*after.came, now) if fires and reason != Reason.OUT_OF_ORDER else after.came
    return newest[-most:]


def counted(policy: Policy) -> int:
    """How many alerts the conditions of *policy* count at most."""
    most = 0
    for step in policy.steps:
        most = max(most, step.when.alerts if step.when is not None else 0)
    return most
