"""Housekeeping: forgets what is older than its retention, a little at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from tocsin.engine.ports import Store
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.settings import Retention

EVERY_SECONDS: Final = 600.0
PAUSE_SECONDS: Final = 0.05  # Between two bites, so that senders and people do not notice.
BITE: Final = 200

log = logging.getLogger(__name__)


class Keeper:
    """One thread that prunes the store."""

    def __init__(
        self,
        store: Store,
        retention: Retention,
        clock: Callable[[], Instant],
        after: Callable[[], int] = lambda: 0,
    ) -> None:
        """*retention*: how long what is over is kept. *after* forgets what belonged to it, and says how much."""
        self._after = after
        self._store = store
        self._retention = retention
        self._clock = clock
        self._rounds = Rounds("keeper", self._go_round, EVERY_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self) -> None:
        """End."""
        self._rounds.stop()

    def clean(self) -> int:
        """Forget all that is too old; how much."""
        forgotten = 0
        while not self._rounds.stopped.is_set():
            now = self._clock()
            count = self._store.prune(
                deliveries_before=now - self._retention.deliveries,
                aggregates_before=now - self._retention.incidents,
                limit=BITE,
            )
            forgotten += count
            if not count:
                break
            self._rounds.stopped.wait(PAUSE_SECONDS)
        return forgotten + self._after()

    def _go_round(self) -> None:
        try:
            forgotten = self.clean()
        except StoreUnavailableError as problem:
            log.warning("housekeeping must wait", extra={"problem": problem.message})
            return
        if forgotten:
            log.info("forgotten what was over", extra={"count": forgotten})
