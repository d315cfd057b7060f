"""The end of a connection that lasts too long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tocsin.kernel.time import SECOND, Duration


@contextmanager
def cut_after(wait: Duration, current: Callable[[], socket.socket | None]) -> Iterator[None]:
    """End the connection after *wait* ms: a limit for each part begins anew with every byte that trickles in.

    *current* says then which socket it is; one may have replaced another.
    """

    def cut() -> None:
        sock = current()
        with suppress(OSError):
            if sock is not None:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # Below TLS, whose own would spoil what is being read.

    timer = threading.Timer(wait / SECOND, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
