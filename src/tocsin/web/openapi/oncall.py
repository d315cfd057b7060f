"""Who is on call: our own API, and the calendars that people subscribe to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.web.openapi.answers import AGAIN, JSON, REFUSAL, told
from tocsin.web.openapi.writing import OBJECT, TEXT, Answer, Content, Operation, Parameter, Schema, Surface

TOKEN: Final = ("bearer",)


def _refused(says: str) -> Answer:
    return Answer(says=says, media={JSON: REFUSAL})


_UNREADABLE: Final = (400, _refused("What is asked for makes no sense as it stands; the message says why."))
_NO_TOKEN: Final = (401, Answer(says="There is no such token.", media={JSON: REFUSAL}, headers=("WWW-Authenticate",)))
_FOREIGN: Final = (403, _refused("It is for somebody else to do."))
UNKNOWN: Final = (404, _refused("There is no such thing (any more)."))
CONFLICT: Final = (409, _refused("There is another one of this id, somebody was quicker, or its time has passed."))
_TOO_LARGE: Final = (413, _refused("The body is too large."))
_AGAIN: Final = (503, AGAIN)
ALWAYS: Final = (_UNREADABLE, _NO_TOKEN, _TOO_LARGE, _AGAIN)

MOMENT: Final[Schema] = {"type": "string", "examples": ["now", "2026-12-24T09:00:00+01:00"]}
UNTIL: Final[Schema] = {"type": "string", "examples": ["4h", "2026-12-24T17:00:00+01:00"]}
ID: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
ENDED: Final = Answer(says="It is gone.")


def content(required: tuple[str, ...], fields: Mapping[str, Any]) -> Content:
    """A body of these fields."""
    return Content(media={JSON: {"type": "object", "required": list(required), "properties": fields}})


def whole(says: str) -> Answer:
    """An answer with a document."""
    return Answer(says=says, media={JSON: OBJECT})


_OVERRIDE: Final = content(
    ("schedule", "who", "until"),
    {"schedule": TEXT, "who": TEXT, "start": MOMENT, "until": UNTIL, "id": ID},
)
_SWAP: Final = content(
    ("schedule", "until"),
    {
        "schedule": TEXT,
        "start": MOMENT,
        "until": UNTIL,
        "to": TEXT,
        "back_start": MOMENT,
        "back_until": UNTIL,
        "id": ID,
    },
)


def row(method: str, path: str, says: str, *answers: tuple[int, Answer], body: Content | None = None) -> Operation:
    """What a token is needed for."""
    return Operation(method=method, path=path, says=says, answers=told(*ALWAYS, *answers), body=body, security=TOKEN)


API: Final = Surface(
    name="api",
    says="Who is on call, and how people change it. A token stands for a responder.",
    operations=(
        row("GET", "/api/v1/schedules", "Who is on call, and who is next.", (200, whole("All schedules."))),
        Operation(
            method="GET",
            path="/api/v1/schedules/{name}",
            says="The timeline of a schedule: shifts, gaps, overrides, swaps.",
            answers=told(*ALWAYS, (200, whole("The timeline.")), UNKNOWN),
            parameters=(
                Parameter(name="from", says="From when; else from now.", schema=MOMENT),
                Parameter(name="until", says="Until when, or how long; else 14 days.", schema=UNTIL),
            ),
            security=TOKEN,
        ),
        row(
            "POST",
            "/api/v1/overrides",
            "Put somebody on call for a while.",
            (200, whole("It was there already, under this id.")),
            (201, whole("It counts.")),
            UNKNOWN,
            CONFLICT,
            body=_OVERRIDE,
        ),
        row("DELETE", "/api/v1/overrides/{name}", "Take an override back.", (204, ENDED), UNKNOWN),
        row("GET", "/api/v1/swaps", "All swaps.", (200, whole("Those that are only asked for, too."))),
        row(
            "POST",
            "/api/v1/swaps",
            "Ask somebody, or anybody, to take one's turns.",
            (200, whole("It was there already, under this id.")),
            (201, whole("It is asked, and counts once it is accepted.")),
            UNKNOWN,
            CONFLICT,
            body=_SWAP,
        ),
        row("DELETE", "/api/v1/swaps/{name}", "Take a swap back.", (204, ENDED), _FOREIGN, UNKNOWN),
        row(
            "POST",
            "/api/v1/swaps/{name}/accept",
            "Take the turns.",
            (200, whole("They are yours.")),
            _FOREIGN,
            UNKNOWN,
            CONFLICT,
        ),
        row(
            "POST",
            "/api/v1/swaps/{name}/decline",
            "Do not take them; only who was asked can say so.",
            (204, ENDED),
            _FOREIGN,
            UNKNOWN,
            CONFLICT,
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
