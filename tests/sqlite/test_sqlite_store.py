"""The SQLite store does all that the port says, and answers as the memory store does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tocsin.engine.ports import Store
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance import StoreConformance


class TestSqliteStore(StoreConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self.paths = (tmp_path / f"{number}.db" for number in count())
        self.stores: list[SqliteStore] = []
        yield
        for store in self.stores:
            store.close()

    def make(self) -> Store:
        self.stores.append(SqliteStore(next(self.paths)))
        return self.stores[-1]
