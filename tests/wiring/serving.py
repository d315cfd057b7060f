"""The embedded runtime as `tocsin serve` runs it, on a thread of this process and a free port."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready
from tocsin.wiring.serving import listen, serve
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

DEADLINE_SECONDS = 30.0


@contextmanager
def serving(
    db: Path, config: str | Settings = "", outside: Outside | None = None, host: str = "127.0.0.1"
) -> Iterator[tuple[Embedded, Ready]]:
    """Serve *db* while the context lasts; it must end within the deadline."""
    settings = parse(config.encode(), {}).settings if isinstance(config, str) else config
    began: Future[tuple[Embedded, Ready]] = Future()
    bound = listen(host, 0)

    def run() -> None:
        try:
            asyncio.run(serve(settings, db, bound, on_ready=lambda *ready: began.set_result(ready), outside=outside))
        except BaseException as problem:
            if began.done():
                raise
            began.set_exception(problem)
        finally:
            bound.close()

    thread = threading.Thread(target=run, name="served")
    thread.start()
    try:
        runtime, ready = began.result(DEADLINE_SECONDS)
        yield runtime, ready
        runtime.end()
    finally:
        if began.done() and not began.exception():
            began.result()[0].end()
        thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def ask(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, method: str = ""
) -> tuple[int, bytes, dict[str, str]]:
    """One request on a connection of its own: POST if there is a *body*, else GET; status, body, headers."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=DEADLINE_SECONDS)
    try:
        connection.request(
            method or ("GET" if body is None else "POST"),
            address.path + (f"?{address.query}" if address.query else ""),
            body,
            headers or {},
        )
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def until(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    """Look until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.005)
