"""Tasks that others have in hand, and that their run waits for no more: who has them must hear of it.

A run stops waiting when it is stopped or over its time, when the task itself is over its time, and when what runs
beside it has failed. Whoever works on the task cannot see that: people who are asked, and a run that was started for
it. One effect for each such task leaves with the very commit after which nobody waits. It has the lane of the task
itself, so that it never overtakes it: what is not begun by then is not begun at all, what is begun ends.

A task that has its answer is withdrawn by nobody. So who hears of a withdrawal knows that no answer has reached the
run, and that none ever will: a task that is tried again is another.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from tocsin.asl.execution import Execution, Frame, Phase, Status, Stopped, TaskFailed, TaskSucceeded
from tocsin.asl.program import Definition
from tocsin.asl.resources import Resource, resource
from tocsin.executions.inputs import Input as Given
from tocsin.executions.receivers import RECEIVER
from tocsin.executions.run import Run
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect, Tick
from tocsin.kernel.time import Instant

WITHDRAW: Final = "withdraw"  # The kind of an effect: nobody waits for a task any more; its facts say which, and why.

_ASKS: Final = "arn:aws:states:::lambda:invoke.waitForTaskToken"


class Because(StrEnum):
    """Why a run waits for a task no more; each ends a sentence that goes on with `for`."""

    STOPPED = "its run was stopped"
    RUN_TIMED_OUT = "its run has taken too long"
    TIMED_OUT = "its task has taken too long"
    SILENT = "its task gave no sign of life in time"
    BESIDE = "what ran beside it has failed"
    FAILED = "its run has failed"


def lane(run: str, task: str, name: str) -> str:
    """The receiver of what concerns one task of *run*, by its *resource*: no task waits for another."""
    what = resource(name)
    return f"{RECEIVER}{what.type.removeprefix('aws-sdk:') or what.kind}/{run}/{task}"


def withdrawals(state: Run, after: Execution, given: Given, now: Instant, definition: Definition) -> Iterator[Effect]:
    """What leaves for the tasks that *state* waits for, and *after*, which *given* has led to, does not."""
    before = state.execution
    for frame in _left(before, after, given) if before.status is Status.RUNNING else ():
        name = _resource(definition, frame)
        if _concerns_others(resource(name)):
            facts: dict[str, Json] = {
                "run": state.id,
                "task": frame.task,
                "resource": name,
                "why": _why(before, frame, after, given, now),
            }
            yield Effect(receiver=lane(state.id, frame.task, name), kind=WITHDRAW, facts=facts)


def _left(before: Execution, after: Execution, given: Given) -> Iterator[Frame]:
    answered = given.task if isinstance(given, TaskSucceeded | TaskFailed) else ""
    still = after.frames if after.status is Status.RUNNING else {}
    for frame in before.frames.values():
        if frame.phase is not Phase.TASK:
            continue
        now = still.get(frame.id)
        waits = now is frame or (now is not None and now.phase is Phase.TASK and now.task == frame.task)
        if not waits and not (answered and answered in {frame.task, frame.token}):
            yield frame


def _resource(definition: Definition, frame: Frame) -> str:
    """What a task names; empty for what a Map reads and writes."""
    program = definition.programs.get(frame.program)
    if program is None:  # The definition is not kept any more: what waits for a token is taken for a question.
        return _ASKS if frame.token else ""
    return program.states[frame.state].resource


def _concerns_others(what: Resource) -> bool:
    """Whether somebody must hear of it: only a function asks people, and only a run that is awaited is stopped."""
    return (what.waits and what.type == "lambda") or (what.type == "states" and what.pattern.startswith("sync"))


def _why(before: Execution, frame: Frame, after: Execution, given: Given, now: Instant) -> Json:
    match given:
        case Stopped(cause=cause):
            return f"{Because.STOPPED} ({cause})" if cause else Because.STOPPED.value
        case Tick() if _due(before.expires_at, now):
            return Because.RUN_TIMED_OUT.value
        case Tick() if _due(frame.expires_at, now):
            return Because.TIMED_OUT.value
        case Tick() if _due(frame.beat_at, now):
            return Because.SILENT.value
        case _ if after.status is Status.RUNNING:
            return Because.BESIDE.value
        case _:
            return Because.FAILED.value


def _due(at: Instant | None, now: Instant) -> bool:
    return at is not None and at <= now
