"""How long a state waits: seconds and timestamps, from the definition, a path or an expression.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
"""

from __future__ import annotations

from typing import Final

from tocsin.asl.failures import QUERY_EVALUATION, StateFailure, runtime
from tocsin.asl.program import Read, State
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import shown
from tocsin.asl.times import timestamp
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant

SECONDS_MAX: Final = 99_999_999  # As Step Functions has it.


def until(state: State, scope: Scope, now: Instant) -> Instant:
    """When a Wait is over. Raises StateFailure."""
    assert state.wait is not None
    field, read = state.wait
    value = read(scope)
    if field.startswith("Seconds"):
        if not _seconds(value):
            raise _wrong(state, field, f"must be a number from 0 to {SECONDS_MAX}, not {_shown(value)}")
        return now + int(value * SECOND)
    found = timestamp(value) if isinstance(value, str) else None
    if found is None:
        raise _no_time(state, field, value)
    return found


def seconds(state: State, field: str, read: Read | None, scope: Scope) -> Duration | None:
    """A time limit of a task in ms, or None. Raises StateFailure."""
    if read is None:
        return None
    value = read(scope)
    if value is None or not _seconds(value) or value <= 0:
        raise _wrong(state, field, f"must be a positive number of seconds, not {_shown(value)}")
    return int(value * SECOND)


def _seconds(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SECONDS_MAX


def _wrong(state: State, field: str, what: str) -> StateFailure:
    cause = f"The {field} parameter {what}"
    return StateFailure(QUERY_EVALUATION, cause, place=field) if state.jsonata else runtime(cause)


def _no_time(state: State, field: str, value: Json) -> StateFailure:
    shown = value if isinstance(value, str) else _shown(value)
    if state.jsonata:
        cause = f"The {field} field cannot be parsed as an ISO-8601 extended offset date-time format string: {shown}"
        return StateFailure(QUERY_EVALUATION, cause, place=field)
    return runtime(
        f"The {field} parameter does not reference a valid ISO-8601 extended offset date-time format string: "
        f"{_told(state, field)} == {shown}"
    )


def _told(state: State, field: str) -> str:
    return state.told.get(field, field)


def _shown(value: Json) -> str:
    return shown(value, 200)
