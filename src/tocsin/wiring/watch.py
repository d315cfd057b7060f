"""The running process holds itself to law 12: nothing is overdue, and every promise has its next action."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tocsin.engine.ports import Health
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.later import later
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant, format_duration
from tocsin.wiring.rounds import Rounds

if TYPE_CHECKING:
    from tocsin.wiring import fetching
else:
    fetching = later("tocsin.wiring.fetching")

LATE_MAX: Final[Duration] = MINUTE  # A timer or a delivery that waits longer means that the engine stands still.
UNDELIVERED_MAX: Final[Duration] = 15 * MINUTE  # Longer than every way's last attempt together.
FETCH_SECONDS: Final = 10.0
STOP_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


def trouble(health: Health, now: Instant) -> str:
    """What is wrong, in a sentence; empty when the invariant holds."""
    found = []
    if health.broken:
        many = "1 incident owes" if len(health.broken) == 1 else f"{len(health.broken)} incidents owe"
        found.append(f"{many} a next action without having one, first {health.broken[0]}")
    for since, most, what in (
        (health.oldest_backlog_at, LATE_MAX, "a delivery has waited {} to be handled"),
        (health.oldest_due_at, LATE_MAX, "a timer is overdue by {}"),
        (health.oldest_pending_at, UNDELIVERED_MAX, "a page or message has waited {} to leave"),
    ):
        if since is not None and now - since > most:
            found.append(what.format(format_duration(now - since)))
    return "; ".join(found)


class Heartbeat:
    """Fetches an address outside as long as the invariant holds; who misses it knows that we are in trouble."""

    def __init__(
        self, url: str, every: Duration, check: Callable[[], str], fetch: Callable[[str], None] | None = None
    ) -> None:
        """*check* says what is wrong, or nothing."""
        self._url = url
        self._check = check
        self._fetch = fetch or _fetch
        self._rounds = Rounds("heartbeat", self.beat, every / SECOND, at_once=True, patience=STOP_SECONDS)

    def start(self) -> None:
        """Begin with a beat."""
        self._rounds.start()

    def stop(self) -> None:
        """End; a beat on its way to somebody who does not answer is left alone."""
        self._rounds.stop()

    def beat(self) -> bool:
        """One beat, if all is well; whether it got through."""
        try:
            wrong = self._check()
        except StoreUnavailableError as problem:
            wrong = problem.message
        if wrong:
            log.error("no heartbeat: the invariant does not hold", extra={"problem": wrong})
            return False
        try:
            self._fetch(self._url)
        except fetching.FAILURES as problem:
            # Its text may name the address, which is a secret.
            log.warning("the heartbeat did not get through", extra={"problem": fetching.kind(problem)})
            return False
        return True


def _fetch(url: str) -> None:
    fetching.fetch(url, seconds=FETCH_SECONDS, most=1024)
