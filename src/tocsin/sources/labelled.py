"""Alerts made of labels and annotations, as Prometheus, Alertmanager and Grafana write them."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import bounds, words
from tocsin.sources.bounds import said

_SUMMARIES: Final = ("summary", "title", "message")
_DESCRIPTIONS: Final = ("description", "message")
_RESOURCES: Final = ("instance", "pod", "node", "host", "service", "job", "namespace")
_LINKS: Final = (
    ("Runbook", "runbook_url"),
    ("Runbook", "runbook"),
    ("Dashboard", "dashboard_url"),
    ("Dashboard", "dashboard"),
)


def alert(
    *,
    status: AlertStatus,
    labels: dict[str, Json],
    annotations: dict[str, Json],
    dedup_key: str,
    source: str,
    group_key: str = "",
    note: str = "",
    links: tuple[tuple[str, Json], ...] = (),
) -> Alert:
    """The alert: its name and summary are the title. *note* follows the description, *links* the annotated ones.

    It has no time of its own: `startsAt` is when the trouble began, not when this was said. What fires again after a
    restart of its sender has the old one, and must not be taken for a message that is late.
    """
    account = labels.get("account_id") or labels.get("account")
    return Alert(
        status=status,
        title=_title(labels, annotations),
        description=bounds.paragraphs(_first(annotations, _DESCRIPTIONS), note),
        dedup_key=dedup_key,
        group_key=group_key,
        source=source,
        severity=words.severity(labels.get("severity") or labels.get("priority") or labels.get("level")),
        account=bounds.line(said(account), bounds.NAME_MAX) if account else "",
        region=bounds.line(said(labels["region"]), bounds.NAME_MAX) if "region" in labels else "",
        resource=bounds.line(_first(labels, _RESOURCES), bounds.LABEL_MAX),
        labels=bounds.labels(labels.items()),
        links=bounds.links([*[(text, annotations[name]) for text, name in _LINKS if name in annotations], *links]),
    )


def nameless(labels: dict[str, Json]) -> bool:
    """Whether no label says anything, so that nothing tells the alert from another."""
    return all(value in ("", None) for value in labels.values())


def identity(labels: dict[str, Json]) -> str:
    """A hash of the labels that say something, in any order: two alerts with the same labels are one alert."""
    values = labels.values()
    if "" in values or None in values:
        labels = {name: value for name, value in labels.items() if value not in ("", None)}
    return bounds.digest_of(msgspec.json.encode(labels, order="sorted"))


def _title(labels: dict[str, Json], annotations: dict[str, Json]) -> str:
    name, summary = said(labels.get("alertname")), _first(annotations, _SUMMARIES)
    if not summary:
        place = _first(labels, _RESOURCES)
        return bounds.title(f"{name or 'Alert'} on {place}" if place else name or "Alert without a name")
    return bounds.title(summary if name.lower() in summary.lower() else f"{name}: {summary}")


def _first(values: dict[str, Json], names: tuple[str, ...]) -> str:
    for name in names:
        value = values.get(name)
        if value:
            return said(value)
    return ""
