"""What Slack sends again, or somebody replays, is done once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from tocsin.kernel.time import MINUTE, Duration, Instant

WINDOW: Final[Duration] = (
    70 * MINUTE
)  # Slack's last retry of an event comes after an hour; a signature lives for 5 min.
REMEMBERED_MAX: Final = 20_000


class Once:
    """Remembers what was done, by name. In memory: what a restart forgets, rungs and forms' own numbers guard."""

    def __init__(self) -> None:
        """Nothing was done."""
        self._lock = threading.Lock()
        self._done: OrderedDict[str, Instant] = OrderedDict()

    def first(self, name: str, now: Instant) -> bool:
        """Whether *name* was not done yet; from now on it is. What has no name is always the first."""
        if not name:
            return True
        with self._lock:
            at = self._done.get(name)
            if at is not None and now - at < WINDOW:
                return False
            self._done[name] = now
            self._done.move_to_end(name)
            while len(self._done) > REMEMBERED_MAX:
                self._done.popitem(last=False)
            return True

    def forget(self, name: str) -> None:
        """It was not done after all: the next one is the first."""
        with self._lock:
            self._done.pop(name, None)
