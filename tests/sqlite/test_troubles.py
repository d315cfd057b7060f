"""A disk that is full, a file that is locked, read-only, corrupt or gone: refused, and nothing is half-written.

The store is never made anew: the same object works again as soon as the cause is gone.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.sqlite.connections import impatient
from tocsin.engine.ports import CommitResult, Delivery, Store
from tocsin.errors import StoreUnavailableError
from tocsin.sqlite.connection import Connection
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.subject import NOW, commit, confirmation, handled, outgoing, received

PAGE = 4096
BIG = b"x" * 40 * PAGE

WRITES: dict[str, Callable[[Store], object]] = {
    "accept": lambda store: store.accept([received(BIG)]),
    "accept many": lambda store: store.accept([received(BIG)] * 300),
    "settle": lambda store: store.settle({"1": "undecodable"}),
    "replay": lambda store: store.replay("1"),
    "commit": lambda store: store.commit([commit("a", 1, handled=handled("j"), outbox=(outgoing("f"),), state=BIG)]),
    "commit another": lambda store: store.commit([commit("b", claims=(("k", "a"),), state=BIG)]),
    "confirm": lambda store: store.confirm([confirmation("e", receipt={"ts": "2"})]),
    "postpone": lambda store: store.postpone([outgoing("e", attempts=1)]),
    "put_record": lambda store: store.put_record("session", "y", BIG.decode()),
    "take_record": lambda store: store.take_record("session", "x"),
    "prune": lambda store: store.prune(deliveries_before=NOW + 1, aggregates_before=NOW + 1, limit=9),
}
GROWING = ("accept", "accept many", "replay", "commit", "commit another", "put_record")

HOLD = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("PRAGMA locking_mode = " + sys.argv[2])
raw.execute("BEGIN EXCLUSIVE")
raw.execute("UPDATE outbox SET attempts = attempts")
print("held", flush=True)
sys.stdin.readline()
"""


class Switch:
    """A pragma that every connection gets while it is on."""

    def __init__(self, pragma: str) -> None:
        self.pragma = pragma
        self.on = False

    def connect(self, path: Path, **options: bool) -> Connection:
        opened = Connection(path, **options, busy_timeout_ms=50)
        if self.on:
            opened.execute(self.pragma)
        return opened

    def turn_on(self, store: SqliteStore) -> None:
        self.on = True
        assert store._writer
        store._writer.execute(self.pragma)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def open_store(folder: Path) -> Iterator[Callable[..., SqliteStore]]:
    """Opens a store with something of everything in it."""
    opened: list[SqliteStore] = []

    def open_it(connect: Callable[..., Connection] = impatient) -> SqliteStore:
        store = SqliteStore(folder / "tocsin.db", connect)
        opened.append(store)
        store.accept([received(b"first" + BIG), received(b"second")])
        store.settle({"2": ""})
        step = commit("a", claims=(("k", None),), handled=handled("i"), outbox=(outgoing("e"),), wake_at=NOW)
        store.commit([step])
        store.confirm([confirmation("unknown", receipt={"ts": "1"})])
        store.put_record("session", "x", {"who": "ada"})
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.mark.parametrize("name", GROWING)
def test_nothing_is_accepted_when_the_database_cannot_grow(name: str, open_store: Callable[..., SqliteStore]) -> None:
    full = Switch("PRAGMA max_page_count = 1")  # SQLite reads this as: no page more than there are.
    store = open_store(full.connect)
    before = contents(store)
    full.turn_on(store)
    assert_refused(store, WRITES[name], "SQLITE_FULL")
    assert contents(store) == before
    full.on = False
    assert_works(store)


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_accepted_when_the_disk_takes_no_byte_more(
    name: str, open_store: Callable[..., SqliteStore], folder: Path
) -> None:
    store = open_store()
    before = contents(store)
    with no_byte_more(folder):
        assert_refused(store, WRITES[name], "SQLITE_IOERR")
    assert contents(store) == before
    assert store.check() == "ok"
    assert_works(store)


def test_nothing_is_accepted_while_another_process_writes(open_store: Callable[..., SqliteStore]) -> None:
    store = open_store()
    before = contents(store)
    with held(store.path, "NORMAL"):
        for work in WRITES.values():
            assert_refused(store, work, "SQLITE_BUSY")
        assert contents(store) == before
    assert contents(store) == before
    assert_works(store)


def test_nothing_is_accepted_while_another_process_has_the_file_for_itself(
    open_store: Callable[..., SqliteStore],
) -> None:
    store = open_store()
    before = contents(store)
    store.close()  # The other one waits until it is alone; then nobody else can even read.
    with held(store.path, "EXCLUSIVE"):
        for work in WRITES.values():
            assert_refused(store, work, "SQLITE_BUSY")
        with pytest.raises(StoreUnavailableError, match="SQLITE_BUSY"):
            store.health(NOW)
    assert contents(store) == before
    assert_works(store)


def test_a_file_that_another_process_holds_cannot_be_opened(folder: Path) -> None:
    path = folder / "tocsin.db"
    SqliteStore(path).close()
    with held(path, "EXCLUSIVE"), pytest.raises(StoreUnavailableError, match="locked"):
        SqliteStore(path, impatient)
    SqliteStore(path, impatient).close()


def test_waiting_for_a_new_file_to_enter_wal_mode_ends(folder: Path) -> None:
    path = folder / "tocsin.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE t (a)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            SqliteStore(path, impatient)


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_accepted_by_a_file_that_is_read_only(name: str, open_store: Callable[..., SqliteStore]) -> None:
    read_only = Switch("PRAGMA query_only = 1")
    store = open_store(read_only.connect)
    before = contents(store)
    read_only.turn_on(store)
    assert_refused(store, WRITES[name], "SQLITE_READONLY")
    assert contents(store) == before
    read_only.on = False
    assert_works(store)


def test_a_file_that_may_not_be_written_is_refused() -> None:
    folder = Path(tempfile.mkdtemp())  # Not below a folder that only the superuser may enter.
    path = folder / "tocsin.db"
    try:
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("CREATE TABLE somebody_elses (a)")
        folder.chmod(0o555)
        path.chmod(0o444)
        with unprivileged(), pytest.raises(StoreUnavailableError, match=r"(?i)readonly|unable|denied"):
            SqliteStore(path, impatient)
        with unprivileged(), pytest.raises(StoreUnavailableError, match="Permission denied"):
            SqliteStore(folder / "new.db", impatient)
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_accepted_into_a_folder_that_has_gone(
    name: str, open_store: Callable[..., SqliteStore], folder: Path
) -> None:
    store = open_store()
    before = contents(store)
    away = folder.rename(folder.with_name("away"))
    assert_refused(store, WRITES[name], "FileNotFoundError|unable to open")
    with pytest.raises(StoreUnavailableError):
        store.backlog(10)
    away.rename(folder)
    assert contents(store) == before
    assert_works(store)


def test_a_file_that_was_removed_is_not_made_anew(open_store: Callable[..., SqliteStore], folder: Path) -> None:
    store = open_store()
    before = contents(store)
    store.backup(folder / "backup.db")
    for path in folder.glob("tocsin.db*"):
        path.unlink()
    for work in WRITES.values():
        assert_refused(store, work, "FileNotFoundError|unable to open")
    assert [path.name for path in folder.iterdir()] == ["backup.db"]
    (folder / "backup.db").rename(folder / "tocsin.db")
    assert contents(store) == before
    assert_works(store)


def test_a_file_that_was_replaced_is_opened_anew_for_reading_too(
    open_store: Callable[..., SqliteStore], folder: Path
) -> None:
    store = open_store()
    store.backup(folder / "backup.db")
    (late,) = store.accept([received(b"after the backup")])
    assert store.delivery(late)
    for path in folder.glob("tocsin.db-*"):
        path.unlink()
    (folder / "backup.db").rename(folder / "tocsin.db")
    with pytest.raises(StoreUnavailableError, match="replaced while it was open"):
        store.accept([received()])
    assert store.delivery(late) is None
    assert_works(store)


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    path = folder / "tocsin.db"
    path.write_bytes(b"This is a text, and not a short one.\n" * 1000)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match="SQLITE_NOTADB"):
        SqliteStore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [*GROWING, "settle", "confirm", "postpone", "take_record", "prune"])
def test_nothing_is_accepted_by_a_file_that_was_damaged_while_it_was_closed(
    name: str, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store()
    before = contents(store)
    store.close()
    with damaged(store.path):
        assert_refused(store, WRITES[name], "SQLITE_CORRUPT")
        with pytest.raises(StoreUnavailableError, match="SQLITE_CORRUPT"):
            contents(store)
        assert store.check() != "ok"
    assert contents(store) == before
    assert_works(store)


def test_a_file_that_was_damaged_while_it_was_open_is_noticed_when_it_is_read(
    open_store: Callable[..., SqliteStore],
) -> None:
    store = open_store()
    store.accept([received(BIG)] * 100)  # More than a reader keeps in memory.
    fold(store.path)
    before = contents(store)
    with damaged(store.path):
        with pytest.raises(StoreUnavailableError, match="SQLITE_CORRUPT"):
            contents(store)
        with pytest.raises(StoreUnavailableError, match="damaged"):
            store.backup(store.path.with_name("backup.db"))
        assert not store.path.with_name("backup.db").exists()
    assert contents(store) == before
    assert_works(store)


def test_a_connection_that_cannot_even_roll_back_is_given_up(open_store: Callable[..., SqliteStore]) -> None:
    store = open_store()
    writer = store._writer
    assert writer

    def stumble() -> None:
        with writer.transaction():
            writer.execute("DELETE FROM deliveries")
            writer.close()
            raise RuntimeError("between the lines")

    with pytest.raises(RuntimeError):
        stumble()
    with pytest.raises(StoreUnavailableError, match="closed database"):
        store.accept([received()])
    assert len(store.deliveries(10)) == 2
    assert_works(store)


def test_every_way_to_a_dead_connection_says_that_the_store_is_unavailable(tmp_path: Path) -> None:
    opened = Connection(tmp_path / "tocsin.db")
    opened.close()
    ways: tuple[Callable[[], object], ...] = (
        lambda: opened.execute("SELECT 1"),
        lambda: opened.executemany("DELETE FROM backlog WHERE id = ?", [(1,)]),
        lambda: opened.query("SELECT 1"),
        lambda: opened.backup(tmp_path / "backup.db"),
    )
    for way in ways:
        with pytest.raises(StoreUnavailableError):
            way()


def test_a_broken_rule_of_the_schema_is_not_called_trouble(tmp_path: Path) -> None:
    opened = Connection(tmp_path / "tocsin.db")
    with pytest.raises(sqlite3.IntegrityError):
        opened.execute("INSERT INTO backlog (id) VALUES (1), (1)")
    with pytest.raises(sqlite3.IntegrityError):
        opened.executemany("INSERT INTO backlog (id) VALUES (?)", [(1,), (1,)])
    opened.close()


def assert_refused(store: SqliteStore, work: Callable[[Store], object], problem: str) -> None:
    """Twice, so that a fresh connection is tried too."""
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match=problem) as caught:
            work(store)
        assert caught.value.code == "store-unavailable"
        assert "\n" not in caught.value.message


def assert_works(store: SqliteStore) -> None:
    """Everything that was refused is done now, and is there for whoever opens the file next."""
    (name,) = store.accept([received(BIG)])
    assert store.commit([commit("a", 1, handled=handled("j"), outbox=(outgoing("f"),))]) == [CommitResult.COMMITTED]
    assert [item.id for item in store.pending(NOW, per_receiver=9)] == ["e", "f"]
    assert store.take_record("session", "x") == {"who": "ada"}
    store.settle({"1": ""})
    assert store.check() == "ok"
    with closing(sqlite3.connect(store.path)) as raw:
        assert raw.execute("SELECT COUNT(*) FROM deliveries WHERE id = ?", (int(name),)).fetchone() == (1,)
        assert raw.execute("SELECT version FROM aggregates").fetchall() == [(2,)]


def contents(store: Store) -> object:
    """All that the store holds."""
    found: list[Delivery | None] = [store.delivery(row.id) for row in store.deliveries(1000)]
    return (
        found,
        [row.outcome for row in store.deliveries(1000)],
        [waiting.id for waiting in store.backlog(1000)],
        store.load(["a", "b"]),
        store.find(["k"]),
        store.seen(["i", "j"]),
        store.timeline("a", 9),
        store.pending(NOW, per_receiver=9),
        store.receipts("a"),
        store.records("session"),
        store.health(NOW),
    )


@contextmanager
def no_byte_more(folder: Path) -> Iterator[None]:
    """No file may be written beyond the size that the largest of the database has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = folder / "tocsin.db-wal"
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def held(path: Path, mode: str) -> Iterator[None]:
    """Another process holds the lock."""
    command = [sys.executable, "-c", HOLD, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.communicate("over\n", timeout=20)
    assert process.returncode == 0


@contextmanager
def unprivileged() -> Iterator[None]:
    """Not the superuser, whom no mode stops."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """All pages but the first are overwritten, in the file itself."""
    before = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * (len(before) - PAGE))
    try:
        yield
    finally:
        with path.open("r+b") as file:
            file.write(before)
        for rest in path.parent.glob(f"{path.name}-*"):
            assert stat.S_ISREG(rest.stat().st_mode)


def fold(path: Path) -> None:
    """Write the log into the file."""
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
