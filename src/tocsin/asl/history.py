"""The history of a run, in the shape of GetExecutionHistory.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

EVENTS_MAX: Final = 25_000  # Of one run, as Step Functions has it.

_TEXTS: Final = {"input": "inputDetails", "output": "outputDetails", "parameters": ""}
_DETAILS: Final = {"StateEntered": "stateEntered", "StateExited": "stateExited"}


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. *details* as they are called there, values of JSON not yet as text."""

    id: int
    previous: int
    at: Instant
    type: str
    details: dict[str, Any] = {}


def shown(events: Iterable[Event]) -> list[dict[str, Json]]:
    """The events as GetExecutionHistory gives them: inputs and outputs are JSON texts, timestamps ms since 1970."""
    return [_shown(event) for event in events]


def _shown(event: Event) -> dict[str, Json]:
    found: dict[str, Json] = {
        "id": event.id,
        "previousEventId": event.previous,
        "timestamp": event.at,
        "type": event.type,
    }
    if event.details:
        found[f"{_key(event.type)}EventDetails"] = _told(event.details)
    return found


def _told(details: dict[str, Any]) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for name, value in details.items():
        if name in _TEXTS:
            told[name] = json.encode(value).decode()
            if beside := _TEXTS[name]:
                told[beside] = {"truncated": False}
        elif name == "assignedVariables":
            told[name] = {variable: json.encode(each).decode() for variable, each in value.items()}
            told["assignedVariablesDetails"] = {"truncated": False}
        elif value is not None:
            told[name] = value
    return told


def _key(kind: str) -> str:
    for end, key in _DETAILS.items():
        if kind.endswith(end):
            return key
    return kind[0].lower() + kind[1:]
