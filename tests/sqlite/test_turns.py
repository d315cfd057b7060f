"""Processes that write to one file give each other a turn."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from tocsin.errors import StoreUnavailableError
from tocsin.sqlite import turns
from tocsin.sqlite.connection import Connection
from tocsin.sqlite.store import SqliteStore
from tocsin.sqlite.turns import Turns
from tocsin.testing.conformance.subject import received


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long who has written has rested, without the time."""
    found: list[float] = []
    monkeypatch.setattr("tocsin.sqlite.turns.time.sleep", found.append)
    return found


def test_who_has_written_rests_only_while_another_one_waits(tmp_path: Path, rests: list[float]) -> None:
    store, other = SqliteStore(tmp_path / "tocsin.db"), Turns(tmp_path / "tocsin.db")
    store.accept([received()])
    assert not (tmp_path / "tocsin.db-turn").exists()
    with other.waiting():
        store.accept([received()])
        store.put_record("kind", "name", {})
    store.accept([received()])
    assert rests == [turns.REST_S] * 2
    assert (tmp_path / "tocsin.db-turn").stat().st_mode & 0o777 == 0o600
    other.close()
    store.close()


def test_two_can_wait_at_once(tmp_path: Path, rests: list[float]) -> None:
    one, two, writer = (Turns(tmp_path / "tocsin.db") for _ in range(3))
    with one.waiting():
        with two.waiting():
            writer.rest()
        writer.rest()
    writer.rest()
    assert len(rests) == 2
    for each in (one, two, writer):
        each.close()


def test_where_no_file_can_be_made_nobody_rests_and_nothing_fails(tmp_path: Path, rests: list[float]) -> None:
    lost = Turns(tmp_path / "missing" / "tocsin.db")
    with lost.waiting():
        lost.rest()
    lost.close()
    assert rests == []


class Busy(sqlite3.Connection):
    """Says that it is busy, or what else stands in *says*, before it does what it is told."""

    says: ClassVar[list[type[sqlite3.Error]]] = []

    def execute(self, sql: str, values: object = (), /) -> sqlite3.Cursor:
        if self.says and "records" in sql:
            problem = self.says.pop()("as the test wants it")
            problem.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise problem
        return super().execute(sql, values)  # type: ignore[arg-type]


class BusyConnection(Connection):
    """A connection of the above."""

    raw_type = Busy


def test_what_is_busy_is_tried_until_the_time_is_over(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "tocsin.db", BusyConnection)) as store:
        Busy.says[:] = [sqlite3.OperationalError] * 50
        store.put_record("kind", "name", "said")
        assert Busy.says == []
        Busy.says[:] = [sqlite3.OperationalError] * 50
        assert store.record("kind", "name") == "said"


def test_what_turns_out_to_be_another_trouble_is_told_as_that(tmp_path: Path) -> None:
    with closing(BusyConnection(tmp_path / "tocsin.db", busy_timeout_ms=0)) as connection:
        Busy.says[:] = [sqlite3.OperationalError]
        with pytest.raises(StoreUnavailableError, match="as the test wants it"):
            connection.query("SELECT * FROM records")
    with closing(BusyConnection(tmp_path / "tocsin.db")) as connection:
        Busy.says[:] = [sqlite3.IntegrityError, sqlite3.OperationalError]
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("SELECT * FROM records")
        with connection.transaction():  # Here nobody else writes: who is busy now would be so for ever.
            Busy.says[:] = [sqlite3.OperationalError] * 2
            with pytest.raises(StoreUnavailableError):
                connection.query("SELECT * FROM records")
        assert len(Busy.says) == 1
        Busy.says.clear()
