"""The execution machine: one run of a workflow, from its start to its end.

What a run does is decided by `tocsin.asl.step`, which goes on until everything in it waits. Here that becomes a
machine: what it wants done leaves as one effect for each task, when time must pass is `wake_at`, and what it tells of
itself are rows of its history. So a run is exactly as durable as an incident: its state, its history, its tasks and
the input that led to them are one commit.

    Started ──► running ──answers of tasks, time──► succeeded, failed, timed out
                   │  ▲                                │
                Stopped └──────────Redriven────────────┘

What others have in hand for a run that waits for it no more is withdrawn (`withdrawing`), in the same commit.

A run keeps the definition it began with. Its answers may come twice, late, or for a task that is over: they are noted
and change nothing. A task is done at least once; its effect's id is the same however often it leaves, so that a
service which knows such tokens does it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tocsin.asl import step as stepping
from tocsin.asl.execution import Execution, Passed, Redriven, Status, Stopped, TaskBeat, TaskStart
from tocsin.asl.failures import RUNTIME, TASK_FAILED
from tocsin.asl.program import Definition
from tocsin.asl.resources import resource
from tocsin.executions import run as runs
from tocsin.executions.inputs import Input, Parent, Started, Unawaited
from tocsin.executions.reasons import RunReason as Reason
from tocsin.executions.receivers import ANSWER, RECEIVER
from tocsin.executions.run import Run, described
from tocsin.executions.withdrawing import lane, withdrawals
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Past, Standing, Tick
from tocsin.kernel.time import Instant

TASK: Final = "task"  # The kind of an effect: a task is to be done, its facts are a `TaskStart`.

EVENTS_MAX: Final = 256  # Of one commit: with inputs of the largest size they are 64 MiB.
ALREADY_EXISTS: Final = "StepFunctions.ExecutionAlreadyExistsException"

_LOCAL: Final = f"{RECEIVER}local/"
_ENDS: Final = {
    Status.SUCCEEDED: Reason.SUCCEEDED,
    Status.FAILED: Reason.FAILED,
    Status.TIMED_OUT: Reason.TIMED_OUT,
    Status.ABORTED: Reason.ABORTED,
}

_NONE: Final = Definition(source=None, programs={})

Definitions = Callable[[str], Definition | None]


class ExecutionMachine:
    """See the module's essay."""

    name = "execution"

    def __init__(self, definitions: Definitions = lambda _: None) -> None:
        """*definitions*: the definition of an id; always the same one, or None if it was never kept."""
        self._definitions = definitions

    def decide(self, state: Run | None, given: Input, now: Instant) -> Decision[Run]:
        """What follows from *given*; total, pure."""
        if state is None:
            return self._begin(given, now) if isinstance(given, Started) else Decision(None, Reason.UNKNOWN)
        if isinstance(given, Started):
            return Decision(state, Reason.STARTED_BEFORE, _taken(state, given))
        if isinstance(given, Unawaited):
            return self._unawaited(state, given, now)
        execution = state.execution
        if isinstance(given, Tick) and (execution.wake_at is None or execution.wake_at > now):
            return Decision(state, Reason.NOT_DUE)
        definition = self._definitions(state.definition)
        if definition is None:
            return _lost(state, now)
        told = Passed() if isinstance(given, Tick) else given
        made = stepping.step(definition, execution, told, now, EVENTS_MAX)
        if made.noted:
            return Decision(state, _ignored(state, given))
        left = withdrawals(state, made.execution, given, now, definition)
        return _went_on(state, made, _reason(made, given), now, left)

    def _unawaited(self, state: Run, given: Unawaited, now: Instant) -> Decision[Run]:
        """As Step Functions stops the executions that a task waits for when it is aborted."""
        parent = state.parent
        if parent is None or not parent.waits or (parent.run, parent.task) != (given.run, given.task):
            return Decision(state, Reason.NOT_AWAITED)
        cause = f"The run that waited for its end does so no more, for {given.why}."
        return self.decide(state, Stopped(cause=cause), now)

    def _begin(self, given: Started, now: Instant) -> Decision[Run]:
        definition = self._definitions(given.definition)
        if definition is None:
            return Decision(None, Reason.NO_DEFINITION)
        made = stepping.begin(
            definition, given.input, names=given.names, seed=given.seed, now=now, events_max=EVENTS_MAX
        )
        begun = Run(
            id=given.run,
            workflow=given.workflow,
            definition=given.definition,
            execution=made.execution,
            parent=given.parent,
            role=given.role,
            by=given.by,
        )
        return _went_on(begun, made, Reason.STARTED, now)

    def answers(self, state: Run, given: Input, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """A name is that of one run for ever: who starts it again is told so."""
        return True

    def wanted(self, state: Run, effect: Effect) -> bool:
        """A task that is over, or whose run is, need not be done any more; an answer is always waited for.

        What is begun at AWS and awaited must be stopped there then: who does it finds out by the state.
        """
        return effect.kind != TASK or _is_job(effect) or state.awaits(str(effect.facts["task"]))

    def standing(self, state: Run) -> Standing:
        """A run owes nothing to people, who are asked by incidents."""
        execution = state.execution
        return Standing(
            wake_at=execution.wake_at,
            live=execution.status is Status.RUNNING,
            owes=False,
            rank=execution.started_at,
        )

    def encode(self, state: Run) -> bytes:
        """JSON."""
        return runs.encode(state)

    def decode(self, raw: bytes) -> Run:
        """The inverse of `encode`, also for what older versions wrote."""
        return runs.decode(raw)


def is_local(receiver: str) -> bool:
    """Whether *receiver* does a task that is a function of Python."""
    return receiver.startswith(_LOCAL)


def _is_job(effect: Effect) -> bool:
    what = resource(str(effect.facts["resource"]))
    return what.pattern.startswith("sync") and what.type != "states"


def _went_on(
    state: Run, made: stepping.Step, reason: Reason, now: Instant, left: Iterable[Effect] = ()
) -> Decision[Run]:
    execution = made.execution
    for frame in execution.frames.values():
        if frame.wake_at is not None and frame.wake_at <= now:
            frame.wake_at = now + 1  # Law 7: what is to be tried again at once is so after a Tick of its own.
    after = Run(
        id=state.id,
        workflow=state.workflow,
        definition=state.definition,
        execution=execution,
        parent=state.parent,
        role=state.role,
        by=state.by,
    )
    running = execution.status is Status.RUNNING
    effects = [_effect(after, task) for task in made.tasks] if running else []
    if not running and state.parent is not None and state.parent.waits:
        effects.append(_answer(after, state.parent))
    history = tuple(Past(event.id, json.encode(event)) for event in made.events)
    return Decision(after, reason, (*effects, *left), _story(execution, reason), history)


def _effect(run: Run, task: TaskStart) -> Effect:
    """Its receiver is a lane of its own, named after the kind of task: no task waits for another."""
    facts: dict[str, Json] = {
        "run": run.id,
        "runs_as": run.role,
        "task": task.task,
        "state": task.state,
        "resource": task.resource,
        "arguments": task.arguments,
        "token": task.token,
        "role": task.role,
        "timeout": task.timeout,
    }
    return Effect(receiver=lane(run.id, task.task, task.resource), kind=TASK, facts=facts)


def _answer(run: Run, parent: Parent) -> Effect:
    """The end of a run as the task of its parent hears of it (`.sync`, `.sync:2`)."""
    told = described(run, text=parent.text)
    facts: dict[str, Json] = {"run": parent.run, "task": parent.task}
    if run.execution.status is Status.SUCCEEDED:
        facts["output"] = told
    else:
        facts |= {"error": TASK_FAILED, "cause": json.encode(told).decode()}
    return Effect(receiver=f"{RECEIVER}run/{parent.run}/{parent.task}", kind=ANSWER, facts=facts)


def _taken(state: Run, given: Started) -> tuple[Effect, ...]:
    """Who waits for the end of a run whose name another has must not wait for ever."""
    parent = given.parent
    if parent is None or not parent.waits or parent == state.parent:
        return ()
    facts: dict[str, Json] = {
        "run": parent.run,
        "task": parent.task,
        "error": ALREADY_EXISTS,
        "cause": f"Execution Already Exists: '{state.execution.names.execution}'",
    }
    return (Effect(receiver=f"{RECEIVER}run/{parent.run}/{parent.task}", kind=ANSWER, facts=facts),)


def _reason(made: stepping.Step, given: Input) -> Reason:
    if isinstance(given, Redriven):
        return Reason.REDRIVEN
    if made.execution.status is not Status.RUNNING:
        return _ENDS[made.execution.status]
    return Reason.ALIVE if isinstance(given, TaskBeat) else Reason.WENT_ON


def _ignored(state: Run, given: Input) -> Reason:
    if isinstance(given, Redriven):
        return Reason.NOT_REDRIVABLE
    return Reason.LATE if state.execution.status is Status.RUNNING else Reason.OVER


def _story(execution: Execution, reason: Reason) -> str:
    match reason:
        case Reason.STARTED | Reason.REDRIVEN if execution.status is not Status.RUNNING:
            return f"{reason.value.removeprefix('run ')}, {_end(execution)}"
        case Reason.STARTED | Reason.REDRIVEN:
            return reason.value.removeprefix("run ")
        case Reason.WENT_ON | Reason.ALIVE:
            return ""
        case _:
            return _end(execution)


def _end(execution: Execution) -> str:
    ended = _ENDS[execution.status].value.removeprefix("run ")
    return f"{ended}: {execution.error}" if execution.error else ended


def _lost(state: Run, now: Instant) -> Decision[Run]:
    """Without its definition a run can never go on: it ends, instead of being woken for ever."""
    if state.execution.status is not Status.RUNNING:
        return Decision(state, Reason.NO_DEFINITION)
    cause = f"The definition {state.definition} of this run is not kept any more."
    given = Stopped(error=RUNTIME, cause=cause)
    made = stepping.step(_NONE, state.execution, given, now)
    left = withdrawals(state, made.execution, given, now, _NONE)
    return _went_on(state, made, Reason.NO_DEFINITION, now, left)
