"""The webhook of Alertmanager (version "4"), and of Grafana's unified alerting, which has the same shape (version "1").

An alert is identified by its fingerprint, scoped by the Alertmanager that sent it: not by the group, whose members
change. Each alert's own status counts; what a truncated group leaves out is told, and resolved for nobody.

Sources: "Configuration, <webhook_config>" of Prometheus Alertmanager; "Webhook notifier" of Grafana's documentation.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import bounds, labelled
from tocsin.sources.batches import each
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading

_MARKS: Final = ("groupKey", "receiver", "commonLabels", "externalURL")
_STATUSES: Final = {"firing": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}
_LINKS: Final = (
    ("Panel", "panelURL"),
    ("Dashboard", "dashboardURL"),
    ("Source", "generatorURL"),
    ("Silence", "silenceURL"),
    ("Image", "imageURL"),
)


def read(value: dict[str, Json], _: Hints) -> Reading | None:
    """The alerts of a group; None when the body was given another shape by a template."""
    alerts = value.get("alerts")
    if not isinstance(alerts, list) or not any(mark in value for mark in _MARKS):
        return None
    grafana = "orgId" in value or value.get("version") == "1"
    source = "grafana" if grafana else "alertmanager"
    sender, group = said(value.get("externalURL")), said(value.get("groupKey"))
    left_out = _left_out(value.get("truncatedAlerts"))
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
        return labelled.alert(
            status=status,
            labels=labels,
            annotations=annotations,
            dedup_key=bounds.key(f"{fingerprint or labelled.identity(labels)}@{sender}"),
            group_key=bounds.key(f"{group}@{sender}") if group else "",
            source=source,
            note=_note(item, left_out),
            links=(*[(text, item[name]) for text, name in _LINKS if name in item], overview),
        )

    found, problems = each(alerts, "alerts", read_item)
    return Reading(source=source, alerts=found, problems=problems, event=value, fact=left_out)


def _left_out(truncated: Json) -> str:
    if type(truncated) is not int or truncated <= 0:
        return ""
    return (
        f"Left out by the sender, since the group is too large: {truncated} more alert{'s' if truncated != 1 else ''}."
    )


def _note(item: dict[str, Json], left_out: str) -> str:
    """Grafana's measured values, and what was left out."""
    return "\n".join(part for part in (said(item.get("valueString")), left_out) if part)
