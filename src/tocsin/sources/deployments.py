"""A deployment: a change, whatever comes of it; and an alert when it fails, until the next one there succeeds."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.changes.change import Change
from tocsin.changes.change import Link as ChangeLink
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds
from tocsin.sources.builds import Outcome
from tocsin.sources.reading import Hints, Reading

SHA_SHOWN: Final = 8  # Characters of a commit's hash; people know it by no more.


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment, as its sender tells of it.

    *number*: the sender's for it, so that everything that is told of it is one change. *begun*: whether something may
    have changed already. *severity*: of a failure; INFO: nobody must act on it.
    """

    source: str
    repository: str
    environment: str
    outcome: Outcome
    word: str
    begun: bool
    severity: Severity
    number: str = ""
    ref: str = ""
    sha: str = ""
    by: str = ""
    description: str = ""
    links: tuple[tuple[str, Json], ...] = ()
    at: Instant | None = None


def reading(deployment: Deployment, event: Json, hints: Hints) -> Reading:
    """The change, and the alert where it failed or may be the end of one."""
    silent = deployment.outcome is Outcome.SILENT
    return Reading(
        source=deployment.source,
        event=event,
        alerts=() if silent else (_alert(deployment, hints),),
        changes=(_change(deployment),) if deployment.begun else (),
        fact=bounds.line(f"{_title(deployment)}: {deployment.word or 'no word'}") if silent else "",
    )


def changed_links(pairs: tuple[tuple[str, Json], ...]) -> tuple[ChangeLink, ...]:
    """The links of a change: http and https only, as for alerts."""
    return tuple(ChangeLink(link.text, link.href) for link in bounds.links(pairs))


def _alert(deployment: Deployment, hints: Hints) -> Alert:
    over = deployment.outcome is Outcome.PASSED
    key = hints.key or f"{deployment.source}:{deployment.repository}:deployment@{deployment.environment}"
    where = f" to {deployment.environment}" if deployment.environment else ""
    return Alert(
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        kind=Kind.NOTIFICATION if deployment.severity is Severity.INFO else Kind.ALERT,
        severity=deployment.severity,
        title=bounds.title(
            f"{deployment.repository or 'Deployment'}: deployment{where} {'succeeded' if over else 'failed'}"
        ),
        description=bounds.prose(deployment.description),
        dedup_key=bounds.key(key),
        source=deployment.source,
        resource=bounds.line(deployment.repository, bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                ("repository", deployment.repository),
                ("environment", deployment.environment),
                ("outcome", deployment.word),
                ("ref", deployment.ref),
                ("sha", deployment.sha),
                ("by", deployment.by),
            )
        ),
        links=bounds.links(deployment.links),
        occurred_at=deployment.at,
    )


def _change(deployment: Deployment) -> Change:
    """The same whatever comes of it, so that it does not matter which word of it comes first."""
    number = deployment.number
    return Change(
        title=_title(deployment),
        source=deployment.source,
        key=bounds.key(f"{deployment.source}:{deployment.repository}:deployment:{number}") if number else "",
        what=bounds.line(deployment.repository, bounds.LABEL_MAX),
        by=bounds.line(deployment.by, bounds.LABEL_MAX),
        description=bounds.prose(deployment.description),
        links=changed_links(deployment.links),
        changed_at=deployment.at,
    )


def _title(deployment: Deployment) -> str:
    sha = deployment.sha[:SHA_SHOWN]
    parts = [deployment.repository, deployment.ref, f"({sha})" if sha and sha not in deployment.ref else ""]
    where = f" to {deployment.environment}" if deployment.environment else ""
    return bounds.title(f"Deployment of {' '.join(part for part in parts if part) or 'something'}{where}")
