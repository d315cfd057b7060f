"""A connection to the file: opened in the one right way, with the store's errors told apart from ours."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.sqlite.schema import MIGRATIONS
from tocsin.sqlite.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_TIMEOUT_MS: Final = 2000  # A sender waits 5 s at least (EventBridge); it must hear 503 before.
BUSY_PAUSE_S: Final = 0.005  # Where SQLite does not wait by itself.
BUSY_TURN_MS: Final = 10  # SQLite asks less and less often, at last every 100 ms; after this long it begins anew.
CHECKPOINT_PAGES: Final = 4000  # 16 MiB of log before it is folded into the file: fewer, longer writes.
CACHE_KIB: Final = 16_384
ROWS_MAX: Final = 256  # Rows of one INSERT; more gain nothing, and the statement must be compiled once for each number.

Row = Sequence[Any]
T = TypeVar("T")


class Connection:
    """One SQLite connection, used by one thread at a time.

    Raises StoreUnavailableError for whatever the file cannot do. *raw_type* is what talks to SQLite: a test puts a
    failing one in its place.
    """

    raw_type: type[sqlite3.Connection] = sqlite3.Connection

    def __init__(
        self, path: Path, *, read_only: bool = False, create: bool = True, busy_timeout_ms: int = BUSY_TIMEOUT_MS
    ) -> None:
        """Open *path*; if it is missing, *create* makes it with mode 600. *read_only* connections never write."""
        self._path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._turns = Turns(path)
        try:
            if create and not read_only:
                _make(path)
            self._raw = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=600,
                timeout=min(busy_timeout_ms, BUSY_TURN_MS) / 1000,
                factory=self.raw_type,
            )
        except (sqlite3.Error, OSError) as problem:
            raise unavailable(problem) from problem
        try:
            self._identity = self._look()
            self._prepare(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def execute(self, sql: str, values: Row = ()) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return self._raw.execute(sql, values)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as problem:
            return self._again(problem, lambda: self._raw.execute(sql, values))

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
            return self._again(problem, lambda: self._raw.execute(sql, values).fetchall())

    def insert(self, table: str, columns: str, rows: Sequence[Row], conflict: str = "") -> int:
        """Insert *rows* with as few statements as can be: each statement costs a turn for the interpreter's lock.

        The row id of the last one; 0 without rows.
        """
        last: int | None = 0
        for start in range(0, len(rows), ROWS_MAX):
            part = rows[start : start + ROWS_MAX]
            sql = _insert(table, columns, len(part), conflict)
            last = self.execute(sql, [value for row in part for value in row]).lastrowid
        return last or 0

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
        try:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        except sqlite3.Error:
            self._raw.close()

    def close(self) -> None:
        """Close; never fails."""
        self._raw.close()
        self._turns.close()

    def rest(self) -> None:
        """Let other processes write that have waited for it; between two transactions."""
        self._turns.rest()

    def verify(self) -> None:
        """Raise when the path names another file now, or none: SQLite goes on writing to one that was removed."""
        if self._look() != self._identity:
            raise StoreUnavailableError(f"{self._path} was replaced while it was open")

    def backup(self, target: Path) -> None:
        """Copy the whole database to *target* (mode 600) while it is in use.

        A former *target* stays until the copy is whole and found to be sound.
        """
        partial = target.with_name(f"{target.name}.partial")
        try:
            partial.unlink(missing_ok=True)
            _make(partial)
            copy = sqlite3.connect(partial)
            try:
                self._raw.backup(copy, pages=-1)
                found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            finally:
                copy.close()
            if found != "ok":
                raise StoreUnavailableError(f"the copy at {partial} is damaged: {found}")
            partial.replace(target)
        except (sqlite3.Error, OSError) as problem:
            raise unavailable(problem) from problem

    def _again(self, problem: sqlite3.Error, run: Callable[[], T]) -> T:
        """What *run* gives once others let go of the file; StoreUnavailableError if *problem* is or becomes another.

        Asking anew, SQLite begins with short pauses again, and meanwhile those who have just written rest.
        """
        deadline = time.monotonic() + self._busy_timeout_ms / 1000
        with self._turns.waiting():
            while _is_busy(problem) and not self._raw.in_transaction and time.monotonic() < deadline:
                try:
                    return run()
                except sqlite3.IntegrityError:
                    raise
                except sqlite3.Error as again:
                    problem = again
        raise unavailable(problem) from problem

    def _prepare(self, *, read_only: bool) -> None:
        if read_only:
            self.execute("PRAGMA query_only = 1")
            return
        self._enter_wal_mode()
        self.execute("PRAGMA synchronous = FULL")
        self.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.execute("PRAGMA journal_size_limit = 67108864")
        self._migrate()

    def _enter_wal_mode(self) -> None:
        """Log ahead; processes that begin this at once are in each other's way, and SQLite does not wait by itself."""
        deadline = time.monotonic() + self._busy_timeout_ms / 1000
        while True:
            try:
                mode = self.query("PRAGMA journal_mode = WAL")[0][0]
            except StoreUnavailableError as problem:
                if not _is_busy(problem.__cause__) or time.monotonic() > deadline:
                    raise
                time.sleep(BUSY_PAUSE_S)
                continue
            if mode != "wal":
                raise StoreUnavailableError(f"the file system of {self._path} cannot do write-ahead logging")
            return

    def _look(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as problem:
            raise unavailable(problem) from problem
        return found.st_dev, found.st_ino

    def _migrate(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):
            message = (
                f"the database has schema {version}, this Tocsin knows up to {len(MIGRATIONS)}: use a newer Tocsin"
            )
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


def _is_busy(problem: BaseException | None) -> bool:
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _make(path: Path) -> None:
    """Make an empty file that only its owner may read.

    One that is there is not even opened: closing a descriptor of it would take away the locks which this process holds
    on it by other connections (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


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
