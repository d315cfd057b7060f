"""Senders first: while deliveries pour in, the engine takes small bites and rests between them.

Accepting is what cannot be done later; deciding can, as long as the first decisions are not late. All of it shares one
interpreter lock with the event loop, so that rest is the only thing the engine can give.
"""

from __future__ import annotations

from typing import Final

RUSH_PER_SECOND: Final = 1500.0  # Deliveries a second from which on accepting needs the processor for itself.
WINDOW: Final = 0.25  # Seconds over which the rate is measured: three deliveries in 2 ms are no rush.
BITE: Final = 128  # Deliveries of one step.
RUSH_BITE: Final = 24
RUSH_REST: Final = 9.0  # Rests as a multiple of the work before: a tenth of the time is the engine's.
REST_MAX: Final = 0.25  # Seconds: the first page of a storm leaves within a second.


class Pace:
    """How much to bite off, and how long to rest. Times in seconds of a monotonic clock."""

    def __init__(self) -> None:
        """Nothing pours in yet."""
        self._accepted = 0
        self._at = 0.0
        self._rush = False

    @property
    def bite(self) -> int:
        """Deliveries of the next step."""
        return RUSH_BITE if self._rush else BITE

    def rest(self, accepted: int, began: float, ended: float) -> float:
        """Seconds to rest after a step from *began* to *ended*; *accepted* counts all deliveries so far."""
        since = ended - self._at
        if since >= WINDOW:
            self._rush = (accepted - self._accepted) / since > RUSH_PER_SECOND
            self._accepted, self._at = accepted, ended
        return min((ended - began) * RUSH_REST, REST_MAX) if self._rush else 0.0
