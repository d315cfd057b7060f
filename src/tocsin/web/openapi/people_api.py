"""The figures, the silences and the noise, for the programs of people."""

from __future__ import annotations

from typing import Final

from tocsin.web.openapi.answers import told
from tocsin.web.openapi.oncall import (
    ALWAYS,
    CONFLICT,
    ENDED,
    ID,
    MOMENT,
    TOKEN,
    UNKNOWN,
    UNTIL,
    content,
    row,
    whole,
)
from tocsin.web.openapi.writing import TEXT, Operation, Parameter, Surface

_SINCE: Final = Parameter(name="since", says="How far to look back, like 24h or 7d.", schema=TEXT)
_TEAM: Final = Parameter(name="team", says="Only of this team.", schema=TEXT)
_FLAG: Final = {"type": "string", "enum": ["true", "false"]}
_TEXTS: Final = {"type": "array", "items": TEXT}

_SILENCE: Final = content(
    ("matchers", "why", "until"),
    {
        "matchers": _TEXTS,
        "why": TEXT,
        "start": MOMENT,
        "until": UNTIL,
        "team": TEXT,
        "integration": TEXT,
        "id": ID,
    },
)
_REMEDY: Final = content(
    ("integration", "by", "value", "remedy"),
    {
        "integration": TEXT,
        "by": {"type": "string", "enum": ["key", "title"]},
        "value": TEXT,
        "remedy": {"type": "string", "examples": ["hold 3m", "notification", "threshold 3 in 10m", "silence 7d"]},
        "why": TEXT,
        "title": TEXT,
    },
)


def _look(path: str, says: str, *parameters: Parameter, unknown: bool = True) -> Operation:
    answers = told(*ALWAYS, (200, whole(says)), *((UNKNOWN,) if unknown else ()))
    return Operation(method="GET", path=path, says=says, answers=answers, parameters=parameters, security=TOKEN)


PEOPLE: Final = Surface(
    name="people",
    says="What incidents have cost, what is silenced, and what disturbs without need. A token stands for a responder.",
    operations=(
        _look("/api/v1/stats", "What incidents have cost, in figures.", _SINCE, _TEAM),
        _look("/api/v1/missed", "The alerts that nobody answered.", _SINCE, _TEAM),
        _look(
            "/api/v1/silences",
            "The silences that are not over, or all.",
            Parameter(name="all", says="Those that are over too.", schema=_FLAG),
            unknown=False,
        ),
        row(
            "POST",
            "/api/v1/silences",
            "Silence what fits all matchers.",
            (200, whole("It was there already, under this id.")),
            (201, whole("It is stored, and in force a moment later.")),
            UNKNOWN,
            CONFLICT,
            body=_SILENCE,
        ),
        Operation(
            method="DELETE",
            path="/api/v1/silences/{name}",
            says="End a silence.",
            answers=told(*ALWAYS, (204, ENDED), UNKNOWN, CONFLICT),
            parameters=(Parameter(name="for_good", says="Also if it would come again.", schema=_FLAG),),
            security=TOKEN,
        ),
        _look("/api/v1/noise", "Which keys disturb, what would help, and the remedies in force.", _SINCE, _TEAM),
        row(
            "POST",
            "/api/v1/noise",
            "Set a remedy for a key.",
            (201, whole("It is stored, and in force a moment later.")),
            UNKNOWN,
            body=_REMEDY,
        ),
        row("DELETE", "/api/v1/noise/{name}", "Undo the remedy in force for a key.", (204, ENDED), UNKNOWN),
    ),
)
