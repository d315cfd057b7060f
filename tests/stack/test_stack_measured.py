"""What an alert needs of AWS, measured on the functions and the store as they are, against what the bill counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from tests.lambdas.dynamo_table import DynamoTable
from tests.lambdas.world import World
from tocsin.lambdas import processes
from tocsin.stack import demand
from tocsin.testing.fake_slack import FakeSlack

ROUNDS = 5
NEW, REPEATED, RESOLVED = 0.2, 0.6, 0.2  # The mix that the bill is about.
DEARER_MAX = 1.5  # The bill may count more than is needed, by so much; never less.


class Units:
    """A client of DynamoDB that counts units as the Developer Guide does: writes by kilobytes, twice in transactions.

    An item of an index counts one more. Of a delete the item is gone, and counts one kilobyte. Reads count by four
    kilobytes: of a query all together, of other reads each item, which counts where there is none, too; those that need
    not be consistent count half, those of a transaction twice.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - untyped.
        self.written = 0.0
        self.read = 0.0
        self._client = client

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - untyped.
        if name.startswith("_"):
            return getattr(self._client, name)

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
            else:
                self.read += _read(name, request, done)
            return done

        return call

    def _count(self, action: Mapping[str, Any], times: int) -> None:
        key = action.get("Key") or {name: action["Item"][name] for name in ("pk", "sk")}
        found = self._client.get_item(TableName=action["TableName"], Key=key, ConsistentRead=True)
        item = found.get("Item") or {}
        self.written += times * max(1, math.ceil(_bytes(item) / 1024))
        self.written += sum(attribute in item for attribute in ("wake_shard", "out_shard"))


def _read(name: str, request: Mapping[str, Any], done: Mapping[str, Any]) -> float:
    """The read units of a request."""
    if name == "query":
        return _units(done["Items"]) * (1.0 if request.get("ConsistentRead") else 0.5)
    if name == "batch_get_item":
        found = 0.0
        for table, asked in request["RequestItems"].items():
            items = done["Responses"].get(table, [])
            each = sum(_units([item]) for item in items) + len(asked["Keys"]) - len(items)
            found += each * (1.0 if asked.get("ConsistentRead") else 0.5)
        return found
    if name == "transact_get_items":
        return 2.0 * sum(_units([each.get("Item", {})]) for each in done["Responses"])
    assert name == "get_item", name
    return _units([done.get("Item", {})]) * (1.0 if request.get("ConsistentRead") else 0.5)


def _units(items: Iterable[Mapping[str, Any]]) -> int:
    return max(1, math.ceil(sum(map(_bytes, items)) / 4096))


def _bytes(item: Mapping[str, Any]) -> int:
    sizes = (len(value) if isinstance(value, str | bytes) else 1 for each in item.values() for value in each.values())
    return sum(len(name) for name in item) + sum(sizes)


class Measured:
    """An account on a table in memory whose units are counted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: Counter[str] = Counter()
        self.units = Units(world.table.fake)
        world.table.fake = self.units
        self._count("inbox", "in")
        self._count("outbox", "out")

    def _count(self, name: str, word: str) -> None:
        work = getattr(self.world, name)

        def counted() -> None:
            self.calls[word] += 1
            work()

        setattr(self.world, name, counted)

    def send(self, number: int, status: str) -> None:
        body = {"title": f"alert {number}", "status": status, "dedup_key": f"{number}", "description": "x" * 600}
        self.world.gateway(json.dumps(body))
        self.world.run()

    def round(self, status: str) -> Spent:
        """What an alert needs."""
        before = self.now()
        for number in range(ROUNDS):
            self.send(number, status)
        return (self.now() - before) / ROUNDS

    def now(self) -> Spent:
        """What was needed so far."""
        asked = Counter(self.world.aws.counts)
        calls = self.calls
        return Spent(
            [
                self.units.written,
                self.units.read,
                asked["StartExecution"],
                asked["SendMessage"],
                calls["in"],
                calls["out"],
            ]
        )


class Spent:
    """Write units, read units, timers, messages that functions send, invocations of both functions."""

    def __init__(self, figures: list[float]) -> None:
        self.written, self.read, self.timers, self.sent, self.inbox, self.outbox = self.figures = figures

    def __sub__(self, other: Spent) -> Spent:
        return Spent([mine - its for mine, its in zip(self.figures, other.figures, strict=True)])

    def __add__(self, other: Spent) -> Spent:
        return Spent([mine + its for mine, its in zip(self.figures, other.figures, strict=True)])

    def __truediv__(self, by: float) -> Spent:
        return Spent([mine / by for mine in self.figures])

    def __mul__(self, by: float) -> Spent:
        return Spent([mine * by for mine in self.figures])

    def __repr__(self) -> str:
        return str(self.figures)


@pytest.fixture
def measured() -> Iterator[Measured]:
    with FakeSlack() as slack:
        world = World(slack, table=DynamoTable)
        yield Measured(world)
        world.running.forget()
        processes.use(None)


@pytest.fixture
def mixed(measured: Measured) -> Spent:
    """What an alert of the mix needs. Each comes alone, and no time passes: batches of one, and no wake-ups."""
    measured.send(-1, "firing")  # What is written once for all comes first.
    new, repeated, resolved = (measured.round(status) for status in ("firing", "firing", "resolved"))
    return new * NEW + repeated * REPEATED + resolved * RESOLVED


def counted(field: str) -> float:
    """What the bill counts for such an alert."""
    mix = demand.MIX
    parts = ((demand.ALERT, 1.0), (demand.BATCH, 1.0), (demand.COMMIT, mix.commits), (demand.EFFECT, mix.effects))
    return sum(float(getattr(need, field)) * count for need, count in parts)


@pytest.mark.parametrize("field", ["writes", "reads"])
def test_the_bill_counts_the_units_that_are_needed_and_not_many_more(field: str, mixed: Spent) -> None:
    needed = mixed.written if field == "writes" else mixed.read
    assert needed <= counted(field) <= DEARER_MAX * needed, mixed


def test_the_bill_counts_the_timers_that_are_started(mixed: Spent) -> None:
    assert mixed.timers <= demand.MIX.wakes <= DEARER_MAX * mixed.timers, mixed


def test_the_bill_counts_the_messages_and_the_invocations(mixed: Spent) -> None:
    """What Lambda receives and deletes is counted by the batch, in `tocsin.stack.cost`."""
    assert mixed.sent + 1 == counted("sqs"), mixed  # The gateway has sent one.
    assert mixed.inbox == demand.BATCH.invocations
    assert mixed.outbox <= counted("invocations") - mixed.inbox <= DEARER_MAX * mixed.outbox, mixed


def test_the_bill_counts_what_a_sweep_reads(measured: Measured) -> None:
    measured.world.sweep()
    measured.world.clock.ahead += 61_000  # The rounds of every minute only.
    measured.world.sweep()
    figures = []
    for _ in range(30):
        measured.world.clock.ahead += 60_000
        before = measured.units.read
        measured.world.sweep()
        figures.append(measured.units.read - before)
    needed = sum(figures) / len(figures)
    assert needed <= demand.SWEEP.reads <= DEARER_MAX * needed, figures
