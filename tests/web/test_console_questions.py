"""The console's pages of what workflows ask of people, and of the rules that start them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.console_desks import BEGIN
from tests.web.console_world import Stage, Visitor, World
from tests.web.test_console_pages import plain
from tocsin.approvals.question import Choice, Question
from tocsin.engine.ports import Received
from tocsin.kernel import json
from tocsin.kernel.time import HOUR
from tocsin.wiring import questions, rules, runs
from tocsin.wiring.settings_file import parse

HOSTILE = "<script>alert(1)</script>"
ASKS: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "tocsin-ask", "Payload": {"token.$": "$$.Task.Token"}},
            "End": True,
        }
    },
}
CONFIG = b"""
workflows: {asks: {file: asks.asl.json}}
rules:
  tidy: {event: {kind: [deploy]}, workflow: asks}
  nightly: {schedule: "cron(0 4 * * ? *)", alert: "Is the backup there?", dry_run: true}
"""


@pytest.fixture(autouse=True)
def configured(world: World, tmp_path: Path) -> None:
    (tmp_path / "asks.asl.json").write_bytes(json.encode(ASKS))
    world.flows = parse(CONFIG, {}, str(tmp_path / "tocsin.yaml")).settings


def asked(ada: Visitor, world: World, **more: Any) -> str:  # noqa: ANN401 - the fields of Question.
    """A run asks; the path of its question."""
    answer = ada.post("/workflows/asks", {"csrf": ada.get("/workflows/asks").csrf, "input": "{}"})
    run = answer.location.removeprefix("/runs/")
    found = runs.find(world.store, run)
    assert found is not None
    (frame,) = found.execution.frames.values()
    usual: dict[str, Any] = {
        "title": f"May it go? {HOSTILE}",
        "text": "All tests are green.",
        "approvers": ("ada", "bob"),
        "names": {"ada": "Ada Lovelace", "bob": "Bob Bemer"},
        "choices": (Choice(value="approve", label="Approve"), Choice(value="reject", label="Reject")),
        "deadline": world.now + HOUR,
        "workflow": "asks",
    }
    question = Question(id="", run=run, task=frame.task, **{**usual, **more})
    return f"/questions/question-{world.told(questions.asked(question, '', world.now))}"


def press(visitor: Visitor, path: str, choice: str, comment: str = "") -> str:
    answer = visitor.post(path, {"csrf": visitor.get("/keys").csrf, "choice": choice, "comment": comment})
    assert answer.status == 303, answer.text
    return visitor.get(answer.location).flash


def test_a_question_is_listed_shown_and_answered_once(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    text = ada.get("/workflows").text
    assert HOSTILE not in text
    assert f'href="{path}"' in text
    assert "asks you" in text
    page = ada.get(path)
    assert HOSTILE not in page.text
    for words in (
        "All tests are green.",
        "Ada Lovelace, Bob Bemer",
        "open until 21 Nov 04:00 UTC",
        "the run that asks",
    ):
        assert words in plain(page)
    assert press(ada, path, "approve", "tests are green") == "Thank you! That is decided, and the run is told."
    page = ada.get(path)
    for words in ("decided", "Ada Lovelace: Approve", "tests are green"):
        assert words in plain(page)
    assert "<form" not in page.text.partition("<main")[2]
    assert press(ada, path, "reject") == "Nothing has changed: it was decided before."
    assert "asks you" not in ada.get("/workflows").text


def test_answers_are_counted_until_there_are_enough(ada: Visitor, bob: Visitor, world: World) -> None:
    path = asked(ada, world, needed=2)
    assert press(ada, path, "approve") == "Thank you! Your answer counts; it waits for others."
    assert press(ada, path, "approve") == "You have answered so already; it waits for others."
    assert press(bob, path, "approve") == "Thank you! That is decided, and the run is told."


def test_whoever_is_not_asked_cannot_answer(ada: Visitor, world: World) -> None:
    path = asked(ada, world, approvers=("bob",))
    assert "This question does not ask you." in ada.get(path).text
    assert "asks you" not in ada.get("/workflows").text
    assert press(ada, path, "approve") == "This question does not ask you, so your answer cannot count."


def test_nobody_answers_who_has_not_said_who_they_are(ada: Visitor, stage: Stage, world: World) -> None:
    path = asked(ada, world)
    stranger = Visitor(stage.port)
    stranger.enter(world.link())
    assert "who you are" in stranger.get(path).text
    assert press(stranger, path, "approve") == "This question does not ask you, so your answer cannot count."


def test_who_has_started_the_run_cannot_approve_it(ada: Visitor, world: World) -> None:
    path = asked(ada, world, started_by="ada")
    text = plain(ada.get(path))
    assert "Approve: not by who has started the run." in text
    assert press(ada, path, "approve") == "You have started this run yourself; somebody else must say that."
    assert press(ada, path, "reject") == "Thank you! That is decided, and the run is told."


def test_a_comment_can_be_needed(ada: Visitor, world: World) -> None:
    path = asked(ada, world, comment=True)
    assert press(ada, path, "approve") == "This question wants a comment with the answer."
    assert press(ada, path, "approve", "why not").startswith("Thank you!")


def test_the_run_that_asks_is_over(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    run = questions.find(world.store, path.removeprefix("/questions/"))
    assert run is not None
    ada.post(f"/runs/{run.question.run}", {"csrf": ada.get("/keys").csrf, "action": "stop"})
    assert f'href="{path}"' not in ada.get("/workflows").text
    assert press(ada, path, "approve") == "The run that has asked waits for no answer any more."


def test_a_question_that_its_run_has_withdrawn_says_why(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    question = questions.find(world.store, path.removeprefix("/questions/"))
    assert question is not None
    run, task = question.question.run, question.question.task
    world.told(questions.unwaited(run, task, "its task has taken too long", world.now))
    page = ada.get(path)
    assert "withdrawn" in plain(page)
    assert "for its task has taken too long" in plain(page)
    assert "<form" not in page.text.partition("<main")[2]


def test_an_answer_that_came_too_late_stands_beside_why(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    question = questions.find(world.store, path.removeprefix("/questions/"))
    assert question is not None
    run, task = question.question.run, question.question.task
    press(ada, path, "approve")
    world.told(questions.unwaited(run, task, "its run was stopped", world.now))
    assert "too late, for its run was stopped" in plain(ada.get(path))


def test_the_deadline_closes_a_question(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    world.pass_time(HOUR)
    assert "without an answer" in plain(ada.get(path))


def test_unknown_questions_choices_and_a_sleeping_engine_are_told(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    assert ada.get("/questions/question-0").status == 404
    assert ada.post("/questions/question-0", {"csrf": ada.get("/keys").csrf, "choice": "approve"}).status == 404
    assert press(ada, path, "perhaps") == "This question has no such answer."
    world.asleep = True
    assert press(ada, path, "approve").startswith("It is stored")


def test_nothing_is_answered_by_looking(ada: Visitor, world: World) -> None:
    path = asked(ada, world)
    ada.get(f"{path}?choice=approve")
    found = questions.find(world.store, path.removeprefix("/questions/"))
    assert found is not None
    assert found.answers == ()


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def begun(world: World) -> None:
    order = rules.configuration(world.flows, world.store, BEGIN)
    assert order is not None
    world.told(order)


def test_rules_are_listed_with_their_next_time(ada: Visitor, world: World) -> None:
    text = plain(ada.get("/workflows"))
    assert "tidy: event → asks" in text
    begun(world)
    text = plain(ada.get("/workflows"))
    assert "nightly: cron(0 4 * * ? *) UTC → Is the backup there? (dry run) next in 1 h 0 min" in text


def test_a_rule_tells_what_it_decided_and_why_events_did_not_fire_it(ada: Visitor, world: World) -> None:
    begun(world)
    bodies = (b'{"kind": "deploy"}', b'{"kind": "test"}', b"not json")
    for body in bodies:
        received = Received(received_at=BEGIN, channel="in", key="default", head=b"", body=body)
        world.store.accept([received])
    text = plain(ada.get("/rules/tidy"))
    assert "starts asks" in text
    assert "Nothing has fired it yet." in text
    assert "fires it" in text
    assert "does not fire it: it is no JSON object" in text
    assert text.count("does not fire it") == 2
    world.pass_time(HOUR)
    text = plain(ada.get("/rules/nightly"))
    assert "raises the alert Is the backup there? (dry run: nothing is done)" in text
    assert "in 1 d 0 h (22 Nov 04:00 UTC)" in text
    assert "dry run" in text.partition("What it decided")[2]
    assert ada.get("/rules/none").status == 404
