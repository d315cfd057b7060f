"""A front door under test: uvicorn on a free port of this machine, with a taker of the test's choice behind it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.web.door import door
from tocsin.web.ingest import Request, Taker

DEADLINE_SECONDS = 30.0


class Held:
    """A taker that answers only when the test says so."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[Callable[[bytes], None]] = []

    def take(self, request: Request, answer: Callable[[bytes], None]) -> None:
        self.requests.append(request)
        self.answers.append(answer)


class Front:
    """The running server. `on_loop` runs something there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: uvicorn.Server, port: int) -> None:
        self.loop = loop
        self.server = server
        self.port = port

    def on_loop(self, work: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            work()
            done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(DEADLINE_SECONDS)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_SECONDS)

    def exchange(self, *parts: bytes, until: bytes = b"") -> bytes:
        """Send *parts*, and read until the server closes or *until* has come."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
            return read(connection, until)


def read(connection: socket.socket, until: bytes = b"") -> bytes:
    """What comes until the server closes, or until *until* has come."""
    found = b""
    while not (until and until in found):
        try:
            data = connection.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        found += data
    return found


def post(body: bytes = b"{}", path: str = "/v1/in/key", *headers: str, method: str = "POST") -> bytes:
    """A whole request."""
    lines = [f"{method} {path} HTTP/1.1", "host: x", *headers, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


@contextmanager
def front(
    make: Callable[[asyncio.AbstractEventLoop], tuple[Taker, Sequence[BaseRoute]]], *, grace: int = 5
) -> Iterator[Front]:
    """Serve while the context lasts; *make* is called on the loop. It must end within the deadline."""
    bound = socket.create_server(("127.0.0.1", 0))
    started: list[Front] = []

    async def serve() -> None:
        taker, routes = make(asyncio.get_running_loop())
        app = Starlette(routes=[Route("/hello", _hello), *routes])
        config = uvicorn.Config(
            app, http=door(taker), lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=grace
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, and no event.
            await asyncio.sleep(0.001)
        started.append(Front(asyncio.get_running_loop(), server, bound.getsockname()[1]))
        await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="front")
    thread.start()
    try:
        wait_until(lambda: started or not thread.is_alive())
        yield started[0]
    finally:
        for found in started:
            found.server.should_exit = True
        thread.join(DEADLINE_SECONDS)
        bound.close()
    assert not thread.is_alive()


async def _hello(_: WebRequest) -> Response:
    return PlainTextResponse("hello")
