"""The ways in for alerts of any format, and for pings."""

from __future__ import annotations

from typing import Final

from tocsin.web.openapi.answers import (
    AGAIN,
    HEAD_TOO_LARGE,
    JSON,
    NO_METHOD,
    PLAIN,
    REFUSAL,
    STORED,
    TOO_LARGE,
    UNKNOWN_KEY,
    UNSIGNED,
    plain,
)
from tocsin.web.openapi.writing import ANY, OBJECT, TEXT, Answer, Content, Operation, Parameter, Surface

_ANYTHING: Final = Content(
    media={JSON: ANY, "application/x-www-form-urlencoded": OBJECT, PLAIN: TEXT, "application/octet-stream": TEXT},
    required=False,
)
_QUERY: Final = (
    Parameter(name="message", says="What it says; any other field is taken too."),
    Parameter(name="severity", says="How bad it is."),
    Parameter(name="status", says="`ok`, `resolved` or `up` resolve."),
)
_ALERT_KEY: Final = Parameter(name="X-Alert-Key", where="header", says="Alerts with the same key are one.")
_FORM: Final = "/v1/in/{key}/{form}"
_HANDSHAKE: Final = (
    Parameter(name="WebHook-Request-Origin", where="header", says="Who asks to send here."),
    Parameter(name="WebHook-Request-Rate", where="header", says="How often."),
)
_EVENT: Final = Content(
    media={
        JSON: {
            "type": "object",
            "properties": {
                "routing_key": TEXT,
                "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
                "dedup_key": TEXT,
                "payload": OBJECT,
            },
        }
    }
)
_CHANGE: Final = {"type": "object", "properties": {"routing_key": TEXT, "payload": OBJECT}}
_EVENT_V1: Final = {
    "type": "object",
    "properties": {
        "service_key": TEXT,
        "event_type": {"enum": ["trigger", "acknowledge", "resolve"]},
        "incident_key": TEXT,
        "description": TEXT,
    },
}
_PAGERDUTY_ACCEPTED: Final = Answer(
    says="On the disk.",
    media={
        JSON: {
            "type": "object",
            "required": ["status", "message"],
            "properties": {"status": {"const": "success"}, "message": TEXT, "dedup_key": TEXT, "incident_key": TEXT},
        }
    },
)
_PAGERDUTY_REFUSED: Final = Answer(
    says="It can never succeed, or the key is not known.",
    media={
        JSON: {
            "type": "object",
            "required": ["status", "message", "errors"],
            "properties": {"status": TEXT, "message": TEXT, "errors": {"type": "array", "items": TEXT}},
        }
    },
)
_FRONT: Final = {413: TOO_LARGE, 431: HEAD_TOO_LARGE, 503: AGAIN}
_BEHIND: Final = {
    400: Answer(says="The body did not arrive whole."),
    413: Answer(says="The body is too large."),
    503: AGAIN,
}
_OK: Final = Answer(says="On the disk; Amazon SNS hears this.", media={JSON: STORED.media[JSON]})
_NOT_POST: Final = ("DELETE", "GET", "OPTIONS", "PATCH")


def _take(method: str, path: str, says: str, security: tuple[str, ...] = ()) -> Operation:
    answers = {200: _OK, 202: STORED, 400: Answer(says="This is not HTTP."), 401: UNSIGNED, 403: UNKNOWN_KEY, **_FRONT}
    return Operation(
        method=method,
        path=path,
        says=says,
        answers=answers,
        body=_ANYTHING,
        parameters=(_ALERT_KEY,),
        security=security,
    )


_KEYLESS: Final = tuple(
    _take(
        method,
        "/v1/in",
        "Takes an alert in; the key stands in a header or in the query.",
        ("bearer", "basic", "apiKey"),
    )
    for method in ("POST", "PUT")
)
_INGEST: Final = tuple(
    operation
    for path in ("/v1/in/{key}", _FORM)
    for operation in (
        *[_take(method, path, "Takes an alert in, whatever it is.") for method in ("POST", "PUT")],
        Operation(
            method="GET",
            path=path,
            says="Takes an alert in that stands in the query.",
            answers={
                202: STORED,
                400: Answer(says="There is no query.", media={JSON: REFUSAL}),
                401: UNSIGNED,
                403: UNKNOWN_KEY,
                503: AGAIN,
            },
            parameters=_QUERY,
        ),
        Operation(
            method="OPTIONS",
            path=path,
            says="The handshake of CloudEvents' webhooks.",
            answers={200: Answer(says="Send.", headers=("Allow",)), 401: UNSIGNED, 403: UNKNOWN_KEY, 503: AGAIN},
            parameters=_HANDSHAKE,
        ),
        *[
            Operation(method=method, path=path, says="Says which methods mean something.", answers={405: NO_METHOD})
            for method in ("DELETE", "PATCH")
        ],
    )
)
_PAGERDUTY: Final = (
    Operation(
        method="POST",
        path="/v2/enqueue",
        says="PagerDuty Events API v2.",
        answers={202: _PAGERDUTY_ACCEPTED, 400: _PAGERDUTY_REFUSED, 401: UNSIGNED, 403: UNKNOWN_KEY, **_FRONT},
        body=_EVENT,
    ),
    Operation(
        method="POST",
        path="/v2/change/enqueue",
        says="PagerDuty's change events: what somebody has changed; they ask nobody.",
        answers={202: _PAGERDUTY_ACCEPTED, 401: UNSIGNED, 403: UNKNOWN_KEY, **_BEHIND, 400: _PAGERDUTY_REFUSED},
        body=Content(media={JSON: _CHANGE}),
    ),
    Operation(
        method="POST",
        path="/generic/2010-04-15/create_event.json",
        says="PagerDuty Events API v1.",
        answers={200: _PAGERDUTY_ACCEPTED, 401: UNSIGNED, 403: UNKNOWN_KEY, **_BEHIND, 400: _PAGERDUTY_REFUSED},
        body=Content(media={JSON: _EVENT_V1}),
    ),
    *[
        Operation(
            method=method,
            path="/v2/enqueue",
            says="Says which methods mean something.",
            answers={405: plain("Only POST.")},
        )
        for method in _NOT_POST
    ],
    *[
        Operation(
            method=method,
            path=path,
            says="The native address of a PagerDuty integration: takes anything.",
            answers={202: _PAGERDUTY_ACCEPTED, 401: UNSIGNED, 403: UNKNOWN_KEY, **_BEHIND},
            body=_ANYTHING,
        )
        for path in ("/integration/{key}/enqueue", "/x-ere/{key}")
        for method in ("POST", "PUT")
    ],
)
_ONCALL: Final = tuple(
    Operation(
        method=method,
        path=f"/integrations/v1/{{form}}/{{key}}{end}",
        says="The address of a Grafana OnCall integration: takes anything.",
        answers={
            200: plain("On the disk."),
            401: plain("The integration asks for a signature."),
            403: plain("The key is not known."),
            **_BEHIND,
            503: plain("Own trouble: send it again."),
        },
        body=_ANYTHING,
    )
    for end in ("", "/")
    for method in ("POST", "PUT")
)
_PING_ANSWERS: Final = {
    200: plain("On the disk."),
    400: Answer(says="The body did not arrive whole."),
    401: plain("The integration asks for a signature."),
    403: plain("The rules of the integration are not kept."),
    404: plain("The key is not known, or the address is none of a ping."),
    413: Answer(says="The body is too large."),
    503: plain("Own trouble: come again."),
}
_PROMISE: Final = (
    Parameter(name="every", says="How often it comes: `5m`, `1d`."),
    Parameter(name="grace", says="How much later it may come."),
)
_PINGS: Final = tuple(
    Operation(
        method=method,
        path=path,
        says="A sign of life; the first one makes the heartbeat.",
        answers=_PING_ANSWERS,
        parameters=_PROMISE,
        body=None if method == "GET" else Content(media={PLAIN: TEXT}, required=False),
    )
    for path in (
        "/ping/{key}",
        "/ping/{key}/{name}",
        "/ping/{key}/{name}/{action}",
        "/integrations/v1/{form}/{key}/heartbeat",
        "/integrations/v1/{form}/{key}/heartbeat/",
    )
    for method in ("GET", "POST", "PUT")
)

DELIVERIES: Final = Surface(
    name="deliveries",
    says="Alerts of any format. The key of an integration is the credential.",
    operations=(*_INGEST, *_KEYLESS, *_PAGERDUTY, *_ONCALL),
)
HEARTBEATS: Final = Surface(name="heartbeats", says="Signs of life.", operations=_PINGS)
