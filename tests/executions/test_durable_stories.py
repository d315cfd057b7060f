"""What befalls runs: answers that come twice, late or by a token, other runs, orders, and time that waits for many."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as when
from hypothesis import settings
from hypothesis import strategies as st

from tests.asl.asl_examples import machine
from tests.executions.durable_cases import CASES, FUNCTIONS
from tests.executions.durable_world import World, outcome
from tocsin import asl
from tocsin.asl.execution import Status, TaskBeat, TaskFailed, TaskSucceeded
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, SECOND
from tocsin.tasks.task import Later, Task
from tocsin.tasks.transport import answered, once
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.nested_runs import NestedRuns
from tocsin.wiring.runs import find_by
from tocsin.wiring.tasks import TOKEN
from tocsin.wiring.workflows import Definitions, Order, ordered

ASKS = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"token.$": "$$.Task.Token"},
    "HeartbeatSeconds": 60,
}


@pytest.fixture
def world(quick_folder: Path) -> Iterator[World]:
    made = World(quick_folder / "tocsin.db", FUNCTIONS)
    yield made
    made.close()


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("life", [None, 1])
def test_answers_that_come_twice_or_late_change_nothing(life: int | None, world: World) -> None:
    run = world.start(machine({"Type": "Task", "Resource": "double"}, {"Type": "Wait", "Seconds": 60}), {"n": 1})
    world.play(life, until=world.now + SECOND)
    again = {"run": run, "task": "1.3.0", "output": {"n": 99}}
    (call,) = set(world.calls)
    world.accept(answered(again, once(again, call), world.now), answered(again, "other", world.now))
    world.play(life)
    world.accept(answered(again, "late", world.now))
    world.play(life)
    assert outcome(world.run(run))[:2] == ("SUCCEEDED", {"n": 2})
    reasons = [handled.reason for handled in world.store.timeline(run, 10)]
    assert reasons == ["run started", "run went on", "answer came late", "run succeeded", "run is over"]


def test_what_is_no_answer_and_no_order_is_noted(world: World) -> None:
    run = world.start(machine({"Type": "Pass"}))
    answers = [answered({"task": "x"}, "a", world.now), answered({"run": run, "task": "t", "error": 5}, "b", world.now)]
    world.accept(*answers, ordered(Order(), world.now))
    wrong = ordered(Order(stop="run-9"), world.now)
    world.accept(wrong, type(wrong)(received_at=1, channel=wrong.channel, key="", head=b"", body=b"{]"))
    world.play()
    notes = [row.outcome for row in world.store.deliveries(10)][::-1]
    assert notes[0] == "handled"
    assert notes[1].startswith("not an answer: ")
    assert notes[2].startswith("not an answer: ")
    assert notes[3:5] == ["an empty order", "no such run"]
    assert notes[5].startswith("not an order: ")


# ── Tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("life", [None, 1])
def test_a_task_waits_until_its_token_is_answered(life: int | None, world: World) -> None:
    run = world.start(machine(ASKS))
    world.play(life, until=world.now + SECOND)
    token = world.tokens[run]
    assert not world.answer(token + "x", TaskSucceeded(task="", output=1))
    for _ in range(3):
        assert world.answer(token, TaskBeat(task=""))
        world.play(life, until=world.now + 50 * SECOND)
        world.now += 50 * SECOND
    assert world.run(run).execution.status is Status.RUNNING
    assert token not in str(world.store.records(TOKEN))
    assert world.answer(token, TaskSucceeded(task="", output={"yes": True}))
    assert not world.answer(token, TaskSucceeded(task="", output={"yes": False}))
    world.play(life)
    assert outcome(world.run(run))[:2] == ("SUCCEEDED", {"yes": True})
    assert world.store.records(TOKEN) == {}


def test_a_token_may_say_that_its_task_failed_and_silence_fails_it_too(world: World) -> None:
    failed, silent = world.start(machine(ASKS)), world.start(machine(ASKS), seed="another")
    world.play(until=world.now + SECOND)
    assert world.tokens[failed] != world.tokens[silent]
    assert world.answer(world.tokens[failed], TaskFailed(task="", error="No", cause="they said"))
    world.play()
    assert outcome(world.run(failed))[2:] == ("No", "they said")
    assert outcome(world.run(silent))[2] == "States.HeartbeatTimeout"


# ── Doing a task ─────────────────────────────────────────────────────────────────────────────────────────────────────
def trouble(quick_folder: Path, times: int) -> World:
    calls = []

    def do(task: Task) -> Json:
        calls.append(task.id)
        if len(calls) <= times:
            raise Later("Busy", "try again")
        return {"calls": len(calls), "same": len(set(calls))}

    return World(quick_folder / "tocsin.db", do=do)


@pytest.mark.parametrize("life", [None, 1])
def test_what_may_be_tried_again_is_and_is_known_by_the_same_id(life: int | None, quick_folder: Path) -> None:
    world = trouble(quick_folder, 3)
    run = world.start(machine({"Type": "Task", "Resource": "any"}))
    world.play(life)
    assert outcome(world.run(run))[:2] == ("SUCCEEDED", {"calls": 4, "same": 1})
    world.close()


def test_what_does_not_help_fails_the_task_in_the_end(quick_folder: Path) -> None:
    world = trouble(quick_folder, 99)
    run = world.start(machine({"Type": "Task", "Resource": "any"}))
    world.play()
    assert outcome(world.run(run)) == ("FAILED", None, "Busy", "try again")
    assert world.store.health(world.now).pending == 0
    world.close()


def test_a_task_that_breaks_tells_of_no_secrets(quick_folder: Path) -> None:
    def do(_: Task) -> Json:
        raise ValueError("test-secret")

    world = World(quick_folder / "tocsin.db", do=do)
    run = world.start(machine({"Type": "Task", "Resource": "any"}))
    world.play()
    assert outcome(world.run(run))[2] == "States.Runtime"
    assert "test-secret" not in str(outcome(world.run(run)))
    world.close()


# ── Other runs ───────────────────────────────────────────────────────────────────────────────────────────────────────
INNER = machine({"Type": "Wait", "Seconds": 60}, {"Type": "Pass", "Result": {"inner": 1}})
FAILING = machine({"Type": "Wait", "Seconds": 60}, {"Type": "Fail", "Error": "Own"})


def nesting(quick_folder: Path) -> World:
    world = World(quick_folder / "tocsin.db")
    definitions = Definitions(world.store)
    inner = {"inner": INNER, "bad": FAILING}
    kept = {name: definitions.keep(name, json.encode(each).decode()) for name, each in inner.items()}
    nested = NestedRuns(
        kept, {}, world.store.accept, lambda: world.now, seed=lambda: "seed", find=partial(find_by, world.store)
    )
    world.do = nested.do
    return world


def starts(pattern: str, workflow: str = "inner", **more: Json) -> dict[str, Json]:
    arn = f"arn:aws:states:us-east-1:000000000000:stateMachine:{workflow}"
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": arn, "Input": {"a": 1}, **more},
    }


@pytest.mark.parametrize("life", [None, 4])  # Two ends at once are told, and then confirmed.
def test_a_run_waits_for_another_or_does_not(life: int | None, quick_folder: Path) -> None:
    world = nesting(quick_folder)
    begun, waits, text = (world.start(machine(starts(pattern))) for pattern in ("", ".sync:2", ".sync"))
    world.play(life, until=world.now + SECOND)
    assert set(outcome(world.run(begun))[1]) == {"ExecutionArn", "StartDate"}
    assert world.run(waits).execution.status is Status.RUNNING
    world.play(life)
    told: Any = outcome(world.run(waits))[1]
    assert (told["Status"], told["Output"], told["Input"]) == ("SUCCEEDED", {"inner": 1}, {"a": 1})
    told = outcome(world.run(text))[1]
    assert (told["Output"], told["Input"]) == ('{"inner":1}', '{"a":1}')
    assert len(world.store.listing("execution", live_only=False, limit=99)) == 6
    world.close()


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (starts(".sync:2", "bad"), "States.TaskFailed"),
        (starts("", "none"), "StepFunctions.StateMachineDoesNotExistException"),
        (starts("", Name="a/b"), "StepFunctions.InvalidNameException"),
        (starts("", Input="{"), "StepFunctions.InvalidExecutionInputException"),
        (starts("", Input='{"a": 1}'), None),
    ],
)
def test_a_run_that_cannot_be_started_or_fails_fails_its_task(
    state: dict[str, Json], error: str | None, quick_folder: Path
) -> None:
    world = nesting(quick_folder)
    run = world.start(machine(state))
    world.play()
    assert outcome(world.run(run))[2] == error
    world.close()


def test_a_name_that_another_run_has_fails_who_would_wait_for_it(quick_folder: Path) -> None:
    world = nesting(quick_folder)
    first, second = (world.start(machine(starts(".sync:2", Name="monday"))) for _ in range(2))
    world.play()
    third = world.start(machine(starts("", Name="monday")))
    world.play()
    assert outcome(world.run(first))[0] == "SUCCEEDED"
    for run in (second, third):
        assert outcome(world.run(run))[2] == "StepFunctions.ExecutionAlreadyExistsException"
    world.close()


# ── Many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_thousand_waiting_runs_cost_one_timer(world: World) -> None:
    definition = machine({"Type": "Wait", "SecondsPath": "$.n"})
    for number in range(1000):
        world.start(definition, {"n": 3600 + number % 10})
    world.play(until=world.now + MINUTE)
    assert world.store.next_wake() == world.now + HOUR
    assert world.store.health(world.now).live == {"execution": 1000}
    world.play()
    assert world.store.next_wake() is None
    assert world.store.health(world.now).live == {}


def test_a_definition_is_kept_once_and_found_by_whoever_starts_anew() -> None:
    store = MemoryStore()
    first = Definitions(store)
    names = {first.keep("w", text) for text in ('{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}',) * 2}
    assert len(store.records("workflow-definition")) == 1
    (name,) = names
    again = Definitions(store)
    assert again("none") is None
    assert again(name) is again(name)


# ── Any fate ─────────────────────────────────────────────────────────────────────────────────────────────────────────
NAMES = sorted(CASES)


@settings(max_examples=25)
@when(name=st.sampled_from(NAMES), lives=st.lists(st.integers(1, 6), max_size=12), copies=st.integers(0, 2))
def test_any_run_with_any_crashes_and_copies_of_answers_ends_as_the_one_without(
    name: str, lives: list[int], copies: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = CASES[name]
    world = World(tmp_path_factory.mktemp("any") / "tocsin.db", FUNCTIONS)
    run = world.start(case.definition, case.given)
    for life in lives:
        world.live_once(life)
        for delivery in world.store.backlog(copies) if copies else ():
            world.store.replay(delivery.id)
            late = {"run": run, "task": "1.2.0", "output": "nobody asked"}
            world.accept(answered(late, f"late/{delivery.id}", world.now))
    world.play()
    expected = asl.run(asl.parse(case.definition), case.given, functions=FUNCTIONS)
    assert outcome(world.run(run)) == (expected.status, expected.output, expected.error, expected.cause)
    world.close()
