"""Every question of the store is answered by an index, but for a few that are known to count."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.sqlite.connections import Mode, Trouble
from tocsin.engine.ports import Store
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance import StoreConformance

# How the few statements begin that walk over a whole table or index, and why that is no harm.
KNOWN = {
    "SELECT COUNT(*) FROM backlog": "what waits is counted for the health; there are seldom many",
    "SELECT COUNT(*) FROM outbox": "likewise",
    "SELECT machine, COUNT(*) FROM aggregates WHERE live = 1": "likewise, in an index of these only",
    "SELECT created_at FROM outbox WHERE created_at <= ? ORDER BY seq LIMIT 1": "its first rows: few are put off",
    "SELECT id FROM aggregates WHERE owes = 1 AND wake_at IS NULL": "an index of broken promises only: it is empty",
    "WITH RECURSIVE lane": "the receivers found so far; the outbox itself is searched for the next one",
    "SELECT json_group_array(": "what the inner search has found, as one row",
    "SELECT id FROM (SELECT id, received_at FROM deliveries ORDER BY id LIMIT ?)": "its first rows only",
}


QUESTION = re.compile(r"^\s*(SELECT|WITH|UPDATE|DELETE|INSERT[^(]*\([^()]*\) SELECT)\b")  # It has to find something.


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


@pytest.fixture(scope="module")
def plans() -> Iterator[Mapping[str, Sequence[str]]]:
    """How SQLite answers each statement that the conformance suite makes the store execute."""
    with TemporaryDirectory() as folder:
        statements = Recorded(Path(folder)).run()
        path = Path(folder) / "empty.db"
        SqliteStore(path).close()
        with closing(sqlite3.connect(path)) as raw:
            yield {
                sql: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
                for sql in statements
                if QUESTION.search(sql)
            }


def test_no_statement_scans_a_table_or_sorts(plans: Mapping[str, Sequence[str]]) -> None:
    assert len(plans) > 30
    wrong = {sql: plan for sql, plan in plans.items() if walks(plan) and not is_known(sql)}
    assert wrong == {}


def test_what_is_known_to_scan_still_does(plans: Mapping[str, Sequence[str]]) -> None:
    walking = [sql for sql, plan in plans.items() if walks(plan)]
    assert [known for known in KNOWN if not any(sql.strip().startswith(known) for sql in walking)] == []


def walks(plan: Sequence[str]) -> bool:
    return any("SCAN" in line or "TEMP B-TREE" in line for line in plan)


def is_known(sql: str) -> bool:
    return sql.strip().startswith(tuple(KNOWN))
