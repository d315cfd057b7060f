"""The whole of it on ministack: alerts go in by every way, pages come out at Slack, and nothing is lost in between.

The tests share one stack, in the order of the file: the last one takes it away. Each has alerts of its own.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from tests.serverless.stage import QUICK_KEY, STACK, WEB_KEY, Stage
from tocsin.incidents.state import Status

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"


@pytest.fixture(autouse=True)
def _rest(stage: Stage) -> Iterator[None]:
    """Each test leaves the stack at rest, and Slack content."""
    yield
    if stage.deployed:
        stage.rested()
        assert not stage.complaints()


def paged_once(stage: Stage, title: str) -> None:
    """Wait until ada has heard of it, and nobody else."""
    stage.until(lambda: stage.pages(stage.ada, title), f"no page of {title!r}")
    assert len(stage.pages(stage.ada, title)) == 1
    assert not stage.pages(stage.grace, title)


def alarm(name: str, state: str, at: str) -> str:
    """What CloudWatch tells a topic."""
    return json.dumps(
        {
            "AlarmName": name,
            "NewStateValue": state,
            "OldStateValue": "OK",
            "NewStateReason": "Threshold crossed",
            "StateChangeTime": f"2026-11-27T{at}.000+0000",
            "AWSAccountId": "111122223333",
            "Region": "EU (Ireland)",
            "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}",
            "Trigger": {"MetricName": "Used", "Namespace": "Disk", "Dimensions": []},
        }
    )


# ── In and out ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_alerts_come_in_by_every_way_and_page_one_person(stage: Stage) -> None:
    stage.publish("by topic")
    event = {"Source": "team.app", "DetailType": "by event", "Detail": json.dumps({"outcome": "FAILED"})}
    sent = stage.events.put_events(Entries=[event | {"EventBusName": STACK}])
    assert sent["FailedEntryCount"] == 0
    assert stage.post(f"/v1/in/{WEB_KEY}", {"title": "by gateway"})[0] == 202
    alert = {"summary": "by function", "severity": "critical", "source": "web-1"}
    pagerduty = {"routing_key": WEB_KEY, "event_action": "trigger", "dedup_key": "7", "payload": alert}
    assert stage.post("/v2/enqueue", pagerduty)[0] == 202
    for title in ("by topic", "by event", "by gateway", "by function"):
        paged_once(stage, title)
    assert {"by topic", "by gateway", "by function"} <= stage.incidents().keys()


def test_deploying_again_changes_nothing_and_sees_a_test_alert_come_out(stage: Stage) -> None:
    told = stage.deploy()
    assert told["changed"] is False
    assert told["test_alert"]["incident"]
    assert "slack" in told["test_alert"]["ways"]


def test_a_wrong_key_is_refused_where_we_are_asked_and_noted_where_we_are_not(stage: Stage) -> None:
    alert = {"summary": "by nobody", "severity": "critical", "source": "web-1"}
    stranger = {"routing_key": "no-key-of-ours", "event_action": "trigger", "payload": alert}
    status, said = stage.post("/v2/enqueue", stranger)
    assert status in {400, 403}, said
    assert stage.post("/v1/in/no-key-of-ours-either", {"title": "by a stranger"})[0] == 202
    stage.rested()
    assert "by a stranger" not in stage.incidents()


def test_the_console_is_served(stage: Stage) -> None:
    assert stage.post("/healthz")[0] == 200
    status, page = stage.post("/")
    assert status == 401  # Nobody has a token yet.
    assert b"<html" in page


def test_a_signed_press_acknowledges_and_a_forged_one_does_not(stage: Stage) -> None:
    stage.publish("pressed")
    (page,) = stage.until(lambda: stage.pages(stage.ada, "pressed"))
    forged = stage.slack.click(page, "tocsin:acknowledge", stage.ada, forge="signature")
    assert forged.status == 403
    assert stage.incidents()["pressed"].status is Status.TRIGGERED
    pressed = stage.slack.click(page, "tocsin:acknowledge", stage.ada)
    assert pressed.status == 200
    assert not pressed.late
    stage.until(lambda: stage.incidents()["pressed"].status is Status.ACKNOWLEDGED)
    assert stage.incidents()["pressed"].acknowledged_by == "ada"
    assert stage.slack.replay(pressed).status == 200
    stage.rested()
    assert stage.incidents()["pressed"].acknowledged_by == "ada"


def test_the_timer_escalates(stage: Stage) -> None:
    assert stage.post(f"/v1/in/{QUICK_KEY}", {"title": "unanswered"})[0] == 202
    stage.until(lambda: stage.pages(stage.grace, "unanswered"))
    assert len(stage.pages(stage.ada, "unanswered")) == 1
    assert len(stage.pages(stage.grace, "unanswered")) == 1
    told = stage.states.list_executions(stateMachineArn=stage.physical("Timer"), statusFilter="SUCCEEDED")
    assert told["executions"]
    assert not [title for title in stage.incidents() if "timer" in title], "Our timers are no alerts."


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_workflow_asks_and_is_answered(stage: Stage) -> None:
    run = stage.states.start_execution(
        stateMachineArn=stage.physical("Flowapprove"), input=json.dumps({"title": "Deploy version 7?"})
    )["executionArn"]
    (asked,) = stage.until(lambda: stage.pages(stage.grace, "Deploy version 7?"))
    assert not stage.pages(stage.ada, "Deploy version 7?")
    (approve, *_) = [name for name in asked.action_ids if "answer" in name]
    stage.slack.click(asked, approve, stage.grace)
    done = stage.until(lambda: _ended(stage, run))
    assert done["status"] == "SUCCEEDED"
    answer = json.loads(done["output"])
    assert (answer["choice"], answer["by"]) == ("approve", ["grace"])


def test_a_question_that_cannot_be_asked_fails_its_task_by_name(stage: Stage) -> None:
    run = stage.states.start_execution(stateMachineArn=stage.physical("Flowapprove"), input=json.dumps({"title": " "}))[
        "executionArn"
    ]
    done = stage.until(lambda: _ended(stage, run))
    assert (done["status"], done["error"]) == ("FAILED", "Tocsin.QuestionInvalid")
    assert "a question needs one" in done["cause"]


def _ended(stage: Stage, run: str) -> dict[str, Any]:
    found: dict[str, Any] = stage.states.describe_execution(executionArn=run)
    return found if found["status"] != "RUNNING" else {}


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
DEATHS = (
    ("Inbox", "TransactWriteItems", 1),  # Stored, and not handled.
    ("Inbox", "TransactWriteItems", 2),  # Committed, and not settled.
    ("Outbox", "StartExecution", 1),  # The timer is there; no page has left.
    ("Outbox", "BatchGetItem", 2),  # While it reads what to send.
    ("Outbox", "DeleteItem", 1),  # The page has left and is confirmed; the stream tells of it again.
    ("Slack", "SendMessage", 1),  # The press is in the queue, and Slack heard nothing.
)


@pytest.mark.parametrize(("word", "action", "after"), DEATHS)
def test_a_function_that_is_killed_in_the_middle_loses_nothing(
    stage: Stage, word: str, action: str, after: int
) -> None:
    title = f"killed-{word}-{action}-{after}"
    if word == "Slack":
        stage.publish(title)
        (page,) = stage.until(lambda: stage.pages(stage.ada, title))
        stage.die(word, action, after)
        stage.slack.click(page, "tocsin:acknowledge", stage.ada)
        stage.until(lambda: stage.incidents()[title].status is Status.ACKNOWLEDGED)
        assert [each.error for each in stage.complaints()] == ["not_acknowledged"]
    else:
        stage.die(word, action, after)
        stage.publish(title)
    stage.until(lambda: stage.died(word, action), "nobody was killed")
    stage.until(lambda: stage.pages(stage.ada, title))
    stage.forward(30)  # What was stored and not settled is left to its function for so long.
    stage.sweep()
    stage.rested()
    assert title in stage.incidents()
    assert len(stage.pages(stage.ada, title)) == 1
    assert not stage.pages(stage.grace, title)


def test_copies_count_once_and_order_does_not_matter(stage: Stage) -> None:
    def tell(message: str, number: str) -> None:
        envelope = {"Type": "Notification", "TopicArn": TOPIC, "Subject": "", "Message": message, "MessageId": number}
        stage.sqs.send_message(QueueUrl=stage.queue, MessageBody=json.dumps(envelope))

    for _ in range(3):
        tell(alarm("copied", "ALARM", "10:00:00"), "a-copy")
    tell(alarm("reordered", "ALARM", "10:00:00"), "the-first-one")
    stage.rested()
    tell(alarm("reordered", "OK", "10:05:00"), "the-last-one")
    tell(alarm("reordered", "ALARM", "10:03:00"), "the-late-one")
    paged_once(stage, "copied")
    stage.rested()
    incidents = stage.incidents()
    assert len(stage.pages(stage.ada, "reordered")) == 1
    assert next(each for title, each in incidents.items() if "copied" in title).count == 1
    assert next(each for title, each in incidents.items() if "reordered" in title).status is Status.RESOLVED
    assert len(stage.pages(stage.ada, "copied")) == 1


def test_records_of_the_stream_that_come_again_send_nothing_again(stage: Stage) -> None:
    stage.publish("told twice")
    paged_once(stage, "told twice")
    stage.rested()
    streams = boto3.client("dynamodbstreams")
    stream = boto3.client("dynamodb").describe_table(TableName=stage.physical("Table"))["Table"]["LatestStreamArn"]
    found: list[Any] = []
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        place = streams.get_shard_iterator(
            StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += streams.get_records(ShardIterator=place)["Records"]
    posted = len(stage.slack.messages())
    again = json.dumps(
        {"Records": [each for each in found if "lane" in each["dynamodb"].get("NewImage", {})]}, default=_plain
    )
    answer = stage.functions.invoke(FunctionName=stage.physical("OutboxFunction"), Payload=again.encode())
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    assert len(stage.slack.messages()) == posted


def _plain(value: Any) -> Any:  # noqa: ANN401 - of a record.
    return base64.b64encode(value).decode() if isinstance(value, bytes) else datetime.timestamp(value)


def test_what_the_stream_does_not_tell_the_sweep_delivers(stage: Stage) -> None:
    with stage.without_stream():
        stage.publish("swept")
        stage.until(lambda: "swept" in stage.incidents())
        stage.forward(30)
        stage.sweep()
        stage.until(lambda: stage.pages(stage.ada, "swept"))
    stage.rested()
    assert len(stage.pages(stage.ada, "swept")) == 1


def test_a_timer_that_was_never_started_is_found_by_the_sweep(stage: Stage) -> None:
    with stage.without_stream():
        stage.post(f"/v1/in/{QUICK_KEY}", {"title": "no timer"})
        stage.until(lambda: "no timer" in stage.incidents())
        stage.forward(30)
        stage.sweep()
        stage.forward(30)
        stage.sweep()
        stage.until(lambda: stage.pages(stage.grace, "no timer"))
    stage.rested()
    assert len(stage.pages(stage.ada, "no timer")) <= 1
    assert len(stage.pages(stage.grace, "no timer")) == 1


def test_a_dead_letter_becomes_an_alert(stage: Stage) -> None:
    stage.sqs.send_message(QueueUrl=stage.physical("DeadQueue"), MessageBody=json.dumps({"title": "buried"}))
    stage.until(lambda: [title for title in stage.incidents() if "could not be handled" in title])
    kept = {each.id: each.outcome for each in stage.store.deliveries(10)}
    (name, *_) = [each for each in kept if (found := stage.store.delivery(each)) and b"buried" in found.body]
    assert "dead letter" in kept[name]


# ── Another version ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_upgrade_and_the_way_back_lose_no_alert(stage: Stage) -> None:
    table = stage.physical("Table")
    titles = [f"during {number}" for number in range(8)]
    done = threading.Event()

    def send() -> None:
        for title in titles:
            stage.publish(title)
            done.wait(0.5)

    stage.configure("routes: [{team: ops}]\n")
    sender = threading.Thread(target=send)
    sender.start()
    assert stage.deploy("--no-test")["changed"] is True
    stage.settle_emulator()
    assert stage.tocsin("deploy", "--rollback", "--no-test")["changed"] is True
    stage.settle_emulator()
    done.set()
    sender.join()
    stage.until(lambda: set(titles) <= stage.incidents().keys())
    for title in titles:
        paged_once(stage, title)
    assert stage.physical("Table") == table


def test_destroying_is_refused_while_incidents_are_open_and_leaves_the_table(stage: Stage) -> None:
    table = stage.physical("Table")
    with pytest.raises(AssertionError, match="people are still needed"):
        stage.tocsin("destroy")
    told = stage.tocsin("destroy", "--force")
    stage.deployed = False
    assert told["stays"]["table"] == table
    assert "pressed" in stage.incidents()
    with pytest.raises(Exception, match="does not exist"):
        stage.physical("InboxQueue")
