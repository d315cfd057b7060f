"""How long a queue has not worked: one line in the log for each change, and an alert when it lasts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from tocsin.aws.messages import QueueError
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, Duration, Instant

PATIENCE: Final[Duration] = 3 * MINUTE  # A deployment, a throttled minute, a new network: nobody need know.

log = logging.getLogger(__name__)

Tell = Callable[[QueueError | None, Instant], None]
"""Tells people that a queue has not worked since an instant, or (None) that it works again; may raise StoreUnavailable.

It is told once, also if the process ends between: who tells knows what was told before.
"""


class Outage:
    """One thing that a queue is asked to do, again and again, by one thread."""

    def __init__(
        self, queue: str, deed: str, clock: Callable[[], Instant], tell: Tell, *, patience: Duration = PATIENCE
    ) -> None:
        """*deed*: what does not work then (`read`, `emptied`)."""
        self._queue = queue
        self._deed = deed
        self._clock = clock
        self._tell = tell
        self._patience = patience
        self._since: Instant | None = None
        self._code = ""
        self._settled = False  # Whether people know how it is now.

    def failed(self, problem: QueueError) -> None:
        """It did not work."""
        now = self._clock()
        if self._since is None:
            self._since, self._settled = now, False
        if problem.code != self._code:
            self._code = problem.code
            log.warning("a queue cannot be %s", self._deed, extra={"queue": self._queue, "problem": _said(problem)})
        if not self._settled and now - self._since >= self._patience:
            self._told(problem, self._since)

    def worked(self) -> None:
        """It did."""
        if self._since is not None:
            log.warning("a queue can be %s again", self._deed, extra={"queue": self._queue})
            self._since, self._code, self._settled = None, "", False
        if not self._settled:
            self._told(None, self._clock())

    def _told(self, problem: QueueError | None, since: Instant) -> None:
        try:
            self._tell(problem, since)
        except StoreUnavailableError:
            return  # It is tried again with the next attempt.
        self._settled = True


def _said(problem: QueueError) -> str:
    return f"{problem.code}: {problem.meaning}" if problem.meaning else problem.code
