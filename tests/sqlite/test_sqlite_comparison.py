"""SQLite answers as the memory store does, whatever is done to both."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings

from tests.sqlite.connections import UnsyncedConnection
from tocsin.engine.ports import Store
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.comparison import StoreComparison


class SqliteComparison(StoreComparison):
    def make(self) -> Store:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteStore(Path(self.folder.name) / "tocsin.db", UnsyncedConnection)

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "folder"):
            self.folder.cleanup()


SqliteComparison.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestSqliteComparison = SqliteComparison.TestCase
