"""Work that is done again and again, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Rounds:
    """Goes round until it is stopped, whatever a round stumbles over."""

    def __init__(
        self,
        name: str,
        go_round: Callable[[], object],
        seconds: float,
        *,
        at_once: bool = False,
        last: bool = False,
        patience: float | None = None,
    ) -> None:
        """*seconds* between two rounds; the first is *at_once* or after them; *last*: one more when it is stopped.

        *patience*: so many seconds a round that is under way may still take when it is stopped; None: as it needs.
        """
        self._name = name
        self._go_round = go_round
        self._seconds = seconds
        self._at_once = at_once
        self._last = last
        self._patience = patience
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; it need not have begun."""
        self.stopped.set()
        if self._thread.is_alive():
            self._thread.join(self._patience)

    def _run(self) -> None:
        ended = not self._at_once and self.stopped.wait(self._seconds)
        while not ended:
            self._once()
            ended = self.stopped.wait(self._seconds)
        if self._last:
            self._once()

    def _once(self) -> None:
        try:
            self._go_round()
        except Exception:
            log.exception("%s stumbled; it goes on", self._name)
