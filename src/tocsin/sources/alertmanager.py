"""The webhook of Alertmanager (version "4"), and of Grafana's unified alerting, which has the same shape (version "1").

An alert is identified by its fingerprint, scoped by the Alertmanager that sent it: not by the group, whose members
change. Each alert's own status counts; what a truncated group leaves out is told, and resolved for nobody.

Grafana has two alerts about itself: a rule without data, and one that cannot be evaluated. Those tell that nobody is
watching; they are known by the rule, since their labels name the queries, and are never as bad as what they hide.

Sources: "Configuration, <webhook_config>" of Prometheus Alertmanager; "Webhook notifier" of Grafana's documentation.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds, labelled
from tocsin.sources.batches import each
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading
from tocsin.sources.shapes import BROKEN

VALUES_MAX: Final = 20  # Measured values that are shown.

_MARKS: Final = ("groupKey", "receiver", "commonLabels", "externalURL")
_STATUSES: Final = {"firing": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
_LINKS: Final = (
    ("Panel", "panelURL"),
    ("Dashboard", "dashboardURL"),
    ("Source", "generatorURL"),
    ("Silence", "silenceURL"),
    ("Image", "imageURL"),
)
_BLIND: Final = {"DatasourceNoData": "no data for", "DatasourceError": "cannot evaluate"}


def read(value: dict[str, Json], _: Hints) -> Reading | None:
    """The alerts of a group; None when the body was given another shape by a template."""
    alerts = value.get("alerts")
    if not isinstance(alerts, list) or not any(mark in value for mark in _MARKS):
        return None
    grafana = "orgId" in value or value.get("version") == "1"
    source = "grafana" if grafana else "alertmanager"
    sender, group = said(value.get("externalURL")), said(value.get("groupKey"))
    left_out = _left_out(value.get("truncatedAlerts"))
    reason = bounds.line(said(value.get("notification_reason")), bounds.NAME_MAX)
    overview = ("Grafana" if grafana else "Alertmanager", sender)

    def read_item(item: Json) -> Alert | Problem:
        if not isinstance(item, dict):
            return Problem("body", f"{bounds.quoted(item)} is not an object")
        labels, annotations = item.get("labels"), item.get("annotations") or {}
        if not isinstance(labels, dict):
            return Problem("labels", f"{bounds.quoted(labels)} is not an object")
        if not isinstance(annotations, dict):
            return Problem("annotations", f"{bounds.quoted(annotations)} is not an object")
        told = item.get("status") or value.get("status")
        status = _STATUSES.get(told) if isinstance(told, str) else None
        if status is None:
            return Problem("status", f"{bounds.quoted(told)} is neither firing nor resolved")
        fingerprint = said(item.get("fingerprint"))
        if not fingerprint and labelled.nameless(labels):
            return Problem("labels", "no label and no fingerprint: nothing tells this alert from another")
        alert = labelled.alert(
            status=status,
            labels=labels,
            annotations=annotations,
            dedup_key=bounds.key(f"{fingerprint or labelled.identity(labels)}@{sender}"),
            group_key=bounds.key(f"{group}@{sender}") if group else "",
            source=source,
            note=_note(item, value if len(alerts) == 1 else {}, left_out),
            links=(*[(text, item[name]) for text, name in _LINKS if name in item], overview),
        )
        return _blind(alert, labels, annotations, sender) if grafana else alert

    found, problems = each(alerts, "alerts", read_item)
    facts = ("" if alerts else "An empty group.", left_out, f"Sent because: {reason}." if reason else "")
    return Reading(source=source, alerts=found, problems=problems, event=value, fact=" ".join(filter(None, facts)))


def _left_out(truncated: Json) -> str:
    if type(truncated) is not int or truncated <= 0:
        return ""
    return (
        f"Left out by the sender, since the group is too large: {truncated} more alert{'s' if truncated != 1 else ''}."
    )


def _note(item: dict[str, Json], group: dict[str, Json], left_out: str) -> str:
    """What Grafana's template wrote of *group* where nobody wrote more, what it measured, and what was left out."""
    values = item.get("values")
    measured = said(item.get("valueString"))
    if not measured and isinstance(values, dict):
        measured = "\n".join(f"{name}: {said(found)}" for name, found in list(values.items())[:VALUES_MAX])
    written = said(group.get("message")) if not item.get("annotations") else ""
    return "\n".join(part for part in (written, measured, left_out) if part)


def _blind(alert: Alert, labels: dict[str, Json], annotations: dict[str, Json], sender: str) -> Alert:
    """*alert*, which says so if it is about Grafana's own blindness."""
    name, rule = said(labels.get("alertname")), said(labels.get("rulename"))
    if name not in _BLIND or not rule.strip():
        return alert
    folder, error = said(labels.get("grafana_folder")), said(annotations.get("Error") or annotations.get("error"))
    return replace(
        alert,
        title=bounds.title(f"Monitoring is broken: {_BLIND[name]} {rule}"),
        description=bounds.paragraphs(error, alert.description),
        dedup_key=bounds.key(f"{name}:{folder}/{rule}@{sender}"),
        severity=Severity.WARNING,
        labels=bounds.labels([("class", BROKEN), *alert.labels.items()]),
    )
