"""Jobs at AWS whose end is awaited: begun once, asked after without a thread, found again, stopped with their run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import ANY, Stubber  # type: ignore[import-untyped]

from tests.executions.durable_world import World, outcome
from tests.tasks.task_examples import task
from tocsin import asl
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, SECOND
from tocsin.tasks.amazon import Amazon
from tocsin.tasks.integrations import Integrations
from tocsin.tasks.jobs import LOOK_MAX, LOOK_MIN, Jobs
from tocsin.tasks.task import Later, Task
from tocsin.testing.conformance.subject import NOW
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.tasks import JOB, JobBook, _Aws
from tocsin.wiring.workflows import Order, ordered

pytestmark = pytest.mark.usefixtures("cloud")

TASK = "arn:aws:ecs:eu-west-1:111122223333:task/c/1"
STARTED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def job(name: str, arguments: Json, **more: Any) -> Task:  # noqa: ANN401 - the fields of Task.
    return task(f"arn:aws:states:::{name}.sync", arguments, **more)


class Desk:
    """Jobs on a stubbed client."""

    def __init__(self, service: str) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.amazon = Amazon(lambda: self.now)
        self.stub = Stubber(self.amazon._client(task(f"arn:aws:states:::{service}:any"), service))
        self.stub.activate()

    def ask(self, wanted: Task) -> Json:
        """As a process that has just begun would."""
        return Jobs(self.amazon, JobBook(self.store), lambda: self.now).do(wanted)

    def later(self, wanted: Task) -> Later:
        with pytest.raises(Later) as caught:
            self.ask(wanted)
        assert not caught.value.counts
        return caught.value

    def fails(self, wanted: Task) -> asl.Failure:
        with pytest.raises(asl.Failure) as caught:
            self.ask(wanted)
        return caught.value

    def stop(self, wanted: Task) -> None:
        Jobs(self.amazon, JobBook(self.store), lambda: self.now).abandon(wanted)


def ecs(status: str, **container: Json) -> dict[str, Any]:
    return {"tasks": [{"taskArn": TASK, "lastStatus": status, "containers": [{"name": "a", **container}]}]}


RUN = job("ecs:runTask", {"TaskDefinition": "f", "Cluster": "c"})


def test_a_task_of_ecs_is_begun_once_asked_after_and_told_when_it_is_over() -> None:
    desk = Desk("ecs")
    desk.stub.add_response("run_task", ecs("PENDING"), {"taskDefinition": "f", "cluster": "c", "clientToken": ANY})
    assert desk.later(RUN).after == LOOK_MIN
    look = {"cluster": "c", "tasks": [TASK], "include": ["TAGS"]}
    desk.stub.add_response("describe_tasks", ecs("RUNNING"), look)
    desk.now += 40 * SECOND
    assert desk.later(RUN).after == 5 * SECOND
    desk.stub.add_response("describe_tasks", ecs("RUNNING"), look)
    desk.now += HOUR
    assert desk.later(RUN).after == LOOK_MAX
    for _ in range(2):  # Who dies before the end is stored asks again, and hears the same.
        desk.stub.add_response("describe_tasks", ecs("STOPPED", exitCode=0), look)
        assert desk.ask(RUN) == {
            "TaskArn": TASK,
            "LastStatus": "STOPPED",
            "Containers": [{"Name": "a", "ExitCode": 0}],
        }
    desk.stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    "answer",
    [
        ecs("STOPPED", exitCode=1),
        ecs("STOPPED"),  # It has never begun: no container has a code.
        {"tasks": [], "failures": [{"arn": TASK, "reason": "MISSING"}]},
    ],
)
def test_a_task_of_ecs_that_did_not_go_well_fails_with_all_that_is_known_of_it(answer: dict[str, Any]) -> None:
    desk = Desk("ecs")
    desk.stub.add_response("run_task", ecs("PENDING"))
    desk.later(RUN)
    desk.stub.add_response("describe_tasks", answer)
    failure = desk.fails(RUN)
    assert failure.error == "States.TaskFailed"
    told = json.loads(str(failure.cause))
    assert told.get("TaskArn") == TASK or told["Failures"][0]["Reason"] == "MISSING"


def test_several_tasks_of_ecs_go_well_together() -> None:
    desk = Desk("ecs")
    two = {
        "tasks": [each | {"taskArn": f"{TASK}{turn}"} for turn in "ab" for each in ecs("STOPPED", exitCode=0)["tasks"]]
    }
    desk.stub.add_response("run_task", two)
    desk.later(RUN)
    desk.stub.add_response("describe_tasks", two)
    found = desk.ask(RUN)
    assert [each["TaskArn"] for each in found["Tasks"]] == [f"{TASK}a", f"{TASK}b"]


def test_what_ecs_cannot_begin_fails() -> None:
    desk = Desk("ecs")
    desk.stub.add_response("run_task", {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    assert "RESOURCE:MEMORY" in str(desk.fails(RUN).cause)
    desk.stub.add_client_error("run_task", "ServerException", "no", http_status_code=500)
    assert desk.fails(RUN).error == "ECS.ServerException"
    assert desk.fails(job("ecs:runTask", [])).error == "States.Runtime"


OTHERS: Mapping[str, tuple[Json, str, Any, Any, str, Any, Any]] = {
    "batch:submitJob": (
        {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"},
        "submit_job",
        {"jobName": "n", "jobId": "7"},
        lambda status: {
            "jobs": [
                {"jobName": "n", "jobId": "7", "jobQueue": "q", "status": status, "startedAt": 5, "jobDefinition": "d"}
            ]
        },
        "describe_jobs",
        ("RUNNING", "SUCCEEDED", "FAILED"),
        ("terminate_job", {}, {"jobId": "7", "reason": ANY}),
    ),
    "glue:startJobRun": (
        {"JobName": "n"},
        "start_job_run",
        {"JobRunId": "7"},
        lambda status: {"JobRun": {"Id": "7", "JobName": "n", "JobRunState": status}},
        "get_job_run",
        ("RUNNING", "SUCCEEDED", "TIMEOUT"),
        ("batch_stop_job_run", {}, {"JobName": "n", "JobRunIds": ["7"]}),
    ),
    "codebuild:startBuild": (
        {"ProjectName": "n"},
        "start_build",
        {"build": {"id": "n:7"}},
        lambda status: {"builds": [{"id": "n:7", "buildStatus": status}]},
        "batch_get_builds",
        ("IN_PROGRESS", "SUCCEEDED", "STOPPED"),
        ("stop_build", {}, {"id": "n:7"}),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_jobs_are_begun_asked_after_and_stopped(name: str) -> None:
    given, begin, begun, seen, look, (works, well, badly), stop = OTHERS[name]
    desk = Desk(name.partition(":")[0])
    wanted = job(name, given)
    desk.stub.add_response(begin, begun)
    desk.later(wanted)
    desk.stub.add_response(look, seen(works))
    desk.later(wanted)
    desk.stub.add_response(look, seen(well))
    told = desk.ask(wanted)
    told = told.get("Build", told)
    assert well in told.values()
    desk.stub.add_response(look, seen(badly))
    failure = desk.fails(wanted)
    assert failure.error == "States.TaskFailed"
    assert badly in str(failure.cause)
    desk.stub.add_response(*stop)
    desk.stop(wanted)
    desk.stop(wanted)  # It is forgotten: nothing is to be stopped.
    desk.stub.assert_no_pending_responses()


def test_a_job_that_aws_does_not_know_any_more_has_failed() -> None:
    desk = Desk("batch")
    given, begin, begun, *_ = OTHERS["batch:submitJob"]
    wanted = job("batch:submitJob", given)
    desk.stub.add_response(begin, begun)
    desk.later(wanted)
    desk.stub.add_response("describe_jobs", {"jobs": []})
    assert "does not know this job any more" in str(desk.fails(wanted).cause)


def test_trouble_with_asking_never_ends_a_job() -> None:
    desk = Desk("ecs")
    desk.stub.add_response("run_task", ecs("PENDING"))
    desk.later(RUN)
    desk.stub.add_client_error("describe_tasks", "ThrottlingException", "slow", http_status_code=400)
    later = desk.later(RUN)
    assert (later.error, later.after) == ("ECS.ThrottlingException", LOOK_MAX)
    desk.stub.add_client_error("stop_task", "InvalidParameterException", "over", http_status_code=400)
    desk.stop(RUN)
    assert desk.store.records(JOB) == {}


def test_a_build_has_a_token_by_which_codebuild_knows_it_again() -> None:
    desk = Desk("codebuild")
    tokens: list[str] = []
    for pattern in (".sync", ""):
        wanted = task(f"arn:aws:states:::codebuild:startBuild{pattern}", {"ProjectName": "n"})
        desk.stub.add_response(
            "start_build", {"build": {"id": "n:7"}}, {"projectName": "n", "idempotencyToken": _Noted(tokens)}
        )
        if pattern:
            desk.later(wanted)
        else:
            found = Integrations(desk.amazon).doers()["codebuild:startBuild"](wanted)
            assert found["Build"] == {"Id": "n:7"}
            assert {"SdkHttpMetadata", "SdkResponseMetadata"} <= found.keys()
    assert len(set(tokens)) == 1


class _Noted:
    """Equals every text, and keeps it."""

    def __init__(self, kept: list[str]) -> None:
        self.kept = kept

    def __eq__(self, other: object) -> bool:
        self.kept.append(str(other))
        return isinstance(other, str)

    __hash__ = None  # type: ignore[assignment]


# ── On ministack, in runs ────────────────────────────────────────────────────────────────────────────────────────────
def machine(resource: str, parameters: Json) -> Json:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
    return {"StartAt": "Job", "States": {"Job": state}}


def world_of(path: Path) -> World:
    world = World(path)

    def aws(store: Any) -> Any:  # noqa: ANN401 - a Doer, and what abandons.
        made = _Aws(SystemClock(), JobBook(store))
        return made.do, made.abandon

    world.aws = aws
    return world


@pytest.mark.parametrize("life", [None, 1])
def test_a_job_of_glue_is_awaited_whenever_the_process_dies(life: int | None, tmp_path: Path) -> None:
    glue, name = boto3.client("glue"), f"nightly-{life}"
    glue.create_job(Name=name, Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://scripts/a"})
    world = world_of(tmp_path / "tocsin.db")
    run = world.start(machine("glue:startJobRun.sync", {"JobName": name}))
    world.play(life)
    status, output, _, _ = outcome(world.run(run))
    assert (status, output["JobRunState"], output["JobName"]) == ("SUCCEEDED", "SUCCEEDED", name)
    runs = glue.get_job_runs(JobName=name)["JobRuns"]
    assert output["Id"] in [each["Id"] for each in runs]
    assert len(runs) == 1
    world.close()


def test_a_task_of_ecs_is_stopped_with_its_run(tmp_path: Path) -> None:
    ecs_client = boto3.client("ecs")
    ecs_client.create_cluster(clusterName="chores")
    ecs_client.register_task_definition(
        family="clean", containerDefinitions=[{"name": "x", "image": "busybox", "command": ["true"]}]
    )
    world = world_of(tmp_path / "tocsin.db")
    run = world.start(machine("ecs:runTask.sync", {"Cluster": "chores", "TaskDefinition": "clean"}))
    world.play(until=world.now + MINUTE)
    assert world.run(run).execution.status == "RUNNING"
    (arn,) = ecs_client.list_tasks(cluster="chores")["taskArns"]
    world.accept(ordered(Order(stop=run), world.now))
    world.play()
    assert outcome(world.run(run))[0] == "ABORTED"
    (stopped,) = ecs_client.describe_tasks(cluster="chores", tasks=[arn])["tasks"]
    assert stopped["lastStatus"] == "STOPPED"
    assert not world.store.records(JOB)
    assert not world.store.pending(world.now + HOUR, per_receiver=10)
    world.close()
