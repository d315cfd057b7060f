"""Connections that differ from the real one in one thing, where they talk to SQLite itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Any

from tocsin.sqlite.connection import Connection

impatient = partial(Connection, busy_timeout_ms=50)


class UnsyncedRaw(sqlite3.Connection):
    """It does not wait for the disk: for tests in which no machine loses its power."""

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as the class above has it.
        return super().execute(sql.replace("synchronous = FULL", "synchronous = OFF"), values)


class UnsyncedConnection(Connection):
    raw_type = UnsyncedRaw


class Died(BaseException):
    """The process was killed."""


class Mode(StrEnum):
    BEFORE = "fails before the statement"
    AFTER = "fails after the statement"
    CLOSED = "loses the connection after the statement"
    DIED = "dies after the statement"


class Trouble:
    """Strikes at statement number *at* (from 1; 0: never) of all its connections, and *times* times in a row."""

    def __init__(self, mode: Mode, at: int, times: int = 1) -> None:
        self.mode = mode
        self.at = at
        self.times = times
        self.struck = ""  # The statement that was struck first.
        self.statements: list[str] = []

    def connection(self) -> type[Connection]:
        """A connection that has this trouble."""
        trouble = self

        class Raw(UnsyncedRaw):
            def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as above.
                return trouble.strike(self, sql, partial(super().execute, sql, values))

            def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
                return trouble.strike(self, sql, partial(super().executemany, sql, rows))

        return type("FailingConnection", (Connection,), {"raw_type": Raw})

    def strike(self, raw: sqlite3.Connection, sql: str, run: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """Run the statement, unless it is its turn to fail."""
        self.statements.append(sql)
        if not (self.at and self.at <= len(self.statements) < self.at + self.times):
            return run()
        self.struck = self.struck or sql
        if self.mode is not Mode.BEFORE:
            run()
        if self.mode is Mode.DIED:
            raise Died
        if self.mode is Mode.CLOSED:
            raw.close()
        raise sqlite3.OperationalError("disk I/O error")
