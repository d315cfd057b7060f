"""The edge of time: the one place that reads the system's clock."""

from __future__ import annotations

import time

from tocsin.kernel.time import Instant


class SystemClock:
    """Wall time in ms since 1970 UTC that never goes backwards within one process (law 7)."""

    def __init__(self) -> None:
        """Begin now."""
        self._last = 0

    def __call__(self) -> Instant:
        """The present instant."""
        # Two threads may race here; each still gets an instant that is not before the last one it saw.
        self._last = now = max(self._last, time.time_ns() // 1_000_000)
        return now
