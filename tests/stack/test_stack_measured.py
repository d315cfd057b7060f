"""What an alert writes, measured on the functions and the store as they are, against what the bill counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.dynamo.moments import fake
from tests.lambdas.world import World
from tocsin.dynamo.store import DynamoStore
from tocsin.lambdas import processes
from tocsin.stack import demand
from tocsin.testing.fake_slack import FakeSlack

ROUNDS = 5
NEW, REPEATED, RESOLVED = 0.2, 0.6, 0.2  # The mix that the bill is about.
DEARER_MAX = 1.5  # The bill may count more than is needed, by so much; never less.


class Units:
    """A client of DynamoDB that counts write units as the Developer Guide does: by kilobytes, twice in transactions.

    An item of an index counts one more. Of a delete the item is gone, and counts one kilobyte.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - untyped.
        self.written = 0.0
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            done = getattr(self._client, name)(**request)
            if name == "transact_write_items":
                for each in request["TransactItems"]:
                    self._count(next(iter(each.values())), 2)
            elif name == "batch_write_item":
                for table, actions in request["RequestItems"].items():
                    for each in actions:
                        self._count({**next(iter(each.values())), "TableName": table}, 1)
            elif name in {"put_item", "update_item", "delete_item"}:
                self._count(request, 1)
            return done

        return call

    def _count(self, action: Mapping[str, Any], times: int) -> None:
        key = action.get("Key") or {name: action["Item"][name] for name in ("pk", "sk")}
        found = self._client.get_item(TableName=action["TableName"], Key=key, ConsistentRead=True)
        item = found.get("Item") or {}
        self.written += times * max(1, math.ceil(_bytes(item) / 1024))
        self.written += sum(attribute in item for attribute in ("wake_shard", "out_shard"))


def _bytes(item: Mapping[str, Any]) -> int:
    sizes = (len(value) if isinstance(value, str | bytes) else 1 for each in item.values() for value in each.values())
    return sum(len(name) for name in item) + sum(sizes)


class Measured:
    """An account on a fake table whose units are counted."""

    def __init__(self, world: World) -> None:
        self.units = Units(fake())
        self.world = world
        world.table.inner = DynamoStore(self.units, "simulated", threads=0, clock=world.clock)  # type: ignore[assignment]
        world.be_born()

    def send(self, number: int, status: str) -> None:
        body = {"title": f"alert {number}", "status": status, "dedup_key": f"{number}", "description": "x" * 600}
        self.world.gateway(json.dumps(body))
        self.world.run()

    def round(self, status: str) -> tuple[float, float]:
        """Write units, and timers that were started, of an alert."""
        before, timers = self.units.written, Counter(self.world.aws.counts)["StartExecution"]
        for number in range(ROUNDS):
            self.send(number, status)
        started = Counter(self.world.aws.counts)["StartExecution"] - timers
        return (self.units.written - before) / ROUNDS, started / ROUNDS


@pytest.fixture
def measured() -> Iterator[Measured]:
    with FakeSlack() as slack:
        world = World(slack)
        yield Measured(world)
        world.running.forget()
        processes.use(None)


def test_the_bill_counts_what_is_written_and_not_much_more(measured: Measured) -> None:
    measured.send(-1, "firing")  # What is written once for all comes first.
    new, repeated, resolved = (measured.round(status) for status in ("firing", "firing", "resolved"))
    writes = NEW * new[0] + REPEATED * repeated[0] + RESOLVED * resolved[0]
    mix = demand.MIX
    # Each comes alone here, and no time passes: there are batches of one, and no wake-ups.
    counted = demand.ALERT.writes + demand.BATCH.writes
    counted += demand.COMMIT.writes * mix.commits + demand.EFFECT.writes * mix.effects
    assert writes <= counted <= DEARER_MAX * writes, (new, repeated, resolved)


def test_the_bill_counts_the_timers_that_are_started(measured: Measured) -> None:
    measured.send(-1, "firing")
    new, repeated, resolved = (measured.round(status) for status in ("firing", "firing", "resolved"))
    started = NEW * new[1] + REPEATED * repeated[1] + RESOLVED * resolved[1]
    assert started <= demand.MIX.wakes <= DEARER_MAX * started, (new, repeated, resolved)
