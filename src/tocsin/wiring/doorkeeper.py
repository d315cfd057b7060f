"""The doorkeeper: one thread beside the front door, which reads and writes what the door itself must not wait for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.wrong_keys import WrongKeys, lost_alert

ROUND_SECONDS: Final = 2.0  # A key that was revoked in another process opens no longer than this.

log = logging.getLogger(__name__)


class Doorkeeper:
    """Keeps the ring as the store is, and the store as the door has seen it."""

    def __init__(
        self,
        ring: KeyRing,
        wrong_keys: WrongKeys,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
    ) -> None:
        """*accept* stores alerts of our own, durably, or raises StoreUnavailableError."""
        self._ring = ring
        self._wrong_keys = wrong_keys
        self._clock = clock
        self._accept = accept
        self._troubled = False
        self._rounds = Rounds("doorkeeper", self._round, ROUND_SECONDS, last=True)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self) -> None:
        """End, after a last round."""
        self._rounds.stop()

    def go_round(self) -> None:
        """One round. Raises StoreUnavailableError; what was not done is done the next time."""
        self._ring.refresh()
        self._ring.keep_uses()
        lost = self._wrong_keys.lost()
        if lost:
            now = self._clock()
            self._accept([lost_alert(entry, now) for entry in lost.values()])
            self._wrong_keys.told(lost)
        self._wrong_keys.keep()

    def _round(self) -> None:
        try:
            self.go_round()
        except StoreUnavailableError as problem:
            if not self._troubled:
                log.warning("the keys could not be looked after", extra={"problem": problem.message})
            self._troubled = True
        else:
            self._troubled = False
