"""The HTTP server around the embedded runtime: its socket, its start, its end."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from tocsin.kernel.later import load_all
from tocsin.wiring.addresses import local_url
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready
from tocsin.wiring.settings import Settings

GRACE_SECONDS: Final = 3  # For requests that are under way when the process is told to end.


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio switches Nagle's algorithm off, which costs every second answer 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


async def serve(
    settings: Settings,
    db: Path,
    bound: socket.socket,
    *,
    on_ready: Callable[[Embedded, Ready], None],
    outside: Outside | None = None,
) -> None:
    """Serve on *bound* until SIGINT, SIGTERM or `Embedded.end`. *on_ready* hears of it once requests are answered."""
    host, port = bound.getsockname()[:2]
    url = settings.server.url or local_url(host, port)
    loop = asyncio.get_running_loop()
    server: _Server | None = None

    def end() -> None:
        if server is not None:
            loop.call_soon_threadsafe(server.handle_exit, signal.SIGTERM, None)

    load_all()  # Whatever may be needed later: no page and no alert waits for a module.
    runtime = Embedded(settings, db, url.rstrip("/"), outside or Outside(), end)
    server = _Server(
        uvicorn.Config(
            runtime.app(),
            http=runtime.protocol(),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Whom we believe, everybody behind the front door believes.
            proxy_headers=bool(settings.server.proxies),
            forwarded_allow_ips=list(settings.server.proxies),
            backlog=4096,
            timeout_graceful_shutdown=GRACE_SECONDS,
        ),
        on_exit=runtime.hush,
    )
    runtime.start()
    # Everybody waits while garbage is looked for. What is there now stays: to look through it takes 40 ms each time.
    gc.collect()
    gc.freeze()
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has a flag, and no event.
            await asyncio.sleep(0.005)
        if server.started:
            on_ready(runtime, runtime.ready())
        await serving
    finally:
        await asyncio.to_thread(runtime.stop)


class _Server(uvicorn.Server):
    """Uvicorn's, which tells when it begins to end, and leaves a signal at having asked for the end."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which would raise the signal again and so end the process before we have stopped."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self.handle_exit)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        self._on_exit()
        await super().shutdown(sockets)
