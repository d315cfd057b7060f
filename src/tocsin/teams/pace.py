"""How fast a bot may write: windows for each conversation, and one for all of them.

Source: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit: for each bot and conversation 7
operations in a second, 8 in two, 60 in thirty, 1800 in an hour; 30 a second for a bot in a tenant (later pages say 50).
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Final

from tocsin.kernel.time import HOUR, SECOND, Duration, Instant

WINDOWS: Final[tuple[tuple[Duration, int], ...]] = (
    (SECOND, 7),
    (2 * SECOND, 8),
    (30 * SECOND, 60),
    (HOUR, 1800),
)
EVERYWHERE: Final[tuple[tuple[Duration, int], ...]] = ((SECOND, 30),)
CONVERSATIONS_MAX: Final = 2000  # Whose past is remembered; the one that was quiet for the longest is forgotten first.


class Pace:
    """Remembers what was sent where. Good for all threads."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._lock = threading.Lock()
        self._all: deque[Instant] = deque(maxlen=EVERYWHERE[-1][1])
        self._sent: OrderedDict[str, deque[Instant]] = OrderedDict()
        self._not_before: dict[str, Instant] = {}

    def take(self, conversation: str, now: Instant) -> Duration:
        """Milliseconds until the next message may go to *conversation*; 0 takes the turn."""
        with self._lock:
            sent = self._sent.setdefault(conversation, deque(maxlen=WINDOWS[-1][1]))
            wait = max(
                self._not_before.get(conversation, 0) - now,
                _wait(self._all, EVERYWHERE, now),
                _wait(sent, WINDOWS, now),
            )
            if wait > 0:
                return wait
            self._not_before.pop(conversation, None)
            sent.append(now)
            self._all.append(now)
            self._sent.move_to_end(conversation)
            while len(self._sent) > CONVERSATIONS_MAX:
                self._sent.popitem(last=False)
            return 0

    def rest(self, conversation: str, until: Instant) -> None:
        """Teams has asked to leave *conversation* alone until then."""
        with self._lock:
            self._not_before[conversation] = until


def _wait(sent: deque[Instant], windows: tuple[tuple[Duration, int], ...], now: Instant) -> Duration:
    """Until one more fits into each of *windows*, by the instants of what was *sent*, oldest first."""
    wait = 0
    for length, most in windows:
        if len(sent) >= most:
            wait = max(wait, sent[-most] + length - now)
    return wait
