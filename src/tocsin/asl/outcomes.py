"""How a state ends: with an output, variables, the next state; or with a failure, tried again, caught, passed up."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from tocsin.asl.execution import ROOT, Frame, Phase, Status
from tocsin.asl.failures import (
    ALL,
    DATA_LIMIT_EXCEEDED,
    HEARTBEAT_TIMEOUT,
    QUERY_EVALUATION,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
    StateFailure,
)
from tocsin.asl.intrinsics import drawn
from tocsin.asl.moves import Moves
from tocsin.asl.program import Catcher, Retrier, State
from tocsin.asl.reference_paths import ResultPath
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, VARIABLE_BYTES_MAX, VARIABLES_BYTES_MAX, size
from tocsin.asl.templates import Template
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND

_End: TypeAlias = tuple[Json, dict[str, Json], str]  # The output, the variables assigned, the next state or empty.

_Told: TypeAlias = tuple[str | None, str | None]  # An error and its cause.

DELAY_MAX: Final = 31_622_400  # Seconds: a year.


# ── Success ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def passed_on(moves: Moves, frame: Frame, state: State) -> bool:
    """The end of a Pass, Wait or Succeed."""
    scope = moves.scope(frame, state)
    if state.jsonata:
        if state.result is not None:
            scope.result = state.result(scope)
        output = state.output(scope) if state.output else frame.input if state.result is None else scope.result
        return _exit(moves, frame, state, (output, assigned(state.assign, scope), state.next))
    if state.parameters is not None:
        scope.value = state.parameters(scope)
    result = state.result(scope) if state.result is not None else scope.value
    if state.type != "Pass":
        return _leave(moves, frame, state, scope, scope.value)
    return _merged(moves, frame, state, scope, result)


def completed(moves: Moves, frame: Frame, state: State, result: Json) -> bool:
    """The end of a Task, Parallel or Map with *result*."""
    scope = moves.scope(frame, state)
    if state.jsonata:
        scope.result = result
        output = state.output(scope) if state.output else result
        return _exit(moves, frame, state, (output, assigned(state.assign, scope), state.next))
    if state.selector is not None:
        result = state.selector(scope.seeing(result))
    return _merged(moves, frame, state, scope, result)


def chosen(
    moves: Moves, frame: Frame, state: State, name: str, *, assign: Template | None, output: Template | None
) -> bool:
    """The end of a Choice."""
    scope = moves.scope(frame, state)
    variables = assigned(assign, scope)
    if state.jsonata:
        return _exit(moves, frame, state, (output(scope) if output else frame.input, variables, name))
    return _exit(moves, frame, state, (_outputs(state, scope, scope.value), variables, name))


def _merged(moves: Moves, frame: Frame, state: State, scope: Scope, result: Json) -> bool:
    """JSONPath: the result goes into the input, and what OutputPath takes of that goes on."""
    variables = assigned(state.assign, scope.seeing(result))
    if state.result_discarded:
        whole = frame.input
    else:
        whole = state.result_path.put(frame.input, result) if state.result_path else result
    return _exit(moves, frame, state, (_outputs(state, scope, whole), variables, state.next))


def _leave(moves: Moves, frame: Frame, state: State, scope: Scope, value: Json) -> bool:
    return _exit(moves, frame, state, (_outputs(state, scope, value), assigned(state.assign, scope), state.next))


def _outputs(state: State, scope: Scope, value: Json) -> Json:
    if state.output_discarded:
        return {}
    return state.output_path.find_whole(scope.seeing(value)) if state.output_path else value


def assigned(assign: Template | None, scope: Scope) -> dict[str, Json]:
    """The variables that are assigned, all by what was there before."""
    if assign is None:
        return {}
    found: dict[str, Json] = assign(scope)
    return found


def _exit(moves: Moves, frame: Frame, state: State, end: _End) -> bool:
    output, variables, name = end
    weight = size(output)
    if weight > PAYLOAD_BYTES_MAX:
        raise StateFailure(DATA_LIMIT_EXCEEDED, too_large(state.name), located=False)
    moves.purse.weigh(weight)
    details: dict[str, Any] = {"name": state.name, "output": output}
    if variables:
        _assign(moves, frame, state, variables)
        details["assignedVariables"] = variables
    moves.event(frame, f"{state.type}StateExited", details)
    reset(frame)
    frame.input = output
    if name:
        frame.state = name
        return True
    if frame.id == ROOT:
        moves.end(Status.SUCCEEDED, output=output)
        return False
    return moves.below.over(frame, output, weight)


def _assign(moves: Moves, frame: Frame, state: State, variables: dict[str, Json]) -> None:
    """Keep the variables. Raises StateFailure when they are too large, alone or all together.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    sizes = {name: size(value) for name, value in variables.items()}
    more = sum(sizes.values())
    less = sum(frame.sizes.get(name, 0) for name in sizes)
    if more > VARIABLE_BYTES_MAX:
        cause = f"The variables that the state '{state.name}' assigns have more than {VARIABLE_BYTES_MAX} bytes."
        raise StateFailure(DATA_LIMIT_EXCEEDED, cause, located=False)
    if moves.execution.variable_bytes + more - less > VARIABLES_BYTES_MAX:
        cause = f"All variables of the execution have more than {VARIABLES_BYTES_MAX} bytes."
        raise StateFailure(DATA_LIMIT_EXCEEDED, cause, located=False)
    moves.execution.variable_bytes += more - less
    frame.sizes = {**frame.sizes, **sizes}
    frame.variables = {**frame.variables, **variables}


def reset(frame: Frame) -> None:
    """The frame is about to enter a state."""
    reset_task(frame)
    frame.phase = Phase.ENTER
    frame.retries = 0
    if frame.attempts:
        frame.attempts = {}


def reset_task(frame: Frame) -> None:
    """No task is under way any more."""
    frame.task = frame.token = ""
    frame.expires_at = frame.beat_at = frame.wake_at = None
    frame.beat = 0
    frame.work = None


def oversized(value: Json) -> tuple[str] | None:
    """The error for a value that is too large."""
    return (DATA_LIMIT_EXCEEDED,) if size(value) > PAYLOAD_BYTES_MAX else None


def too_large(name: str) -> str:
    """The cause for the state or task *name*."""
    return f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."


# ── Failure ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def failed(moves: Moves, frame: Frame, state: State, failure: StateFailure) -> bool:
    """The state fails: it is tried again, caught, or its frame fails. Whether the frame can go on."""
    cause = cause_of(frame, state, failure)
    if failure.error == QUERY_EVALUATION and failure.located:
        frame.previous = frame.before
        details = {"error": failure.error, "cause": cause, "location": failure.place, "state": state.name}
        moves.event(frame, "EvaluationFailed", details)
    moves.below.stop(frame)
    retrier = _retrier(frame, state, failure.error)
    if retrier is not None:
        _again(moves, frame, *retrier)
        return False
    if state.type in {"Map", "Parallel"} and not (failure.error == RUNTIME and failure.located):
        moves.event(frame, f"{state.type}StateFailed", {"error": failure.error, "cause": cause})
    catcher = _catcher(state, failure.error)
    if catcher is not None:
        return _caught(moves, frame, state, catcher, (failure.error, cause))
    return gone(moves, frame, failure.error, cause)


def cause_of(frame: Frame, state: State, failure: StateFailure) -> str | None:
    """The cause, with the state's name where Step Functions tells it."""
    if not failure.located:
        return failure.cause
    where = f"An error occurred while executing the state '{state.name}' (entered at the event id #{frame.entered})."
    return f"{where} {failure.cause}"


def gone(moves: Moves, frame: Frame, error: str | None, cause: str | None) -> bool:
    """The frame fails, and with it what is above."""
    if frame.id == ROOT:
        moves.end(Status.FAILED, error=error, cause=cause)
        return False
    return moves.below.broken(frame, error, cause)


def _caught(moves: Moves, frame: Frame, state: State, catcher: Catcher, failure: _Told) -> bool:
    error, cause = failure
    told = {"Error": error or "", "Cause": cause or ""}
    scope = moves.scope(frame, state)
    scope.value = told
    if state.jsonata:
        scope.error_output = told
        output = catcher.output(scope) if catcher.output else told
    elif catcher.discard:
        output = frame.input
    else:
        output = (catcher.result_path or ResultPath("$")).put(frame.input, told)
    return _exit(moves, frame, state, (output, assigned(catcher.assign, scope), catcher.next))


def _retrier(frame: Frame, state: State, error: str | None) -> tuple[Retrier, int] | None:
    """The first entry that knows the error, if it has attempts left; and how many it has used."""
    for number, retrier in enumerate(state.retry):
        if matches(retrier.errors, error):
            used = frame.attempts.get(str(number), 0)
            if used >= retrier.attempts:
                return None
            frame.attempts[str(number)] = used + 1
            return retrier, used
    return None


def _catcher(state: State, error: str | None) -> Catcher | None:
    return next((catcher for catcher in state.catch if matches(catcher.errors, error)), None)


def matches(names: tuple[str, ...], error: str | None) -> bool:
    """Whether an ErrorEquals names *error*. Nothing does where it is `States.Runtime`."""
    if error == RUNTIME:
        return False
    if error == HEARTBEAT_TIMEOUT and TIMEOUT in names:  # A missing heartbeat is a timeout, too.
        return True
    return error in names or ALL in names or (TASK_FAILED in names and error != TIMEOUT)


def _again(moves: Moves, frame: Frame, retrier: Retrier, used: int) -> None:
    pause = int(delay(retrier, used) * SECOND)
    if retrier.jitter:
        pause = drawn(moves.dice) % (pause + 1)
    reset_task(frame)
    frame.phase = Phase.AGAIN
    frame.wake_at = moves.now + pause


def delay(retrier: Retrier, used: int) -> float:
    """Seconds before the next attempt, after *used* ones."""
    limit = retrier.delay_max or DELAY_MAX
    try:
        return min(limit, retrier.interval * float(retrier.backoff) ** used)
    except OverflowError:
        return limit
