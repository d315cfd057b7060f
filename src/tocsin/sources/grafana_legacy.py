"""Grafana's alerting before its unified one: a rule of a dashboard's panel changes its state.

A rule that has no data is blind: that is worth a look, but wakes nobody as its real alert would. Source: "Alert
notifications" of Grafana's documentation, version 8, "webhook".
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

MATCHES_MAX: Final = 20  # Measured values that are shown.

_SHAPE: Final = Shape(
    source="grafana",
    titles=("ruleName", "title"),
    keys=(("orgId", "ruleId"), ("ruleId",), ("ruleUrl",)),
    state=("state",),
    states={
        "alerting": State(),
        "no_data": State(severity=Severity.WARNING, said="has no data", broken=True),
        "ok": State(status=AlertStatus.RESOLVED),
        "paused": State(recorded=True, said="is paused"),
        "pending": State(recorded=True, said="is pending"),
    },
    severity=("tags.severity", "tags.priority"),
    descriptions=("message",),
    labels=(("dashboard", "dashboardId"), ("panel", "panelId")),
    links=(("Rule", "ruleUrl"), ("Image", "imageUrl")),
)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The change of a rule's state; None when no rule is named."""
    if "ruleId" not in value and "ruleName" not in value:
        return None
    matches = value.get("evalMatches")
    matches = [item for item in matches[:MATCHES_MAX] if isinstance(item, dict)] if isinstance(matches, list) else []
    tags = value.get("tags")
    return shapes.read(
        _SHAPE,
        value,
        hints,
        description="\n".join(f"{said(item.get('metric'))}: {said(item.get('value'))}" for item in matches),
        labels=tags.items() if isinstance(tags, dict) else (),
    )
