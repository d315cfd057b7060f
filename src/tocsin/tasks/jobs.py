"""Jobs at AWS whose end is awaited (`.sync`): begun, kept in mind durably, and asked after from time to time.

Nobody waits on a thread meanwhile: a task that is not over is put off, and looked at again. Who dies finds the job that
it has begun in the book; who dies between beginning and booking begins again, which ECS and CodeBuild know by a token.
The book keeps a job when it is over too, since its end may have to be told again; it goes with its run.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME, TASK_FAILED
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.tasks.amazon import Amazon, Call, token_of
from tocsin.tasks.task import Later, Task

LOOK_MIN: Final[Duration] = 2 * SECOND
LOOK_MAX: Final[Duration] = 30 * SECOND
LOOK_SHARE: Final = 8  # A job is asked after again when it is so much older, in parts of its age.
STOPPED: Final = "The run that has begun it does not wait for it any more."

Ids = dict[str, Json]


class Book(Protocol):
    """The jobs that have been begun, by their tasks, durably. Each raises StoreUnavailableError."""

    def job(self, task: str) -> Json:
        """What was kept; None: nothing."""
        ...

    def keep(self, task: str, job: Json) -> None:
        """Keep it."""
        ...

    def forget(self, task: str) -> None:
        """It is over."""
        ...


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands: *told* as Step Functions tells it. *well* None: it is not over."""

    told: Json
    well: bool | None = None


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of job. *ids*: what names a job later, of the task's parameters and the answer that has begun it."""

    service: str
    action: str
    named: str
    ids: Callable[[Mapping[str, Any], Mapping[str, Any]], Ids]
    look: Callable[[Mapping[str, Any]], tuple[str, Ids]]
    seen: Callable[[Mapping[str, Any]], Seen]
    stop: Callable[[Mapping[str, Any]], Sequence[tuple[str, Ids]]]
    token: str = ""  # The parameter of idempotence that the SDK does not know as one.


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    begun_at: Instant
    ids: Ids


class Jobs:
    """Does them. Any thread."""

    def __init__(self, amazon: Amazon, book: Book, clock: Callable[[], Instant]) -> None:
        """*amazon* makes the calls, *book* keeps what was begun."""
        self._amazon = amazon
        self._book = book
        self._clock = clock

    def do(self, task: Task) -> Json:
        """A `Doer` of KINDS with the pattern `.sync`. Raises StoreUnavailableError too."""
        kind = KINDS[f"{task.what.type}:{task.what.name}"]
        kept = self._kept(task)
        if kept is None:
            kept = self._begin(task, kind)
            raise Later(TASK_FAILED, "the job has begun", LOOK_MIN, counts=False)
        action, parameters = kind.look(kept.ids)
        try:
            seen = kind.seen(self._call(task, kind, action, parameters))
        except Later as later:  # However often: the job itself goes on.
            raise Later(later.error, later.cause, LOOK_MAX, counts=False) from None
        if seen.well is None:
            age = self._clock() - kept.begun_at
            after = min(max(age // LOOK_SHARE, LOOK_MIN), LOOK_MAX)
            raise Later(TASK_FAILED, "the job is not over", after, counts=False)
        if not seen.well:
            raise Failure(TASK_FAILED, json.encode(seen.told).decode())
        return seen.told

    def abandon(self, task: Task) -> None:
        """Nobody waits for the end of *task* any more: stop its job, as well as that goes.

        Raises Later, StoreUnavailableError.
        """
        kept = self._kept(task)
        if kept is None:
            return
        kind = KINDS[f"{task.what.type}:{task.what.name}"]
        for action, parameters in kind.stop(kept.ids):
            try:
                self._call(task, kind, action, parameters)
            except Failure:
                continue  # It is over, or we may not.
        self._book.forget(task.id)

    def _begin(self, task: Task, kind: Kind) -> _Kept:
        if not isinstance(task.arguments, dict):
            raise Failure(RUNTIME, f"The parameters of {task.what.type}:{task.what.action} must be an object")
        parameters = dict(task.arguments)
        if kind.token:
            parameters.setdefault(kind.token, token_of(task))
        answer = self._call(task, kind, kind.action, parameters)
        kept = _Kept(run=task.run, begun_at=self._clock(), ids=kind.ids(parameters, answer))
        self._book.keep(task.id, msgspec.to_builtins(kept))
        return kept

    def _kept(self, task: Task) -> _Kept | None:
        found = self._book.job(task.id)
        return None if found is None else msgspec.convert(found, _Kept)

    def _call(self, task: Task, kind: Kind, action: str, parameters: Mapping[str, Json]) -> dict[str, Any]:
        return self._amazon.call(
            task, Call(service=kind.service, action=action, parameters=parameters, named=kind.named)
        )


# ── ECS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _ecs_ids(given: Mapping[str, Any], answer: Mapping[str, Any]) -> Ids:
    if answer.get("Failures") or not answer.get("Tasks"):
        raise Failure(TASK_FAILED, json.encode(answer).decode())
    return {"cluster": given.get("Cluster", "default"), "tasks": [task["TaskArn"] for task in answer["Tasks"]]}


def _ecs_look(ids: Mapping[str, Any]) -> tuple[str, Ids]:
    return "describeTasks", {"Cluster": ids["cluster"], "Tasks": ids["tasks"], "Include": ["TAGS"]}


def _ecs_seen(answer: Mapping[str, Any]) -> Seen:
    """A task went well if each of its containers did; ECS forgets tasks an hour after their end."""
    tasks = answer.get("Tasks") or []
    told = tasks[0] if len(tasks) == 1 else {"Tasks": tasks, "Failures": answer.get("Failures") or []}
    if answer.get("Failures") or not tasks:
        return Seen(told=told, well=False)
    if any(task.get("LastStatus") != "STOPPED" for task in tasks):
        return Seen(told=told)
    codes = [each.get("ExitCode") for task in tasks for each in task.get("Containers") or [{}]]
    return Seen(told=told, well=all(code == 0 for code in codes))


def _ecs_stop(ids: Mapping[str, Any]) -> list[tuple[str, Ids]]:
    return [("stopTask", {"Cluster": ids["cluster"], "Task": task, "Reason": STOPPED}) for task in ids["tasks"]]


# ── The others ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _one(found: Json, status: str, well: set[str], bad: set[str], told: Json = None) -> Seen:
    """How the only one of *found* stands, by its *status*; one that is not there has not gone well."""
    if not isinstance(found, dict):
        return Seen(told={"Cause": "AWS does not know this job any more."}, well=False)
    now = found.get(status)
    return Seen(told=found if told is None else told, well=True if now in well else False if now in bad else None)


def _first(found: list[Json] | None) -> Json:
    return found[0] if found else None


def _batch_seen(answer: Mapping[str, Any]) -> Seen:
    return _one(_first(answer.get("Jobs")), "Status", {"SUCCEEDED"}, {"FAILED"})


def _glue_seen(answer: Mapping[str, Any]) -> Seen:
    return _one(
        answer.get("JobRun"), "JobRunState", {"SUCCEEDED"}, {"FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
    )


def _build_seen(answer: Mapping[str, Any]) -> Seen:
    build = _first(answer.get("Builds"))
    return _one(build, "BuildStatus", {"SUCCEEDED"}, {"FAILED", "FAULT", "STOPPED", "TIMED_OUT"}, {"Build": build})


KINDS: Final[Mapping[str, Kind]] = {
    "ecs:runTask": Kind(
        service="ecs",
        action="runTask",
        named="ECS",
        ids=_ecs_ids,
        look=_ecs_look,
        seen=_ecs_seen,
        stop=_ecs_stop,
    ),
    "batch:submitJob": Kind(
        service="batch",
        action="submitJob",
        named="Batch",
        ids=lambda _, answer: {"job": answer["JobId"]},
        look=lambda ids: ("describeJobs", {"Jobs": [ids["job"]]}),
        seen=_batch_seen,
        stop=lambda ids: [("terminateJob", {"JobId": ids["job"], "Reason": STOPPED})],
    ),
    "glue:startJobRun": Kind(
        service="glue",
        action="startJobRun",
        named="Glue",
        ids=lambda given, answer: {"name": given["JobName"], "run": answer["JobRunId"]},
        look=lambda ids: ("getJobRun", {"JobName": ids["name"], "RunId": ids["run"]}),
        seen=_glue_seen,
        stop=lambda ids: [("batchStopJobRun", {"JobName": ids["name"], "JobRunIds": [ids["run"]]})],
    ),
    "codebuild:startBuild": Kind(
        service="codebuild",
        action="startBuild",
        named="CodeBuild",
        ids=lambda _, answer: {"build": answer["Build"]["Id"]},
        look=lambda ids: ("batchGetBuilds", {"Ids": [ids["build"]]}),
        seen=_build_seen,
        stop=lambda ids: [("stopBuild", {"Id": ids["build"]})],
        token="IdempotencyToken",  # noqa: S106 - the name of a parameter.
    ),
}
