"""Tasks as the settings allow them: functions, AWS with and without its SDK, threads of their own."""

from __future__ import annotations

import importlib.util
import threading
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from tests.executions.durable_world import World
from tests.tasks.task_examples import task
from tests.wiring.serving import until
from tocsin import asl
from tocsin.engine.ports import Delivered, Job, Outgoing, Postponed
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.executions.machine import TASK
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks.task import Task
from tocsin.tasks.transport import TasksTransport, once, role_of, task_of
from tocsin.testing.conformance.subject import NOW, outgoing
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import lanes, runs, tasks, workflows
from tocsin.wiring.lanes import Lanes, TaskThreads
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_workflows import Workflow

FACTS: dict[str, Json] = {
    "run": "run-1",
    "task": "1.3.0",
    "state": "S",
    "resource": "double",
    "arguments": {"n": 2},
    "token": "",
    "role": {"RoleArn": "arn:aws:iam::111122223333:role/r"},
    "timeout": None,
}


def effect(**facts: Json) -> Outgoing:
    return outgoing("7/0", kind=TASK, facts={**FACTS, **facts})


def do(transport: TasksTransport, item: Outgoing) -> Any:  # noqa: ANN401 - a result.
    (result,) = transport.deliver("task:local/run-1/1.3.0", [Job(item, None, None)])
    return result


def wired(store: MemoryStore, config: str = "functions: tests.wiring.workflow_functions") -> TasksTransport:
    settings = parse(config.encode(), {}).settings
    tokens = tasks.Tokens(store, store.accept, lambda: NOW)
    return tasks.transport(
        settings,
        {},
        store.accept,
        lambda: NOW,
        tokens=tokens,
        find=lambda _: None,
        functions=tasks.functions(settings),
        book=tasks.JobBook(store),
    )


def test_a_task_is_done_and_its_answer_stored() -> None:
    store = MemoryStore()
    assert do(wired(store), effect()) == Delivered()
    (delivery,) = store.backlog(10)
    assert (delivery.channel, delivery.occurrence) == ("tasks", f"/{once({'run': 'run-1', 'task': '1.3.0'}, '7/0')}")
    assert json.decode(delivery.body) == {"run": "run-1", "task": "1.3.0", "output": {"n": 4}}


def test_a_store_that_cannot_take_an_answer_is_asked_again() -> None:
    def accept(_: object) -> None:
        raise StoreUnavailableError("away")

    def away(*_: str) -> None:
        raise StoreUnavailableError("away too")

    transport = TasksTransport(lambda _: 1, accept, lambda: NOW, lambda *_: None)
    assert do(transport, effect()) == Postponed("away", counts=False)
    waits = effect(resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", token="test-token")
    assert do(TasksTransport(lambda _: 1, accept, lambda: NOW, away), waits) == Postponed("away too", counts=False)

    def unavailable(_: Task) -> Json:
        raise StoreUnavailableError("away three")

    transport = TasksTransport(unavailable, accept, lambda: NOW, lambda *_: None)
    assert do(transport, effect()) == Postponed("away three", counts=False)


def test_credentials_name_a_role_or_nothing() -> None:
    assert task_of(effect()).role == "arn:aws:iam::111122223333:role/r"
    nothing: list[Json] = [None, {}, {"RoleArn": 5}, []]
    assert [role_of(each) for each in nothing] == [""] * 4


def test_without_its_sdk_tasks_at_aws_fail_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    transport = wired(store, "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert do(transport, effect(resource="arn:aws:states:::aws-sdk:sqs:listQueues")) == Delivered()
    told = json.decode(store.backlog(1)[0].body)
    assert told["cause"] == 'tocsin[aws] is not installed, and a task needs it: pip install "tocsin[aws]"'


def test_with_its_sdk_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done = tasks._Aws(lambda: NOW, tasks.JobBook(MemoryStore()))
    loaded = done._loaded()
    amazon, integrations = loaded.amazon, loaded.integrations
    monkeypatch.setattr(amazon, "do", lambda given: given.what.name)
    monkeypatch.setattr(integrations, "function", lambda given: {"function": given.what.name})
    assert done.do(task("arn:aws:states:::aws-sdk:sqs:listQueues")) == "listQueues"
    assert done.do(task("arn:aws:lambda:eu-west-1:111122223333:function:f")) == {"function": "f"}
    assert done._loaded() is loaded
    done.abandon(task("arn:aws:states:::glue:startJobRun.sync"))  # Nothing was begun.
    with pytest.raises(asl.Failure, match="must be an object"):
        done.do(task("arn:aws:states:::sns:publish", []))


def test_a_module_of_functions_that_cannot_be_imported_is_told_at_the_start() -> None:
    with pytest.raises(TocsinError, match=r"the module tests\.wiring\.none cannot be imported: ModuleNotFoundError"):
        wired(MemoryStore(), "functions: tests.wiring.none")


# ── Settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_mistakes_of_definitions_are_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "bad.asl.json").write_text('{\n"StartAt": "X",\n"States": {"S": {"Type": "Succeed"}}}')
    (tmp_path / "latin.asl.json").write_bytes(b"\xff")
    config = "workflows:\n  bad: bad.asl.json\n  none: {file: none.asl.json}\n  latin: latin.asl.json\n"
    with pytest.raises(SettingsError) as caught:
        parse(config.encode(), {}, str(tmp_path / "tocsin.yaml"))
    lines = str(caught.value).replace(str(tmp_path), "").splitlines()
    assert any("bad.asl.json:2: Missing 'Next' target: X" in line and ":2:" in line for line in lines)
    assert any("none.asl.json cannot be read: No such file or directory" in line for line in lines)
    assert any("latin.asl.json is no UTF-8 text" in line for line in lines)


def test_a_definition_that_has_vanished_since_is_told() -> None:
    settings = Settings(workflows={"w": Workflow(file="none.asl.json")})
    with pytest.raises(TocsinError, match=r"none\.asl.json cannot be read"):
        workflows.keep_all(settings, workflows.Definitions(MemoryStore()))


def test_old_definitions_leave_the_memory_and_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "DEFINITIONS_MAX", 1)
    definitions = workflows.Definitions(MemoryStore())
    text = '{{"StartAt":"{0}","States":{{"{0}":{{"Type":"Succeed"}}}}}}'
    first, second = (definitions.keep("w", text.format(name)) for name in "ab")
    assert first != second
    assert definitions(first) is not None
    assert definitions(first) is definitions(first)


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_runs_are_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PAGE", 2)
    monkeypatch.setattr(runs, "EVENTS_PAGE", 3)
    world = World(tmp_path / "tocsin.db")
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    names = [world.start(waits) for _ in range(5)]
    world.play(until=world.now)
    assert {run.id for run in runs.listed(world.store)} == set(names)
    assert len(list(runs.listed(world.store, status="RUNNING", limit=3))) == 3
    assert list(runs.listed(world.store, status="FAILED")) == []
    assert list(runs.listed(world.store, workflow="other")) == []
    assert runs.states(next(runs.listed(world.store))) == ["W (waits)"]
    world.play()
    assert [event["type"] for event in runs.whole_history(world.store, names[0])] == [
        "ExecutionStarted",
        "WaitStateEntered",
        "WaitStateExited",
        "ExecutionSucceeded",
    ]
    assert len(runs.history(world.store, names[0], limit=2, after=1)) == 2
    assert runs.find(world.store, "none") is None
    assert runs.find_by(world.store, "none") is None
    assert runs.short("x" * 50, 10) == '"xxxxxxxx…'
    world.close()


# ── Threads ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Lane:
    def __init__(self, name: str) -> None:
        self.name = name


def test_tasks_have_threads_of_their_own() -> None:
    seen: dict[str, str] = {}

    class Recorded(Executor):
        def __init__(self, kind: str) -> None:
            self.kind = kind

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401, ARG002
            seen[args[0].name if args else ""] = self.kind
            return Future()

    executor = Lanes(Recorded("people"), Recorded("tasks"))
    for name in ("responder:ada", "task:local/run-1/1.3.0"):
        executor.submit(print, Lane(name))
    executor.submit(print)
    assert seen == {"responder:ada": "people", "task:local/run-1/1.3.0": "tasks", "": "people"}


def test_task_threads_are_made_as_needed_and_end() -> None:
    threads = TaskThreads(2)
    gate = threading.Barrier(2)
    both = [threads.submit(gate.wait, 30) for _ in range(2)]  # Two at once, or this never ends.
    assert sorted(future.result(30) for future in both) == [0, 1]
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(30)
    threads.shutdown()
    assert threads.submit(print).cancelled()
    assert threads._threads == 0


def test_a_task_that_never_comes_back_does_not_keep_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "GRACE_SECONDS", 0.01)
    threads, began, back = TaskThreads(1), threading.Event(), threading.Event()

    def hangs() -> None:
        began.set()
        back.wait()

    threads.submit(hangs)
    waiting = threads.submit(lambda: "never")
    assert began.wait(30)
    threads.shutdown()
    assert not waiting.done()
    back.set()
    until(lambda: threads._threads == 0)
    assert not waiting.done()
