"""Messages about incidents, drawn for Slack: one, several at once, and what is left of one that was replaced."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.incidents.state import Incident
from tocsin.kernel.time import Instant
from tocsin.saying.incident import Setting, bundle_saying, incident_saying, replaced_saying
from tocsin.slack.drawing import Message, draw


def incident_message(
    incident_id: str,
    incident: Incident,
    *,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    why: str = "",
    page: bool = False,
    thread: str = "",
) -> Message:
    """See `incident_saying`."""
    return draw(
        incident_saying(
            incident_id, incident, now=now, setting=setting, viewer=viewer, why=why, page=page, thread=thread
        )
    )


def bundle_message(
    incidents: Mapping[str, Incident],
    *,
    total: int,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    page: bool = False,
) -> Message:
    """See `bundle_saying`."""
    return draw(bundle_saying(incidents, total=total, now=now, setting=setting, viewer=viewer, page=page))


def replaced_message(incident_id: str, incident: Incident, *, setting: Setting) -> Message:
    """See `replaced_saying`."""
    return draw(replaced_saying(incident_id, incident, setting=setting))
