"""One run of a workflow, as it is stored: where each thread of control stands, and nothing that is a clock or a thread.

A run has *frames*: one for the machine itself, one for each branch of a Parallel state and each iteration of a Map that
is at work. A frame is in one state of one program. What it waits for is a field: a task's answer (`task`), a time
(`wake_at`), or its own frames below. Everything here is JSON.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Duration, Instant

ROOT = 1  # The id of the frame in which a run begins.


class Status(StrEnum):
    """How a run stands, in the words of DescribeExecution."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class Phase(StrEnum):
    """What a frame does. ENTER: it is about to enter its state; AGAIN: it waits to try that once more."""

    ENTER = "enter"
    TASK = "task"
    WAIT = "wait"
    AGAIN = "again"
    BELOW = "below"


class Reading(msgspec.Struct, omit_defaults=True):
    """What a distributed Map has read. *arguments*: of the next task; None when all is read.

    *files*: those of an inventory that are still to be read, the one under way first; *schema*: their columns.
    """

    arguments: dict[str, Json] | None
    items: list[Json] = []
    items_max: int = 0
    pages: int = 0
    files: list[str] = []
    schema: list[str] = []
    bucket: str = ""


class ChildRun(msgspec.Struct, frozen=True):
    """What the context object tells of a child of a distributed Map, which is a run of its own."""

    name: str
    input: Json
    started_at: Instant
    express: bool = False


class Work(msgspec.Struct, omit_defaults=True):
    """What a Map or Parallel state has under way. *results* by place, in groups (`gathering`), None where none is yet.

    Of a distributed Map: *arn* and *label* of its Map Run; *chosen*: *items* are the inputs of its children, selected
    and batched; *source*: where they were read. *weight*: the bytes of the results. *writing*: files that are still to
    be written, the one under way first; *wrote*: where the manifest is.
    """

    total: int
    results: list[list[Json]]
    items: list[Json] | None = None
    begun: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    at_once: int = 0
    tolerated: int = 0
    tolerated_percentage: float = 0.0
    distributed: bool = False
    arn: str = ""
    label: str = ""
    chosen: bool = False
    source: str = ""
    weight: int = 0
    reading: Reading | None = None
    writing: list[dict[str, Json]] = []
    wrote: str = ""


class Frame(msgspec.Struct, omit_defaults=True):
    """One thread of control. Events are ids of the history; *parent* 0: it is the machine itself.

    *attempts*: how often each entry of Retry was used in this state. *place*: its branch or item. *silent*: it is a run
    of its own (distributed Map), and leaves no events here: *told* counts them, *run* is what it is called, if the run
    begins with this frame. *sizes*: bytes of the variables that were assigned in it.
    """

    id: int
    program: str
    state: str
    input: Json = None
    variables: dict[str, Json] = {}
    parent: int = 0
    place: int = 0
    item: Json = None
    phase: Phase = Phase.ENTER
    entered: int = 0
    entered_at: Instant = 0
    before: int = 0
    previous: int = 0
    attempts: dict[str, int] = {}
    retries: int = 0
    wake_at: Instant | None = None
    task: str = ""
    token: str = ""
    expires_at: Instant | None = None
    beat: Duration = 0
    beat_at: Instant | None = None
    work: Work | None = None
    silent: bool = False
    told: int = 0
    run: ChildRun | None = None
    sizes: dict[str, int] = {}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the context object tells of a run."""

    execution: str = "arn:aws:states:us-east-1:111111111111:execution:workflow:run"
    name: str = "run"
    machine: str = "arn:aws:states:us-east-1:111111111111:stateMachine:workflow"
    machine_name: str = "workflow"
    role: str = "arn:aws:iam::111111111111:role/workflow"
    express: bool = False


class Execution(msgspec.Struct, omit_defaults=True):
    """A whole run. *events*: how many its history has. *drawn*: how often chance was asked."""

    names: Names
    input: Json
    started_at: Instant
    seed: str
    frames: dict[int, Frame]
    status: Status = Status.RUNNING
    output: Json = None
    error: str | None = None
    cause: str | None = None
    ended_at: Instant | None = None
    expires_at: Instant | None = None
    last_frame: int = ROOT
    events: int = 0
    drawn: int = 0
    redrives: int = 0
    redriven_at: Instant | None = None
    variable_bytes: int = 0

    @property
    def wake_at(self) -> Instant | None:
        """When time alone makes something happen."""
        if self.status is not Status.RUNNING:
            return None
        times = [] if self.expires_at is None else [self.expires_at]
        for frame in self.frames.values():  # There may be a thousand of them.
            if frame.wake_at is not None:
                times.append(frame.wake_at)
            if frame.expires_at is not None:
                times.append(frame.expires_at)
            if frame.beat_at is not None:
                times.append(frame.beat_at)
        return min(times, default=None)


class TaskStart(msgspec.Struct, frozen=True, kw_only=True):
    """An effect: a task is to be done. Its answer is a `TaskSucceeded` or `TaskFailed` with the same *task*.

    *state*: whose it is. *token*: what resumes it, for a task that waits for a token. *role*: the role to assume.
    """

    task: str
    state: str
    resource: str
    arguments: Json
    token: str = ""
    role: Json = None
    timeout: Duration | None = None


class TaskSucceeded(msgspec.Struct, frozen=True, kw_only=True):
    """A task's output. *task*: its id, or its token."""

    task: str
    output: Json


class TaskFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A task's failure."""

    task: str
    error: str
    cause: str | None = None


class TaskBeat(msgspec.Struct, frozen=True, kw_only=True):
    """A task is alive."""

    task: str


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody stops the run."""

    error: str | None = None
    cause: str | None = None


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """A run that failed goes on with the states that failed, as RedriveExecution does."""


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """Time has passed."""


Given = TaskSucceeded | TaskFailed | TaskBeat | Stopped | Redriven | Passed
