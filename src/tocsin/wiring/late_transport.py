"""A way that is made when the first message takes it: most processes never send by it, and it costs a start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tocsin.engine.ports import DeliveryResult, Job, Transport


class LateTransport:
    """`tocsin.engine.ports.Transport`."""

    def __init__(self, name: str, make: Callable[[], Transport]) -> None:
        """*name*: that of the transport that *make* makes."""
        self.name = name
        self._make = make
        self._made: Transport | None = None
        self._lock = threading.Lock()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made.deliver(address, jobs)
