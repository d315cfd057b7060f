"""The DynamoDB store does all that the port says, and answers as the memory store does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Store
from tocsin.testing.conformance import StoreConformance


class TestDynamoStore(StoreConformance):
    @pytest.fixture(autouse=True)
    def _tables(self, tables: Tables) -> Iterator[None]:
        self.tables = tables
        self.stores: list[DynamoStore] = []
        yield
        for store in self.stores:
            store.close()

    def make(self) -> Store:
        self.stores.append(self.tables.store())
        return self.stores[-1]
