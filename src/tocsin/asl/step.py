"""One step of a run: what follows from a task's answer, from time, from somebody's word.

A step takes a run and goes on with it until everything in it waits. It reads no clock and calls nobody: what must be
done leaves as `TaskStart`, what must happen later is `Execution.wake_at`. The same run and input give the same step.

A frame enters a state, and then: a Pass, Choice, Succeed or Fail is over at once; a Wait sets `wake_at`; a Task leaves;
a Parallel or Map begins frames below, and goes on when they are over. What fails is tried again or caught as the state
says, else its frame fails, and with it the state above (`outcomes`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import copy
from typing import Any, Final

import msgspec

from tocsin.asl import contexts, outcomes, waiting
from tocsin.asl.below import Below
from tocsin.asl.execution import (
    ROOT,
    Execution,
    Frame,
    Given,
    Names,
    Passed,
    Phase,
    Redriven,
    Status,
    TaskBeat,
    TaskFailed,
    TaskStart,
    TaskSucceeded,
)
from tocsin.asl.failures import (
    DATA_LIMIT_EXCEEDED,
    HEARTBEAT_TIMEOUT,
    NO_CHOICE_MATCHED,
    RUNTIME,
    TIMEOUT,
    StateFailure,
)
from tocsin.asl.history import EVENTS_MAX, Event
from tocsin.asl.intrinsics import drawn, uuid_of
from tocsin.asl.program import Definition, State
from tocsin.asl.resources import Resource, resource
from tocsin.asl.scope import Dice, Purse, Scope
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, size
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant

# What a step may do at most: it holds a thread. What is more goes on a millisecond later, in another step.
MOVES_MAX: Final = 30_000
TOO_LONG: Final = f"The execution reached the maximum number of history events ({EVENTS_MAX})."


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a step gives: the run as it stands then, new events, tasks to begin. *noted*: why nothing followed."""

    execution: Execution
    events: tuple[Event, ...]
    tasks: tuple[TaskStart, ...]
    noted: str = ""


def begin(
    definition: Definition, given: Json, *, names: Names, seed: str, now: Instant, events_max: int = EVENTS_MAX
) -> Step:
    """A new run with the input *given*. *seed* decides what chance gives in it. *events_max*: see `step`."""
    program = definition.programs[""]
    execution = Execution(
        names=names,
        input=given,
        started_at=now,
        seed=seed,
        frames={},
        expires_at=now + int(program.timeout * SECOND) if program.timeout else None,
    )
    stepper = Stepper(definition, execution, now, events_max)
    stepper.event(None, "ExecutionStarted", {"input": given, "roleArn": names.role})
    stepper.add(Frame(id=ROOT, program="", state=program.start, input=given))
    stepper.go_on()
    return stepper.step()


def step(
    definition: Definition, execution: Execution, given: Given, now: Instant, events_max: int = EVENTS_MAX
) -> Step:
    """What follows from *given*. *execution* itself is not changed. Total: what has no meaning is noted.

    After about *events_max* events a step rests, and the run goes on when time passes: no loop is one huge commit.
    What a step does not touch is the same in both: frames are copied when they are changed, values of JSON never are.
    """
    made = copy(execution)
    made.frames = dict(execution.frames)
    stepper = Stepper(definition, made, now, events_max)
    stepper.take(given)
    stepper.go_on()
    return stepper.step()


class Stepper:
    """A step at work."""

    def __init__(
        self, definition: Definition, execution: Execution, now: Instant, events_max: int = EVENTS_MAX
    ) -> None:
        self.definition = definition
        self.execution = execution
        self.now = now
        self.events: list[Event] = []
        self.tasks: list[TaskStart] = []
        self.ready: deque[int] = deque()
        self.noted = ""
        self._events_max = events_max
        self.dice = Dice(execution.seed)
        self.dice.drawn = execution.drawn
        self.below = Below(self)
        self.purse = Purse()
        self._moved = 0
        self._own: set[int] = set()  # Frames that are this step's own.

    # ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def frame(self, number: int) -> Frame:
        """See `Moves`."""
        frames = self.execution.frames
        if number in self._own:
            return frames[number]
        made = frames[number] = copy(frames[number])
        made.attempts = dict(made.attempts)
        if made.work:
            made.work = copy(made.work)
        self._own.add(number)
        return made

    def add(self, frame: Frame) -> None:
        """See `Moves`."""
        self.execution.frames[frame.id] = frame
        self._own.add(frame.id)
        self.ready.append(frame.id)

    def remove(self, frame: Frame) -> None:
        """See `Moves`."""
        del self.execution.frames[frame.id]
        if frame.sizes:
            self.execution.variable_bytes -= sum(frame.sizes.values())

    def step(self) -> Step:
        """What it has come to."""
        self.execution.drawn = self.dice.drawn
        return Step(execution=self.execution, events=tuple(self.events), tasks=tuple(self.tasks), noted=self.noted)

    # ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, given: Given) -> None:
        """Note what comes in; `go_on` follows."""
        if isinstance(given, Redriven):
            self._redrive()
            return
        if self.execution.status is not Status.RUNNING:
            self.noted = "the run is over"
            return
        match given:
            case Passed():
                self._pass_time()
            case TaskSucceeded(task=task, output=output):
                self._answered(task, lambda frame: self._succeeded(frame, output))
            case TaskFailed():
                self._answered(given.task, lambda frame: self._task_failed(frame, given.error, given.cause))
            case TaskBeat(task=task):
                self._answered(task, self._beaten)
            case _:
                self.end(Status.ABORTED, error=given.error, cause=given.cause)

    def _answered(self, task: str, then: Callable[[Frame], None]) -> None:
        found = self._waiting(task)
        if found is None:
            self.noted = "no task waits under that name"
        else:
            then(self.frame(found))

    def _waiting(self, task: str) -> int | None:
        """The frame that waits for *task*, an id that begins with the frame's, or a token."""
        number = task.partition(".")[0]
        if number.isascii() and number.isdigit():
            frame = self.execution.frames.get(int(number[:18]))
            if frame is not None and frame.phase is Phase.TASK and frame.task == task:
                return frame.id
        frames = self.execution.frames.values() if task else ()
        return next((each.id for each in frames if each.phase is Phase.TASK and each.token == task), None)

    def _beaten(self, frame: Frame) -> None:
        if frame.beat:
            frame.beat_at = self.now + frame.beat

    def _pass_time(self) -> None:
        if self.execution.expires_at is not None and self.execution.expires_at <= self.now:
            self.end(Status.TIMED_OUT, error=TIMEOUT, cause=None)
            return
        for each in list(self.execution.frames.values()):
            due = [at for at in (each.expires_at, each.beat_at, each.wake_at) if at is not None and at <= self.now]
            if not due or each.id not in self.execution.frames:
                continue  # Another's failure may have ended it meanwhile.
            frame = self.frame(each.id)
            if frame.expires_at is not None and frame.expires_at <= self.now:
                self._task_failed(frame, TIMEOUT, None)
            elif frame.beat_at is not None and frame.beat_at <= self.now:
                self._task_failed(frame, HEARTBEAT_TIMEOUT, None)
            else:
                self.ready.append(frame.id)

    def _redrive(self) -> None:
        if self.execution.status not in {Status.FAILED, Status.TIMED_OUT, Status.ABORTED} or not self.execution.frames:
            self.noted = "only what has failed can be redriven"
            return
        self.execution.status = Status.RUNNING
        self.execution.error = self.execution.cause = self.execution.ended_at = None
        self.execution.redrives += 1
        self.execution.redriven_at = self.now
        program = self.definition.programs[""]
        self.execution.expires_at = self.now + int(program.timeout * SECOND) if program.timeout else None
        self.event(None, "ExecutionRedriven", {"redriveCount": self.execution.redrives})
        for each in list(self.execution.frames.values()):
            if each.phase is not Phase.BELOW or each.work is None:
                outcomes.reset(self.frame(each.id))
                self.ready.append(each.id)

    # ── Going on ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def go_on(self) -> None:
        """Until everything waits."""
        while self.ready and self.execution.status is Status.RUNNING:
            number = self.ready.popleft()
            if not self._can_move(number):
                continue
            frame = self.frame(number)
            frame.wake_at = None
            if self._spent():
                frame.wake_at = self.now + 1
                continue
            while self._advance(frame) and self.execution.events < EVENTS_MAX:
                if frame.told >= EVENTS_MAX:
                    self.below.end_run(frame, RUNTIME, TOO_LONG)
                    break
                if self._spent():
                    frame.wake_at = self.now + 1
                    break
            self._end_too_long()
        self._end_too_long()

    def _can_move(self, number: int) -> bool:
        """Whether the frame is there, and waits for nothing: it may be ready for two reasons, or be ended meanwhile."""
        frame = self.execution.frames.get(number)
        if frame is None or (frame.wake_at is not None and frame.wake_at > self.now):
            return False
        if frame.phase is Phase.BELOW:
            return frame.work is not None and frame.work.items is not None
        return frame.phase is not Phase.TASK

    def _end_too_long(self) -> None:
        if self.execution.events >= EVENTS_MAX and self.execution.status is Status.RUNNING:
            self.end(Status.FAILED, error=RUNTIME, cause=TOO_LONG)

    def _spent(self) -> bool:
        """Whether this step has done so much that the rest is the next one's."""
        self._moved += 1
        return self._moved > MOVES_MAX or self.purse.empty or len(self.events) >= self._events_max

    def _advance(self, frame: Frame) -> bool:
        """One move of *frame*; whether it can make another."""
        self.purse.begin()
        state = self.state(frame)
        if frame.phase is Phase.BELOW:
            return self.attempt(frame, state, lambda: self.below.go_on(frame, state))
        if frame.phase is Phase.WAIT:
            return self.attempt(frame, state, lambda: outcomes.passed_on(self, frame, state))
        if frame.phase is Phase.ENTER:
            frame.wake_at = None
            self._enter(frame, state)
        else:
            assert frame.phase is Phase.AGAIN, "what waits for others is not ready"
            frame.retries += 1
        return self.attempt(frame, state, lambda: self._do(frame, state))

    def attempt(self, frame: Frame, state: State, work: Callable[[], bool]) -> bool:
        """Do *work*; where it fails, what follows from that. Whether *frame* can go on."""
        try:
            return work()
        except StateFailure as failure:
            return outcomes.failed(self, frame, state, failure)

    def _enter(self, frame: Frame, state: State) -> None:
        frame.before = frame.previous
        frame.entered_at = self.now
        frame.entered = self.event(frame, f"{state.type}StateEntered", {"name": state.name, "input": frame.input})

    def _do(self, frame: Frame, state: State) -> bool:
        match state.type:
            case "Pass" | "Succeed":
                return outcomes.passed_on(self, frame, state)
            case "Task":
                return self._start_task(frame, state)
            case "Choice":
                return self._choose(frame, state)
            case "Wait":
                return self._wait(frame, state)
            case "Fail":
                scope = self.scope(frame, state)
                error = state.error(scope) if state.error else None
                cause = state.cause(scope) if state.cause else None
                return outcomes.gone(self, frame, error, cause)
            case "Parallel":
                return self.below.parallel(frame, state)
            case _:
                return self.below.map(frame, state)

    def _choose(self, frame: Frame, state: State) -> bool:
        scope = self.scope(frame, state)
        for branch in state.branches:
            if branch.holds(scope):
                return outcomes.chosen(self, frame, state, branch.next, assign=branch.assign, output=branch.output)
        if not state.default:
            raise StateFailure(
                NO_CHOICE_MATCHED,
                f"Failed to transition out of the state '{state.name}'. No choice matched.",
                located=False,
            )
        return outcomes.chosen(self, frame, state, state.default, assign=state.assign, output=state.output)

    def _wait(self, frame: Frame, state: State) -> bool:
        until = waiting.until(state, self.scope(frame, state), self.now)
        if until <= self.now:
            return outcomes.passed_on(self, frame, state)
        frame.phase = Phase.WAIT
        frame.wake_at = until
        return False

    # ── Tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _start_task(self, frame: Frame, state: State) -> bool:
        what = resource(state.resource)
        if what.waits:
            frame.token = uuid_of(drawn(self.dice))
        scope = self.scope(frame, state)
        arguments = state.parameters(scope) if state.parameters else scope.value
        weight = size(arguments)
        self.purse.weigh(weight)
        if weight > PAYLOAD_BYTES_MAX:
            cause = f"The task of the state '{state.name}' is given more than {PAYLOAD_BYTES_MAX} bytes."
            raise StateFailure(DATA_LIMIT_EXCEEDED, cause, located=False)
        role = state.role(scope) if state.role else None
        seconds = waiting.seconds(state, "TimeoutSeconds", state.timeout, scope)
        beat = waiting.seconds(state, "HeartbeatSeconds", state.heartbeat, scope)
        frame.phase = Phase.TASK
        # What leaves no events counts its own, so that no two tasks of a frame have one id.
        frame.task = f"{frame.id}.{self.execution.events + frame.told + 1}.{frame.retries}"
        frame.expires_at = self.now + seconds if seconds else None
        frame.beat = beat or 0
        frame.beat_at = self.now + beat if beat else None
        self._scheduled(frame, state, what, arguments, seconds)
        self.tasks.append(
            TaskStart(
                task=frame.task,
                state=state.name,
                resource=state.resource,
                arguments=arguments,
                token=frame.token,
                role=role,
                timeout=seconds,
            )
        )
        return False

    def _scheduled(self, frame: Frame, state: State, what: Resource, arguments: Json, seconds: int | None) -> None:
        limit = {"timeoutInSeconds": seconds // SECOND} if seconds else {}
        if what.kind == "service":
            details = {
                "resourceType": what.type,
                "resource": what.action,
                "region": self.region,
                "parameters": arguments,
            }
            self.event(frame, "TaskScheduled", details | limit)
            self.event(frame, "TaskStarted", {"resourceType": what.type, "resource": what.action})
            return
        kind = "Activity" if what.kind == "activity" else "LambdaFunction"
        self.event(frame, f"{kind}Scheduled", {"resource": state.resource, "input": arguments} | limit)
        self.event(frame, f"{kind}Started")

    def _succeeded(self, frame: Frame, output: Json) -> None:
        state = self.state(frame)
        if state.type == "Map":
            self._went_on(frame, state, lambda: self.below.answered(frame, state, output))
            return
        what = resource(state.resource)
        limit = outcomes.oversized(output)
        if limit:
            self._task_failed(frame, limit[0], outcomes.too_large(what.type or state.resource))
            return
        if what.kind == "service":
            details = {"resourceType": what.type, "resource": what.action, "output": output}
            self.event(frame, "TaskSucceeded", details)
        else:
            kind = "Activity" if what.kind == "activity" else "LambdaFunction"
            self.event(frame, f"{kind}Succeeded", {"output": output})
        outcomes.reset_task(frame)
        self._went_on(frame, state, lambda: outcomes.completed(self, frame, state, output))

    def _went_on(self, frame: Frame, state: State, work: Callable[[], bool]) -> None:
        if self.attempt(frame, state, work):
            self.ready.append(frame.id)

    def _task_failed(self, frame: Frame, error: str, cause: str | None) -> None:
        state = self.state(frame)
        if state.type == "Map":
            self._went_on(frame, state, lambda: self.below.unanswered(frame, error, cause))
            return
        what = resource(state.resource)
        timed_out = error in {TIMEOUT, HEARTBEAT_TIMEOUT}
        end = "TimedOut" if timed_out else "Failed"
        details: dict[str, Any] = {"error": error, "cause": cause}
        if what.kind == "service":
            self.event(frame, f"Task{end}", details | {"resourceType": what.type, "resource": what.action})
        else:
            kind = "Activity" if what.kind == "activity" else "LambdaFunction"
            self.event(frame, f"{kind}{end}", details)
        outcomes.reset_task(frame)
        failure = StateFailure(error, cause, located=False)
        self._went_on(frame, state, lambda: outcomes.failed(self, frame, state, failure))

    # ── What a frame sees, and what is told of it ────────────────────────────────────────────────────────────────────
    def state(self, frame: Frame) -> State:
        """See `Moves`."""
        return self.definition.programs[frame.program].states[frame.state]

    @property
    def region(self) -> str:
        """The region of the run."""
        parts = self.execution.names.execution.split(":")
        return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:region.

    def scope(self, frame: Frame, state: State) -> Scope:
        """What is seen when *state* begins: its effective input. Raises StateFailure."""
        scope = Scope(
            value=frame.input,
            variables=frame.variables,
            context=lambda: self.context(frame, state),
            now=self.now,
            dice=self.dice,
            purse=self.purse,
            input=frame.input,
        )
        if state.input_discarded:
            scope.value = {}
        elif state.input_path is not None:
            scope.value = state.input_path.find_whole(scope)
        return scope

    def context(self, frame: Frame, state: State) -> dict[str, Json]:
        """See `Moves`."""
        return contexts.context(self, frame, state)

    def event(
        self, frame: Frame | None, kind: str, details: dict[str, Any] | None = None, *, aside: bool = False
    ) -> int:
        """Tell an event; its id. *aside*: what follows refers to the one before it."""
        if frame is not None and frame.silent:
            frame.told += 1
            return self.execution.events
        self.execution.events += 1
        number = self.execution.events
        previous = frame.previous if frame else 0
        self.events.append(Event(number, previous, self.now, kind, details or {}))
        if frame is not None and not aside:
            frame.previous = number
        return number

    def end(self, status: Status, *, output: Json = None, error: str | None = None, cause: str | None = None) -> None:
        """The run is over."""
        execution = self.execution
        root = self.frame(ROOT) if ROOT in execution.frames else None
        execution.status = status
        execution.ended_at = self.now
        execution.output, execution.error, execution.cause = output, error, cause
        kinds = {
            Status.SUCCEEDED: "ExecutionSucceeded",
            Status.FAILED: "ExecutionFailed",
            Status.TIMED_OUT: "ExecutionTimedOut",
            Status.ABORTED: "ExecutionAborted",
        }
        details = {"output": output} if status is Status.SUCCEEDED else {"error": error, "cause": cause}
        self.event(root, kinds[status], details)
        if status is Status.SUCCEEDED:
            execution.frames = {}
            execution.variable_bytes = 0
