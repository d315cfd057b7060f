"""A folder for files that need not outlive the machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux has it, files there are in memory; a folder of our own is made.


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """In memory if the system can do that: no test waits for a disk without need."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir=place) as name:
        yield Path(name)
