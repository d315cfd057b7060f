"""Workflows ask people: with the real store, engine and interpreter, and crashes in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.approvals.asking_world import BEGIN, World, asking, received
from tocsin.asl.execution import TaskSucceeded
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.wiring import questions, runs
from tocsin.wiring.asking_people import PARENTS_MAX
from tocsin.wiring.tasks import Tokens

SHIPPED = Path(str(resources.files("tocsin"))) / "workflows"
EVENT = {
    "region": "eu-west-1",
    "detail": {"pipeline": "shop", "stage": "prod", "action": "sign-off", "execution-id": "e-1"},
}
PIPELINE = {
    "StageStates": [
        {
            "StageName": "prod",
            "LatestExecution": {"PipelineExecutionId": "e-1"},
            "ActionStates": [
                {"ActionName": "sign-off", "LatestExecution": {"Status": "InProgress", "Token": "approval-1"}}
            ],
        }
    ]
}


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


def test_a_run_asks_the_team_and_goes_on_with_the_answer(world: World) -> None:
    run = world.start(asking())
    world.play()
    heard = world.heard()
    assert [line.partition(": ")[0] for line in heard] == ["team:ops", "responder:ada", "responder:bo"]
    assert "If it is not decided by 2026-11-28 10:00 UTC, the run is told that nobody has answered." in heard[0]
    assert world.run(run).execution.status.value == "RUNNING"
    world.answer("bo", comment="fine")
    world.play()
    assert world.outcome(run) == (
        "SUCCEEDED",
        {"choice": "approve", "by": ["bo"], "comment": "fine", "at": "2026-11-27T10:00:00.000Z"},
    )
    assert "Bo said 'Approve' at 2026-11-27 10:00 UTC." in world.heard()[0]


def test_people_are_those_of_the_moment_when_they_are_asked(world: World) -> None:
    world.start(asking(approvers=["schedule:nights", "team:web", "responder:ada"], to="#web"))
    world.play()
    assert world.question().question.approvers == ("bo", "cy", "ada")
    assert world.question().question.rooms == ("team:web",)


def test_a_deadline_passes_and_the_choice_is_taken(world: World) -> None:
    run = world.start(asking(deadline_seconds=3600, otherwise="reject"))
    world.play()
    world.heard()
    world.play(BEGIN + 31 * MINUTE)
    assert [line.partition(" |")[0] for line in world.heard()] == [
        "responder:ada: Still waiting: May it go on?",
        "responder:bo: Still waiting: May it go on?",
    ]
    world.play(BEGIN + HOUR)
    assert world.outcome(run) == (
        "SUCCEEDED",
        {"choice": "reject", "by": [], "comment": "", "at": "2026-11-27T11:00:00.000Z"},
    )


def test_a_deadline_passes_and_the_task_fails(world: World) -> None:
    caught = {"Catch": [{"ErrorEquals": ["Tocsin.NotAnswered"], "Next": "Late"}]}
    definition = asking(caught, deadline_seconds=60)
    definition["States"]["Late"] = {"Type": "Pass", "Result": "late", "End": True}
    run = world.start(definition)
    world.play(BEGIN + 2 * MINUTE)
    assert world.outcome(run) == ("SUCCEEDED", "late")
    plain = world.start(asking(deadline_seconds=60))
    world.play(BEGIN + 4 * MINUTE)
    assert world.outcome(plain) == ("FAILED", "Tocsin.NotAnswered")


def test_two_of_three_agree(world: World) -> None:
    run = world.start(asking(needed=2, approvers=["ada", "bo", "cy"]))
    world.play()
    world.answer("ada")
    world.answer("ada")
    world.answer("eve")
    world.play()
    assert world.run(run).execution.status.value == "RUNNING"
    world.answer("cy")
    world.play()
    status, output = world.outcome(run)
    assert (status, output["by"]) == ("SUCCEEDED", ["ada", "cy"])


def test_nobody_approves_a_run_of_their_own(world: World) -> None:
    run = world.start(asking(approvers=["ada", "bo"]), by="ada")
    world.play()
    assert "responder:ada" not in " ".join(world.heard())
    world.answer("ada")
    world.play()
    assert world.run(run).execution.status.value == "RUNNING"
    world.answer("bo")
    world.play()
    assert world.outcome(run)[1]["by"] == ["bo"]


def test_a_question_that_only_the_starter_could_answer_is_not_asked(world: World) -> None:
    run = world.start(asking(approvers="ada"), by="ada")
    world.play()
    assert world.outcome(run) == ("FAILED", "Tocsin.NobodyToAsk")
    allowed = world.start(asking(approvers="ada", self_approval=True), by="ada")
    world.play()
    world.answer("ada")
    world.play()
    assert world.outcome(allowed)[1]["by"] == ["ada"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"title": " "}, "Tocsin.QuestionInvalid"),
        ({"title": 5}, "Tocsin.QuestionInvalid"),
        ({"needed": 0}, "Tocsin.QuestionInvalid"),
        ({"needed": 3}, "Tocsin.NobodyToAsk"),
        ({"choices": []}, "Tocsin.QuestionInvalid"),
        ({"choices": [{"value": "a", "label": "A"}] * 2}, "Tocsin.QuestionInvalid"),
        ({"deadline_seconds": 0}, "Tocsin.QuestionInvalid"),
        ({"deadline_seconds": 1e12}, "Tocsin.QuestionInvalid"),
        ({"otherwise": "maybe"}, "Tocsin.QuestionInvalid"),
        ({"remind_seconds": 1}, "Tocsin.QuestionInvalid"),
        ({"remind_seconds": 1e306}, "Tocsin.QuestionInvalid"),
        ({"choices": [{"value": "a" * 101, "label": "A"}]}, "Tocsin.QuestionInvalid"),
        ({"approvers": ["eve"]}, "Tocsin.NobodyToAsk"),
        ({"approvers": ["team:eve"]}, "Tocsin.NobodyToAsk"),
        ({"approvers": ["schedule:eve"]}, "Tocsin.NobodyToAsk"),
        ({"to": "#eve"}, "Tocsin.NobodyToAsk"),
    ],
)
def test_a_payload_that_is_none_fails_the_task(world: World, payload: dict[str, Any], error: str) -> None:
    run = world.start(asking(**payload))
    world.play()
    assert world.outcome(run) == ("FAILED", error)
    assert not list(questions.listed(world.store, live_only=False))


def test_a_question_carries_the_token_of_its_own_task_and_waits(world: World) -> None:
    foreign = asking()
    foreign["States"]["Ask"]["Parameters"]["Payload"] = {"token": "some other", "title": "t"}
    hasty = asking()
    hasty["States"]["Ask"]["Resource"] = "arn:aws:states:::lambda:invoke"
    hasty["States"]["Ask"]["Parameters"]["Payload"] = {"token": "", "title": "t"}
    for definition in (foreign, hasty):
        run = world.start(definition)
        world.play()
        assert world.outcome(run) == ("FAILED", "Tocsin.QuestionInvalid")


def test_who_knows_the_token_cannot_go_around_the_question(world: World) -> None:
    run = world.start(asking())
    world.play()
    scheduled = next(
        event["taskScheduledEventDetails"]
        for event in runs.whole_history(world.store, run)
        if event["type"] == "TaskScheduled"
    )
    token = json.loads(scheduled["parameters"])["Payload"]["token"]
    tokens = Tokens(world.store, world.store.accept, lambda: world.now)
    assert not tokens.answer(token, TaskSucceeded(task="", output={"choice": "approve"}))
    world.play()
    assert world.run(run).execution.status.value == "RUNNING"


def test_what_an_older_version_has_left_open_is_seen_and_withdrawn(world: World) -> None:
    run = world.start(asking({"TimeoutSeconds": 60}, remind_seconds=0))
    world.withdraws = False
    world.play()
    assert not questions.abandoned(world.store, world.question())
    world.play(BEGIN + 2 * MINUTE)
    assert world.outcome(run)[0] == "FAILED"
    assert questions.abandoned(world.store, world.question())
    world.store.accept([questions.withdrawn(world.question().question.id, world.now)])
    world.play()
    assert not questions.abandoned(world.store, world.question())
    standing = "It was withdrawn at 2026-11-27 10:02 UTC, for its run waits for it no more."
    assert questions.standing(world.question()) == standing


def test_killed_after_each_write_it_asks_once_and_ends_the_same(worlds: Callable[[], World]) -> None:
    expected = None
    for life in (None, *range(1, 25)):
        world = worlds()
        run = world.start(asking(needed=2))
        world.play(life=life)
        asked = world.heard()
        world.answer("ada")
        world.play(life=life)
        world.answer("bo", comment="yes")
        world.play(life=life)
        found = (asked, world.heard(), world.outcome(run), len(list(questions.listed(world.store, live_only=False))))
        expected = expected or found
        assert found == expected
    assert expected
    assert expected[3] == 1


def test_the_shipped_approval_tells_codepipeline(world: World) -> None:
    world.pipeline = PIPELINE
    definition = json.loads((SHIPPED / "deployment-approval.asl.json").read_text(encoding="utf-8"))
    run = world.start(definition, {"event": EVENT, "approvers": ["team:ops"], "needed": 2, "to": "C0OPS"})
    world.play()
    assert "2 of Ada and Bo must say 'Go on'. One 'Stop here' decides at once." in world.heard()[0]
    world.answer("ada")
    world.answer("bo", comment="tests are green")
    world.play()
    assert world.outcome(run)[1] == {"result": "approve", "summary": "Approved by ada, bo: tests are green"}
    assert world.calls[-1] == (
        "putApprovalResult",
        {
            "PipelineName": "shop",
            "StageName": "prod",
            "ActionName": "sign-off",
            "Result": {"Status": "Approved", "Summary": "Approved by ada, bo: tests are green"},
            "Token": "approval-1",
        },
    )
    assert "team:ops: shop goes on | Approved by ada, bo: tests are green." in world.heard()


def test_the_shipped_approval_is_a_no_at_its_deadline(world: World) -> None:
    world.pipeline = PIPELINE
    definition = json.loads((SHIPPED / "deployment-approval.asl.json").read_text(encoding="utf-8"))
    run = world.start(definition, {"event": EVENT, "deadline_seconds": 600})
    world.play(BEGIN + HOUR)
    assert world.outcome(run)[1] == {"result": "reject", "summary": "Nobody answered in time"}


@pytest.mark.parametrize(
    ("payload", "receiver"),
    [({"to": "web"}, "team:web"), ({"to": "ada"}, "responder:ada"), ({}, "team:ops"), ({"to": "team:ops"}, "team:ops")],
)
def test_an_announcement_is_told_once(world: World, payload: dict[str, Any], receiver: str) -> None:
    tells: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": "tocsin-announce",
            "Payload": {"title": "Done", "text": "a\n  b", "preformatted": True, **payload},
        },
        "OutputPath": "$.Payload",
        "End": True,
    }
    run = world.start({"StartAt": "Tell", "States": {"Tell": tells}})
    world.play(life=2)
    assert world.outcome(run) == ("SUCCEEDED", {"told": [receiver]})
    assert world.heard() == [f"{receiver}: Done | a |   b"]


def test_a_run_within_a_run_is_of_who_has_started_the_first(world: World) -> None:
    first = world.start({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}, by="ada")
    world.play()
    world.start(asking(), parent={"run": first, "task": "t"})
    world.play()
    assert world.question().question.started_by == "ada"


def test_a_button_without_a_label_shows_its_value(world: World) -> None:
    world.start(asking(choices=[{"value": "go", "label": " "}]))
    world.play()
    assert [each.label for each in world.question().question.choices] == ["go"]


def test_who_has_made_a_rule_start_the_run_has_started_it(world: World) -> None:
    world.start(asking(), by="ada", parent={"run": "rule-deploy", "task": "run-deploy-1"})
    world.play()
    assert world.question().question.started_by == "ada"


def test_runs_that_are_nested_too_deep_to_know_who_has_begun_do_not_ask(world: World) -> None:
    waiting: Json = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    run = world.start(waiting, by="ada")
    world.play()
    for _ in range(PARENTS_MAX):
        run = world.start(waiting, parent={"run": run, "task": "t"})
        world.play()
    asked = world.start(asking(), parent={"run": run, "task": "t"})
    world.play()
    assert world.outcome(asked)[0:1] == ("FAILED",)
    assert "nested" in str(world.run(asked).execution.cause)


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b'{"question": "q"}', b'{"withdrawn": true}'])
def test_what_is_no_word_about_a_question_is_set_aside(world: World, body: bytes) -> None:
    world.store.accept([received(body)])
    world.play()
    assert not world.store.backlog(1)
