"""The client that functions have does for the store what the SDK's does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Store
from tocsin.testing.conformance import StoreConformance
from tocsin.wiring.serverless_table import TableClient


class TestOnTheWire(StoreConformance):
    @pytest.fixture(autouse=True)
    def _tables(self, tables: Tables) -> Iterator[None]:
        self.tables = tables
        self.stores: list[DynamoStore] = []
        yield
        for store in self.stores:
            store.close()

    def make(self) -> Store:
        self.stores.append(DynamoStore(TableClient(os.environ), self.tables.make()))
        return self.stores[-1]
