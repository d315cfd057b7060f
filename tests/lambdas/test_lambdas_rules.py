"""Rules in the stack: what AWS carries out is not carried out twice, and what is ours runs at Step Functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lambdas.slack_http import gateway
from tests.lambdas.test_lambdas_questions import approve
from tests.lambdas.world import QUEUE, TIMER, World
from tocsin.automation.book import Book
from tocsin.lambdas import inbox
from tocsin.lambdas.slack import Receiver
from tocsin.stack import build
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring import serverless_reach
from tocsin.wiring.questions import listed
from tocsin.wiring.rules import Order, book_of, ordered
from tocsin.wiring.serverless_flows import RUN

FLOW = TIMER.removesuffix("timer") + "flow-chore"
RULES = """
workflows: {chore: FILE}
rules:
  plain: {event: {source: [aws.ecs]}, workflow: chore}
  nightly: {schedule: "rate(1 minute)", workflow: chore}
  limited: {event: {source: [aws.ecs]}, workflow: chore, mode: single}
  sometimes: {schedule: "rate(1 minute)", workflow: chore, mode: queued}
  posted: {event: {source: [shop]}, workflow: chore}
  anew: {event: {source: [anew]}, workflow: chore, mode: restart}
  hardy: {event: {source: [hardy]}, workflow: chore, retries: 1}
  word: {command: tidy, workflow: chore}
"""
CHORE = json.dumps({"StartAt": "Do", "States": {"Do": {"Type": "Succeed"}}})


@pytest.fixture
def ruled(tmp_path: Path) -> Iterator[World]:
    file = tmp_path / "chore.asl.json"
    file.write_text(CHORE, encoding="utf-8")
    with FakeSlack() as slack:
        world = World(slack, RULES.replace("FILE", str(file)))
        yield world
        world.running.forget()


def event(world: World, source: str, **more: Any) -> None:  # noqa: ANN401 - JSON.
    """EventBridge's own, over a bus."""
    told = {
        "version": "0",
        "id": f"{source}-1",
        "detail-type": "Something",
        "source": source,
        "time": "2026-11-27T10:00:00Z",
        "account": "111122223333",
        "region": "eu-west-1",
        "resources": [],
        "detail": {},
        **more,
    }
    world.aws.send(json.dumps(told))


def over(world: World, run: str, status: str, **more: Any) -> None:  # noqa: ANN401 - JSON.
    """EventBridge tells that an execution is over."""
    found = world.aws.flows[run]
    found |= {"status": status, **more}
    detail = {
        "executionArn": run,
        "stateMachineArn": FLOW,
        "name": run.rpartition(":")[2],
        "status": status,
        "redriveCount": found["redriveCount"],
        **more,
    }
    number = f"end-{run.rpartition('-')[2]}-{found['redriveCount']}"
    kind = "Step Functions Execution Status Change"
    event(world, "aws.states", **{"id": number, "detail-type": kind, "detail": detail})


def book(world: World, rule: str) -> Book:
    found = book_of(world.table.inner, rule)
    assert found is not None
    return found


def runs(world: World) -> list[str]:
    """The rules whose work was started at Step Functions."""
    return [arn.rpartition(":")[2].partition("-")[0] for arn in world.aws.flows]


# ── Nothing twice ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_event_of_aws_is_left_to_eventbridge_where_that_can_do_it(ruled: World) -> None:
    event(ruled, "aws.ecs")
    ruled.run()
    assert runs(ruled) == ["limited"]
    assert book_of(ruled.table.inner, "plain") is None


def test_a_timetable_is_left_to_the_scheduler_where_that_can_do_it(ruled: World) -> None:
    ruled.sweep()
    ruled.pass_time(130)
    assert "sometimes" in runs(ruled)
    assert "nightly" not in runs(ruled)
    assert book_of(ruled.table.inner, "nightly") is None


def test_what_may_come_by_http_is_ours(ruled: World) -> None:
    ruled.gateway(json.dumps({"source": "shop", "title": "An order"}))
    ruled.run()
    assert runs(ruled) == ["posted"]


def test_each_rule_has_one_who_carries_it_out(ruled: World) -> None:
    template = build(ruled.settings, lambda _: CHORE)["Resources"]
    assert isinstance(template, dict)
    targets = {name: json.dumps(each) for name, each in template.items() if name.startswith("Rule")}
    at_aws = {name for name, text in targets.items() if '"Ref": "Flowchore"' in text}
    assert at_aws == {"Ruleplain", "RuleplainBus", "RulenightlySchedule"}
    assert ruled.running.thinking().ruled.rules.keys() == ruled.settings.rules.keys() - {"plain", "nightly"}


# ── At Step Functions ────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_ours_is_started_beside_the_timer_once_and_says_why(ruled: World) -> None:
    event(ruled, "shop")
    event(ruled, "shop")
    ruled.run()
    (run,) = ruled.aws.flows
    assert run.startswith(FLOW.replace(":stateMachine:", ":execution:") + ":posted-")
    assert ruled.aws.flows[run]["input"]["source"] == "shop"
    (note,) = book(ruled, "posted").notes
    assert (note.decided, note.runs) == ("started", ("run-" + run.rpartition(":")[2],))
    assert not list(ruled.table.inner.listing("execution", live_only=False, limit=10)), "It runs there, and not here."


def test_wherever_a_function_dies_each_event_starts_one_execution(ruled: World) -> None:
    for number, point in enumerate(range(1, 25, 3), 1):
        event(ruled, "shop", id=f"order-{point}")
        ruled.life.left = point
        ruled.run()
        ruled.life.left = None
        ruled.pass_time(61)
        started = [arn for arn in ruled.aws.flows if ":posted-" in arn]
        assert len(started) == number
        over(ruled, started[-1], "SUCCEEDED")
        ruled.run()
    assert ruled.deaths > 5
    assert not book(ruled, "posted").live


def test_one_that_runs_keeps_a_single_rule_from_running_until_it_is_over(ruled: World) -> None:
    event(ruled, "aws.ecs")
    ruled.run()
    event(ruled, "aws.ecs", id="second")
    ruled.run()
    assert [note.decided for note in book(ruled, "limited").notes] == ["started", "already running"]
    (run,) = ruled.aws.flows
    over(ruled, run, "SUCCEEDED")
    ruled.run()
    assert not book(ruled, "limited").live
    event(ruled, "aws.ecs", id="third")
    ruled.run()
    assert len(ruled.aws.flows) == 2


def test_an_end_that_nobody_tells_of_is_found_by_the_sweep(ruled: World) -> None:
    event(ruled, "shop")
    ruled.run()
    (run,) = ruled.aws.flows
    ruled.aws.flows[run]["status"] = "SUCCEEDED"
    ruled.pass_time(11 * 60)
    assert not book(ruled, "posted").live
    ruled.pass_time(6 * 60)
    assert run.rpartition(":")[2] not in ruled.table.inner.records(RUN), "What is over is forgotten."


def test_one_that_runs_on_is_waited_for(ruled: World) -> None:
    event(ruled, "shop")
    ruled.run()
    ruled.pass_time(11 * 60)
    assert len(book(ruled, "posted").live) == 1
    assert "posted" in "".join(ruled.table.inner.records(RUN))


def test_a_run_that_failed_is_redriven_and_a_second_failure_is_for_good(ruled: World) -> None:
    event(ruled, "hardy")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "FAILED", error="Disk.Full", cause="no room")
    ruled.run()
    assert book(ruled, "hardy").live[0].tried == 1
    ruled.pass_time(60)
    assert [action for action, _ in ruled.aws.orders] == ["RedriveExecution"]
    ruled.pass_time(10 * 60)  # What the sweep finds of the first failure counts no second time.
    assert book(ruled, "hardy").live[0].tried == 1
    over(ruled, run, "FAILED", error="Disk.Full", cause="no room")
    ruled.run()
    (dead,) = book(ruled, "hardy").dead
    assert dead.error == "Disk.Full: no room"


def test_one_that_cannot_be_redriven_is_dead(ruled: World) -> None:
    event(ruled, "hardy")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "FAILED", error="Disk.Full")
    ruled.run()
    ruled.aws.trouble["RedriveExecution"] = "ExecutionNotRedrivable"
    ruled.pass_time(61)
    (dead,) = book(ruled, "hardy").dead
    assert "ExecutionNotRedrivable" in dead.error


def test_one_that_was_redriven_already_runs_on(ruled: World) -> None:
    event(ruled, "hardy")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "FAILED", error="Disk.Full")
    ruled.run()
    ruled.aws.flows[run]["status"] = "RUNNING"  # The answer of the first call was lost.
    ruled.pass_time(61)
    assert not book(ruled, "hardy").dead
    assert len(book(ruled, "hardy").live) == 1


def test_a_rule_that_starts_anew_stops_what_runs(ruled: World) -> None:
    event(ruled, "anew")
    ruled.run()
    event(ruled, "anew", id="second")
    ruled.run()
    first, second = ruled.aws.flows
    assert [(action, given["executionArn"]) for action, given in ruled.aws.orders] == [("StopExecution", first)]
    assert [each.run for each in book(ruled, "anew").live] == ["run-" + second.rpartition(":")[2]]


def test_what_somebody_stopped_is_not_tried_again(ruled: World) -> None:
    event(ruled, "hardy")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "ABORTED")
    ruled.run()
    assert not book(ruled, "hardy").live
    assert not book(ruled, "hardy").dead


def test_a_state_machine_that_is_not_there_is_a_failure_that_is_told(ruled: World) -> None:
    ruled.aws.trouble["StartExecution"] = "StateMachineDoesNotExist"
    event(ruled, "shop")
    ruled.run()
    (dead,) = book(ruled, "posted").dead
    assert dead.error == "StateMachineDoesNotExist"


def test_while_step_functions_is_away_a_start_waits(ruled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serverless_reach, "PATIENCE_SECONDS", 0.0)
    ruled.aws.trouble["StartExecution"] = "status 500"
    event(ruled, "shop")
    ruled.run()
    ruled.pass_time(15 * 60)
    assert not ruled.aws.flows
    assert len(book(ruled, "posted").live) == 1, "What is not there yet is not over."
    ruled.aws.trouble.clear()
    ruled.pass_time(30 * 60)
    assert runs(ruled).count("posted") == 1


def test_an_execution_that_never_began_is_over_after_a_day(ruled: World) -> None:
    event(ruled, "shop")
    ruled.run()
    ruled.aws.flows.clear()
    ruled.clock.ahead += 25 * 3_600_000
    ruled.pass_time(6 * 60)
    (dead,) = book(ruled, "posted").dead
    assert dead.error == "ExecutionDoesNotExist"


# ── Who may tell ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("way", ["gateway", "sns"])
def test_an_end_is_believed_of_eventbridge_only(way: str, ruled: World) -> None:
    event(ruled, "shop")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "SUCCEEDED")
    forged = ruled.aws.queue.pop()["body"]
    if way == "gateway":
        ruled.gateway(forged)
    else:
        ruled.sns(forged)
    ruled.run()
    assert len(book(ruled, "posted").live) == 1


@pytest.mark.parametrize("other", [{"stateMachineArn": TIMER}, {"name": "other"}, {"status": "RUNNING"}])
def test_ends_of_others_are_nothing_to_rules(other: dict[str, str], ruled: World) -> None:
    event(ruled, "shop")
    ruled.run()
    (run,) = ruled.aws.flows
    over(ruled, run, "SUCCEEDED")
    told = json.loads(ruled.aws.queue.pop()["body"])
    told["detail"] |= other
    ruled.aws.send(json.dumps(told))
    ruled.run()
    assert len(book(ruled, "posted").live) == 1


# ── Approvals ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_has_said_the_word_cannot_approve_alone(ruled: World) -> None:
    said = {"by": "ada", "name": "ada", "chat": "slack", "channel": "", "incident": "", "text": ""}
    thinking = ruled.running.thinking()
    thinking.accept([ordered(Order(command="tidy", said=said), ruled.clock())])
    thinking.drain()
    ruled.run()
    (run,) = ruled.aws.flows
    asked = {"title": "Tidy?", "approvers": ["ada", "grace"], "token": "T", "started_by": "grace"}
    inbox.handler({"function": "tocsin-ask", "payload": asked, "execution": run, "state": "Ask", "entered": "t"}, None)
    ruled.run()
    (question,) = listed(ruled.table.inner)
    assert question.question.started_by == "ada", "What the rule knows counts, and not what the definition says."
    receiver = Receiver({"TOCSIN_INBOX_URL": QUEUE, "SLACK_SIGNING_SECRET": ruled.slack.signing_secret}, ruled.aws)
    with gateway(receiver.take) as url:
        ruled.slack.deliver_to(f"{url}/slack/interactions")
        assert not ruled.pages(ruled.ada)
        ruled.ada, ruled.grace = ruled.grace, ruled.ada
        approve(ruled)
        ruled.run()
    ((action, given),) = ruled.aws.answers
    assert (action, given["taskToken"]) == ("SendTaskSuccess", "T")
    assert json.loads(given["output"])["by"] == ["grace"]
