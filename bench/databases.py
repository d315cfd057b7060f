"""Large databases within seconds: one incident is made by the real engine, then SQLite multiplies its rows.

Every copy gets a name, a fingerprint and times of its own, in its state as well as in the columns beside it.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.traffic import webhook
from tocsin.engine.ports import Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings_file import load
from tocsin.wiring.settings_routes import routes

MARK: Final = "copy-0000000"  # In the name of the first incident; the copies have their number there.
FIRST: Final = 0x5EEDFACE00000000  # Its fingerprint, by which its keys are made; the copies have random ones.
KEPT_DELIVERIES: Final[Duration] = 14 * DAY  # As the default retention leaves them.
HISTORY: Final[Duration] = 390 * DAY  # Within the default retention of incidents.
CACHE_KIB: Final = 1_000_000


def open_incidents(db: Path, count: int, *, overdue: bool) -> None:
    """Write a database with *count* open incidents: their next actions are due within 15 minutes, or all at once."""
    now = _now()
    _made(db, now, ended=False)
    first_wake, span = (now - 2 * MINUTE, MINUTE) if overdue else (now + MINUTE, 15 * MINUTE)
    with closing(_opened(db)) as connection:
        _number(connection, count, f"{now} - 10 * 60000 + n % 60000", f"{first_wake} + n * {span} / {count}")
        _multiply(connection, now, kept="1")


def past_incidents(db: Path, count: int) -> None:
    """Write a database with *count* incidents that ended over a year, and the deliveries of the last two weeks."""
    now = _now()
    _made(db, now, ended=True)
    with closing(_opened(db)) as connection:
        _number(connection, count, f"{now - HISTORY} + n * {HISTORY - DAY} / {count}", "NULL")
        _multiply(connection, now, kept=f"at > {now - KEPT_DELIVERIES}")


def _made(db: Path, now: Instant, *, ended: bool) -> None:
    """A database with the one incident that is multiplied: everything in it happened at *now*."""
    db.unlink(missing_ok=True)
    store = SqliteStore(db)
    bodies = [webhook(MARK, FIRST), *([webhook(MARK, FIRST, ended=True)] if ended else [])]
    machine = IncidentMachine()
    interpreter = Interpreter(routes(load(None, {})), {})
    worker = Worker(store, Runner(store, [machine]), interpreter.interpret, interpreter.poisoned)
    for body in bodies:
        head = b"content-type: application/json\nuser-agent: Alertmanager/0.25.0"
        store.accept([Received(received_at=now, channel="in", key="default", head=head, body=body)])
        worker.step(now)
    store.close()


def _opened(db: Path) -> sqlite3.Connection:
    """For writing much at once: if this is interrupted, the file is made anew."""
    connection = sqlite3.connect(db, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _number(connection: sqlite3.Connection, count: int, at: str, wake: str) -> None:
    """The copies: *n*, its *mark*, *print* (its fingerprint), *at* (when all of it happened), *wake*."""
    connection.execute(
        "CREATE TEMP TABLE copy (n INTEGER PRIMARY KEY, mark TEXT, print TEXT, at INTEGER, wake INTEGER)"
    )
    connection.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)"  # noqa: S608 - ours.
        f" INSERT INTO copy SELECT n, printf('copy-%07d', n), lower(hex(randomblob(8))), {at}, {wake} FROM number",
        (count,),
    )


def _multiply(connection: sqlite3.Connection, now: Instant, *, kept: str) -> None:
    """Copy every row of the one incident for every copy; deliveries only where *kept* is true."""
    state, wake_at = connection.execute("SELECT state, wake_at FROM aggregates").fetchone()
    deliveries = connection.execute("SELECT COUNT(*) FROM deliveries").fetchone()[0]
    assert all(part.encode() in state for part in (str(now), MARK, f"{FIRST:016x}"))

    def changed(column: str, kind: str) -> str:
        """The text of *column* as a copy has it."""
        sql = f"replace(replace({column}, '{MARK}', copy.mark), '{now}', CAST(copy.at AS TEXT))"
        if wake_at is not None:
            sql = f"replace({sql}, '{wake_at}', CAST(copy.wake AS TEXT))"
        return f"CAST(replace({sql}, '{FIRST:016x}', copy.print) AS {kind})"

    name = f"CAST(copy.n * {deliveries} + 1 AS TEXT)"
    # The names are ours: nothing here comes from outside.
    statements = (
        f"""INSERT INTO deliveries (id, received_at, channel, key, head, body)
            SELECT copy.n * {deliveries} + one.id, copy.at, channel, key, head, {changed("body", "BLOB")}
            FROM copy CROSS JOIN deliveries one WHERE one.id <= {deliveries} AND ({kept})""",  # noqa: S608
        "DELETE FROM backlog",
        f"""INSERT INTO aggregates (id, machine, version, state, wake_at, live, owes, rank)
            SELECT {name}, machine, version, {changed("state", "BLOB")}, copy.wake, live, owes, copy.at
            FROM copy CROSS JOIN aggregates one WHERE one.id = '1'""",  # noqa: S608
        f"""INSERT INTO keys (key, aggregate)
            SELECT {changed("key", "TEXT")}, {name} FROM copy CROSS JOIN keys one WHERE one.aggregate = '1'""",  # noqa: S608
        f"""INSERT INTO handled (input_id, aggregate, at, reason, story)
            SELECT (copy.n * {deliveries} + CAST(one.input_id AS INTEGER)) || '/0', {name}, copy.at, reason, story
            FROM copy CROSS JOIN handled one WHERE one.aggregate = '1'""",  # noqa: S608
        "DELETE FROM outbox",
    )
    connection.execute("BEGIN")
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _now() -> Instant:
    return time.time_ns() // 1_000_000
