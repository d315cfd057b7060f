"""GitHub's security alerts: a vulnerable dependency, a secret in the code, a weakness in the code.

An alert is known by its repository and its number. What was found on a branch that somebody still works on is a
notification, until it appears on one that is watched. Source: "Webhook events and payloads" in GitHub's documentation.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds, builds, places, words
from tocsin.sources.places import text, thing
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "github"

_FIRES: Final = (
    "appeared_in_branch auto_reopened created publicly_leaked reintroduced reopened reopened_by_user validated"
)
_ENDS: Final = "auto_dismissed closed_by_user dismissed fixed resolved revoked"
_ACTIONS: Final = {
    **dict.fromkeys(_FIRES.split(), AlertStatus.FIRING),
    **dict.fromkeys(_ENDS.split(), AlertStatus.RESOLVED),
}
_CLOSED_AT: Final = ("fixed_at", "dismissed_at", "auto_dismissed_at", "resolved_at", "updated_at")
_HEADS: Final = "refs/heads/"


class _Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the three kinds of alerts say in different places."""

    what: str
    title: str
    severity: Severity
    description: str
    labels: tuple[tuple[str, Json], ...]
    watched: bool = True


def event(value: dict[str, Json]) -> str:
    """The event whose alert *value* holds, by the names in it; empty if it is none of them."""
    alert = thing(value, "alert")
    if "security_advisory" in alert:
        return "dependabot_alert"
    if "secret_type" in alert:
        return "secret_scanning_alert"
    return "code_scanning_alert" if "rule" in alert else ""


def dependabot(value: dict[str, Json], hints: Hints) -> Reading:
    """A dependency with a known vulnerability."""
    alert, advisory = thing(value, "alert"), thing(value, "alert.security_advisory")
    package = text(alert, "dependency.package.name", "security_vulnerability.package.name")
    patched = text(alert, "security_vulnerability.first_patched_version.identifier")
    finding = _Finding(
        what="dependabot",
        title=f"vulnerable dependency {package}: {text(advisory, 'summary', 'ghsa_id')}",
        severity=words.severity(text(advisory, "severity") or text(alert, "security_vulnerability.severity")),
        description="\n\n".join(
            filter(None, (f"Repaired in {patched}." if patched else "", text(advisory, "description")))
        ),
        labels=(
            ("package", package),
            ("manifest", text(alert, "dependency.manifest_path")),
            ("scope", text(alert, "dependency.scope")),
            ("cve", text(advisory, "cve_id")),
            ("ghsa", text(advisory, "ghsa_id")),
        ),
    )
    return _reading(finding, value, hints)


def secret_scanning(value: dict[str, Json], hints: Hints) -> Reading:
    """A secret in the code; one that is known to work, or that everybody can read, is the worst."""
    alert = thing(value, "alert")
    open_to_all = value.get("action") == "publicly_leaked" or alert.get("publicly_leaked") is True
    finding = _Finding(
        what="secret",
        title=f"secret in the code: {text(alert, 'secret_type_display_name', 'secret_type') or 'of an unknown type'}",
        severity=Severity.CRITICAL if open_to_all or text(alert, "validity") == "active" else Severity.HIGH,
        description=text(alert, "resolution_comment"),
        labels=(
            ("secret_type", text(alert, "secret_type")),
            ("validity", text(alert, "validity")),
            ("resolution", text(alert, "resolution")),
        ),
    )
    return _reading(finding, value, hints)


def code_scanning(value: dict[str, Json], hints: Hints) -> Reading:
    """A weakness that a scanner has found in the code."""
    alert, rule = thing(value, "alert"), thing(value, "alert.rule")
    ref = text(value, "ref") or text(alert, "most_recent_instance.ref")
    graded = text(rule, "security_severity_level", "severity")
    path = text(alert, "most_recent_instance.location.path")
    finding = _Finding(
        what="code",
        title=f"{text(alert, 'tool.name') or 'code scanning'}: {text(rule, 'description', 'name', 'id')}",
        severity=Severity.INFO if graded == "note" else words.severity(graded),
        description="\n\n".join(
            filter(None, (text(alert, "most_recent_instance.message.text"), text(rule, "full_description")))
        ),
        labels=(("rule", text(rule, "id")), ("ref", ref), ("path", path)),
        watched=not ref
        or (ref.startswith(_HEADS) and builds.watched(ref.removeprefix(_HEADS), _default_branch(value))),
    )
    return _reading(finding, value, hints)


def _reading(finding: _Finding, value: dict[str, Json], hints: Hints) -> Reading:
    alert, action = thing(value, "alert"), text(value, "action")
    repository, number = text(value, "repository.full_name"), text(alert, "number")
    status = _status(action, text(alert, "state"))
    if status is None:
        told = f"{finding.what} alert {number} of {repository}: {action.replace('_', ' ') or 'no word'}"
        return Reading(source=SOURCE, event=value, fact=bounds.line(told))
    idle = finding.severity is Severity.INFO or not finding.watched
    found = Alert(
        status=status,
        kind=Kind.NOTIFICATION if idle else Kind.ALERT,
        severity=finding.severity if finding.watched else Severity.INFO,
        title=bounds.title(": ".join(part for part in (repository, finding.title) if part)),
        description=bounds.prose(finding.description),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:{repository}:{finding.what}:{number}"),
        source=SOURCE,
        resource=bounds.line(repository, bounds.LABEL_MAX),
        labels=bounds.labels((("repository", repository), ("action", action), *finding.labels)),
        links=bounds.links((("Alert", alert.get("html_url")), ("Repository", places.at(value, "repository.html_url")))),
        occurred_at=_moment(status, action, alert),
    )
    return Reading(source=SOURCE, event=value, alerts=(found,))


def _status(action: str, state: str) -> AlertStatus | None:
    """What *action* does to the alert; None: nothing that anybody must hear of. What is closed cannot fire."""
    found = _ACTIONS.get(action)
    return None if found is AlertStatus.FIRING and state not in {"", "open"} else found


def _moment(status: AlertStatus, action: str, alert: dict[str, Json]) -> Instant | None:
    """When it was found, or closed. When it was opened again no field tells, and a wrong time would make it late."""
    if status is AlertStatus.RESOLVED:
        return next((found for name in _CLOSED_AT if (found := bounds.instant(alert.get(name))) is not None), None)
    return bounds.instant(alert.get("created_at")) if action == "created" else None


def _default_branch(value: dict[str, Json]) -> str:
    return text(value, "repository.default_branch")
