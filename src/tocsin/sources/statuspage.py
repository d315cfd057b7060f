"""Statuspage: the status pages of others, which tell of their incidents and of their components.

An incident fires until it is resolved; "monitoring" means that its mend is being watched. Planned maintenance needs
nobody, so it is a notification. Source: "Enable webhook notifications" of Atlassian's Statuspage documentation.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

SHOWN_MAX: Final = 8  # Components that are named.

_OVER: Final = State(status=AlertStatus.RESOLVED)
_PLANNED: Final = State(severity=Severity.INFO, kind=Kind.NOTIFICATION)

_INCIDENT: Final = Shape(
    source="statuspage",
    titles=("incident.name",),
    keys=(("incident.id",), ("incident.shortlink",)),
    state=("incident.status",),
    states={
        "investigating": State(),
        "identified": State(),
        "monitoring": State(),
        "scheduled": _PLANNED,
        "in_progress": _PLANNED,
        "verifying": _PLANNED,
        "resolved": _OVER,
        "completed": _OVER,
        "postmortem": _OVER,
    },
    severity=("incident.impact",),
    levels={"major": Severity.HIGH, "minor": Severity.WARNING, "none": Severity.INFO, "maintenance": Severity.INFO},
    time=("incident.updated_at", "meta.generated_at"),
    labels=(
        ("status", "incident.status"),
        ("impact", "incident.impact"),
        ("page", "page.id"),
        ("page status", "page.status_description"),
    ),
    links=(("Incident", "incident.shortlink"),),
)

_COMPONENT: Final = Shape(
    source="statuspage",
    titles=("component.name",),
    keys=(("component_update.component_id",), ("component.id",)),
    state=("component_update.new_status", "component.status"),
    states={
        "operational": State(status=AlertStatus.RESOLVED, said="is operational"),
        "degraded_performance": State(severity=Severity.WARNING, said="is degraded"),
        "partial_outage": State(severity=Severity.HIGH, said="is out in part"),
        "major_outage": State(severity=Severity.CRITICAL, said="is out"),
        "under_maintenance": State(severity=Severity.INFO, kind=Kind.NOTIFICATION, said="is under maintenance"),
    },
    descriptions=("component.description",),
    resource=("component.name",),
    time=("component_update.created_at", "component.updated_at", "meta.generated_at"),
    labels=(
        ("status", "component_update.new_status"),
        ("before", "component_update.old_status"),
        ("page", "page.id"),
        ("page status", "page.status_description"),
    ),
)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The news of an incident, or of a component; None when *value* tells of neither."""
    incident = value.get("incident")
    if not isinstance(incident, dict):
        return shapes.read(_COMPONENT, value, hints)
    updates = [item for item in _members(incident.get("incident_updates")) if shapes.first(item, ("body",))]
    names = [shapes.first(item, ("name",)) for item in _members(incident.get("components"))]
    return shapes.read(
        _INCIDENT,
        value,
        hints,
        description=shapes.first(updates[0], ("body",)) if updates else "",
        labels=[("components", ", ".join(filter(None, names)))],
    )


def _members(value: Json) -> list[dict[str, Json]]:
    return [item for item in value[:SHOWN_MAX] if isinstance(item, dict)] if isinstance(value, list) else []
