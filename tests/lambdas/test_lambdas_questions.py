"""A workflow on Step Functions asks people, and is answered with its token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lambdas.slack_http import gateway
from tests.lambdas.world import QUEUE, World
from tocsin.lambdas.slack import Receiver
from tocsin.wiring.questions import listed

TOKEN = "AAAA-a-token-of-step-functions"


@pytest.fixture
def asking(world: World) -> Iterator[World]:
    receiver = Receiver({"TOCSIN_INBOX_URL": QUEUE, "SLACK_SIGNING_SECRET": world.slack.signing_secret}, world.aws)
    with gateway(receiver.take) as url:
        world.slack.deliver_to(f"{url}/slack/interactions")
        yield world


def ask(world: World, **more: Any) -> None:  # noqa: ANN401 - of the payload.
    question = {"title": "Deploy 1.2?", "approvers": ["ada"], "deadline_seconds": 600, **more}
    world.aws.send(json.dumps({"ask": question, "token": TOKEN}))


def approve(world: World) -> None:
    (message,) = world.pages(world.ada)
    button = next(
        element["action_id"]
        for block in world.slack.message(message).layout
        for element in block.get("elements", [])
        if element.get("text", {}).get("text") == "Approve"
    )
    world.slack.click(message, button, world.ada)


def test_an_answer_goes_back_with_the_token(asking: World) -> None:
    ask(asking)
    asking.run()
    approve(asking)
    asking.run()
    ((action, given),) = asking.aws.answers
    assert (action, given["taskToken"]) == ("SendTaskSuccess", TOKEN)
    assert json.loads(given["output"])["choice"] == "approve"
    assert not asking.table.inner.records("states-token")


def test_a_question_that_no_task_waits_for_is_withdrawn(asking: World) -> None:
    ask(asking, deadline_seconds=3600)
    asking.run()
    asking.pass_time(6 * 60)
    assert len(list(listed(asking.table.inner))) == 1
    asking.aws.trouble["SendTaskHeartbeat"] = "TaskTimedOut"
    asking.pass_time(6 * 60)
    asking.run()
    (found,) = listed(asking.table.inner, live_only=False)
    assert found.withdrawn == "Step Functions waits for it no more (TaskTimedOut)"
    assert not asking.table.inner.records("states-token")
    assert not [message for message in asking.pages(asking.ada) if asking.slack.message(message).action_ids]
    assert not asking.aws.answers


def test_asked_twice_it_is_one_question(asking: World) -> None:
    ask(asking)
    ask(asking)
    asking.run()
    assert len(list(listed(asking.table.inner))) == 1
    assert len(asking.pages(asking.ada)) == 1


def test_nobody_answers_and_the_task_fails(asking: World) -> None:
    ask(asking)
    asking.run()
    asking.pass_time(11 * 60)
    ((action, given),) = asking.aws.answers
    assert (action, given["error"]) == ("SendTaskFailure", "Tocsin.NotAnswered")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"title": " "}, "Tocsin.QuestionInvalid"), ({"approvers": ["nobody"]}, "Tocsin.NobodyToAsk")],
)
def test_a_question_that_is_none_fails_its_task_at_once(asking: World, wrong: dict[str, Any], error: str) -> None:
    ask(asking, **wrong)
    asking.run()
    ((action, given),) = asking.aws.answers
    assert (action, given["taskToken"], given["error"]) == ("SendTaskFailure", TOKEN, error)
    assert given["cause"]


def test_while_step_functions_is_away_the_answer_waits(asking: World) -> None:
    ask(asking)
    asking.run()
    asking.aws.trouble["SendTaskSuccess"] = "status 500"
    approve(asking)
    asking.run()
    assert not asking.aws.answers
    asking.aws.trouble.clear()
    asking.pass_time(121)
    assert [action for action, _ in asking.aws.answers] == ["SendTaskSuccess"]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist"])
def test_whoever_answers_a_task_that_waits_no_more_is_told_that_it_came_too_late(asking: World, code: str) -> None:
    ask(asking)
    asking.run()
    asking.aws.trouble["SendTaskHeartbeat"] = code
    approve(asking)
    asking.run()
    asking.pass_time(121)
    assert not asking.aws.answers
    (question,) = listed(asking.table.inner, live_only=False)
    assert (question.choice, question.withdrawn) == ("approve", f"Step Functions waits for it no more ({code})")
    told = asking.slack.messages()[-1]
    assert "Too late: Deploy 1.2?" in told.text
    assert "actions" not in json.dumps([message.layout for message in asking.pages(asking.ada)])
    assert not asking.table.inner.records("states-token")
    assert asking.table.inner.health(asking.clock()).pending == 0


def test_an_answer_that_may_have_been_taken_is_not_called_late(asking: World) -> None:
    """Sent once, and nobody knows what became of it; then the task is over, perhaps by this very answer."""
    ask(asking)
    asking.run()
    asking.aws.trouble["SendTaskSuccess"] = "status 500"
    approve(asking)
    asking.run()
    asking.aws.trouble |= {"SendTaskSuccess": "TaskTimedOut", "SendTaskHeartbeat": "TaskTimedOut"}
    ask(asking)  # The queue delivers it twice.
    asking.pass_time(121)
    (question,) = listed(asking.table.inner, live_only=False)
    assert (question.choice, question.withdrawn) == ("approve", "")
    assert not asking.table.inner.records("states-token")
    assert asking.table.inner.health(asking.clock()).pending == 0


def test_an_answer_is_sent_though_nobody_knows_whether_it_is_waited_for(asking: World) -> None:
    ask(asking)
    asking.run()
    asking.aws.trouble["SendTaskHeartbeat"] = "AccessDeniedException"
    approve(asking)
    asking.run()
    assert [action for action, _ in asking.aws.answers] == ["SendTaskSuccess"]
    (question,) = listed(asking.table.inner, live_only=False)
    assert question.withdrawn == ""


def test_a_task_that_is_over_is_not_told_that_nobody_answered(asking: World) -> None:
    ask(asking)
    asking.run()
    asking.aws.trouble["SendTaskFailure"] = "TaskTimedOut"
    asking.pass_time(11 * 60)
    assert not asking.aws.answers
    assert not asking.table.inner.records("states-token")


def test_a_question_that_cannot_be_refused_now_comes_again(asking: World) -> None:
    asking.aws.trouble["SendTaskFailure"] = "status 500"
    ask(asking, title="")
    asking.inbox()
    assert len(asking.aws.queue) == 1
    asking.aws.trouble.clear()
    asking.run()
    assert [action for action, _ in asking.aws.answers] == ["SendTaskFailure"]
