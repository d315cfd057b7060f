"""Alerts as Prometheus posts them to Alertmanager's API v2: an array of labels, annotations and times.

Identity is the set of labels that say something. An alert whose endsAt has passed is resolved; without one it fires.
Source: the OpenAPI document of Alertmanager, api/v2/openapi.yaml, `postableAlert`.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import bounds, labelled
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "prometheus"

_FIELDS: Final = frozenset(
    {"labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint", "status", "receivers", "updatedAt"}
)


def is_alert(value: dict[str, Json]) -> bool:
    """Whether *value* has this shape: nothing but its fields, or labels with an alert's name."""
    labels = value.get("labels")
    if isinstance(labels, dict) and "alertname" in labels:
        return True
    return "labels" in value and value.keys() <= _FIELDS


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """One alert, or what is wrong with it; None when it is of another shape."""
    if not is_alert(value):
        return None
    found = alert(value, hints)
    if isinstance(found, Alert):
        return Reading(source=SOURCE, alerts=(found,), event=value)
    return Reading(source=SOURCE, problems=(found,), event=value)


def alert(value: dict[str, Json], hints: Hints) -> Alert | Problem:
    """The alert, or what is wrong with it."""
    labels, annotations = value.get("labels"), value.get("annotations") or {}
    if not isinstance(labels, dict):
        return Problem("labels", f"{bounds.quoted(labels)} is not an object")
    if not isinstance(annotations, dict):
        return Problem("annotations", f"{bounds.quoted(annotations)} is not an object")
    if labelled.nameless(labels):
        return Problem("labels", "no label has a value: nothing tells this alert from another")
    ended = bounds.instant(value.get("endsAt"))
    resolved = ended is not None and ended <= hints.received_at
    return labelled.alert(
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        labels=labels,
        annotations=annotations,
        dedup_key=f"prometheus:{labelled.identity(labels)}",
        source=SOURCE,
        links=(("Source", value.get("generatorURL")),),
    )
