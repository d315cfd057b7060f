"""What an alert costs in requests: more than these figures changes the bill, and docs/cost.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

pytest.importorskip("boto3", reason="the table is a DynamoDB table")

from tests.lambdas.dynamo_table import DynamoTable
from tests.lambdas.world import World
from tocsin.incidents.state import Status
from tocsin.testing.fake_slack import FakeSlack


@pytest.fixture
def warm() -> Iterator[World]:
    """Functions that have started, and have handled an alert."""
    with FakeSlack() as slack:
        world = World(slack, table=DynamoTable)
        world.alarm("warm")
        world.run()
        world.alarm("warm", "OK")
        world.run()
        world.aws.counts.clear()
        world.table.counts.clear()
        yield world
        world.running.forget()


def spent(world: World) -> tuple[Counter[str], dict[str, int]]:
    return Counter(world.table.counts), dict(world.aws.counts)


def test_the_functions_work_on_a_dynamodb_table(warm: World) -> None:
    warm.alarm()
    warm.run()
    assert len(warm.pages(warm.ada)) == 2
    warm.pass_time(120)
    health = warm.table.inner.health(warm.clock())
    assert (health.backlog, health.oldest_pending_at, health.broken) == (0, None, ())


def test_an_alert_that_opens_an_incident_costs_so_much(warm: World) -> None:
    warm.clock.ahead += 2000  # What mutes is looked at again.
    warm.alarm()
    warm.inbox()
    thinking, _ = spent(warm)
    # Stored, found, loaded, committed, settled; and one look whether a silence was changed.
    assert thinking.total() <= 6, thinking
    assert thinking["transact_write_items"] == 2
    warm.table.counts.clear()
    warm.run()
    sending, aws = spent(warm)
    # A page and the room, each: is it still pending, the newest state, the last receipt; then both are confirmed.
    assert sending.total() <= 18, sending
    assert sending["batch_write_item"] + sending["delete_item"] <= 4
    assert aws == {"StartExecution": 1}


def test_ten_alerts_of_one_batch_are_stored_together(warm: World) -> None:
    for number in range(10):
        warm.alarm(f"disk-{number}")
    warm.inbox()
    thinking, _ = spent(warm)
    assert len([each for each in warm.incidents() if each.status is Status.TRIGGERED]) == 10
    assert thinking["transact_write_items"] == 11  # One stores them all, and each has its incident.
    assert thinking.total() <= 23, thinking


def test_an_alert_that_is_repeated_costs_less(warm: World) -> None:
    warm.alarm()
    warm.run()
    warm.table.counts.clear()
    warm.aws.counts.clear()
    warm.sns('{"AlarmName": "disk", "NewStateValue": "ALARM", "NewStateReason": "still"}', number="again")
    warm.run()
    table, aws = spent(warm)
    assert table.total() <= 22, table
    assert "SendMessage" not in aws


def test_a_sweep_of_a_quiet_minute_costs_so_much(warm: World) -> None:
    warm.clock.ahead += 120_000
    warm.run()
    warm.sweep()
    warm.sweep()
    warm.table.counts.clear()
    warm.sweep()
    table, aws = spent(warm)
    assert table.total() <= 140, table
    assert not aws
