"""What a request to Opsgenie's Alert API asks for: its method, path, query and body read into one value, or refused.

The way in reads it to answer, and what was stored is read by the same function when it is handled. Refused is only what
can never succeed. Source: "Alert API" in Opsgenie's documentation; the wording of the errors as its clients quote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds
from tocsin.sources.bounds import said
from tocsin.sources.opsgenie import (
    ACTION_MAX,
    NOTE_MAX,
    PERSON_MAX,
    PRIORITIES,
    TAG_MAX,
    Party,
    party,
    tags,
    text,
    texts,
)

CHANNEL: Final = "opsgenie"  # Of the deliveries that requests are stored as.
METHOD: Final = "x-tocsin-method"  # Lines of our own in the head of a delivery; a sender cannot write them.
PATH: Final = "x-tocsin-path"  # Below `/v2`, quoted, with the query but for the key.
INCIDENT: Final = "x-tocsin-incident"  # The alert that is meant, found to be one of the integration's own.
ALERTS: Final = "/alerts"  # How the paths begin.
HEARTBEATS: Final = "/heartbeats"

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
METHOD_NOT_ALLOWED: Final = 405
UNPROCESSABLE: Final = 422

LIMIT_USUAL: Final = 20
LIMIT_MAX: Final = 100
ALIAS_READ_MAX: Final = 10_000  # Characters; the end of a long alias becomes a hash, and beyond this it is cut.
PARAMETERS_MAX: Final = 50  # Of a query; no request has more than ten.

_UNPROCESSABLE: Final = "Request body is not processable. Please check the errors."
_KEYS_MAX: Final = 64  # Details that are removed at once.


class Action(StrEnum):
    """What a write does, as Opsgenie calls it in the status of a request."""

    CREATE = "Create"
    DELETE = "Delete"
    CLOSE = "Close"
    ACKNOWLEDGE = "Acknowledge"
    UNACKNOWLEDGE = "UnAcknowledge"
    SNOOZE = "Snooze"
    ADD_NOTE = "AddNote"
    ASSIGN = "AssignOwnership"
    ESCALATE = "EscalateToNext"
    ADD_RESPONDER = "AddResponder"
    ADD_TEAM = "AddTeam"
    ADD_TAGS = "AddTags"
    REMOVE_TAGS = "RemoveTags"
    ADD_DETAILS = "AddDetails"
    REMOVE_DETAILS = "RemoveDetails"
    EXECUTE = "ExecuteCustomAction"
    UPDATE_PRIORITY = "UpdatePriority"
    UPDATE_MESSAGE = "UpdateMessage"
    UPDATE_DESCRIPTION = "UpdateDescription"


class Subject(StrEnum):
    """What a read is about."""

    ALERT = "alert"
    ALERTS = "alerts"
    COUNT = "count"
    NOTES = "notes"
    LOGS = "logs"
    RECIPIENTS = "recipients"
    REQUEST = "request"


class Target(msgspec.Struct, frozen=True):
    """The alert that is meant: by its alias (its dedup key), or else by its id, which the tiny one is too."""

    name: str
    by_alias: bool = False


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A change to one alert. *body* is that of a create; *text* a message, a description or the name of an action."""

    action: Action
    target: Target = Target("")
    user: str = ""
    source: str = ""
    note: str = ""
    text: str = ""
    priority: str = ""
    until: Instant | None = None
    party: Party | None = None
    tags: tuple[str, ...] = ()
    details: dict[str, str] = {}
    body: dict[str, Json] = {}


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A question. *target* is an alert, or the number of a request."""

    subject: Subject
    target: Target = Target("")
    query: str = ""
    offset: int = 0
    limit: int = LIMIT_USUAL
    sort: str = "createdAt"
    descending: bool = True


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What can never succeed, and why."""

    status: int
    message: str
    errors: dict[str, str] = {}


Asked: TypeAlias = Write | Read | Refusal
_Fields: TypeAlias = Mapping[str, Json]
_Reader: TypeAlias = Callable[[Write, _Fields], Write | Refusal]


def asked(method: str, address: str, body: bytes) -> Asked:
    """What is asked for; *address* is the path below `/v2/alerts`, still quoted, with its query."""
    parts, given = split(address)
    fields = body_of(method, body)
    if isinstance(fields, Refusal):
        return fields
    match method, parts:
        case "POST", []:
            return _create(fields)
        case "GET", []:
            return _question(Subject.ALERTS, Target(""), given)
        case "GET", ["count"]:
            return _question(Subject.COUNT, Target(""), given)
        case "GET", ["requests", number]:
            return Read(subject=Subject.REQUEST, target=Target(number))
        case "GET", [name]:
            return Read(subject=Subject.ALERT, target=_target(name, given))
        case "GET", [name, ("notes" | "logs" | "recipients") as what]:
            return _question(Subject(what), _target(name, given), given, descending=what != "recipients")
        case _:
            return _change(method, parts, {**given, **fields}, given)


def split(address: str) -> tuple[list[str], dict[str, str]]:
    """The parts of a path, and its query; of equal names the first."""
    address, _, query = address.partition("?")
    parts = [unquote(part, errors="replace") for part in address.split("/") if part]
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=PARAMETERS_MAX)
    except ValueError:
        pairs = []
    for name, value in pairs:
        found.setdefault(name, value)
    return parts, found


def body_of(method: str, body: bytes) -> dict[str, Json] | Refusal:
    """The fields of a body; none for methods that have no body, or an empty one."""
    if method in {"GET", "DELETE"} or not body.strip():
        return {}
    try:
        found = json.decode(body)
    except json.JsonError as problem:
        return Refusal(status=BAD_REQUEST, message=f"Request body is not valid JSON: {problem}")
    if not isinstance(found, dict):
        return Refusal(status=BAD_REQUEST, message="Request body must be a JSON object")
    return found


def unprocessable(**errors: str) -> Refusal:
    """A body that can be read and makes no sense; *errors* by field."""
    return Refusal(status=UNPROCESSABLE, message=_UNPROCESSABLE, errors=errors)


def unknown(method: str, *, known: bool) -> Refusal:
    """Nothing answers here; *known*: another method would be answered."""
    if known:
        return Refusal(status=METHOD_NOT_ALLOWED, message=f"{method} does nothing here")
    return Refusal(status=NOT_FOUND, message="No handler is found for this path")


# ── Writes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _create(fields: dict[str, Json]) -> Write | Refusal:
    if not text(fields.get("message"), bounds.QUOTE_MAX):
        return unprocessable(message="Message can not be empty.")
    made = _person(Write(action=Action.CREATE, body=fields), fields)
    return msgspec.structs.replace(made, target=_alias(fields.get("alias")))


def _change(method: str, parts: list[str], fields: _Fields, given: Mapping[str, str]) -> Write | Refusal:
    """A change to an existing alert."""
    match parts:
        case [name]:
            what = ""
        case [name, what]:
            pass
        case [name, "actions", action] if text(action, ACTION_MAX):
            what, fields = "actions", {**fields, "action": action}
        case _:
            return unknown(method, known=False)
    found = _CHANGES.get((method, what))
    if found is None:
        return unknown(method, known=any(what == known for _, known in _CHANGES))
    action, read = found
    return read(_person(Write(action=action, target=_target(name, given)), fields), fields)


def _person(write: Write, fields: _Fields) -> Write:
    """Who asks, and the note that most requests may have."""
    return msgspec.structs.replace(
        write,
        user=text(fields.get("user"), PERSON_MAX),
        source=text(fields.get("source"), PERSON_MAX),
        note=said(fields.get("note"))[:NOTE_MAX].strip() if type(fields.get("note")) in bounds.WRITTEN else "",
    )


def _plain(write: Write, fields: _Fields) -> Write | Refusal:
    del fields
    return write


def _noted(write: Write, fields: _Fields) -> Write | Refusal:
    del fields
    return write if write.note else unprocessable(note="Note can not be empty.")


def _snoozed(write: Write, fields: _Fields) -> Write | Refusal:
    until = bounds.instant(fields.get("endTime"))
    if until is None:
        return unprocessable(endTime=f"endTime must be a date and time in ISO 8601, not {_shown(fields, 'endTime')}.")
    return msgspec.structs.replace(write, until=until)


def _parties(field: str, kind: str = "") -> _Reader:
    def read(write: Write, fields: _Fields) -> Write | Refusal:
        found = party(fields.get(field), kind)
        if not found.names:
            return unprocessable(**{field: f"{field} needs an id or a name."})
        return msgspec.structs.replace(write, party=found)

    return read


def _tagged(write: Write, fields: _Fields) -> Write | Refusal:
    found = tags(fields.get("tags"))
    return msgspec.structs.replace(write, tags=found) if found else unprocessable(tags="Tags can not be empty.")


def _detailed(write: Write, fields: _Fields) -> Write | Refusal:
    details = fields.get("details")
    found = bounds.labels(details.items()) if isinstance(details, dict) else {}
    if not found:
        return unprocessable(details="Details can not be empty.")
    return msgspec.structs.replace(write, details=found)


def _undetailed(write: Write, fields: _Fields) -> Write | Refusal:
    found = texts(fields.get("keys"), _KEYS_MAX, bounds.NAME_MAX)
    return msgspec.structs.replace(write, tags=found) if found else unprocessable(keys="Keys can not be empty.")


def _executed(write: Write, fields: _Fields) -> Write | Refusal:
    return msgspec.structs.replace(write, text=text(fields.get("action"), ACTION_MAX) or "(no name)")


def _prioritised(write: Write, fields: _Fields) -> Write | Refusal:
    found = text(fields.get("priority"), TAG_MAX).upper()
    if found not in PRIORITIES:
        return unprocessable(priority=f"Priority must be one of P1 to P5, not {_shown(fields, 'priority')}.")
    return msgspec.structs.replace(write, priority=found)


def _worded(field: str) -> _Reader:
    def read(write: Write, fields: _Fields) -> Write | Refusal:
        found = said(fields.get(field)) if type(fields.get(field)) in bounds.WRITTEN else ""
        if found.isspace() or not found:
            return unprocessable(**{field: f"{field.capitalize()} can not be empty."})
        return msgspec.structs.replace(write, text=found)

    return read


def _shown(fields: _Fields, name: str) -> str:
    return bounds.quoted(fields.get(name))


_CHANGES: Final[dict[tuple[str, str], tuple[Action, _Reader]]] = {
    ("DELETE", ""): (Action.DELETE, _plain),
    ("POST", "close"): (Action.CLOSE, _plain),
    ("POST", "acknowledge"): (Action.ACKNOWLEDGE, _plain),
    ("POST", "unacknowledge"): (Action.UNACKNOWLEDGE, _plain),
    ("POST", "snooze"): (Action.SNOOZE, _snoozed),
    ("POST", "notes"): (Action.ADD_NOTE, _noted),
    ("POST", "assign"): (Action.ASSIGN, _parties("owner", "user")),
    ("POST", "escalate"): (Action.ESCALATE, _parties("escalation", "escalation")),
    ("POST", "responders"): (Action.ADD_RESPONDER, _parties("responder")),
    ("POST", "teams"): (Action.ADD_TEAM, _parties("team", "team")),
    ("POST", "tags"): (Action.ADD_TAGS, _tagged),
    ("DELETE", "tags"): (Action.REMOVE_TAGS, _tagged),
    ("POST", "details"): (Action.ADD_DETAILS, _detailed),
    ("DELETE", "details"): (Action.REMOVE_DETAILS, _undetailed),
    ("POST", "actions"): (Action.EXECUTE, _executed),
    ("PUT", "priority"): (Action.UPDATE_PRIORITY, _prioritised),
    ("PUT", "message"): (Action.UPDATE_MESSAGE, _worded("message")),
    ("PUT", "description"): (Action.UPDATE_DESCRIPTION, _worded("description")),
}


# ── Reads ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _target(name: str, given: Mapping[str, str]) -> Target:
    return _alias(name) if given.get("identifierType", "").lower() == "alias" else Target(name)


def _alias(value: Json) -> Target:
    return Target(bounds.key(text(value, ALIAS_READ_MAX)), by_alias=True)


def _question(subject: Subject, target: Target, given: Mapping[str, str], *, descending: bool = True) -> Read | Refusal:
    """A list, or its count; a number that is none is refused, one that is too large is cut."""
    if given.get("searchIdentifier"):
        reason = "Saved searches are not kept here; write what you look for into `query`."
        return Refusal(status=UNPROCESSABLE, message=reason, errors={"searchIdentifier": reason})
    numbers: dict[str, int] = {}
    for name, usual in (("offset", 0), ("limit", LIMIT_USUAL)):
        word = given.get(name) or str(usual)
        if not (word.isascii() and word.isdecimal() and len(word) < LIMIT_MAX):
            message = f"{name} must be a whole number, not {bounds.quoted(word)}."
            return Refusal(status=UNPROCESSABLE, message=message, errors={name: message})
        numbers[name] = int(word)
    order = given.get("order", "").lower()
    return Read(
        subject=subject,
        target=target,
        query=given.get("query", ""),
        offset=numbers["offset"],
        limit=min(max(numbers["limit"], 1), LIMIT_MAX),
        sort=given.get("sort") or "createdAt",
        descending=order != "asc" if order else descending,
    )
