"""A run in memory, on virtual time: waits cost nothing, tasks are Python functions."""

from __future__ import annotations

import heapq
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tocsin.asl import step as stepping
from tocsin.asl.execution import Execution, Given, Names, Passed, Status, TaskFailed, TaskStart, TaskSucceeded
from tocsin.asl.history import Event, shown
from tocsin.asl.inputs import InputError
from tocsin.asl.mocks import Mocks, Return, Throw
from tocsin.asl.mocks import mocks as read_mocks
from tocsin.asl.program import Definition
from tocsin.asl.resources import resource
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, size
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Duration, Instant

STARTED: Final[Instant] = 1_735_689_600_000  # 2025-01-01T00:00Z: when runs in memory begin, if nothing else is said.

Function = Callable[..., Json]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. *history* in the shape of GetExecutionHistory."""

    status: str
    output: Json
    error: str | None
    cause: str | None
    history: list[dict[str, Json]]


class Takes(msgspec.Struct, frozen=True):
    """What a function returns that takes *time* ms for its *output*."""

    output: Json
    time: Duration


class Failure(Exception):
    """What a function raises to fail its task with an error and a cause of its own."""

    def __init__(self, error: str, cause: str | None = None) -> None:
        """Keep both, as texts: a function may give anything."""
        super().__init__(error, cause)
        self.error = str(error)
        self.cause = None if cause is None else str(cause)


def run(
    definition: Definition,
    given: Json = None,
    *,
    functions: Mapping[str, Function] | None = None,
    mocks: Mocks | Json = None,
    names: Names | None = None,
    seed: str = "run",
    now: Instant = STARTED,
) -> Result:
    """Run *definition* to its end with the input *given* (None: an empty object).

    *functions*: by name, ARN or whole resource; each takes the task's input (a Lambda function its payload) and gives
    its output, or raises. A function that takes two arguments is given the name of its resource too. *mocks*: answers
    that take the place of tasks, as `mocks.mocks` reads them, or such a document with one state machine and one test
    case. Raises DefinitionError for one that is wrong, InputError for an
    input that is too large.
    """
    given = {} if given is None else given
    if size(given) > PAYLOAD_BYTES_MAX:
        raise InputError(f"It has more than {PAYLOAD_BYTES_MAX} bytes, or is nested too deep")
    prepared = mocks.fresh() if isinstance(mocks, Mocks) else read_mocks(mocks) if mocks else Mocks({})
    world = _World(functions or {}, prepared, now)
    first = stepping.begin(definition, given, names=names or Names(), seed=seed, now=now)
    return world.play(definition, first)


def called(task: TaskStart, functions: Mapping[str, Function]) -> Json:
    """What one of the *functions* answers to *task*, at once. Raises Failure."""
    output = _World(functions, Mocks({}), STARTED).call(task)
    return output.output if isinstance(output, Takes) else output


class _World:
    def __init__(self, functions: Mapping[str, Function], mocks: Mocks, now: Instant) -> None:
        self._functions = functions
        self._mocks = mocks
        self._now = now
        self._answers: list[tuple[Instant, int, Given]] = []
        self._order = 0
        self._events: list[Event] = []

    def play(self, definition: Definition, first: stepping.Step) -> Result:
        execution = self._took(first)
        while execution.status is Status.RUNNING:
            given = self._next(execution)
            if given is None:
                break
            execution = self._took(stepping.step(definition, execution, given, self._now))
        return Result(
            status=execution.status.value,
            output=execution.output,
            error=execution.error,
            cause=execution.cause,
            history=shown(self._events),
        )

    def _took(self, made: stepping.Step) -> Execution:
        self._events += made.events
        for task in made.tasks:
            self._do(task)
        return made.execution

    def _next(self, execution: Execution) -> Given | None:
        """What happens next, and its time; None when nothing ever will."""
        wake_at = execution.wake_at
        if self._answers and (wake_at is None or self._answers[0][0] <= wake_at):
            at, _, given = heapq.heappop(self._answers)
            self._now = max(self._now, at)
            return given
        if wake_at is None:
            return None
        self._now = max(self._now, wake_at)
        return Passed()

    def _do(self, task: TaskStart) -> None:
        at = self._now
        mocked = self._mocks.answer(task.state)
        if isinstance(mocked, Return):
            self._answer(at, TaskSucceeded(task=task.task, output=mocked.output))
            return
        if isinstance(mocked, Throw):
            self._answer(at, TaskFailed(task=task.task, error=mocked.error, cause=mocked.cause))
            return
        try:
            output = self.call(task)
        except Failure as failure:
            self._answer(at, TaskFailed(task=task.task, error=failure.error, cause=failure.cause))
            return
        if isinstance(output, Takes):
            at, output = at + output.time, output.output
        if not resource(task.resource).waits:
            self._answer(at, TaskSucceeded(task=task.task, output=output))

    def _answer(self, at: Instant, given: Given) -> None:
        self._order += 1
        heapq.heappush(self._answers, (at, self._order, given))

    def call(self, task: TaskStart) -> Any:  # noqa: ANN401 - JSON, or Takes.
        what = resource(task.resource)
        if what.kind == "service" and (what.type, what.name) == ("lambda", "invoke"):
            return self._invoked(task)
        function = self._function(task.resource, what.name)
        if function is None:
            raise Failure(
                "Lambda.ResourceNotFoundException" if what.kind == "lambda" else "States.Runtime", _missing(what.name)
            )
        return _call(function, task.arguments, task.resource)

    def _invoked(self, task: TaskStart) -> Any:  # noqa: ANN401
        """The optimised integration of Lambda: a payload in, an envelope around the payload out."""
        name = str(task.arguments.get("FunctionName", "")) if isinstance(task.arguments, dict) else ""
        function = self._function(name, name.rpartition(":function:")[2])
        if function is None:
            raise Failure("Lambda.ResourceNotFoundException", _missing(name))
        payload = task.arguments.get("Payload", {})
        found = _call(function, {} if payload is None else payload, name)
        takes = found.time if isinstance(found, Takes) else 0
        output = found.output if isinstance(found, Takes) else found
        return Takes(_envelope(output), takes)

    def _function(self, *names: str) -> Function | None:
        for name in (*names, names[-1].partition(":")[0]):
            if name in self._functions:
                return self._functions[name]
        return None


def _call(function: Function, argument: Json, name: str) -> Any:  # noqa: ANN401
    try:
        several = len(inspect.signature(function).parameters) > 1
    except (TypeError, ValueError):
        several = False
    try:
        return function(argument, name) if several else function(argument)
    except Failure:
        raise
    except Exception as problem:
        told = {"errorMessage": str(problem), "errorType": type(problem).__name__, "requestId": "", "stackTrace": []}
        raise Failure(type(problem).__name__, json.encode(told).decode()) from problem


def _envelope(payload: Json) -> dict[str, Json]:
    length = str(len(json.encode(payload)))
    headers = {
        "Connection": "keep-alive",
        "Content-Length": length,
        "Content-Type": "application/json",
        "X-Amz-Executed-Version": "$LATEST",
    }
    return {
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": "RequestId"},
        "StatusCode": 200,
    }


def _missing(name: str) -> str:
    return f"Functions or tasks of this run do not include {name!r}"
