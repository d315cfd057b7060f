"""What an alert costs in requests: more than these figures changes the bill, and docs/cost.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("boto3", reason="the table is a DynamoDB table")

from tests.lambdas.dynamo_table import DynamoTable
from tests.lambdas.world import World
from tocsin.dynamo.requests import ACTIONS_MAX
from tocsin.incidents.state import Status
from tocsin.lambdas import inbox
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.serverless import BITE


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


# ── Batches that are too large for one transaction ───────────────────────────────────────────────────────────────────
@pytest.fixture
def transactions(warm: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many items each transaction had."""
    sizes: list[int] = []
    inner = warm.table.fake.transact_write_items

    def counted(**request: Any) -> Any:  # noqa: ANN401 - as the SDK takes it.
        sizes.append(len(request["TransactItems"]))
        return inner(**request)

    monkeypatch.setattr(warm.table.fake, "transact_write_items", counted)
    return sizes


def posted(world: World, bodies: list[dict[str, str]]) -> None:
    """All in one batch."""
    for body in bodies:
        world.gateway(json.dumps(body))
    batch, world.aws.queue = world.aws.queue, []
    assert inbox.handler({"Records": batch}, None) == {"batchItemFailures": []}
    assert world.table.inner.health(world.clock()).backlog == 0


def counts(world: World) -> list[int]:
    """How often the alerts of each incident came, but for the one that has warmed the functions."""
    return sorted(each.count for each in world.incidents() if each.status is Status.TRIGGERED)


SAME = [{"title": "disk", "dedup_key": "same", "description": str(number)} for number in range(100)]
OTHERS = [{"title": "disk", "dedup_key": f"other-{number}"} for number in range(100)]


def test_a_hundred_alerts_of_one_incident_are_two_commits(warm: World, transactions: list[int]) -> None:
    posted(warm, SAME)
    assert counts(warm) == [100]
    assert len(transactions) == 3  # All are stored in one; then eighty, and twenty.
    assert BITE < max(transactions) <= ACTIONS_MAX


def test_a_hundred_alerts_of_a_hundred_incidents_are_so_many_commits(warm: World, transactions: list[int]) -> None:
    posted(warm, OTHERS)
    assert counts(warm) == [1] * 100
    assert len(transactions) == 101
    assert max(transactions) < 10


def test_both_in_one_batch_are_as_many_as_they_were_apart(warm: World, transactions: list[int]) -> None:
    posted(warm, [each for pair in zip(SAME, OTHERS, strict=True) for each in pair])
    assert counts(warm) == [1] * 100 + [100]
    assert len(transactions) <= 1 + 100 + 3  # Forty of the same in each eighty.
    assert max(transactions) <= ACTIONS_MAX


def test_alerts_that_each_bring_a_key_into_one_incident_are_written_in_steps_and_all_count(
    grouping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    inner = grouping.table.fake.transact_write_items

    def counted(**request: Any) -> Any:  # noqa: ANN401 - as the SDK takes it.
        sizes.append(len(request["TransactItems"]))
        return inner(**request)

    monkeypatch.setattr(grouping.table.fake, "transact_write_items", counted)
    posted(grouping, [each | {"resource": "db"} for each in OTHERS])
    assert counts(grouping) == [100]
    assert max(sizes) <= ACTIONS_MAX
    assert len(sizes) <= 8
    grouping.run()
    assert len(grouping.pages(grouping.ada)) == 1
    posted(grouping, [each | {"resource": "db", "description": "again"} for each in OTHERS])
    assert counts(grouping) == [200]


@pytest.fixture
def grouping() -> Iterator[World]:
    with FakeSlack() as slack:
        world = World(slack, table=DynamoTable, integrations="    group_by: [resource]\n")
        yield world
        world.running.forget()
