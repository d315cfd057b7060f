"""Any invocation may die after any request that it makes, and comes again: nothing is lost, nobody is paged twice."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, Final

import pytest

pytest.importorskip("boto3", reason="one of the tables is a DynamoDB table")

from tests.lambdas.dynamo_table import DynamoTable
from tests.lambdas.world import Table, World
from tocsin.incidents.state import Status
from tocsin.testing.fake_slack import FakeSlack

PARTS: Final = 4
STRIDE: Final = 1 if os.environ.get("EVERY_LIFE") else 10  # All of them take some minutes.


def a_morning(world: World) -> None:
    """Two alarms, one of them told twice; the first is over soon, the other is escalated."""
    world.alarm("disk")
    world.alarm("cpu")
    world.alarm("cpu")
    world.run()
    world.alarm("disk", "OK")
    world.run()
    world.clock.ahead += 6 * 60 * 1000
    world.run()
    world.pass_time(120)


def the_end(world: World) -> dict[str, object]:
    """What may not depend on who died when."""
    health = world.table.inner.health(world.clock())
    return {
        "incidents": sorted((each.face.title, each.status is Status.RESOLVED) for each in world.incidents()),
        "broken": health.broken,
        "backlog": health.backlog,
        "overdue": health.oldest_due_at,
        "waits": health.oldest_pending_at,
        "dead": len(world.dead),
    }


def paged(world: World) -> Counter[str]:
    """How many messages each person and the room have."""
    told = {"ada": world.pages(world.ada), "grace": world.pages(world.grace)}
    return Counter({name: len(found) for name, found in told.items()})


@pytest.fixture(scope="module", params=[Table, DynamoTable], ids=["memory", "dynamo"])
def undisturbed(request: pytest.FixtureRequest) -> tuple[Any, int, dict[str, object], Counter[str]]:
    """What a morning is like in which nobody dies: on which table, how many requests, and how it ends."""
    with FakeSlack() as slack:
        world = World(slack, table=request.param)
        a_morning(world)
        found = request.param, world.life.spent, the_end(world), paged(world)
        world.running.forget()
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_whoever_dies_when(
    part: int, undisturbed: tuple[Any, int, dict[str, object], Counter[str]]
) -> None:
    table, requests, end, pages = undisturbed
    assert requests > 100
    assert end["backlog"] == 0
    stride = STRIDE if table is Table else 2 * STRIDE
    for life in range(1 + part * stride, requests, PARTS * stride):
        with FakeSlack() as slack:
            world = World(slack, table=table)
            world.life.left = life
            a_morning(world)
            assert world.deaths == 1 or life > requests * 3 // 4  # How many there are varies a little.
            assert the_end(world) == end, life
            extra = paged(world)
            extra.subtract(pages)
            assert min(extra.values(), default=0) >= 0, (life, extra)
            # Law 4: one dies between sending and writing that down, and sends what it had sent once more.
            assert sum(extra.values()) <= 1, (life, extra)
            world.running.forget()
