"""Version 2 of Alertmanager's API, below the key of an integration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.web.openapi.answers import JSON, plain
from tocsin.web.openapi.writing import ANY, OBJECT, TEXT, Answer, Content, Operation, Parameter, Schema, Surface

_LIST: Final[Schema] = {"type": "array", "items": OBJECT}
_MATCHERS: Final = Parameter(
    name="filter", says="Matchers, repeated: `severity=critical`.", schema={"type": "array", "items": TEXT}
)
_FLAGS: Final = tuple(
    Parameter(name=name, says=f"Whether {name} alerts are shown.", schema={"type": "boolean"})
    for name in ("active", "silenced", "inhibited", "unprocessed")
)
_RECEIVER: Final = Parameter(name="receiver", says="A regular expression for the team.")
_ALERT: Final[Schema] = {
    "type": "object",
    "required": ["labels"],
    "properties": {"labels": OBJECT, "annotations": OBJECT, "startsAt": TEXT, "endsAt": TEXT, "generatorURL": TEXT},
}
_SILENCE: Final[Schema] = {
    "type": "object",
    "required": ["matchers", "startsAt", "endsAt", "createdBy", "comment"],
    "properties": {
        "id": TEXT,
        "matchers": {"type": "array", "items": OBJECT},
        "startsAt": TEXT,
        "endsAt": TEXT,
        "createdBy": TEXT,
        "comment": TEXT,
    },
}


def _json(says: str, schema: Schema = TEXT) -> Answer:
    return Answer(says=says, media={JSON: schema})


_COMMON: Final[Mapping[int, Answer]] = {
    400: Answer(says="It cannot be read, or did not arrive whole.", media={JSON: TEXT, "text/plain": TEXT}),
    401: _json("The integration asks for a signature."),
    403: _json("The key is not known, or the rules of the integration are not kept."),
    413: Answer(says="The body is too large."),
    503: _json("Own trouble: come again."),
}
_MISSING: Final = {404: _json("There is no such silence.")}


def _operation(
    method: str,
    path: str,
    says: str,
    done: Answer,
    *,
    body: Schema | None = None,
    parameters: tuple[Parameter, ...] = (),
    more: Mapping[int, Answer] | None = None,
) -> Operation:
    return Operation(
        method=method,
        path=f"/am/{{key}}{path}",
        says=says,
        answers={200: done, **_COMMON, **(more or {})},
        body=Content(media={JSON: body}) if body is not None else None,
        parameters=parameters,
    )


_POSTED: Final[Schema] = {"type": "array", "items": _ALERT}
_TAKEN: Final = Answer(says="On the disk.")
_SHOWN: Final = (_MATCHERS, *_FLAGS, _RECEIVER)

ALERTMANAGER: Final = Surface(
    name="alertmanager",
    says="What Prometheus, amtool, karma and Grafana ask of an Alertmanager.",
    operations=(
        _operation("POST", "/api/v2/alerts", "Alerts that fire, or have ended.", _TAKEN, body=_POSTED),
        _operation("POST", "/api/v1/alerts", "The same, for old senders.", _TAKEN, body=_POSTED),
        _operation("GET", "/api/v2/alerts", "What fires.", _json("Alerts.", _LIST), parameters=_SHOWN),
        _operation("GET", "/api/v2/alerts/groups", "The same in groups.", _json("Groups.", _LIST), parameters=_SHOWN),
        _operation("GET", "/api/v2/silences", "Silences.", _json("Silences.", _LIST), parameters=(_MATCHERS,)),
        _operation(
            "POST",
            "/api/v2/silences",
            "Make a silence, or change one.",
            _json("On the disk.", {"type": "object", "required": ["silenceID"], "properties": {"silenceID": TEXT}}),
            body=_SILENCE,
            more=_MISSING,
        ),
        _operation("GET", "/api/v2/silence/{id}", "One silence.", _json("The silence.", OBJECT), more=_MISSING),
        _operation("DELETE", "/api/v2/silence/{id}", "End a silence.", _TAKEN, more=_MISSING),
        _operation("GET", "/api/v2/status", "Version, configuration, since when.", _json("The status.", OBJECT)),
        _operation("GET", "/api/v2/receivers", "The teams.", _json("Teams.", _LIST)),
        _operation("GET", "/metrics", "The version, where karma looks for it.", plain("Prometheus's format.")),
        _operation("GET", "/-/healthy", "Is the process alive?", plain("It is.")),
        _operation(
            "GET",
            "/-/ready",
            "Does the invariant hold?",
            plain("It does."),
            more={503: Answer(says="What is wrong.", media={JSON: TEXT, "text/plain": ANY})},
        ),
    ),
)
