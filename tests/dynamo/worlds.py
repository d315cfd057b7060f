"""Simulated worlds on the DynamoDB store: what happens to requests, and to the process, follows from the seed."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from tocsin.dynamo import schema
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Store
from tocsin.testing.dynamo_faults import FaultyDynamo, Trouble
from tocsin.testing.simulator import World

TABLE = schema.table("simulated", protected=False)


def trouble() -> Trouble:
    return Trouble(
        throttled=0.02, conflict=0.03, broken=0.01, lost=0.02, partial=0.1, stale=0.2, torn=0.3, crash=0.0005
    )


class DynamoWorld(World):
    """One seeded world on a table of its own; *client* is the way to it without trouble."""

    def __init__(self, seed: int, client: Any, table: str = "simulated") -> None:  # noqa: ANN401 - untyped SDK.
        self.trouble = trouble()
        self.coins = Random(seed + 1)
        self.client, self.table = client, table
        self.happened: Counter[str] = Counter()
        super().__init__(seed, memory=self._store(client, threads=8), opened=self._opened)

    def _opened(self) -> Store:
        faulty = FaultyDynamo(self.client, TABLE, self.coins, self.trouble)
        faulty.happened = self.happened
        return self._store(faulty)

    def _store(self, client: Any, threads: int = 0) -> DynamoStore:  # noqa: ANN401 - as above.
        return DynamoStore(
            client,
            self.table,
            threads=threads,
            clock=lambda: self.now,
            chance=self.coins.random,
            sleep=lambda _: None,
        )

    def _heal(self) -> None:
        self.trouble.heal()
        super()._heal()
