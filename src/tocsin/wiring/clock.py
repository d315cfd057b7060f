"""The edge of time: the one place that reads the system's clock."""

from __future__ import annotations

import threading
import time

from tocsin.kernel.time import Instant


class SystemClock:
    """Wall time in ms since 1970 UTC that never goes backwards within one process (law 7)."""

    def __init__(self) -> None:
        """Begin now."""
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> Instant:
        """The present instant."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            self._last = max(self._last, now)
            return self._last
