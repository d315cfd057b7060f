"""The functions on a real queue, a real table with its stream, and real timers of Step Functions."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("ministack", reason="the functions are tried on ministack")

from tests.aws.cloud import arn, logged_in, ministack
from tests.lambdas.account import Account, accounts
from tests.lambdas.world import KEY
from tocsin.incidents.state import Status
from tocsin.testing.fake_slack import FakeSlack


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ministack(tmp_path_factory.mktemp("functions") / "ministack.log") as found, logged_in(found):
        yield found


@pytest.fixture
def account(url: str) -> Iterator[Account]:
    with FakeSlack() as slack:
        yield from accounts(slack, url)


def test_an_alarm_goes_all_the_way_and_comes_back(account: Account) -> None:
    topic = account.cloud.topic()
    account.cloud.subscribe(topic, account.queue)
    firing = {"AlarmName": "disk", "NewStateValue": "ALARM", "OldStateValue": "OK", "NewStateReason": "full"}
    account.cloud.sns.publish(TopicArn=topic, Message=json.dumps(firing))
    account.until(lambda: account.pages(account.ada))
    account.cloud.sns.publish(TopicArn=topic, Message=json.dumps(firing | {"NewStateValue": "OK"}))
    account.until(lambda: [each.status for each in account.incidents()] == [Status.RESOLVED])
    assert len(account.pages(account.ada)) == 1
    assert not account.pages(account.grace)


def test_an_event_and_a_stranger_come_in(account: Account) -> None:
    account.cloud.rule({"source": ["team.app"]}, arn(account.queue))
    account.cloud.event("team.app", "Payment failed", {"outcome": "FAILED", "order": "7"})
    told = json.dumps({"title": "the queue is long", "status": "firing"})
    account.cloud.send(account.queue, told, channel="in", key=KEY)
    account.until(lambda: len(account.incidents()) == 2)


def test_the_timer_escalates(account: Account) -> None:
    account.alarm()
    for each in account.aws.queue:
        account.cloud.send(account.queue, each["body"])
    account.until(lambda: account.pages(account.ada))
    account.until(lambda: account.states.list_executions(stateMachineArn=account.timer)["executions"])
    (execution,) = account.states.list_executions(stateMachineArn=account.timer)["executions"]
    given = json.loads(account.states.describe_execution(executionArn=execution["executionArn"])["input"])
    assert given["aggregate"]
    assert given["version"] == 1
    account.clock.ahead += 6 * 60 * 1000
    # A timer that comes late, or twice, is the same hint; the emulator's own clock is not put forward.
    account.states.start_execution(
        stateMachineArn=account.timer, name="now", input=json.dumps(given | {"at": "2020-01-01T00:00:00Z"})
    )
    account.until(lambda: account.pages(account.grace))
    assert len(account.pages(account.ada)) == 1
