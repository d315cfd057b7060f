"""The demo's time: it stands still, is pushed on in small steps, and in the end runs as every clock does."""

from __future__ import annotations

import time

from tocsin.kernel.time import SECOND, Duration, Instant


class StoryClock:
    """Gives instants. One thread pushes it; all may read it."""

    def __init__(self, start: Instant) -> None:
        """Stand still at *start*."""
        self.start = start
        self._base = start
        self._freed_at: float | None = None

    def __call__(self) -> Instant:
        """The present instant."""
        if self._freed_at is None:
            return self._base
        return self._base + int((time.monotonic() - self._freed_at) * SECOND)

    def seconds(self) -> float:
        """The same in seconds."""
        return self() / SECOND

    def advance(self, duration: Duration) -> None:
        """Go on by *duration*, at once."""
        assert self._freed_at is None, "it runs by itself"
        self._base += duration

    def free(self) -> None:
        """Run by itself from now on, as fast as time does."""
        self._freed_at = time.monotonic()
