"""Every question of the store is answered by an index, but for a few that are known to count."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.sqlite.connections import Mode, Trouble
from tocsin.engine.ports import Store
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance import StoreConformance

# What may walk over a whole table or index, and why that is no harm.
KNOWN = {
    "SCAN backlog": "what waits is counted for the health; an integer each",
    "SCAN outbox": "counted likewise; or its first row only",
    "SCAN outbox USING COVERING INDEX outbox_by_time": "counted likewise",
    "SCAN aggregates USING COVERING INDEX aggregates_live": "counted likewise",
    "SCAN aggregates USING COVERING INDEX aggregates_broken": "the index holds broken promises only: it is empty",
    "SCAN lane": "the receivers that were found so far",
    "SCAN CONSTANT ROW": "no table",
    "SCAN backlog USING COVERING INDEX sqlite_autoindex_backlog_1": "",
}


class Recorded(StoreConformance):
    """The conformance suite, on stores whose statements are written down."""

    def __init__(self, folder: Path) -> None:
        self.paths = (folder / f"{number}.db" for number in count())
        self.trouble = Trouble(Mode.BEFORE, at=0)
        self.stores: list[SqliteStore] = []

    def make(self) -> Store:
        self.stores.append(SqliteStore(next(self.paths), self.trouble.connection()))
        return self.stores[-1]

    def run(self) -> set[str]:
        for name in dir(self):
            if name.startswith("test_"):
                getattr(self, name)()
        for store in self.stores:
            store.close()
        return set(self.trouble.statements)


@pytest.fixture
def plans(quick_folder: Path) -> Iterator[dict[str, list[str]]]:
    """How SQLite answers each statement that the conformance suite makes the store execute."""
    statements = Recorded(quick_folder).run()
    path = quick_folder / "empty.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as raw:
        yield {
            sql: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
            for sql in statements
            if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT"))
        }


def test_no_statement_scans_a_table_or_sorts(plans: dict[str, list[str]]) -> None:
    assert len([sql for sql in plans if not sql.startswith("INSERT")]) > 30
    wrong = {
        sql: details
        for sql, plan in plans.items()
        if (details := [line for line in plan if ("SCAN" in line or "TEMP B-TREE" in line) and line not in KNOWN])
    }
    assert wrong == {}


def test_what_is_known_to_scan_still_does(plans: dict[str, list[str]]) -> None:
    assert set(KNOWN) <= {line for plan in plans.values() for line in plan}
