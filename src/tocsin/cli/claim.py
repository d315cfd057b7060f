"""One database, one server: a lock beside the file, which lasts exactly as long as the process that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tocsin.errors import TocsinError

CLAIM_SECONDS: Final = 2.0  # A server that was just told to end gets this long to do so.
POLL_SECONDS: Final = 0.05


@contextmanager
def claim(db: Path) -> Iterator[None]:
    """Serve *db* alone. Two servers on one database would page everybody twice.

    Raises TocsinError `database-in-use`, OSError.
    """
    descriptor = os.open(_lock_file(db), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        deadline = time.monotonic() + CLAIM_SECONDS
        while not _lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise TocsinError("database-in-use", f"another `tocsin serve` runs on {db}; one database, one server")
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def is_claimed(db: Path) -> bool:
    """Whether a server runs on *db* now."""
    try:
        descriptor = os.open(_lock_file(db), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _lock_file(db: Path) -> Path:
    # Not the database itself: closing a descriptor of that would take SQLite's own locks away.
    return db.with_name(db.name + "-lock")


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
