"""Opsgenie's Alert API and Heartbeat API, below each of the paths where its clients look for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.web.openapi.answers import JSON
from tocsin.web.openapi.writing import OBJECT, TEXT, Answer, Content, Operation, Parameter, Schema, Surface

PREFIXES: Final = ("", "/opsgenie", "/jsm/ops/integration")

_ENVELOPE: Final[Schema] = {
    "type": "object",
    "required": ["took", "requestId"],
    "properties": {"took": {"type": "number"}, "requestId": TEXT},
}


def _answer(says: str, *names: str) -> Answer:
    schema = {**_ENVELOPE, "required": [*_ENVELOPE["required"], *names]}
    return Answer(says=says, media={JSON: schema}, headers=("X-Request-ID", "X-Response-Time"))


_LATER: Final = _answer("On the disk, and handled in its order.", "result")
_FOUND: Final = _answer("What was asked for.", "data")
_DONE: Final = _answer("Done.", "result")
_COMMON: Final[Mapping[int, Answer]] = {
    401: _answer("The key is not known.", "message"),
    403: _answer("The rules of the integration are not kept.", "message"),
    503: _answer("Own trouble: try again.", "message"),
}
_MISSING: Final = {404: _answer("There is no such thing.", "message")}
_METHOD: Final = {405: _answer("This method means nothing here.", "message")}
_BODY: Final[Mapping[int, Answer]] = {
    400: _answer("The body is not JSON.", "message"),
    413: _answer("The body is too large.", "message"),
    422: _answer("The body makes no sense; `errors` says where.", "message"),
}
_KIND: Final = Parameter(name="identifierType", says="`id`, `tiny` or `alias`.")
_LIST: Final = (
    Parameter(name="query", says="Opsgenie's query language."),
    Parameter(name="limit", says="At most so many."),
    Parameter(name="offset", says="Beginning with this one."),
    Parameter(name="order", says="`asc` or `desc`."),
    Parameter(name="sort", says="By this field."),
)
_PERSON: Final[Mapping[str, Schema]] = {"user": TEXT, "source": TEXT, "note": TEXT}

# What is done to an alert: the rest of its path, and what the body says besides.
_POSTED: Final[Mapping[str, Mapping[str, Schema]]] = {
    "close": {},
    "acknowledge": {},
    "unacknowledge": {},
    "snooze": {"endTime": TEXT},
    "notes": {},
    "assign": {"owner": OBJECT},
    "escalate": {"escalation": OBJECT},
    "responders": {"responder": OBJECT},
    "teams": {"team": OBJECT},
    "tags": {"tags": {"type": "array", "items": TEXT}},
    "details": {"details": OBJECT},
    "actions/{action}": {},
}


def _operation(
    method: str,
    path: str,
    says: str,
    answers: Mapping[int, Answer],
    *,
    fields: Mapping[str, Schema] | None = None,
    parameters: tuple[Parameter, ...] = (),
) -> tuple[Operation, ...]:
    """The operation below each prefix; with *fields* it has a body."""
    schema = {"type": "object", "properties": {**_PERSON, **(fields or {})}}
    return tuple(
        Operation(
            method=method,
            path=f"{prefix}/v2{path}",
            says=says,
            answers={**answers, **_COMMON, **(_BODY if fields is not None else {})},
            body=Content(media={JSON: schema}, required=False) if fields is not None else None,
            parameters=parameters,
            security=("genieKey",),
        )
        for prefix in PREFIXES
    )


_ALERTS: Final = (
    *_operation(
        "POST", "/alerts", "Create an alert.", {202: _LATER}, fields={"message": TEXT, "alias": TEXT, "priority": TEXT}
    ),
    *_operation(
        "GET",
        "/alerts",
        "The alerts that a query finds.",
        {200: _FOUND, 422: _answer("The query cannot be read.", "message")},
        parameters=_LIST,
    ),
    *_operation(
        "GET",
        "/alerts/count",
        "How many alerts a query finds.",
        {200: _FOUND, 422: _answer("The query cannot be read.", "message")},
        parameters=_LIST[:1],
    ),
    *_operation("GET", "/alerts/requests/{request}", "What came of a request.", {200: _FOUND, **_MISSING}),
    *_operation("GET", "/alerts/{id}", "One alert.", {200: _FOUND, **_MISSING}, parameters=(_KIND,)),
    *_operation("PATCH", "/alerts/{id}", "Nothing.", {**_METHOD, **_MISSING}),
    *_operation(
        "DELETE",
        "/alerts/{id}",
        "Withdraw an alert.",
        {202: _LATER, **_METHOD, 422: _BODY[422]},
        parameters=(_KIND,),
    ),
    *[
        operation
        for what in ("notes", "logs", "recipients")
        for operation in _operation(
            "GET",
            f"/alerts/{{id}}/{what}",
            f"The {what} of an alert.",
            {200: _FOUND, **_MISSING, 422: _answer("A limit that is none.", "message")},
            parameters=(_KIND, *_LIST[1:3]),
        )
    ],
    *[
        operation
        for what, fields in _POSTED.items()
        for operation in _operation(
            "POST",
            f"/alerts/{{id}}/{what}",
            f"{what.partition('/')[0].capitalize()}, of an alert.",
            {202: _LATER, **_METHOD, **_MISSING},
            fields=fields,
            parameters=(_KIND,),
        )
    ],
    *[
        operation
        for what in ("tags", "details")
        for operation in _operation(
            "DELETE",
            f"/alerts/{{id}}/{what}",
            f"Remove {what} of an alert.",
            {202: _LATER, **_METHOD, 422: _BODY[422]},
            parameters=(_KIND, Parameter(name="tags" if what == "tags" else "keys", says="Which, with commas.")),
        )
    ],
    *[
        operation
        for what in ("priority", "message", "description")
        for operation in _operation(
            "PUT",
            f"/alerts/{{id}}/{what}",
            f"Another {what}.",
            {202: _LATER, **_METHOD, **_MISSING},
            fields={what: TEXT},
            parameters=(_KIND,),
        )
    ],
)
_TERMS: Final[Mapping[str, Schema]] = {
    "name": TEXT,
    "interval": {"type": "integer", "minimum": 1},
    "intervalUnit": {"enum": ["minutes", "hours", "days"]},
    "enabled": {"type": "boolean"},
}
_HEARTBEATS: Final = (
    *_operation("GET", "/heartbeats", "All heartbeats.", {200: _FOUND}),
    *_operation(
        "POST", "/heartbeats", "Create a heartbeat.", {201: _answer("Created.", "result", "data")}, fields=_TERMS
    ),
    *_operation("GET", "/heartbeats/{name}", "One heartbeat.", {200: _FOUND, **_MISSING}),
    *[
        operation
        for method in ("PATCH", "PUT")
        for operation in _operation(
            method, "/heartbeats/{name}", "Other terms.", {200: _DONE, **_MISSING}, fields=_TERMS
        )
    ],
    *_operation("DELETE", "/heartbeats/{name}", "Delete a heartbeat.", {200: _DONE, **_MISSING}),
    *[
        operation
        for what in ("enable", "disable")
        for operation in _operation(
            "POST", f"/heartbeats/{{name}}/{what}", f"{what.capitalize()} it.", {200: _DONE, **_MISSING}, fields={}
        )
    ],
    *[
        operation
        for method in ("GET", "POST", "PUT", "PATCH")
        for operation in _operation(
            method,
            "/heartbeats/{name}/ping",
            "A sign of life.",
            {202: _LATER, 413: _BODY[413]},
        )
    ],
)

OPSGENIE: Final = Surface(
    name="opsgenie",
    says="Opsgenie's API and its successor's: below `/v2`, `/opsgenie/v2` and `/jsm/ops/integration/v2`.",
    operations=(*_ALERTS, *_HEARTBEATS),
)
