"""Opening the file: its mode, its settings, its schema and where that came from."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.sqlite.connections import Died, Mode, Trouble
from tocsin.engine.ports import Handled
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.kernel.time import Instant
from tocsin.sqlite import connection
from tocsin.sqlite.connection import BUSY_TURN_MS, Connection
from tocsin.sqlite.schema import MIGRATIONS
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.subject import NOW, commit, received

# What a database of each version held before it was brought up; `assert_kept` finds it again in the newest one.
# A new migration adds its line here: the same data, as the new version writes it.
SAMPLES = {
    1: """
        INSERT INTO deliveries (id, received_at, channel, key, head, body) VALUES
            (1, 1800000000000, 'in', 'default', X'613A2062', X'00FF'),
            (2, 1800000000000, 'in', 'default', X'', X'');
        DELETE FROM backlog WHERE id = 1;
        INSERT INTO outcomes VALUES (1, 'undecodable');
        INSERT INTO aggregates (id, machine, version, state, wake_at, live, owes, rank) VALUES
            ('a', 'incident', 3, X'7B7D', 1800000000000, 1, 1, 1800000000000),
            ('b', 'digest', 1, X'', NULL, 0, 0, 0);
        INSERT INTO keys VALUES ('k', 'a');
        INSERT INTO handled (input_id, aggregate, at, reason, story) VALUES
            ('i', 'a', 1800000000000, 'opened', 'opened; asked ada');
        INSERT INTO outbox VALUES
            (1, 'i/0', 'a', 'incident', 'ada', 'page', '{"rung":0}', NULL, 1, 1800000000000, 1800000000000, 2, 1),
            (2, 'i/1', 'a', 'incident', 'ops', 'show', '{}', 'a/ops/show', 0, 1800000000000, 1800000000000, 0, 0);
        INSERT INTO receipts VALUES ('a', 'ada', 'slack', '{"ts":"1"}');
        INSERT INTO records VALUES ('session', 'x', '{"who":"ada"}');
    """,
}
SAMPLES[2] = SAMPLES[1]  # An index more.
SAMPLES[3] = f"{SAMPLES[2]} INSERT INTO history VALUES (1, 'a', 1, X'7B7D');"  # noqa: S608 - constant text.

OPEN_TOGETHER = """
import sys
from pathlib import Path
from tocsin.sqlite.store import SqliteStore
print("here", flush=True)
for path in sys.argv[1:]:
    sys.stdin.readline()
    store = SqliteStore(Path(path))
    print(len(store.deliveries(1)), flush=True)
    store.close()
"""


def test_the_settings_are_really_in_force(tmp_path: Path) -> None:
    writer = Connection(tmp_path / "tocsin.db")
    assert settings(writer, "journal_mode", "synchronous", "busy_timeout") == ["wal", 2, BUSY_TURN_MS]
    writer.close()
    reader = Connection(tmp_path / "tocsin.db", read_only=True, busy_timeout_ms=7)
    assert settings(reader, "journal_mode", "query_only", "busy_timeout") == ["wal", 1, 7]
    with pytest.raises(StoreUnavailableError, match="readonly"):
        reader.execute("DELETE FROM backlog")
    reader.close()


def test_every_table_is_strict(tmp_path: Path) -> None:
    opened = Connection(tmp_path / "tocsin.db")
    rows = opened.query("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    opened.close()
    ours = {str(name): strict for name, strict in rows if not str(name).startswith("sqlite_")}
    assert {"deliveries", "aggregates", "outbox", "records"} <= set(ours)
    assert set(ours.values()) == {1}


def test_only_its_owner_may_read_the_file_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "tocsin.db")
        store.accept([received()])
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {"tocsin.db": 0o600, "tocsin.db-wal": 0o600, "tocsin.db-shm": 0o600}


def test_a_path_may_hold_what_an_address_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(Path("what? 100% of #1 & ä.db"))
    store.accept([received()])
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["what? 100% of #1 & ä.db"]


def test_opening_a_file_leaves_the_locks_of_its_other_connections(tmp_path: Path) -> None:
    # Closing any descriptor of a file drops all locks that the process holds on it. If opening did that, another
    # process would think it the last to leave, and remove the log into which the store goes on writing.
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    store.accept([received()])
    Connection(path).close()
    assert read_in_another_process(path) == "1"
    store.accept([received()])
    assert read_in_another_process(path) == "2"
    store.close()


def test_a_file_system_without_shared_memory_is_refused(tmp_path: Path) -> None:
    class Journal(sqlite3.Connection):
        def execute(self, sql: str, values: object = (), /) -> sqlite3.Cursor:
            return super().execute(sql.replace("= WAL", "= DELETE"), values)  # type: ignore[arg-type]

    class OldConnection(Connection):
        raw_type = Journal

    with pytest.raises(StoreUnavailableError, match="write-ahead"):
        OldConnection(tmp_path / "tocsin.db")


def test_opening_waits_where_sqlite_does_not(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")

        class Collision(sqlite3.Connection):
            """Two processes begin write-ahead logging at once: one of them hears at once that the file is busy."""

            def execute(self, sql: str, values: object = (), /) -> sqlite3.Cursor:
                if sql != "PRAGMA journal_mode = WAL":
                    return super().execute(sql, values)  # type: ignore[arg-type]
                super().execute("PRAGMA busy_timeout = 0")
                try:
                    return super().execute(sql)
                finally:
                    if other.in_transaction:
                        other.execute("ROLLBACK")

        class CollidingConnection(Connection):
            raw_type = Collision

        opened = CollidingConnection(path)
        assert settings(opened, "journal_mode") == ["wal"]
        opened.close()


def test_every_version_has_its_sample() -> None:
    assert list(SAMPLES) == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.parametrize("version", SAMPLES)
def test_a_database_of_each_version_is_brought_up_with_its_data(version: int, tmp_path: Path) -> None:
    path = build(tmp_path / "tocsin.db", version)
    store = SqliteStore(path)
    assert_kept(store)
    assert store.check() == "ok"
    store.close()
    assert schema(path) == schema(fresh(tmp_path / "fresh.db"))


def test_each_migration_is_split_into_statements_without_a_rest() -> None:
    for script in MIGRATIONS:
        assert "".join(connection._statements(script)).strip() == script.strip()


def test_a_second_migration_keeps_the_data_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "tocsin.db", 1)
    second = """
        ALTER TABLE deliveries ADD COLUMN note TEXT;
        CREATE TRIGGER noted AFTER UPDATE OF note ON deliveries BEGIN
            DELETE FROM backlog WHERE id = new.id;
            DELETE FROM backlog WHERE id = old.id;
        END;
        UPDATE aggregates SET rank = rank + 1;
    """
    monkeypatch.setattr(connection, "MIGRATIONS", (*MIGRATIONS[:1], second))
    store = SqliteStore(path)
    assert_kept(store, rank=NOW + 1)
    store.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (2,)
        assert raw.execute("SELECT id, note FROM deliveries").fetchall() == [(1, None), (2, None), (3, None)]
    SqliteStore(path).close()


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "tocsin.db", 1)
    monkeypatch.setattr(connection, "MIGRATIONS", (*MIGRATIONS[:1], "DELETE FROM deliveries;\nALTER TABLE nobody;\n"))
    with pytest.raises(StoreUnavailableError):
        SqliteStore(path)
    monkeypatch.setattr(connection, "MIGRATIONS", MIGRATIONS[:1])
    store = SqliteStore(path)
    assert_kept(store)
    store.close()


@pytest.mark.parametrize("mode", Mode)
def test_whichever_statement_of_opening_fails_the_next_start_finishes_it(mode: Mode, quick_folder: Path) -> None:
    whole = schema(fresh(quick_folder / "fresh.db"))
    number, finished = 0, False
    while not finished:
        number += 1
        path = quick_folder / f"{number}.db"
        trouble = Trouble(mode, number)
        try:
            SqliteStore(path, trouble.connection()).close()
            finished = True
        except (StoreUnavailableError, Died):
            SqliteStore(path).close()
        assert schema(path) == whole
    assert number > 20


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = build(tmp_path / "tocsin.db", len(MIGRATIONS))
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(TocsinError, match="use a newer Tocsin") as caught:
        SqliteStore(path)
    assert caught.value.code == "schema-too-new"
    assert f"schema {len(MIGRATIONS) + 1}" in caught.value.message
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_processes_that_open_a_new_file_at_once_migrate_it_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(10)]
    command = [sys.executable, "-c", OPEN_TOGETHER, *map(str, paths)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(3)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
    for _ in paths:
        for process in running:
            assert process.stdin
            process.stdin.write("go\n")
        for process in running:
            assert process.stdout
            assert process.stdout.readline() == "0\n"
    for process in running:
        process.communicate(timeout=20)
        assert process.returncode == 0
    whole = schema(fresh(tmp_path / "fresh.db"))
    assert [schema(path) for path in paths] == [whole] * len(paths)


def read_in_another_process(path: Path) -> str:
    code = (
        "import sqlite3, sys; from contextlib import closing\n"
        "with closing(sqlite3.connect(sys.argv[1])) as raw:\n"
        "    print(raw.execute('SELECT COUNT(*) FROM deliveries').fetchone()[0])"
    )
    return subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True).stdout.strip()


def settings(opened: Connection, *names: str) -> list[object]:
    return [opened.query(f"PRAGMA {name}")[0][0] for name in names]


def fresh(path: Path) -> Path:
    SqliteStore(path).close()
    return path


def build(path: Path, version: int) -> Path:
    """A database as an older Tocsin left it."""
    with closing(sqlite3.connect(path)) as raw:
        for script in MIGRATIONS[:version]:
            raw.executescript(script)
        raw.execute(f"PRAGMA user_version = {version}")
        raw.executescript(SAMPLES[version])
    return path


def schema(path: Path) -> list[object]:
    """Everything that a schema is made of."""
    with closing(sqlite3.connect(path)) as raw:
        objects = raw.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        return [*raw.execute("PRAGMA user_version").fetchall(), *objects]


def assert_kept(store: SqliteStore, rank: Instant = NOW) -> None:
    """All that the samples hold is there."""
    first, second = store.delivery("1"), store.delivery("2")
    assert first
    assert second
    assert (first.received_at, first.channel, first.key, first.head, first.body) == (
        NOW,
        "in",
        "default",
        b"a: b",
        b"\x00\xff",
    )
    assert store.backlog(10) == [second]
    assert [row.outcome for row in store.deliveries(10)] == ["", "undecodable"]
    assert [(row.id, row.version, row.state) for row in store.listing("incident", live_only=True, limit=9)] == [
        ("a", 3, b"{}")
    ]
    assert store.due(NOW, 10) == ["a"]
    assert list(store.listing("incident", live_only=True, limit=9, before=(rank, ""))) == []
    assert store.find(["k"]) == {"k": "a"}
    assert store.seen(["i"]) == {"i": "a"}
    assert store.timeline("a", 10) == [Handled("i", NOW, "opened", "opened; asked ada")]
    page, show = store.pending(NOW, per_receiver=9)
    assert (page.id, page.facts, page.coalesce, page.urgent, page.attempts, page.method) == (
        "i/0",
        {"rung": 0},
        "",
        True,
        2,
        1,
    )
    assert (show.id, show.coalesce) == ("i/1", "a/ops/show")
    assert store.receipts("a") == {("ada", "slack"): {"ts": "1"}}
    assert store.record("session", "x") == {"who": "ada"}
    assert store.load(["b"])["b"].version == 1
    assert [result.value for result in store.commit([commit("a", 3)])] == ["committed"]
    (third,) = store.accept([received()])
    assert third == "3"
