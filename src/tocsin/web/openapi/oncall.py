"""Who is on call: our own API, and the calendars that people subscribe to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.web.openapi.answers import AGAIN, JSON, REFUSAL, told
from tocsin.web.openapi.writing import OBJECT, TEXT, Answer, Content, Operation, Parameter, Schema, Surface

_TOKEN: Final = ("bearer",)


def _refused(says: str) -> Answer:
    return Answer(says=says, media={JSON: REFUSAL})


_UNREADABLE: Final = (400, _refused("What is asked for makes no sense as it stands; the message says why."))
_NO_TOKEN: Final = (401, Answer(says="There is no such token.", media={JSON: REFUSAL}, headers=("WWW-Authenticate",)))
_FOREIGN: Final = (403, _refused("It is for somebody else to do."))
_UNKNOWN: Final = (404, _refused("There is no such thing (any more)."))
_CONFLICT: Final = (409, _refused("There is another one of this id, somebody was quicker, or its time has passed."))
_TOO_LARGE: Final = (413, _refused("The body is too large."))
_AGAIN: Final = (503, AGAIN)
_ALWAYS: Final = (_UNREADABLE, _NO_TOKEN, _TOO_LARGE, _AGAIN)

_MOMENT: Final[Schema] = {"type": "string", "examples": ["now", "2026-12-24T09:00:00+01:00"]}
_UNTIL: Final[Schema] = {"type": "string", "examples": ["4h", "2026-12-24T17:00:00+01:00"]}
_ID: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_ENDED: Final = Answer(says="It is gone.")


def _content(required: tuple[str, ...], fields: Mapping[str, Any]) -> Content:
    return Content(media={JSON: {"type": "object", "required": list(required), "properties": fields}})


def _json(says: str) -> Answer:
    return Answer(says=says, media={JSON: OBJECT})


_OVERRIDE: Final = _content(
    ("schedule", "who", "until"),
    {"schedule": TEXT, "who": TEXT, "start": _MOMENT, "until": _UNTIL, "id": _ID},
)
_SWAP: Final = _content(
    ("schedule", "until"),
    {
        "schedule": TEXT,
        "start": _MOMENT,
        "until": _UNTIL,
        "to": TEXT,
        "back_start": _MOMENT,
        "back_until": _UNTIL,
        "id": _ID,
    },
)


def _row(method: str, path: str, says: str, *answers: tuple[int, Answer], body: Content | None = None) -> Operation:
    return Operation(method=method, path=path, says=says, answers=told(*_ALWAYS, *answers), body=body, security=_TOKEN)


API: Final = Surface(
    name="api",
    says="Who is on call, and how people change it. A token stands for a responder.",
    operations=(
        _row("GET", "/api/v1/schedules", "Who is on call, and who is next.", (200, _json("All schedules."))),
        Operation(
            method="GET",
            path="/api/v1/schedules/{name}",
            says="The timeline of a schedule: shifts, gaps, overrides, swaps.",
            answers=told(*_ALWAYS, (200, _json("The timeline.")), _UNKNOWN),
            parameters=(
                Parameter(name="from", says="From when; else from now.", schema=_MOMENT),
                Parameter(name="until", says="Until when, or how long; else 14 days.", schema=_UNTIL),
            ),
            security=_TOKEN,
        ),
        _row(
            "POST",
            "/api/v1/overrides",
            "Put somebody on call for a while.",
            (200, _json("It was there already, under this id.")),
            (201, _json("It counts.")),
            _UNKNOWN,
            _CONFLICT,
            body=_OVERRIDE,
        ),
        _row("DELETE", "/api/v1/overrides/{name}", "Take an override back.", (204, _ENDED), _UNKNOWN),
        _row("GET", "/api/v1/swaps", "All swaps.", (200, _json("Those that are only asked for, too."))),
        _row(
            "POST",
            "/api/v1/swaps",
            "Ask somebody, or anybody, to take one's turns.",
            (200, _json("It was there already, under this id.")),
            (201, _json("It is asked, and counts once it is accepted.")),
            _UNKNOWN,
            _CONFLICT,
            body=_SWAP,
        ),
        _row("DELETE", "/api/v1/swaps/{name}", "Take a swap back.", (204, _ENDED), _FOREIGN, _UNKNOWN),
        _row(
            "POST",
            "/api/v1/swaps/{name}/accept",
            "Take the turns.",
            (200, _json("They are yours.")),
            _FOREIGN,
            _UNKNOWN,
            _CONFLICT,
        ),
        _row(
            "POST",
            "/api/v1/swaps/{name}/decline",
            "Do not take them; only who was asked can say so.",
            (204, _ENDED),
            _FOREIGN,
            _UNKNOWN,
            _CONFLICT,
        ),
    ),
)

CALENDARS: Final = Surface(
    name="calendars",
    says="Shifts as calendars (iCal) that people subscribe to. The address is the credential.",
    operations=(
        Operation(
            method="GET",
            path="/calendars/{secret}.ics",
            says="The shifts of a schedule, or of a person.",
            answers={
                200: Answer(says="The calendar (RFC 5545).", media={"text/calendar": TEXT}, headers=("ETag",)),
                304: Answer(says="It is as the client knows it.", headers=("ETag",)),
                404: Answer(says="There is no calendar here."),
                503: Answer(says="Not available now.", media={"text/plain": TEXT}, headers=("Retry-After",)),
            },
        ),
    ),
)
