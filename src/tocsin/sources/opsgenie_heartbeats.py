"""Opsgenie's Heartbeat API: what a request asks for, and a heartbeat as that API shows it.

Source: "Heartbeat API" in Opsgenie's documentation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from tocsin.heartbeats.inputs import Terms
from tocsin.heartbeats.machine import Heartbeat, Status
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, DURATION_MAX, HOUR, MINUTE, Duration, format_instant
from tocsin.sources import bounds
from tocsin.sources.opsgenie import MESSAGE_MAX, PRIORITIES, party, priority_of, tags, text
from tocsin.sources.opsgenie_requests import Refusal, body_of, split, unknown, unprocessable

NAME_MAX: Final = 200

_UNITS: Final = {"minutes": MINUTE, "hours": HOUR, "days": DAY}


class Action(StrEnum):
    """What is done to a heartbeat."""

    PING = "ping"
    CREATE = "create"
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"


class HeartbeatWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A change to the heartbeat *name*, or its sign of life."""

    action: Action
    name: str
    terms: Terms = Terms()
    enabled: bool | None = None


class HeartbeatRead(msgspec.Struct, frozen=True):
    """A question about one heartbeat, or (an empty name) about all."""

    name: str = ""


HeartbeatAsked: TypeAlias = HeartbeatWrite | HeartbeatRead | Refusal


def asked(method: str, address: str, body: bytes) -> HeartbeatAsked:
    """What is asked for; *address* is the path below `/v2/heartbeats`, still quoted, with its query."""
    parts, _ = split(address)
    name = text(parts[0], NAME_MAX) if parts else ""
    if parts[1:] == ["ping"] and method in {"GET", "POST", "PUT", "PATCH"} and name:
        return HeartbeatWrite(action=Action.PING, name=name)  # Whatever its body is: a sign of life needs none.
    fields = body_of(method, body)
    if isinstance(fields, Refusal):
        return fields
    match method, parts:
        case "GET", []:
            return HeartbeatRead()
        case "POST", []:
            return _create(fields)
        case "GET", [_] if name:
            return HeartbeatRead(name)
        case (("PATCH" | "PUT"), [_]) if name:
            return _termed(HeartbeatWrite(action=Action.UPDATE, name=name), fields)
        case "DELETE", [_] if name:
            return HeartbeatWrite(action=Action.DELETE, name=name)
        case "POST", [_, ("enable" | "disable") as what] if name:
            return HeartbeatWrite(action=Action(what), name=name, enabled=what == "enable")
        case _:
            return unknown(method, known=parts[1:] in ([], ["ping"], ["enable"], ["disable"]))


def _create(fields: dict[str, Json]) -> HeartbeatWrite | Refusal:
    name = text(fields.get("name"), NAME_MAX)
    errors = {} if name else {"name": "Name can not be empty."}
    errors |= {field: f"{field} is mandatory." for field in ("interval", "intervalUnit") if fields.get(field) is None}
    if errors:
        return unprocessable(**errors)
    return _termed(HeartbeatWrite(action=Action.CREATE, name=name, enabled=True), fields)


def _termed(write: HeartbeatWrite, fields: dict[str, Json]) -> HeartbeatWrite | Refusal:
    every = _every(fields)
    if isinstance(every, Refusal):
        return every
    enabled, priority = fields.get("enabled"), text(fields.get("alertPriority"), NAME_MAX).upper()
    owner = party(fields.get("ownerTeam"), "team").names
    told, title = fields.get("description"), fields.get("alertMessage")
    terms = Terms(
        every=every,
        description=bounds.prose(told) if isinstance(told, str) else None,
        message=text(title, MESSAGE_MAX) if isinstance(title, str) else None,
        severity=PRIORITIES.get(priority),
        tags=tags(fields["alertTags"]) if isinstance(fields.get("alertTags"), list) else None,
        owner=owner[-1] if owner else None,
    )
    return msgspec.structs.replace(write, terms=terms, enabled=enabled if isinstance(enabled, bool) else write.enabled)


def _every(fields: dict[str, Json]) -> Duration | Refusal | None:
    """The interval and its unit together; None when neither is there."""
    interval, unit = fields.get("interval"), fields.get("intervalUnit")
    if interval is None and unit is None:
        return None
    if type(interval) is not int or interval < 1:
        return unprocessable(interval=f"interval must be a whole number from 1, not {bounds.quoted(interval)}.")
    if not isinstance(unit, str) or unit.lower() not in _UNITS:
        return unprocessable(intervalUnit=f"intervalUnit must be minutes, hours or days, not {bounds.quoted(unit)}.")
    return min(interval * _UNITS[unit.lower()], DURATION_MAX)


def document(beat: Heartbeat) -> dict[str, Json]:
    """A heartbeat whole. *every* is told in the largest unit that fits."""
    unit, size = next((item for item in reversed(_UNITS.items()) if beat.every % item[1] == 0), ("minutes", MINUTE))
    terms = beat.terms
    owner = {"ownerTeam": {"id": terms.owner, "name": terms.owner}} if terms.owner else {}
    last = {"lastPingTime": format_instant(beat.last_ping_at)} if beat.last_ping_at is not None else {}
    return {
        **brief(beat),
        "description": terms.description or "",
        "interval": max(1, beat.every // size),
        "intervalUnit": unit,
        **owner,
        "alertMessage": terms.message or "",
        "alertTags": list(terms.tags or ()),
        "alertPriority": _priority(terms),
        **last,
        "status": _status(beat),
    }


def brief(beat: Heartbeat) -> dict[str, Json]:
    """A heartbeat as the answer to a change."""
    enabled = beat.status not in {Status.DISABLED, Status.DELETED}
    return {"name": beat.name, "enabled": enabled, "expired": beat.alarmed}


def _priority(terms: Terms) -> str:
    by_word = {severity.value: severity for severity in PRIORITIES.values()}
    severity = by_word.get(terms.severity or "")
    return priority_of(severity, "") if severity else "P3"


def _status(beat: Heartbeat) -> str:
    if beat.status is Status.DISABLED:
        return "Inactive"
    return "Expired" if beat.alarmed else "Active"
