"""Sentry's webhooks: issue alerts, metric alerts, the life of an issue, and the old plugin's body.

The header `Sentry-Hook-Resource` names what it is about. An issue is known by its number, whoever tells of it, so that
its end in Sentry ends what an alert rule has begun here; a metric alert by its rule, so that the next time is the same
matter. Source: "Webhooks" of the integration platform in Sentry's documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds, words
from tocsin.sources.places import at, text, thing
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "sentry"
HEADER: Final = "sentry-hook-resource"
MOMENT: Final = "sentry-hook-timestamp"
TAGS_MAX: Final = 40

_FACTS: Final = frozenset({"comment", "installation"})
_RESOLVED: Final = frozenset({"resolved", "ignored", "archived"})
_FIRES: Final = frozenset({"created", "unresolved", "triggered", ""})
_METRIC: Final = {
    "critical": (AlertStatus.FIRING, Severity.CRITICAL),
    "warning": (AlertStatus.FIRING, Severity.WARNING),
    "resolved": (AlertStatus.RESOLVED, Severity.HIGH),
}


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What a hook says; None when *value* is none of Sentry's."""
    known = _READERS.get(hints.headers.get(HEADER, "").strip().lower())
    if known is not None:
        return known(value, hints)
    for name, reader in _BY_NAME:
        if type(at(value, name)) is dict:
            return reader(value, hints)
    return _other(value, hints) if HEADER in hints.headers else None


def _other(value: dict[str, Json], hints: Hints) -> Reading:
    resource = bounds.plain(hints.headers[HEADER]).strip() or "hook"
    told = bounds.title(f"Sentry: {resource} {text(value, 'action')}")
    if resource in _FACTS:
        return Reading(source=SOURCE, event=value, fact=told)
    alert = Alert(
        status=AlertStatus.FIRING,
        kind=Kind.NOTIFICATION,
        severity=Severity.INFO,
        title=told,
        dedup_key=bounds.key(hints.key or f"{SOURCE}:{told}"),
        source=SOURCE,
    )
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _event_alert(value: dict[str, Json], hints: Hints) -> Reading:
    """An alert rule about issues was met by an event."""
    event = thing(value, "data.event")
    rule = text(value, "data.triggered_rule", "data.issue_alert.title")
    alert = _issue_alert(event, AlertStatus.FIRING, text(event, "issue_id"), hints, rule)
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _error(value: dict[str, Json], hints: Hints) -> Reading:
    event = thing(value, "data.error")
    alert = _issue_alert(event, AlertStatus.FIRING, text(event, "issue_id"), hints, "")
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _issue(value: dict[str, Json], hints: Hints) -> Reading:
    """The life of an issue. That it was assigned to somebody there asks nobody here less."""
    issue, action = thing(value, "data.issue"), text(value, "action").lower()
    name = text(issue, "shortId", "id")
    over = action in _RESOLVED or (action == "triggered" and text(issue, "status") in _RESOLVED)
    if not over and action not in _FIRES:
        return Reading(source=SOURCE, event=value, fact=bounds.line(f"issue {name}: {action}"))
    status = AlertStatus.RESOLVED if over else AlertStatus.FIRING
    return Reading(source=SOURCE, event=value, alerts=(_issue_alert(issue, status, text(issue, "id"), hints, ""),))


def _legacy(value: dict[str, Json], hints: Hints) -> Reading:
    """What the plugin "WebHooks" of a project sends."""
    told = {**thing(value, "event"), **{name: item for name, item in value.items() if name != "event"}}
    rules = value.get("triggering_rules")
    rule = ", ".join(name for name in rules[:TAGS_MAX] if type(name) is str) if type(rules) is list else ""
    alert = _issue_alert(told, AlertStatus.FIRING, text(value, "id"), hints, rule)
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _metric_alert(value: dict[str, Json], hints: Hints) -> Reading:
    told, action = thing(value, "data.metric_alert"), text(value, "action").lower()
    rule = text(told, "alert_rule.id") or text(told, "identifier", "id")
    title = text(value, "data.description_title") or text(told, "title", "alert_rule.name") or "Metric alert"
    status, severity = _METRIC.get(action, (AlertStatus.FIRING, Severity.HIGH))
    projects = told.get("projects")
    project = ", ".join(name for name in projects[:TAGS_MAX] if type(name) is str) if type(projects) is list else ""
    alert = Alert(
        status=status,
        severity=severity,
        title=bounds.title(title),
        description=bounds.prose(text(value, "data.description_text")),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:metric:{rule or bounds.digest(title)}"),
        source=SOURCE,
        resource=bounds.line(project, bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                ("rule", text(told, "alert_rule.name", "title")),
                ("query", text(told, "alert_rule.query")),
                ("aggregate", text(told, "alert_rule.aggregate")),
                ("environment", text(told, "alert_rule.environment")),
            )
        ),
        links=bounds.links((("Sentry", text(value, "data.web_url")),)),
        occurred_at=_sent_at(hints),
    )
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _issue_alert(told: dict[str, Json], status: AlertStatus, number: str, hints: Hints, rule: str) -> Alert:
    """The alert about an issue; *told* is the issue, or one event of it."""
    title = text(told, "title", "metadata.title", "message", "culprit") or "Issue"
    culprit, level = text(told, "culprit"), text(told, "level")
    project = text(told, "project_slug", "project.slug", "project_name", "project.name", "project")
    severity = words.severity(level)
    short = text(told, "shortId")
    return Alert(
        status=status,
        kind=Kind.NOTIFICATION if severity is Severity.INFO else Kind.ALERT,
        severity=severity,
        title=bounds.title(title),
        description=bounds.paragraphs(
            culprit if culprit != title else "", text(told, "metadata.value"), f"Rule: {rule}" if rule else ""
        ),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:issue:{number or bounds.digest(project, title, culprit)}"),
        source=SOURCE,
        resource=bounds.line(project, bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                ("issue", short or number),
                ("level", level),
                ("platform", text(told, "platform")),
                ("rule", rule),
                *_tags(told.get("tags")),
            )
        ),
        links=bounds.links((("Sentry", text(told, "web_url", "permalink", "url")),)),
        # When Sentry received it: the event's own time is by the clock of somebody's browser.
        occurred_at=bounds.instant(told.get("received")) or _sent_at(hints),
    )


def _tags(tags: Json) -> list[tuple[str, Json]]:
    """Sentry's tags are pairs in lists."""
    if type(tags) is not list:
        return []
    return [
        (pair[0], pair[1])
        for pair in tags[:TAGS_MAX]
        if type(pair) is list and len(pair) > 1 and type(pair[0]) is str and pair[0] != "level"
    ]


def _sent_at(hints: Hints) -> Instant | None:
    """When the hook was sent, in seconds; the bodies themselves seldom have a time."""
    digits = hints.headers.get(MOMENT, "")
    return (
        bounds.instant(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) <= len("9" * 13) else None
    )


_READERS: Final[dict[str, Callable[[dict[str, Json], Hints], Reading]]] = {
    "activity_alert": _issue,
    "error": _error,
    "event_alert": _event_alert,
    "issue": _issue,
    "metric_alert": _metric_alert,
}
_BY_NAME: Final = (
    ("data.metric_alert", _metric_alert),
    ("data.event", _event_alert),
    ("data.issue", _issue),
    ("data.error", _error),
    ("event", _legacy),
)
