"""The tables and how they came to be: one script for each version, run once, in order, in one transaction each."""

from __future__ import annotations

from typing import Final

RECEIPT_TS: Final = "json_extract(receipt, '$.ts')"  # Written alike where the index is made and where it is used.

MIGRATIONS: Final[tuple[str, ...]] = (
    # 1: deliveries, aggregates, what they handled, what must go out, and small records.
    """
    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        received_at INTEGER NOT NULL,
        channel TEXT NOT NULL,
        key TEXT NOT NULL,
        head BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE backlog (id INTEGER PRIMARY KEY) STRICT;
    CREATE TRIGGER deliveries_wait AFTER INSERT ON deliveries BEGIN
        INSERT INTO backlog (id) VALUES (new.id);
    END;
    CREATE TABLE outcomes (id INTEGER PRIMARY KEY, outcome TEXT NOT NULL) STRICT;

    CREATE TABLE aggregates (
        id TEXT NOT NULL UNIQUE,
        machine TEXT NOT NULL,
        version INTEGER NOT NULL,
        state BLOB NOT NULL,
        wake_at INTEGER,
        live INTEGER NOT NULL,
        owes INTEGER NOT NULL,
        rank INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX aggregates_by_wake ON aggregates (wake_at) WHERE wake_at IS NOT NULL;
    CREATE INDEX aggregates_by_rank ON aggregates (machine, rank, id);
    CREATE INDEX aggregates_live ON aggregates (machine, rank, id) WHERE live = 1;
    CREATE INDEX aggregates_broken ON aggregates (id) WHERE owes = 1 AND wake_at IS NULL;
    CREATE INDEX aggregates_ended ON aggregates (rank) WHERE live = 0;
    CREATE TABLE keys (key TEXT PRIMARY KEY, aggregate TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX keys_by_aggregate ON keys (aggregate);
    CREATE TABLE handled (
        seq INTEGER PRIMARY KEY,
        input_id TEXT NOT NULL UNIQUE,
        aggregate TEXT NOT NULL,
        at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        story TEXT NOT NULL
    ) STRICT;
    CREATE INDEX handled_by_aggregate ON handled (aggregate);

    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        aggregate TEXT NOT NULL,
        machine TEXT NOT NULL,
        receiver TEXT NOT NULL,
        kind TEXT NOT NULL,
        facts TEXT NOT NULL,
        coalesce TEXT UNIQUE,
        urgent INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        not_before INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        method INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX outbox_by_receiver ON outbox (receiver, urgent DESC, seq);
    CREATE INDEX outbox_by_time ON outbox (not_before);
    CREATE TABLE receipts (
        aggregate TEXT NOT NULL,
        receiver TEXT NOT NULL,
        transport TEXT NOT NULL,
        receipt TEXT NOT NULL,
        PRIMARY KEY (aggregate, receiver, transport)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE records (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID;
    """,
    # 2: which aggregate a message is about that somebody answers.
    f"CREATE INDEX receipts_by_ts ON receipts ({RECEIPT_TS});",
    # 3: what an aggregate keeps of its past beside its state.
    """
    CREATE TABLE history (
        seq INTEGER PRIMARY KEY,
        aggregate TEXT NOT NULL,
        place INTEGER NOT NULL,
        row BLOB NOT NULL,
        UNIQUE (aggregate, place)
    ) STRICT;
    """,
)
