"""The store of the embedded runtime: `tocsin.engine.ports.Store` on one SQLite file.

One connection writes, under one lock; each thread reads by a connection of its own. A commit of many aggregates is
tried in one transaction with few statements; only when something in it conflicts is it done again one by one, each in
a savepoint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec

from tocsin.engine.ports import (
    REPLAY_OF,
    Commit,
    CommitResult,
    Confirmation,
    Delivery,
    DeliveryRow,
    Handled,
    Health,
    Outgoing,
    Received,
    Stored,
    Summary,
)
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Past
from tocsin.kernel.time import Instant
from tocsin.sqlite.commits import IDS_MAX, OUTGOING, outgoing, write_commits
from tocsin.sqlite.connection import ROWS_MAX, Connection, Row
from tocsin.sqlite.schema import RECEIPT_TS

T = TypeVar("T")

BROKEN_MAX: Final = 100
DIGITS_MAX: Final = 18  # Of a row's number: SQLite's integers have 63 bits.
BEYOND: Final = 2**62  # Above every row's number and every instant.

# One row that holds them all: between two rows another thread may take the interpreter's lock for a while.
_LANE: Final = (
    f"SELECT json_group_array(json_array({OUTGOING})) FROM (SELECT {OUTGOING} FROM outbox"  # noqa: S608 - constant text.
    " WHERE receiver = ? AND not_before <= ? ORDER BY urgent DESC, seq LIMIT ?)"
)
_RECEIVERS: Final = """
    WITH RECURSIVE lane (name) AS (
        SELECT MIN(receiver) FROM outbox
        UNION ALL
        SELECT (SELECT MIN(receiver) FROM outbox WHERE receiver > lane.name) FROM lane WHERE lane.name IS NOT NULL
    )
    SELECT name FROM lane WHERE name IS NOT NULL
"""

_OLD_DELIVERIES: Final = (  # They came in the order of their ids, near enough: only the first ones can be old.
    "SELECT id FROM (SELECT id, received_at FROM deliveries ORDER BY id LIMIT ?)"
    " WHERE received_at < ? AND id NOT IN (SELECT id FROM backlog)"
)
_SHOWN: Final = f"SELECT aggregate, receipt FROM receipts WHERE {RECEIPT_TS} = ? AND transport = ? LIMIT 10"  # noqa: S608
_OLD_AGGREGATES: Final = (
    "SELECT id FROM aggregates WHERE live = 0 AND rank < ?"
    " AND NOT EXISTS (SELECT 1 FROM handled WHERE aggregate = aggregates.id AND at >= ?) ORDER BY rank LIMIT ?"
)


class SqliteStore:
    """See the module. *connect* opens a connection (tests put a failing one in its place)."""

    def __init__(self, path: Path, connect: Callable[..., Connection] = Connection) -> None:
        """Open or make the file; migrates it. Raises StoreUnavailableError, TocsinError."""
        self.path = path
        self._connect = connect
        self._lock = threading.RLock()
        self._writer: Connection | None = connect(path)
        self._generation = 0  # Of the connections: when the writer had trouble, the readers are opened anew too.
        self._local = threading.local()
        self._readers: list[Connection] = []

    # Deliveries

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """See the port. Up to 256 deliveries are one statement that is its own transaction, and so one fsync."""
        rows = [(item.received_at, item.channel, item.key, item.head, item.body) for item in received]
        return self._write(lambda writer: self._accept(writer, rows))

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        """See the port."""
        rows = self._read(
            "SELECT d.id, received_at, channel, key, head, body FROM backlog JOIN deliveries d USING (id)"
            " WHERE backlog.id > ? ORDER BY backlog.id LIMIT ?",
            (_number(after), limit),
        )
        return [_delivery(row) for row in rows]

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """See the port."""
        said = [(outcome, _number(name)) for name, outcome in outcomes.items() if outcome]
        numbers = sorted({_number(name) for name in outcomes})
        # What is settled already is not in the backlog any more: its outcome stays.
        note = "INSERT INTO outcomes (id, outcome) SELECT id, ? FROM backlog WHERE id = ?"

        def write(writer: Connection) -> None:
            with writer.transaction():
                if said:
                    writer.executemany(note, said)
                if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:
                    writer.execute("DELETE FROM backlog WHERE id BETWEEN ? AND ?", (numbers[0], numbers[-1]))
                else:
                    writer.executemany("DELETE FROM backlog WHERE id = ?", [(number,) for number in numbers])

        self._write(write)

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        rows = self._read(
            "SELECT id, received_at, channel, key, head, body FROM deliveries WHERE id = ?", (_number(delivery_id),)
        )
        return _delivery(rows[0]) if rows else None

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """See the port."""
        rows = self._read(
            "SELECT d.id, received_at, channel, key, LENGTH(body), IIF(b.id IS NULL, COALESCE(outcome, 'handled'), '')"
            " FROM deliveries d LEFT JOIN backlog b ON b.id = d.id LEFT JOIN outcomes o ON o.id = d.id"
            " WHERE d.id < ? ORDER BY d.id DESC LIMIT ?",
            (_number(before) if before else BEYOND, limit),
        )
        return [
            DeliveryRow(id=str(row[0]), received_at=row[1], channel=row[2], key=row[3], size=row[4], outcome=row[5])
            for row in rows
        ]

    def replay(self, delivery_id: str) -> bool:
        """See the port."""
        sql = (
            "INSERT INTO deliveries (received_at, channel, key, head, body)"
            " SELECT received_at, channel, key, CAST(? || IIF(LENGTH(head), X'0A', X'') || head AS BLOB), body"
            " FROM deliveries WHERE id = ?"
        )
        number = _number(delivery_id)
        row = (f"{REPLAY_OF}: {number}".encode(), number)
        return bool(self._write(lambda writer: writer.execute(sql, row).rowcount))

    # Aggregates

    def find(self, keys: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        return dict(self._read_in("SELECT key, aggregate FROM keys WHERE key IN ({})", keys))

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See the port."""
        rows = self._read_in("SELECT id, machine, version, state FROM aggregates WHERE id IN ({})", ids)
        return {row[0]: Stored(*row) for row in rows}

    def seen(self, input_ids: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        return dict(self._read_in("SELECT input_id, aggregate FROM handled WHERE input_id IN ({})", input_ids))

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """See the port."""
        return self._write(lambda writer: write_commits(writer, commits))

    def due(self, now: Instant, limit: int) -> Sequence[str]:
        """See the port."""
        rows = self._read(
            "SELECT id FROM aggregates WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?",
            (now, limit),
        )
        return [row[0] for row in rows]

    def next_wake(self) -> Instant | None:
        """See the port."""
        return cast(
            "Instant | None", _only(self._read("SELECT MIN(wake_at) FROM aggregates WHERE wake_at IS NOT NULL"))
        )

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Summary]:
        """See the port."""
        live = "AND live = 1" if live_only else ""
        rank, name = before or (BEYOND, "")
        rows = self._read(
            f"SELECT id, version, live, state FROM aggregates WHERE machine = ? {live}"  # noqa: S608 - constant text.
            " AND (rank, id) < (?, ?) ORDER BY rank DESC, id DESC LIMIT ?",
            (machine, rank, name, limit),
        )
        return [Summary(row[0], row[1], bool(row[2]), row[3]) for row in rows]

    def timeline(self, aggregate: str, limit: int) -> Sequence[Handled]:
        """See the port."""
        rows = self._read(
            "SELECT input_id, at, reason, story FROM handled WHERE aggregate = ? ORDER BY seq DESC LIMIT ?",
            (aggregate, limit),
        )
        return [Handled(*row) for row in reversed(rows)]

    def history(self, aggregate: str, limit: int, *, after: int = 0) -> Sequence[Past]:
        """See the port."""
        rows = self._read(
            "SELECT place, row FROM history WHERE aggregate = ? AND place > ? ORDER BY place LIMIT ?",
            (aggregate, after, limit),
        )
        return [Past(*row) for row in rows]

    # Outbox

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port."""
        lanes = [row[0] for row in self._read(_RECEIVERS)] if receivers is None else dict.fromkeys(receivers)
        return [
            outgoing(row)
            for lane in lanes
            for row in msgspec.json.decode(_only(self._read(_LANE, (lane, now, per_receiver))))
        ]

    def next_attempt(self, now: Instant) -> Instant | None:
        """See the port."""
        return cast(
            "Instant | None", _only(self._read("SELECT MIN(not_before) FROM outbox WHERE not_before > ?", (now,)))
        )

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port."""
        receipts = [
            (done.aggregate, done.receiver, done.transport, json.encode(done.receipt).decode())
            for done in confirmations
            if done.receipt is not None
        ]
        upsert = "ON CONFLICT DO UPDATE SET receipt = excluded.receipt"

        def write(writer: Connection) -> None:
            with writer.transaction():
                writer.executemany("DELETE FROM outbox WHERE id = ?", [(done.id,) for done in confirmations])
                writer.insert("receipts", "aggregate, receiver, transport, receipt", receipts, upsert)

        self._write(write)

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        rows = [(item.attempts, item.method, item.not_before, item.id) for item in outgoing]

        def write(writer: Connection) -> None:
            with writer.transaction():
                writer.executemany("UPDATE outbox SET attempts = ?, method = ?, not_before = ? WHERE id = ?", rows)

        self._write(write)

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        rows = self._read("SELECT receiver, transport, receipt FROM receipts WHERE aggregate = ?", (aggregate,))
        return {(row[0], row[1]): msgspec.json.decode(row[2]) for row in rows}

    def shown(self, transport: str, channel: str, ts: str) -> str:
        """The aggregate that a transport's message is about, by where it stands; empty: none, or several."""
        found = {
            row[0]
            for row in self._read(_SHOWN, (ts, transport))
            if (receipt := msgspec.json.decode(row[1])).get("channel") == channel and not receipt.get("bundle")
        }
        return found.pop() if len(found) == 1 else ""

    # Records

    def record(self, kind: str, name: str) -> Json:
        """See the port."""
        found = _only(self._read("SELECT document FROM records WHERE kind = ? AND name = ?", (kind, name)))
        return None if found is None else json.decode(found)

    def records(self, kind: str) -> Mapping[str, Json]:
        """See the port."""
        rows = self._read("SELECT name, document FROM records WHERE kind = ? ORDER BY name", (kind,))
        return {row[0]: json.decode(row[1]) for row in rows}

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """See the port."""
        row = (kind, name, json.encode(document).decode())
        upsert = "ON CONFLICT DO UPDATE SET document = excluded.document"
        self._write(lambda writer: writer.insert("records", "kind, name, document", [row], upsert))

    def take_record(self, kind: str, name: str) -> Json:
        """See the port."""

        def write(writer: Connection) -> list[Row]:
            sql = "DELETE FROM records WHERE kind = ? AND name = ? RETURNING document"
            return writer.query(sql, (kind, name))

        found = _only(self._write(write))
        return None if found is None else json.decode(found)

    # The whole

    def health(self, now: Instant) -> Health:
        """See the port."""
        oldest = "SELECT received_at FROM deliveries WHERE id = (SELECT MIN(id) FROM backlog)"
        due = "SELECT MIN(wake_at) FROM aggregates WHERE wake_at IS NOT NULL AND wake_at <= ?"
        broken = "SELECT id FROM aggregates WHERE owes = 1 AND wake_at IS NULL ORDER BY id LIMIT ?"
        oldest_pending = "SELECT created_at FROM outbox WHERE created_at <= ? ORDER BY seq LIMIT 1"
        live = "SELECT machine, COUNT(*) FROM aggregates WHERE live = 1 GROUP BY machine"
        return Health(
            backlog=self._read("SELECT COUNT(*) FROM backlog")[0][0],
            oldest_backlog_at=_only(self._read(oldest)),
            oldest_due_at=_only(self._read(due, (now,))),
            pending=self._read("SELECT COUNT(*) FROM outbox")[0][0],
            oldest_pending_at=_only(self._read(oldest_pending, (now,))),
            live={row[0]: row[1] for row in self._read(live)},
            broken=tuple(row[0] for row in self._read(broken, (BROKEN_MAX,))),
        )

    def prune(self, *, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        """See the port."""

        def write(writer: Connection) -> int:
            with writer.transaction():
                numbers = writer.query(_OLD_DELIVERIES, (limit, deliveries_before))
                names = writer.query(_OLD_AGGREGATES, (aggregates_before, aggregates_before, limit))
                for table in ("outcomes", "deliveries"):
                    writer.executemany(f"DELETE FROM {table} WHERE id = ?", numbers)  # noqa: S608 - names are ours.
                for table in ("handled", "receipts", "keys", "history"):
                    writer.executemany(f"DELETE FROM {table} WHERE aggregate = ?", names)  # noqa: S608 - names are ours.
                writer.executemany("DELETE FROM aggregates WHERE id = ?", names)
                return len(numbers) + len(names)

        return self._write(write)

    def backup(self, target: Path) -> None:
        """A consistent copy of the whole store at *target*, made while it is in use."""
        with closing(self._connect(self.path, read_only=True)) as reader:
            reader.backup(target)

    def check(self) -> str:
        """What SQLite's own quick check says of the file as it is on the disk: `ok`, or the first trouble."""
        with closing(self._connect(self.path, read_only=True)) as reader:
            return str(reader.query("PRAGMA quick_check(1)")[0][0])

    def close(self) -> None:
        """See the port."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                if connection is not None:
                    connection.close()
            self._readers.clear()
            self._writer = None
            self._generation += 1

    def _accept(self, writer: Connection, rows: Sequence[Row]) -> list[str]:
        columns = "received_at, channel, key, head, body"
        if len(rows) <= ROWS_MAX:
            last = writer.insert("deliveries", columns, rows)
        else:
            with writer.transaction():
                last = writer.insert("deliveries", columns, rows)
        return [str(number) for number in range(last - len(rows) + 1, last + 1)]

    def _write(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            if self._writer is None:
                # A file that has vanished is not made anew: an empty one would hide the loss.
                self._writer = self._connect(self.path, create=False)
            try:
                self._writer.verify()
                done = work(self._writer)
            except StoreUnavailableError:
                # Whatever the cause was, a fresh connection finds out whether it is gone.
                self._writer.close()
                self._writer = None
                self._generation += 1
                raise
            self._writer.rest()
            return done

    def _reader(self) -> Connection:
        generation, reader = getattr(self._local, "reader", (0, None))
        if reader is not None and generation != self._generation:
            self._forget(reader)
            reader = None
        if reader is None:
            generation = self._generation
            reader = self._connect(self.path, read_only=True)
            self._local.reader = (generation, reader)
            with self._lock:
                self._readers.append(reader)
        return cast("Connection", reader)

    def _read(self, sql: str, values: Row = ()) -> list[Row]:
        reader = self._reader()
        try:
            return reader.query(sql, values)
        except StoreUnavailableError:
            self._forget(reader)
            raise

    def _forget(self, reader: Connection) -> None:
        """Close this thread's reader; the next read opens another."""
        reader.close()
        self._local.reader = (0, None)
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)

    def _read_in(self, sql: str, values: Iterable[str]) -> list[Any]:
        wanted = list(values)
        return [
            row
            for start in range(0, len(wanted), IDS_MAX)
            for part in (wanted[start : start + IDS_MAX],)
            for row in self._read(sql.format(",".join("?" * len(part))), part)
        ]


def _delivery(row: Row) -> Delivery:
    return Delivery(id=str(row[0]), received_at=row[1], channel=row[2], key=row[3], head=row[4], body=row[5])


def _number(delivery_id: str) -> int:
    """The row of a delivery; what is no number is 0, before all rows; too large a number is BEYOND all of them."""
    if not (delivery_id.isascii() and delivery_id.isdecimal()):
        return 0
    return int(delivery_id) if len(delivery_id) <= DIGITS_MAX else BEYOND


def _only(rows: Sequence[Row]) -> Any:  # noqa: ANN401 - a column of whatever type.
    return rows[0][0] if rows else None
