"""A connection to the file: opened in the one right way, with the store's errors told apart from ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.sqlite.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_TIMEOUT_MS: Final = 2000  # A sender waits 5 s at least (EventBridge); it must hear 503 before.
CHECKPOINT_PAGES: Final = 4000  # 16 MiB of log before it is folded into the file: fewer, longer writes.
CACHE_KIB: Final = 16_384
ROWS_MAX: Final = 256  # Rows of one INSERT; more gain nothing, and the statement must be compiled once for each number.

Row = Sequence[Any]


class Connection:
    """One SQLite connection, used by one thread at a time. Raises StoreUnavailableError for whatever the file cannot do."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open *path* (made with mode 600 when it is missing). *read_only* connections never write."""
        try:
            if not read_only:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._raw = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, cached_statements=600, timeout=BUSY_TIMEOUT_MS / 1000
            )
        except (sqlite3.Error, OSError) as problem:
            raise unavailable(problem) from problem
        try:
            self._prepare(read_only=read_only)
        except BaseException:
            self._raw.close()
            raise

    def execute(self, sql: str, values: Row = ()) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return self._raw.execute(sql, values)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    def executemany(self, sql: str, rows: Iterable[Row]) -> int:
        """Run one statement for each row; how many rows it changed."""
        try:
            return self._raw.executemany(sql, rows).rowcount
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    def query(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of a SELECT."""
        try:
            return self._raw.execute(sql, values).fetchall()
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    def insert(self, table: str, columns: str, rows: Sequence[Row], conflict: str = "") -> None:
        """Insert *rows* with as few statements as can be: each statement costs a turn for the interpreter's lock."""
        for start in range(0, len(rows), ROWS_MAX):
            part = rows[start : start + ROWS_MAX]
            self.execute(_insert(table, columns, len(part), conflict), [value for row in part for value in row])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE ... COMMIT; ROLLBACK on any exception."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Undo what is open, if anything; a file that cannot even do that has forgotten it by itself."""
        if self._raw.in_transaction:
            try:
                self._raw.execute("ROLLBACK")
            except sqlite3.Error:
                self._raw.close()

    def close(self) -> None:
        """Close; never fails."""
        self._raw.close()

    def backup(self, target: Path) -> None:
        """Copy the whole database to *target* while it is in use (SQLite's online backup)."""
        try:
            copy = sqlite3.connect(target)
            try:
                self._raw.backup(copy, pages=-1)
            finally:
                copy.close()
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    def _prepare(self, *, read_only: bool) -> None:
        if read_only:
            self.execute("PRAGMA query_only = 1")
            return
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        self.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.execute("PRAGMA journal_size_limit = 67108864")
        self._migrate()

    def _migrate(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):
            message = f"the database has schema {version}, this Tocsin knows up to {len(MIGRATIONS)}: use a newer Tocsin"
            raise TocsinError("schema-too-new", message)
        for number in range(version, len(MIGRATIONS)):
            with self.transaction():
                if self._version() == number:  # Another process may have been faster.
                    for statement in _statements(MIGRATIONS[number]):
                        self.execute(statement)
                    self.execute(f"PRAGMA user_version = {number + 1}")

    def _version(self) -> int:
        return int(self.query("PRAGMA user_version")[0][0])


def unavailable(problem: Exception) -> StoreUnavailableError:
    """What the store said, in one line."""
    name = getattr(problem, "sqlite_errorname", "") or type(problem).__name__
    return StoreUnavailableError(f"{name}: {problem}")


@lru_cache(maxsize=4 * ROWS_MAX)
def _insert(table: str, columns: str, rows: int, conflict: str) -> str:
    marks = "(" + ",".join("?" * (columns.count(",") + 1)) + ")"
    return f"INSERT INTO {table} ({columns}) VALUES {','.join([marks] * rows)} {conflict}"  # noqa: S608 - names are ours.


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; a trigger's body holds semicolons of its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
