"""A SQLite store read whole, and filled from a dump: `tocsin.engine.dump.Movable` on one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, assert_never

import msgspec

from tocsin.engine.dump import (
    Entry,
    Receipt,
    StoredAggregate,
    StoredDelivery,
    StoredEffect,
    StoredRecord,
    oldest_first,
)
from tocsin.engine.ports import Handled, Outgoing
from tocsin.kernel import json
from tocsin.kernel.machine import Past
from tocsin.sqlite.commits import OUTGOING, outgoing, outgoing_row
from tocsin.sqlite.connection import Connection, Row

PAGE: Final = 200  # Rows that are in memory at a time.
MARK: Final = "restore"  # The kind of record that says how far a restore has come.

_OWN: Final = ("keys", "handled", "history", "receipts")  # The tables of what belongs to an aggregate.


class SqliteMovable:
    """See the module. Nobody else may write to the file while it is filled."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises StoreUnavailableError."""
        self._path = path
        self._writer = Connection(path)

    def close(self) -> None:
        """Give the file back."""
        self._writer.close()

    def last(self) -> int:
        """See the port: also numbers of deliveries that are forgotten."""
        rows = self._writer.query("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'")
        return int(rows[0][0]) if rows else 0

    def begin(self, last: int) -> None:
        """See the port."""
        if last <= self.last():
            return
        with self._writer.transaction():
            self._writer.execute("DELETE FROM sqlite_sequence WHERE name = 'deliveries'")
            self._writer.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('deliveries', ?)", (last,))

    def is_empty(self) -> bool:
        """See the port."""
        tables = ("deliveries", "aggregates", "outbox", "records")
        return not any(
            self._writer.query(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - names are ours.
            for table in tables
        )

    def mark(self, digest: str) -> int:
        """See the port."""
        rows = self._writer.query("SELECT document FROM records WHERE kind = ? AND name = ?", (MARK, digest))
        return int(json.decode(rows[0][0])) if rows else -1

    def put_mark(self, digest: str, lines: int) -> None:
        """See the port."""
        if lines < 0:
            self._writer.execute("DELETE FROM records WHERE kind = ? AND name = ?", (MARK, digest))
        else:
            upsert = "ON CONFLICT DO UPDATE SET document = excluded.document"
            self._writer.insert("records", "kind, name, document", [(MARK, digest, str(lines))], upsert)

    def entries(self) -> Iterator[Entry]:
        """See the port: all as it is at one moment, while others write."""
        with closing(Connection(self._path, read_only=True)) as reader:
            reader.execute("BEGIN")
            yield from _deliveries(reader)
            yield from _aggregates(reader)
            rows = reader.query(f"SELECT {OUTGOING} FROM outbox")  # noqa: S608 - constant text.
            yield from (StoredEffect(outgoing=item) for item in oldest_first(map(outgoing, rows)))
            yield from _records(reader)

    def fill(self, entries: Iterable[Entry]) -> None:
        """See the port. One transaction."""
        with self._writer.transaction():
            for entry in entries:
                match entry:
                    case StoredDelivery():
                        self._put_delivery(entry)
                    case StoredAggregate():
                        self._put_aggregate(entry)
                    case StoredEffect(outgoing=item):
                        self._put_effect(item)
                    case StoredRecord(kind=kind, name=name, document=document):
                        upsert = "ON CONFLICT DO UPDATE SET document = excluded.document"
                        row = (kind, name, json.encode(document).decode())
                        self._writer.insert("records", "kind, name, document", [row], upsert)
                    case _:
                        assert_never(entry)

    def _put_delivery(self, entry: StoredDelivery) -> None:
        columns = "id, received_at, channel, key, head, body"
        row = (entry.id, entry.received_at, entry.channel, entry.key, entry.head, entry.body)
        self._writer.insert("deliveries", columns, [row], "ON CONFLICT DO NOTHING")
        if not entry.waits:
            self._writer.execute("DELETE FROM backlog WHERE id = ?", (entry.id,))
        if entry.outcome:
            upsert = "ON CONFLICT DO UPDATE SET outcome = excluded.outcome"
            self._writer.insert("outcomes", "id, outcome", [(entry.id, entry.outcome)], upsert)

    def _put_aggregate(self, entry: StoredAggregate) -> None:
        write = self._writer
        write.execute("DELETE FROM aggregates WHERE id = ?", (entry.id,))
        for table in _OWN:
            write.execute(f"DELETE FROM {table} WHERE aggregate = ?", (entry.id,))  # noqa: S608 - names are ours.
        row = (
            *(entry.id, entry.machine, entry.version, entry.state),
            *(entry.wake_at, entry.live, entry.owes, entry.rank),
        )
        write.insert("aggregates", "id, machine, version, state, wake_at, live, owes, rank", [row])
        write.insert("keys", "key, aggregate", [(key, entry.id) for key in entry.keys])
        write.insert(
            "handled",
            "input_id, aggregate, at, reason, story",
            [(each.input_id, entry.id, each.at, each.reason, each.story) for each in entry.handled],
        )
        write.insert("history", "aggregate, place, row", [(entry.id, each.place, each.row) for each in entry.history])
        write.insert(
            "receipts",
            "aggregate, receiver, transport, receipt",
            [(entry.id, each.receiver, each.transport, json.encode(each.receipt).decode()) for each in entry.receipts],
        )

    def _put_effect(self, item: Outgoing) -> None:
        self._writer.execute("DELETE FROM outbox WHERE id = ? OR coalesce = ?", (item.id, item.coalesce or None))
        self._writer.insert("outbox", OUTGOING, [outgoing_row(item)])


def _deliveries(reader: Connection) -> Iterator[StoredDelivery]:
    sql = (
        "SELECT d.id, received_at, channel, key, head, body, COALESCE(outcome, ''), b.id IS NOT NULL FROM deliveries d"
        " LEFT JOIN backlog b ON b.id = d.id LEFT JOIN outcomes o ON o.id = d.id WHERE d.id > ? ORDER BY d.id LIMIT ?"
    )
    after = -1
    while rows := reader.query(sql, (after, PAGE)):
        for row in rows:
            yield StoredDelivery(
                id=row[0],
                received_at=row[1],
                channel=row[2],
                key=row[3],
                head=row[4],
                body=row[5],
                outcome=row[6],
                waits=bool(row[7]),
            )
        after = rows[-1][0]


def _aggregates(reader: Connection) -> Iterator[StoredAggregate]:
    beyond, edge = ">=", ""  # An id may be empty.
    while rows := reader.query(
        "SELECT id, machine, version, state, wake_at, live, owes, rank FROM aggregates"  # noqa: S608 - constant text.
        f" WHERE id {beyond} ? ORDER BY id LIMIT ?",
        (edge, PAGE),
    ):
        yield from (_aggregate(reader, row) for row in rows)
        beyond, edge = ">", rows[-1][0]


def _aggregate(reader: Connection, row: Row) -> StoredAggregate:
    def own(sql: str) -> list[Row]:
        return reader.query(sql, (row[0],))

    return StoredAggregate(
        id=row[0],
        machine=row[1],
        version=row[2],
        state=row[3],
        wake_at=row[4],
        live=bool(row[5]),
        owes=bool(row[6]),
        rank=row[7],
        keys=tuple(each[0] for each in own("SELECT key FROM keys WHERE aggregate = ? ORDER BY key")),
        handled=tuple(
            Handled(*each)
            for each in own("SELECT input_id, at, reason, story FROM handled WHERE aggregate = ? ORDER BY seq")
        ),
        history=tuple(Past(*each) for each in own("SELECT place, row FROM history WHERE aggregate = ? ORDER BY place")),
        receipts=tuple(
            Receipt(each[0], each[1], msgspec.json.decode(each[2]))
            for each in own(
                "SELECT receiver, transport, receipt FROM receipts WHERE aggregate = ? ORDER BY receiver, transport"
            )
        ),
    )


def _records(reader: Connection) -> Iterator[StoredRecord]:
    sql = "SELECT kind, name, document FROM records WHERE kind <> ? ORDER BY kind, name"
    for kind, name, document in reader.query(sql, (MARK,)):
        yield StoredRecord(kind=kind, name=name, document=json.decode(document))
