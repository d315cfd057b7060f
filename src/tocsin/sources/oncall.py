"""What was written for other alert receivers: Grafana OnCall's formatted webhook, incident.io's alert source.

Sources: "Formatted webhook" of Grafana OnCall's documentation, and its `engine/config_integrations`; "Create an alert
event" of incident.io's API reference.
"""

from __future__ import annotations

from typing import Final

from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape

_FORMATTED: Final = Shape(
    source="oncall",
    titles=("title", "name", "summary"),
    keys=(("alert_uid",), ("title",)),
    state=("state",),
    severity=("severity", "labels.severity"),
    descriptions=("message",),
    links=(("Upstream", "link_to_upstream_details"), ("Image", "image_url")),
)

_INCIDENT_IO: Final = Shape(
    source="incident.io",
    titles=("title",),
    keys=(("deduplication_key",), ("title",)),
    state=("status",),
    severity=("metadata.severity", "metadata.priority"),
    descriptions=("description",),
    resource=("metadata.service", "metadata.host", "metadata.instance"),
    links=(("Source", "source_url"),),
)


def read_formatted(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An alert in the shape of OnCall's formatted webhook; None when it lacks a title and an identity."""
    return shapes.read(_FORMATTED, value, hints)


def read_incident_io(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An alert event in the shape that incident.io takes; its metadata is its labels."""
    metadata = value.get("metadata")
    return shapes.read(_INCIDENT_IO, value, hints, labels=metadata.items() if isinstance(metadata, dict) else ())
