"""Ways that cost money or wake people leave room between two messages: what gathers meanwhile leaves as one.

A storm of alerts is a message now and then for each person, not one for each alert, whether storms are looked for or
not. Nothing is dropped: a page waits for as long as its receiver has just heard of another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Transport
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.state import Incident
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Duration, Instant

SMS_GAP: Final[Duration] = 30 * SECOND
CALL_GAP: Final[Duration] = MINUTE  # A call takes half of it; a second one would find the line busy.
MANY: Final = 10  # Messages within LATELY; after so many the gaps are WIDE, unless something critical waits.
LATELY: Final[Duration] = HOUR
WIDE: Final[Duration] = 2 * MINUTE  # Shorter than the steps of ladders, whose end would drop what still waits.


class Spaced:
    """A `Transport`: another one, with a gap between two messages to one address. Good for all threads."""

    def __init__(self, inner: Transport, gap: Duration, now: Callable[[], Instant]) -> None:
        """*gap*: from one message that has left to the next, in ms."""
        self.name = inner.name
        self._inner = inner
        self._gap = gap
        self._now = now
        self._lock = threading.Lock()
        self._left: dict[str, tuple[Instant, ...]] = {}

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over, or have their pages wait; see the port."""
        wait = self._wait(address, critical=any(map(_is_critical, jobs)))
        if wait <= 0:
            results = self._inner.deliver(address, jobs)
            if any(_has_left(job, result) for job, result in zip(jobs, results, strict=True)):
                self._note(address)
            return results
        # What is no page makes no message, and need not wait.
        later = Postponed("another message has left just now", after=wait, counts=False)
        others = [job for job in jobs if job.outgoing.kind != PAGE]
        done = iter(self._inner.deliver(address, others) if others else ())
        return [later if job.outgoing.kind == PAGE else next(done) for job in jobs]

    def _wait(self, address: str, *, critical: bool) -> Duration:
        """How long the next message to *address* must wait, in ms."""
        now = self._now()
        with self._lock:
            left = self._left.get(address, ())
        lately = [at for at in left if now - LATELY < at <= now]
        gap = self._gap if critical or len(lately) < MANY else max(self._gap, WIDE)
        return lately[-1] + gap - now if lately else 0

    def _note(self, address: str) -> None:
        with self._lock:
            self._left[address] = (*self._left.get(address, ()), self._now())[-MANY:]


def _has_left(job: Job, result: DeliveryResult) -> bool:
    return job.outgoing.kind == PAGE and isinstance(result, Delivered)


def _is_critical(job: Job) -> bool:
    if job.outgoing.kind != PAGE or not isinstance(job.state, Incident):
        return False
    return job.state.severity is Severity.CRITICAL
