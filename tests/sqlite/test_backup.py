"""A backup that is made while the store is in use is whole, private, and can be gone on with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sqlite.connections import UnsyncedConnection
from tests.sqlite.polling import wait_until
from tocsin.engine.ports import CommitResult
from tocsin.errors import StoreUnavailableError
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.subject import NOW, commit, handled, outgoing, received

BACKUPS = 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tocsin.db", UnsyncedConnection)
    yield store
    store.close()


def test_a_backup_made_while_others_write_is_consistent(store: SqliteStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        """Each round accepts two deliveries and commits their aggregate: no backup may have half a round of either."""
        version = 0
        while not stop.is_set():
            store.accept([received(b"%d" % version), received(b"%d" % version)])
            step = commit("a", version, handled=handled(f"i{version}"), outbox=(outgoing(f"e{version}"),))
            assert store.commit([step]) == [CommitResult.COMMITTED]
            version += 1

    writer = threading.Thread(target=write)
    writer.start()
    backups = [tmp_path / f"backup-{number}.db" for number in range(BACKUPS)]
    known = []
    try:
        for number, path in enumerate(backups):
            wait_until(lambda number=number: len(store.timeline("a", 1000)) > 5 * number)  # type: ignore[misc]
            known.append(len(store.timeline("a", 10_000)))
            store.backup(path)
    finally:
        stop.set()
        writer.join()
    for path, least in zip(backups, known, strict=True):
        copy = SqliteStore(path, UnsyncedConnection)
        assert copy.check() == "ok"
        rounds = copy.load(["a"])["a"].version
        assert rounds >= least
        assert len(copy.timeline("a", 10_000)) == len(copy.pending(NOW, per_receiver=10_000)) == rounds
        waiting = copy.backlog(100_000)
        assert [int(found.id) for found in waiting] == list(range(1, len(waiting) + 1))
        assert len(waiting) in {2 * rounds, 2 * rounds + 2}
        copy.close()


def test_a_backup_can_be_gone_on_with(store: SqliteStore, tmp_path: Path) -> None:
    (first,) = store.accept([received(b"kept")])
    store.backup(tmp_path / "backup.db")
    store.accept([received(b"after the backup")])
    restored = SqliteStore(tmp_path / "backup.db")
    (second,) = restored.accept([received(b"after the restore")])
    assert [(found.id, found.body) for found in restored.backlog(9)] == [
        (first, b"kept"),
        (second, b"after the restore"),
    ]
    restored.close()


def test_a_backup_is_private_and_replaces_the_former_one(store: SqliteStore, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_bytes(b"the former one")
    target.chmod(0o644)
    (tmp_path / "backup.db.partial").write_bytes(b"left behind by a crash")
    store.backup(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("backup*")) == ["backup.db"]


def test_a_backup_that_cannot_be_made_leaves_the_former_one(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        store.backup(tmp_path / "no such folder" / "backup.db")
    target = tmp_path / "backup.db"
    target.write_bytes(b"the former one")
    (tmp_path / "backup.db.partial").mkdir()
    with pytest.raises(StoreUnavailableError):
        store.backup(target)
    assert target.read_bytes() == b"the former one"
    assert store.accept([received()])
