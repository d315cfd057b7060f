"""Turns between the processes that write to one file.

SQLite gives its lock to whoever asks when it is free, and a process that waits asks only now and then. Who writes
without a rest is nearly always faster; on a busy machine the one that waits even wakes just when the other one sleeps,
which is while it writes to the disk, with the lock. So one can wait for seconds and be told that the file is busy. Here
whoever waits says so, by a shared lock on a file beside the database, and whoever has written looks there, and rests
for a moment.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

REST_S: Final = 0.02  # Longer than the pauses between two questions of who waits.
SUFFIX: Final = "-turn"


class Turns:
    """Of one connection. Only politeness: where the file cannot be made or locked, nobody rests, and nothing fails."""

    def __init__(self, database: Path) -> None:
        """Beside *database*; the file is made by the first who waits."""
        self._path = database.with_name(database.name + SUFFIX)
        self._handle = -1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Others rest while this lasts."""
        locked = self._open(os.O_CREAT) and self._lock(fcntl.LOCK_SH)
        try:
            yield
        finally:
            if locked:
                self._lock(fcntl.LOCK_UN)

    def rest(self) -> None:
        """Let the others have their turn, if any of them waits."""
        if not self._open():
            return
        if self._lock(fcntl.LOCK_EX):
            self._lock(fcntl.LOCK_UN)
        else:
            time.sleep(REST_S)

    def close(self) -> None:
        """Leave."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _open(self, flags: int = 0) -> bool:
        if self._handle < 0:
            with suppress(OSError):
                self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | flags, 0o600)
        return self._handle >= 0

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._handle, how | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
