"""Numbers of a Map, from the definition or by a path, where they may come as a text."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from tocsin.asl.failures import runtime
from tocsin.asl.sizes import shown
from tocsin.kernel import json
from tocsin.kernel.json import Json

SHOWN_MAX: Final = 10_000  # Characters of a value in a cause.


def whole_of(given: Json, field: str) -> int:
    """A number from 0; 0 for none. Raises StateFailure."""
    value, path = _found(given)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        told = value if isinstance(value, str) else shown(value, SHOWN_MAX)
        raise runtime(f'The {field}Path field refers to value "{told}" which is not a valid integer: {path}')
    if value < 0:
        raise runtime(f"{field} cannot be negative.")
    return int(value)


def number_of(given: Json, field: str) -> float:
    """A number; 0 for none. Raises StateFailure."""
    value, path = _found(given)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        told = value if isinstance(value, str) else shown(value, SHOWN_MAX)
        raise runtime(f'The {field}Path field refers to value "{told}" which is not a valid float: {path}')
    return float(value)


def _found(given: Json) -> tuple[Json, str]:
    """A number, and the path by which it came."""
    if isinstance(given, tuple):
        _, path, value = given
        if isinstance(value, str):
            with suppress(ValueError):
                return json.decode(value), path
        return value, path
    return given, ""
