"""Incidents as Opsgenie's API shows alerts: documents, the facts that queries look at, and the status of a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tocsin.incidents.ladder import label, responder
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant
from tocsin.sources import opsgenie
from tocsin.sources.opsgenie_query import ALIASES, Facts
from tocsin.sources.opsgenie_requests import Action

INTEGRATION_TYPE: Final = "API"
UNKNOWN_ALERT: Final = "Alert does not exist"

_SORTED_BY: Final = {"report.acktime": "acktime", "report.closetime": "closetime"}
_DONE: Final = {
    Action.CREATE: "Created alert",
    Action.DELETE: "Deleted alert",
    Action.CLOSE: "Closed alert",
    Action.ACKNOWLEDGE: "Acknowledged alert",
    Action.UNACKNOWLEDGE: "Unacknowledged alert",
    Action.SNOOZE: "Snoozed alert",
    Action.ADD_NOTE: "Added note",
    Action.ASSIGN: "Assigned alert",
    Action.ESCALATE: "Escalated alert",
    Action.ADD_RESPONDER: "Added responder",
    Action.ADD_TEAM: "Added team",
    Action.ADD_TAGS: "Added tags",
    Action.REMOVE_TAGS: "Removed tags",
    Action.ADD_DETAILS: "Added details",
    Action.REMOVE_DETAILS: "Removed details",
    Action.EXECUTE: "Executed action",
    Action.UPDATE_PRIORITY: "Updated priority",
    Action.UPDATE_MESSAGE: "Updated message",
    Action.UPDATE_DESCRIPTION: "Updated description",
}
_NOTES: Final = frozenset({Action.ADD_NOTE, Action.EXECUTE})  # They do nothing but write into the timeline.
_ENDS: Final = frozenset({Action.CLOSE, Action.DELETE})  # What is over already is what they want.


def summary(name: str, incident: Incident) -> dict[str, Json]:
    """An alert in a list."""
    face = incident.face
    owner = incident.assignee
    return {
        "id": name,
        "tinyId": name,
        "alias": face.dedup_key,
        "message": face.title,
        "status": "open" if incident.live else "closed",
        "acknowledged": incident.status is Status.ACKNOWLEDGED,
        "isSeen": bool(incident.acknowledged_by or incident.resolved_by or owner),
        "tags": list(face.tags),
        "snoozed": incident.status is Status.SNOOZED,
        **({"snoozedUntil": format_instant(incident.snoozed_until)} if incident.snoozed_until is not None else {}),
        "count": incident.count,
        "lastOccurredAt": format_instant(incident.last_alert_at),
        "createdAt": format_instant(incident.opened_at),
        "updatedAt": format_instant(max(incident.changed_at, incident.last_alert_at)),
        "source": face.annotations.get("source", face.source),
        "owner": owner,
        "priority": opsgenie.priority_of(incident.severity, face.annotations.get("priority", "")),
        "teams": [{"id": incident.team}],
        "responders": [{"type": "team", "id": incident.team}, *_people(incident)],
        "integration": {"id": incident.integration, "name": incident.integration, "type": INTEGRATION_TYPE},
        "report": _report(incident),
        "ownerTeamId": incident.team,
    }


def whole(name: str, incident: Incident) -> dict[str, Json]:
    """An alert alone."""
    face = incident.face
    return {
        **summary(name, incident),
        "actions": actions(incident),
        "entity": face.resource,
        "description": face.description,
        "details": face.labels,
    }


def actions(incident: Incident) -> list[str]:
    """The custom actions that its create named."""
    told = incident.face.annotations.get("actions", "")
    try:
        found = json.decode(told) if told else []
    except json.JsonError:  # Another sender's word for something else.
        return []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def facts(name: str, incident: Incident) -> Facts:
    """What a query can ask for, by field in lower case."""
    face = incident.face
    priority = opsgenie.priority_of(incident.severity, face.annotations.get("priority", ""))
    people = [person["id"] for person in _people(incident)]
    return {
        "id": (name,),
        "tinyid": (name,),
        "alias": (face.dedup_key,),
        "message": (face.title,),
        "description": (face.description,),
        "entity": (face.resource,),
        "source": (face.annotations.get("source", face.source),),
        "status": ("open" if incident.live else "closed",),
        "priority": (priority,),
        "tag": face.tags,
        "actions": actions(incident),
        "owner": (incident.assignee,),
        "acknowledgedby": (incident.acknowledged_by,),
        "closedby": (incident.resolved_by,),
        "teams": (incident.team,),
        "responders": (incident.team, *people),
        "recipients": people,
        "integration.id": (incident.integration,),
        "integration.name": (incident.integration,),
        "integration.type": (INTEGRATION_TYPE,),
        "details.key": tuple(face.labels),
        "details.value": tuple(face.labels.values()),
        "detailspair": [f"{key}:{value}" for key, value in face.labels.items()],
        "count": (incident.count,),
        "createdat": (incident.opened_at,),
        "updatedat": (max(incident.changed_at, incident.last_alert_at),),
        "lastoccurredat": (incident.last_alert_at,),
        "snoozeduntil": (incident.snoozed_until,),
        "acknowledged": (incident.status is Status.ACKNOWLEDGED,),
        "snoozed": (incident.status is Status.SNOOZED,),
        "isseen": (bool(incident.acknowledged_by or incident.resolved_by or incident.assignee),),
        "acktime": (incident.acknowledged_at,),
        "closetime": (incident.resolved_at,),
    }


def sorting(field: str) -> Callable[[Facts], tuple[bool, Json]]:
    """The order of alerts by *field*; what it is not known of stands first, and an unknown field is when they began."""
    name = field.lower()
    name = _SORTED_BY.get(name, ALIASES.get(name, name))

    def key(known: Facts) -> tuple[bool, Json]:
        values = known.get(name, known["createdat"])
        return (True, values[0]) if values and values[0] is not None else (False, 0)

    return key


def status(action: Action, reason: str, story: str) -> tuple[bool, str]:
    """Whether a request has done what it wanted, and Opsgenie's sentence for it; *story* is the timeline's line."""
    if reason == Reason.NOTED and action not in _NOTES:
        return False, story
    if reason == Reason.ALREADY_RESOLVED and action not in _ENDS:
        return False, "Alert is already closed"
    if reason in {Reason.SNOOZE_IN_PAST, Reason.NOTE_EMPTY}:
        return False, reason.capitalize()
    if action is Action.CREATE and reason not in {Reason.OPENED, Reason.REOPENED}:
        return True, "Alert count is incremented"
    return True, _DONE[action]


def note(story: str) -> tuple[str, str]:
    """Who wrote a note, and what; from its line in the timeline."""
    who, _, words = story.partition(": ")
    return who, words


def moment(instant: Instant) -> str:
    """An instant as Opsgenie writes it."""
    return format_instant(instant)


def _people(incident: Incident) -> list[dict[str, str]]:
    asked = [name for name in incident.asked if name == responder(label(name))]
    return [{"type": "user", "id": label(name)} for name in asked]


def _report(incident: Incident) -> dict[str, Json]:
    """How long it took, in ms from its beginning."""
    times: Sequence[tuple[str, Instant | None]] = (
        ("ackTime", incident.acknowledged_at),
        ("closeTime", incident.resolved_at),
    )
    people = (("acknowledgedBy", incident.acknowledged_by), ("closedBy", incident.resolved_by))
    return {
        **{name: at - incident.opened_at for name, at in times if at is not None},
        **{name: who for name, who in people if who},
    }
