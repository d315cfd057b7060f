"""The DynamoDB store answers as the memory store does, whatever is done to both, in trouble too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, cast

from hypothesis import settings
from msgspec.structs import replace

from tests.dynamo.worlds import TABLE
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import REPLAY_OF, Delivery, DeliveryRow, Received, Store
from tocsin.testing.conformance.comparison import StoreComparison
from tocsin.testing.dynamo_faults import FaultyDynamo, Trouble
from tocsin.testing.dynamo_memory import FakeDynamo


class Numbered:
    """Gives deliveries the numbers that the memory store gives: they count from 1."""

    def __init__(self, store: DynamoStore) -> None:
        self._store = store
        self._numbers: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what is not about deliveries.
        return getattr(self._store, name)

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        return [self._number(name) for name in self._store.accept(received)]

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        return [self._delivery(found) for found in self._store.backlog(limit, self._name(after))]

    def settle(self, outcomes: Mapping[str, str]) -> None:
        self._store.settle({self._name(name): outcome for name, outcome in outcomes.items()})

    def delivery(self, delivery_id: str) -> Delivery | None:
        found = self._store.delivery(self._name(delivery_id))
        return None if found is None else self._delivery(found)

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        rows = self._store.deliveries(limit, self._name(before))
        return [replace(row, id=self._number(row.id)) for row in rows]

    def replay(self, delivery_id: str) -> bool:
        done = self._store.replay(self._name(delivery_id))
        if done:
            self._number(self._store.deliveries(1)[0].id)
        return done

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, str(len(self._numbers) + 1))

    def _name(self, number: str) -> str:
        return next((name for name, found in self._numbers.items() if found == number), number)

    def _delivery(self, found: Delivery) -> Delivery:
        head = found.head
        if copied := found.header(REPLAY_OF):
            head = head.replace(copied.encode(), self._number(copied).encode(), 1)
        return replace(found, id=self._number(found.id), head=head)


class DynamoComparison(StoreComparison):
    def make(self) -> Store:
        return cast("Store", Numbered(DynamoStore(FakeDynamo(TABLE), "simulated", threads=0)))


class TroubledComparison(StoreComparison):
    """What the store gets over by itself changes no answer: only late indexes may."""

    def make(self) -> Store:
        trouble = Trouble(throttled=0.02, conflict=0.03, broken=0.03, lost=0.05, partial=0.2)
        client = FaultyDynamo(FakeDynamo(TABLE), TABLE, Random(0), trouble)
        store = DynamoStore(client, "simulated", threads=0, chance=Random(1).random, sleep=lambda _: None)
        return cast("Store", Numbered(store))


DynamoComparison.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TroubledComparison.TestCase.settings = settings(max_examples=8, stateful_step_count=20, deadline=None)
TestDynamoComparison = DynamoComparison.TestCase
TestTroubledComparison = TroubledComparison.TestCase
