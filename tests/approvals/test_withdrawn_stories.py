"""Questions that their runs wait for no more: with the real store, engine and interpreter, and crashes in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.approvals.asking_world import BEGIN, World, asking
from tests.executions.durable_world import Died, Mortal
from tocsin.approvals.machine import Answered
from tocsin.executions.withdrawing import WITHDRAW
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.tasks.transport import answered, task_of
from tocsin.wiring import questions
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.settings_file import parse

CATCH: Json = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
LIVES = (None, *range(1, 20))  # The first process dies after so many writes.


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Callable[[], World]]:
    made: list[World] = []

    def make() -> World:
        made.append(World(tmp_path / f"{len(made)}.db"))
        return made[-1]

    yield make
    for world in made:
        world.store.close()


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def asks(more: dict[str, Json] | None = None, **payload: Json) -> dict[str, Json]:
    """The state that asks."""
    state: dict[str, Json] = asking(more, **payload)["States"]["Ask"]
    return state


def standing(world: World) -> str:
    return questions.standing(world.question())


def titles(world: World) -> list[str]:
    """What people have read since the last time, without its lines."""
    return [line.partition(" | ")[0] for line in world.heard()]


def closed(question: str = "May it go on?") -> list[str]:
    return [f"{who}: No answer is needed: {question}" for who in ("team:ops", "responder:ada", "responder:bo")]


def test_a_run_that_is_stopped_withdraws_its_question(worlds: Callable[[], World]) -> None:
    for life in LIVES:
        world = worlds()
        run = world.start(asking(remind_seconds=600))
        world.play()
        world.heard()
        world.stop(run, "not tonight")
        world.play(life=life)
        assert standing(world) == "It was withdrawn at 2026-11-27 10:00 UTC, for its run was stopped (not tonight)."
        assert titles(world) == closed(), life
        world.play(BEGIN + 2 * HOUR)
        assert titles(world) == []  # Nobody is reminded.
        assert world.outcome(run) == ("ABORTED", None)
        assert not questions.abandoned(world.store, world.question())


def test_a_task_that_has_taken_too_long_withdraws_it_and_its_run_goes_on(worlds: Callable[[], World]) -> None:
    for life in LIVES:
        world = worlds()
        definition = asking({"TimeoutSeconds": 1200, "Catch": CATCH}, remind_seconds=900)
        definition["States"]["After"] = {"Type": "Wait", "Seconds": 7200, "End": True}
        run = world.start(definition)
        world.play(BEGIN + 16 * MINUTE)
        world.heard()  # The question, and its reminder.
        world.play(BEGIN + 21 * MINUTE, life)
        assert world.run(run).execution.status.value == "RUNNING"
        assert standing(world) == "It was withdrawn at 2026-11-27 10:20 UTC, for its task has taken too long."
        assert titles(world) == closed(), life
        world.play(BEGIN + HOUR)
        assert titles(world) == []


def test_a_branch_that_fails_withdraws_what_the_other_asks(worlds: Callable[[], World]) -> None:
    for life in LIVES:
        for caught in (True, False):
            world = worlds()
            fails = {
                "W": {"Type": "Wait", "Seconds": 60, "Next": "F"},
                "F": {"Type": "Fail", "Error": "Own"},
            }
            both: dict[str, Any] = {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Ask", "States": {"Ask": asks()}},
                    {"StartAt": "W", "States": fails},
                ],
                "End": True,
            }
            after = {"After": {"Type": "Wait", "Seconds": 600, "End": True}} if caught else {}
            both |= {"Catch": CATCH} if caught else {}
            run = world.start({"StartAt": "Both", "States": {"Both": both, **after}})
            world.play()
            world.heard()
            world.play(BEGIN + 2 * MINUTE, life)
            assert world.run(run).execution.status.value == ("RUNNING" if caught else "FAILED")
            why = "what ran beside it has failed" if caught else "its run has failed"
            assert standing(world) == f"It was withdrawn at 2026-11-27 10:01 UTC, for {why}."
            assert titles(world) == closed(), life


def test_between_the_commit_of_the_run_and_the_withdrawal_a_press_is_refused(world: World) -> None:
    run = world.start(asking())
    world.play()
    world.stop(run)
    lives = 0
    for life in range(1, 20):  # Die later and later, until the run is stopped and the withdrawal waits in the outbox.
        with pytest.raises(Died):
            world._live(world.now, life)
        if world.run(run).execution.status.value == "ABORTED":
            lives = life
            break
    assert lives
    assert [each.kind for each in world.store.pending(world.now, per_receiver=9)] == [WITHDRAW]
    assert world.question().closed_at is None
    assert questions.abandoned(world.store, world.question())
    world.heard()
    world.play()
    assert standing(world) == "It was withdrawn at 2026-11-27 10:00 UTC, for its run was stopped."
    assert titles(world) == closed()


@pytest.mark.parametrize("first", ["answer", "stop"])
def test_answered_and_stopped_at_once_one_wins_and_all_that_is_told_is_true(
    first: str, worlds: Callable[[], World]
) -> None:
    for life in LIVES:
        world = worlds()
        run = world.start(asking())
        world.play()
        world.heard()
        for each in ("answer", "stop") if first == "answer" else ("stop", "answer"):
            if each == "answer":
                world.answer("bo")
            else:
                world.stop(run)
        world.play(life=life)
        status, output = world.outcome(run)
        told = standing(world)
        if status == "SUCCEEDED":
            assert output["by"] == ["bo"]
            assert told == "Bo said 'Approve' at 2026-11-27 10:00 UTC."
        elif world.question().choice:
            late = "That came too late, for its run was stopped."
            assert told == f"Bo said 'Approve' at 2026-11-27 10:00 UTC. {late}"
            assert "team:ops: Too late: May it go on?" in titles(world)
        else:
            assert told == "It was withdrawn at 2026-11-27 10:00 UTC, for its run was stopped."
        assert world.store.health(world.now).pending == 0


def test_an_answer_is_on_its_way_when_the_run_is_stopped(world: World) -> None:
    """The question is decided, the run is stopped before it hears of that: it is told who has come too late."""
    run = world.start(asking())
    world.play()
    world.heard()
    given = Answered(by="bo", choice="approve")
    world.store.accept([questions.answered(world.question().question.id, given, world.now)])
    world.stop(run)
    world.play()
    assert world.outcome(run)[0] == "ABORTED"
    assert standing(world) == (
        "Bo said 'Approve' at 2026-11-27 10:00 UTC. That came too late, for its run was stopped."
    )
    heard = titles(world)
    assert [each for each in heard if "Too late" in each] == [
        f"{who}: Too late: May it go on?" for who in ("team:ops", "responder:ada", "responder:bo")
    ]
    late = {"run": run, "task": world.question().question.task, "output": "nobody waits"}
    world.store.accept([answered(late, "late", world.now)])
    world.play()
    assert world.outcome(run) == ("ABORTED", None)


def test_a_run_in_a_run_is_stopped_with_it_and_withdraws_its_question(worlds: Callable[[], World]) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:inner"
    starts = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn},
        "End": True,
    }
    for life in LIVES:
        world = worlds()
        world.nest("inner", asking())
        outer = world.start({"StartAt": "S", "States": {"S": starts}})
        world.play()
        world.heard()
        inner = world.question().question.run
        assert inner != outer
        world.stop(outer)
        world.play(life=life)
        assert world.outcome(outer) == ("ABORTED", None)
        assert world.outcome(inner) == ("ABORTED", None)
        cause = "The run that waited for its end does so no more, for its run was stopped."
        assert world.run(inner).execution.cause == cause
        assert standing(world) == f"It was withdrawn at 2026-11-27 10:00 UTC, for its run was stopped ({cause})."
        assert titles(world) == closed(), life
        assert world.store.health(world.now).pending == 0


def test_a_run_that_is_only_begun_by_another_asks_on(world: World) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:inner"
    states: dict[str, Json] = {
        "S": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": arn},
            "Next": "W",
        },
        "W": {"Type": "Wait", "Seconds": 600, "End": True},
    }
    world.nest("inner", asking())
    outer = world.start({"StartAt": "S", "States": states})
    world.play()
    world.stop(outer)
    world.play()
    assert standing(world).startswith("It is open until")
    world.answer("ada")
    world.play()
    assert world.outcome(world.question().question.run)[0] == "SUCCEEDED"


def test_a_run_that_is_stopped_before_it_has_asked_never_asks(worlds: Callable[[], World]) -> None:
    """However far the asking has come: what was asked is withdrawn, what was not asked never is."""
    for life in range(1, 12):
        world = worlds()
        run = world.start(asking())
        with suppress(Died):
            world._live(world.now, life)
        world.stop(run)
        world.play()
        assert world.outcome(run)[0] == "ABORTED"
        asked = list(questions.listed(world.store, live_only=False))
        assert all(each.unwaited == "its run was stopped" for each in asked), life
        assert world.store.health(world.now).live == {}
        assert world.store.health(world.now).pending == 0


def test_a_run_that_is_redriven_asks_anew(world: World) -> None:
    run = world.start(asking({"TimeoutSeconds": 60}, remind_seconds=0))
    world.play(BEGIN + 2 * MINUTE)
    first = world.question()
    assert first.withdrawn == "its task has taken too long"
    world.redrive(run)
    world.play()
    second = world.question()
    assert second.question.id != first.question.id
    world.answer("ada")
    world.play()
    assert world.outcome(run)[0] == "SUCCEEDED"
    assert (world.question().choice, world.question().withdrawn) == ("approve", "")


def test_asked_and_refused_by_the_second_try_is_withdrawn(world: World) -> None:
    """A process dies behind the question; the next one reads other settings, in which nobody may answer."""
    run = world.start(asking(approvers=["ada"]))
    for _ in range(20):
        with pytest.raises(Died):
            world._live(world.now, 1)
        if any(each.channel == questions.CHANNEL for each in world.store.backlog(9)):
            break
    world.settings = parse(b"responders: {bo: {}}\nteams: {ops: {members: [bo], slack: C0OPS}}", {}).settings
    world.play()
    assert world.outcome(run) == ("FAILED", "Tocsin.NobodyToAsk")
    assert standing(world) == "It was withdrawn at 2026-11-27 10:00 UTC, for its task has failed."


def test_a_store_that_is_away_holds_a_withdrawal_up_and_loses_none(world: World) -> None:
    run = world.start(asking())
    world.play()
    world.stop(run)
    world.away = 2
    world.play(BEGIN + MINUTE)
    assert world.away == 0
    assert standing(world).endswith("for its run was stopped.")


def test_what_asks_nothing_is_given_up_without_a_word(world: World) -> None:
    """Its function waits for a token of its own; nobody was asked."""
    definition = asking()
    definition["States"]["Ask"]["Parameters"] = {"FunctionName": "other", "Payload": {}}
    run = world.start(definition)
    world.play()
    world.stop(run)
    world.play()
    assert world.outcome(run)[0] == "ABORTED"
    assert titles(world) == []
    assert not list(questions.listed(world.store, live_only=False))
    assert world.store.health(world.now).pending == 0


def test_a_mortal_store_writes_as_told(world: World) -> None:
    """The crashes of these stories happen."""
    store: Any = Mortal(world.store, 1)
    with pytest.raises(Died):
        store.accept([questions.unwaited("r", "t", "", world.now)])
    assert world.store.backlog(1)


def test_a_withdrawal_that_overtakes_the_question_leaves_none_open(world: World) -> None:
    """Another process has told it before the question was stored."""
    run = world.start(asking())
    for _ in range(20):
        with pytest.raises(Died):
            world._live(world.now, 1)
        if world.store.load([run]):
            break
    (effect,) = world.store.pending(world.now, per_receiver=9)
    task = task_of(effect)
    world.stop(run)
    world.play()
    assert not list(questions.listed(world.store, live_only=False))
    people = AskingPeople(lambda: world.settings, world.store, world.store.accept, lambda: world.now, lambda _: None)
    people.ask(task.arguments["Payload"], task)
    world.play()
    assert standing(world) == "It was withdrawn at 2026-11-27 10:00 UTC, for its run waits for it no more."
