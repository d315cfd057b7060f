"""Commits written to SQLite: many aggregates in one transaction, or, where something conflicts, one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Commit, CommitResult, Outgoing
from tocsin.kernel import json
from tocsin.sqlite.connection import Connection, Row

IDS_MAX: Final = 500  # Values of one IN list.
OUTGOING: Final = (
    "id, aggregate, machine, receiver, kind, facts, coalesce, urgent, created_at, not_before, attempts, method"
)

_COALESCE: Final = (
    "ON CONFLICT (coalesce) DO UPDATE"
    " SET id = excluded.id, kind = excluded.kind, facts = excluded.facts, urgent = excluded.urgent"
)


class _Conflict(Exception):
    """Something in the batch is not as it was when it was loaded."""


def write_commits(writer: Connection, commits: Sequence[Commit]) -> list[CommitResult]:
    """Write each commit whole or not at all; how each ended. Raises StoreUnavailableError."""
    if _independent(commits):
        try:
            with writer.transaction():
                _write_all(writer, commits)
            return [CommitResult.COMMITTED] * len(commits)
        except (_Conflict, sqlite3.IntegrityError):
            pass
    with writer.transaction():
        return [_write_one(writer, commit) for commit in commits]


def _independent(commits: Sequence[Commit]) -> bool:
    """Whether their order does not matter: no aggregate, key or effect stands in two of them."""
    done = {name for commit in commits for name in commit.done}
    if done and any(item.coalesce or item.id in done for commit in commits for item in commit.outbox):
        return False  # What one puts out another may confirm, or replace before that.
    keys = [key for commit in commits for key, _ in commit.claims]
    return len({commit.aggregate for commit in commits}) == len(commits) and len(set(keys)) == len(keys)


def _write_all(writer: Connection, commits: Sequence[Commit]) -> None:
    """All of *commits*, or _Conflict / IntegrityError."""
    fresh = [commit for commit in commits if not commit.expected]
    known = [commit for commit in commits if commit.expected]
    writer.insert(
        "aggregates", "id, machine, version, state, wake_at, live, owes, rank", [_aggregate(c) for c in fresh]
    )
    if known and _update(writer, known) != len(known):
        raise _Conflict
    claims = [(key, commit.aggregate, holder) for commit in commits for key, holder in commit.claims]
    writer.insert("keys", "key, aggregate", [(key, owner) for key, owner, holder in claims if holder is None])
    taken = [(owner, key, holder) for key, owner, holder in claims if holder is not None]
    if taken and writer.executemany("UPDATE keys SET aggregate = ? WHERE key = ? AND aggregate = ?", taken) != len(
        taken
    ):
        raise _Conflict
    handled = [(h.input_id, c.aggregate, h.at, h.reason, h.story) for c in commits for h in c.handled]
    writer.insert("handled", "input_id, aggregate, at, reason, story", handled)
    if done := [(name,) for c in commits for name in c.done]:
        writer.executemany("DELETE FROM outbox WHERE id = ?", done)
    writer.insert("outbox", OUTGOING, [outgoing_row(item) for c in commits for item in c.outbox], _COALESCE)
    past = [(c.aggregate, item.place, item.row) for c in commits for item in c.history]
    writer.insert("history", "aggregate, place, row", past)


def _update(writer: Connection, known: Sequence[Commit]) -> int:
    """How many of *known* were as expected. What stands as before stands in the indexes already: most do."""
    rows = [(c.state, c.aggregate, c.expected, c.wake_at, c.live, c.owes, c.rank) for c in known]
    changed = writer.executemany(
        "UPDATE aggregates SET version = version + 1, state = ?"
        " WHERE id = ? AND version = ? AND wake_at IS ? AND live = ? AND owes = ? AND rank = ?",
        rows,
    )
    if changed == len(known):
        return changed
    return changed + writer.executemany(
        "UPDATE aggregates SET version = version + 1, state = ?, wake_at = ?, live = ?, owes = ?, rank = ?"
        " WHERE id = ? AND version = ?",
        [(c.state, c.wake_at, c.live, c.owes, c.rank, c.aggregate, c.expected) for c in known],
    )


def _write_one(writer: Connection, commit: Commit) -> CommitResult:
    """One commit in a savepoint of its own."""
    ids = [handled.input_id for handled in commit.handled]
    for start in range(0, len(ids), IDS_MAX):
        part = ids[start : start + IDS_MAX]
        if writer.query(f"SELECT 1 FROM handled WHERE input_id IN ({','.join('?' * len(part))}) LIMIT 1", part):  # noqa: S608
            return CommitResult.SEEN
    writer.execute("SAVEPOINT one")
    try:
        _write_all(writer, [commit])
    except (_Conflict, sqlite3.IntegrityError):
        writer.execute("ROLLBACK TO one")
        writer.execute("RELEASE one")
        return CommitResult.CONFLICT
    writer.execute("RELEASE one")
    return CommitResult.COMMITTED


def _aggregate(commit: Commit) -> Row:
    return (commit.aggregate, commit.machine, 1, commit.state, commit.wake_at, commit.live, commit.owes, commit.rank)


def outgoing_row(item: Outgoing) -> Row:
    """The inverse of `outgoing`."""
    return (
        item.id,
        item.aggregate,
        item.machine,
        item.receiver,
        item.kind,
        json.encode(item.facts).decode(),
        item.coalesce or None,
        item.urgent - item.behind,  # The order in which they leave.
        item.created_at,
        item.not_before,
        item.attempts,
        item.method,
    )


def outgoing(row: Row) -> Outgoing:
    """A row of the outbox, its columns in the order of OUTGOING."""
    return Outgoing(
        id=row[0],
        aggregate=row[1],
        machine=row[2],
        receiver=row[3],
        kind=row[4],
        facts=msgspec.json.decode(row[5]),
        coalesce=row[6] or "",
        urgent=row[7] > 0,
        behind=row[7] < 0,
        created_at=row[8],
        not_before=row[9],
        attempts=row[10],
        method=row[11],
    )
