"""One state, tried alone: what TestState says of it, with answers of tasks that are made up.

The state is run by the same step that runs whole machines; what it does to its data on the way is looked at by
`inspecting`. Nothing is called but functions of Python that are given; a Map or Parallel needs a mocked answer.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from tocsin.asl import inspecting, memory, outcomes, program
from tocsin.asl.execution import ROOT, Execution, Frame, Names, Phase, Status, TaskStart
from tocsin.asl.failures import DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED, StateFailure
from tocsin.asl.inputs import read_input
from tocsin.asl.memory import STARTED, Failure, Function
from tocsin.asl.program import Definition, State
from tocsin.asl.resources import resource
from tocsin.asl.step import Stepper
from tocsin.asl.validation import NO_END, NO_TARGET, DefinitionError, validate
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

LEVELS: Final = ("INFO", "DEBUG", "TRACE")
NAME: Final = "StateName"  # What TestState calls a state that comes without a name.
MACHINE: Final = "arn:aws:states:us-east-1:111111111111:stateMachine:state"

_MOCKABLE: Final = ("Task", "Map", "Parallel")
_BELOW: Final = ("Map", "Parallel")
_MOCK_FIELDS: Final = ("result", "errorOutput", "fieldValidationMode")
_MODES: Final = ("STRICT", "PRESENT", "NONE")
_ERROR_FIELDS: Final = ("error", "cause")
_CONFIGURATION: Final = ("retrierRetryCount", "errorCausedByState", "mapIterationFailureCount", "mapItemReaderData")


class Tested(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What came of it, in the shape of TestState's answer: values of JSON are texts.

    *status*: SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR. *inspection_data*: not on the level INFO.
    """

    status: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    next_state: str | None = None
    inspection_data: dict[str, Json] | None = None


class StateRefusedError(TocsinError):
    """The request is one that TestState refuses; *exception* is the name that it gives to that."""

    def __init__(self, message: str, exception: str = "ValidationException") -> None:
        """Keep both."""
        super().__init__("state-refused", message)
        self.exception = exception


def try_state(
    definition: str | Mapping[str, Json],
    given: Json = None,
    *,
    state_name: str | None = None,
    variables: Json = None,
    context: Json = None,
    mock: Mapping[str, Json] | None = None,
    functions: Mapping[str, Function] | None = None,
    configuration: Mapping[str, Json] | None = None,
    level: str = "INFO",
    role: str = "",
    reveal_secrets: bool = False,
    now: Instant = STARTED,
    seed: str = "state",
) -> Tested:
    """What one state does with the input *given* (None: an empty object).

    *definition* is a state, or a machine of which *state_name* names one. Texts are read as JSON, as the API has them;
    what is no text is a value. *mock*: `result`, or `errorOutput` with `error` and `cause`.
    *functions* are called by a Task without a mock, as `run` does. *configuration*:
    `retrierRetryCount`, `errorCausedByState`, `mapIterationFailureCount`, `mapItemReaderData`. Raises
    StateRefusedError, DefinitionError, InputError.
    """
    if level not in LEVELS:
        raise StateRefusedError(f"inspectionLevel must be one of {', '.join(LEVELS)}, not {level!r}")
    mocked = _mock(mock or {}, reveal_secrets=reveal_secrets)
    told = _configuration(configuration or {}, mocked=bool(mocked))
    compiled, name = _compiled(definition, state_name)
    state = compiled.programs[""].states[name]
    result = _allowed(state, mocked, calls=functions is not None)
    seen = _context(context, state)
    value = {} if given is None else read_input(given) if isinstance(given, str) else given
    names = Names(
        machine=MACHINE,
        machine_name="state",
        execution=MACHINE.replace(":stateMachine:", ":express:") + ":run",
        role=role,
        express=True,
    )
    frame = Frame(id=ROOT, program="", state=name, input=value, variables=_object(variables, "variables"))
    execution = Execution(names=names, input=value, started_at=now, seed=seed, frames={ROOT: frame})
    alone = _Alone(compiled, execution, now, seen)
    alone.functions = functions or {}
    alone.play(frame, state, mocked, result, told)
    return alone.tested(frame, state, level)


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────
def _mock(given: Mapping[str, Json], *, reveal_secrets: bool) -> Mapping[str, Any]:
    _only(given, _MOCK_FIELDS, "mock")
    if "result" in given and "errorOutput" in given:
        raise StateRefusedError("A test mock should have only one of the following fields: [result, errorOutput].")
    if given and reveal_secrets:
        raise StateRefusedError("TestState does not support RevealSecrets when a mock is specified.")
    if given.get("fieldValidationMode", "NONE") not in _MODES:
        raise StateRefusedError(f"fieldValidationMode must be one of {', '.join(_MODES)}")
    error = given.get("errorOutput", {})
    if not isinstance(error, Mapping) or not all(isinstance(each, str) for each in error.values()):
        raise StateRefusedError("errorOutput must be an object with the texts 'error' and 'cause'")
    _only(error, _ERROR_FIELDS, "errorOutput")
    return {field: value for field, value in given.items() if field != "fieldValidationMode"}


def _configuration(given: Mapping[str, Json], *, mocked: bool) -> Mapping[str, Any]:
    _only(given, _CONFIGURATION, "stateConfiguration")
    for field in given:
        if not mocked:
            shown = field[:1].upper() + field[1:]
            raise StateRefusedError(f"TestState does not support {shown} when a mock is not specified.")
    for field in ("retrierRetryCount", "mapIterationFailureCount"):
        count = given.get(field, 0)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise StateRefusedError(f"{field} must be a number from 0")
    for field in ("errorCausedByState", "mapItemReaderData"):
        if not isinstance(given.get(field, ""), str):
            raise StateRefusedError(f"{field} must be a text")
    return given


def _compiled(definition: str | Mapping[str, Json], state_name: str | None) -> tuple[Definition, str]:
    """The machine, and the name of the state in it."""
    if isinstance(definition, str):
        try:
            document = json.decode(definition)
        except json.JsonError:
            raise DefinitionError(validate(definition)) from None
    else:
        document = dict(definition)
    if not isinstance(document, dict):
        raise DefinitionError(validate(json.encode(document)))
    if state_name == "":
        message = "Parameter validation failed:\nInvalid length for parameter stateName, value: 0, valid min length: 1"
        raise StateRefusedError(message, "ParamValidationError")
    if state_name is None:
        language = {"QueryLanguage": document["QueryLanguage"]} if "QueryLanguage" in document else {}
        document, state_name = {"StartAt": NAME, "States": {NAME: document}, **language}, NAME
        problems = tuple(problem for problem in validate(document) if problem.code not in {NO_TARGET, NO_END})
    else:
        states = document.get("States")
        if not isinstance(states, dict) or state_name not in states:
            raise StateRefusedError("State not found in definition")
        problems = validate(document)
    if problems:
        raise DefinitionError(problems)
    return program.compile_definition(document), state_name


def _allowed(state: State, mocked: Mapping[str, Any], *, calls: bool) -> Json:
    """The mocked result, if the state may have that."""
    if not mocked:
        if state.type in _BELOW:
            message = (
                "TestState API does not support Map or Parallel states. "
                "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]"
            )
            raise StateRefusedError(message, "InvalidDefinition")
        if state.type == "Task" and not calls:
            raise StateRefusedError("Nothing is called here: a Task needs a mock with a result or an errorOutput")
        return None
    if state.type not in _MOCKABLE:
        raise StateRefusedError(f"State type '{state.type}' is not supported when a mock is specified")
    result = mocked.get("result")
    if isinstance(result, str):
        try:
            result = json.decode(result)
        except json.JsonError:
            raise StateRefusedError("Mocked result must be valid JSON") from None
    writes = state.map is not None and state.map.writer is not None
    if "result" not in mocked or state.type == "Task" or writes:
        return result
    if not isinstance(result, list):
        raise StateRefusedError("Mocked result must be an array.")
    if state.type == "Parallel" and len(result) != len(state.programs):
        raise StateRefusedError("Mocked result must contain the same number of items as number of Parallel branches.")
    return result


def _context(given: Json, state: State) -> dict[str, Json] | None:
    if given is None:
        return None
    found = _object(given, "context")
    waits = state.type == "Task" and resource(state.resource).pattern
    if "Task" in found and not waits:
        raise StateRefusedError(
            "Invalid Context object provided: Context object contains 'Task' when state is not a Task state with a "
            "'.sync' or '.waitForTaskToken' service integration pattern"
        )
    return found


def _object(given: Json, field: str) -> dict[str, Json]:
    if given is None:
        return {}
    try:
        found = json.decode(given) if isinstance(given, str) else given
    except json.JsonError as problem:
        raise StateRefusedError(f"{field} must be valid JSON: {problem}") from None
    if not isinstance(found, dict):
        raise StateRefusedError(f"{field} must be a JSON object")
    return found


def _only(given: Mapping[str, Json], allowed: tuple[str, ...], what: str) -> None:
    unknown = next((name for name in given if name not in allowed), None)
    if unknown is not None:
        raise StateRefusedError(f"{what} has no field {unknown!r}; there are {', '.join(allowed)}")


# ── The run ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class _Alone(Stepper):
    """A step that goes no further than one state."""

    def __init__(
        self, definition: Definition, execution: Execution, now: Instant, context: dict[str, Json] | None
    ) -> None:
        super().__init__(definition, execution, now)
        self.functions: Mapping[str, Function] = {}
        self._context = context
        self._error: tuple[str | None, str | None] | None = None
        self._mock: Mapping[str, Any] = {}
        self._told: Mapping[str, Any] = {}
        self._result: Json = None
        self._inspected: dict[str, Json] = {}

    def context(self, frame: Frame, state: State) -> dict[str, Json]:
        """The one that was given, or one that calls the state as TestState does."""
        if self._context is not None:
            return self._context
        found = super().context(frame, state)
        found["State"]["Name"] = NAME
        if not self.execution.names.role:
            found["Execution"]["RoleArn"] = None
        return found

    def attempt(self, frame: Frame, state: State, work: Callable[[], bool]) -> bool:
        """As a step does, and keep what failed."""

        def noted() -> bool:
            try:
                return work()
            except StateFailure as failure:
                self._error = failure.error, outcomes.cause_of(frame, state, failure)
                raise

        return super().attempt(frame, state, noted)

    def play(
        self, frame: Frame, state: State, mocked: Mapping[str, Any], result: Json, told: Mapping[str, Any]
    ) -> None:
        """Run *state*; a mock takes the place of its work."""
        used = told.get("retrierRetryCount", 0)
        frame.attempts = {str(number): used for number in range(len(state.retry))}
        self._mock, self._result, self._told = mocked, result, told
        look = inspecting.Look(self, frame, state, told)
        if state.type in _BELOW:
            self._enter(frame, state)
            self.attempt(frame, state, lambda: self._mocked(frame, state, look))
        else:
            with suppress(StateFailure):  # The run tells it; what comes after it is not there.
                look.before(None)
            self._advance(frame)
            if frame.phase is Phase.WAIT:
                self._advance(frame)
            if frame.phase is Phase.TASK:
                if not mocked:
                    self._call(self.tasks[-1])
                look.before(self.tasks[-1])
                self.attempt(frame, state, lambda: self._mocked(frame, state, look))
        self._inspected = look.found

    def _call(self, task: TaskStart) -> None:
        """The answer of a function takes the place of a mock."""
        try:
            self._result = memory.called(task, self.functions)
        except Failure as failure:
            self._mock = {"errorOutput": {"error": failure.error, "cause": failure.cause}}
            return
        if outcomes.oversized(self._result):
            what = resource(task.resource)
            error = {"error": DATA_LIMIT_EXCEEDED, "cause": outcomes.too_large(what.type or task.resource)}
            self._mock = {"errorOutput": error}

    def _mocked(
        self,
        frame: Frame,
        state: State,
        look: inspecting.Look,
    ) -> bool:
        outcomes.reset_task(frame)
        if state.type in _BELOW:
            look.before(None)
        if "errorOutput" in self._mock:
            error = self._mock["errorOutput"]
            raise StateFailure(error.get("error"), error.get("cause"), located=False)
        if look.exceeds(self._told.get("mapIterationFailureCount", 0)):
            raise StateFailure(
                EXCEED_TOLERATED, "The specified tolerated failure threshold was exceeded", located=False
            )
        look.after(self._result)
        return outcomes.completed(self, frame, state, self._result)

    def tested(self, frame: Frame, state: State, level: str) -> Tested:
        """What came of it."""
        status, error, cause = self._status(frame)
        went_on = status in {"SUCCEEDED", "CAUGHT_ERROR"}
        details = self._details(state, error, status)
        if details:
            self._inspected["errorDetails"] = details
        if went_on and frame.variables:
            self._inspected["variables"] = _text(frame.variables)
        return Tested(
            status=status,
            output=_text(frame.input) if went_on else None,
            error=error,
            cause=cause,
            next_state=frame.state if went_on and self.execution.status is Status.RUNNING else None,
            inspection_data=None if level == "INFO" else self._inspected,
        )

    def _status(self, frame: Frame) -> tuple[str, str | None, str | None]:
        if self.execution.status is Status.FAILED:
            return "FAILED", self.execution.error, self.execution.cause
        if frame.phase is Phase.AGAIN:
            assert self._error is not None, "what is tried again has failed"
            return "RETRIABLE", *self._error
        if self._error is not None:
            return "CAUGHT_ERROR", *self._error
        return "SUCCEEDED", None, None

    def _details(self, state: State, error: str | None, status: str) -> dict[str, Json]:
        """Which entries of Retry and Catch are meant."""
        if status == "SUCCEEDED":
            return {}
        found: dict[str, Json] = {}
        for number, retrier in enumerate(state.retry):
            if outcomes.matches(retrier.errors, error):
                found["retryIndex"] = number
                if status == "RETRIABLE":
                    found["retryBackoffIntervalSeconds"] = int(
                        outcomes.delay(retrier, self._told.get("retrierRetryCount", 0))
                    )
                break
        if status == "CAUGHT_ERROR":
            found["catchIndex"] = next(
                number for number, catcher in enumerate(state.catch) if outcomes.matches(catcher.errors, error)
            )
        return found


def _text(value: Json) -> str:
    return json.encode(value).decode()
