"""The seeded simulation on DynamoDB: late indexes, throttling, conflicts, lost answers, half batches, and crashes."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.dynamo.tables import Tables
from tests.dynamo.worlds import TABLE, DynamoWorld
from tocsin.dynamo import commits, packing, staged
from tocsin.testing.dynamo_memory import FakeDynamo

SEEDS = int(os.environ.get("DYNAMO_SEEDS", "12"))  # By the thousand before a release.
CLOUD_SEEDS = int(os.environ.get("DYNAMO_CLOUD_SEEDS", "2"))
CLOUD_STEPS = 10


def test_the_laws_hold_in_every_world() -> None:
    happened: Counter[str] = Counter()
    for seed in range(SEEDS):
        world = DynamoWorld(seed, FakeDynamo(TABLE))
        world.run()
        happened += world.happened
    assert all(
        happened[name] for name in ("throttled", "conflict", "broken", "lost", "partial", "stale", "torn", "crash")
    )


def test_they_hold_where_nothing_fits_into_one_transaction_or_item(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    crashes = 0
    for seed in range(SEEDS):
        world = DynamoWorld(seed, FakeDynamo(TABLE))
        world.trouble.crash = 0.003
        world.run()
        crashes += world.happened["crash"]
    assert crashes > SEEDS // 2


@pytest.mark.parametrize("seed", range(CLOUD_SEEDS))
def test_they_hold_on_ministack(tables: Tables, seed: int) -> None:
    world = DynamoWorld(seed, tables.client, tables.make())
    world.run(CLOUD_STEPS)
    assert world.happened.total()


def test_a_seed_is_the_same_world_again() -> None:
    worlds = [DynamoWorld(7, FakeDynamo(TABLE)) for _ in range(2)]
    for world in worlds:
        world.run()
    first, second = worlds
    assert first.happened == second.happened
    assert first.witness.pages == second.witness.pages


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so low that what is rare becomes the rule."""
    monkeypatch.setattr(commits, "ACTIONS_MAX", 5)
    monkeypatch.setattr(staged, "ACTIONS_MAX", 3)
    monkeypatch.setattr(packing, "INLINE_MAX", 300)
    monkeypatch.setattr(packing, "PART_MAX", 400)
    monkeypatch.setattr(packing, "SMALL", 10**9)
