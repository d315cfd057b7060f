"""Waiting for another thread or process: by looking again and again, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

DEADLINE_S: Final = 20
PAUSE_S: Final = 0.002


def wait_until(done: Callable[[], bool]) -> None:
    """Return when *done*; fail when that takes too long."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(PAUSE_S)
