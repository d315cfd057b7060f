"""The server of the demonstration: the embedded runtime as `tocsin serve` runs it, on a thread of this process."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import uvloop

from tocsin.demo.trouble import StoryError
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready
from tocsin.wiring.serving import serve
from tocsin.wiring.settings import Settings

TIMEOUT_S: Final = 10.0  # On the loopback interface an answer takes milliseconds.


class Server:
    """Serves while its context lasts."""

    def __init__(self, settings: Settings, db: Path, bound: socket.socket, outside: Outside) -> None:
        """Not started yet; *bound* is closed in the end."""
        self._began: Future[tuple[Embedded, Ready]] = Future()
        self._serving = (settings, db, bound, outside)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        """Start, and wait until requests are answered. Raises what stops it from that."""
        self._thread.start()
        try:
            self.runtime, self.ready = self._began.result()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, and wait for it."""
        self._end()

    def check(self) -> None:
        """Raises StoryError when it has ended."""
        if not self._thread.is_alive():
            raise StoryError(f"the server has ended{f': {self._failure!r}' if self._failure else ''}")

    def _end(self) -> None:
        with contextlib.suppress(Exception):  # It did not even begin, and has said why.
            self._began.result()[0].end()
        self._thread.join()

    def _run(self) -> None:
        settings, db, bound, outside = self._serving
        try:
            uvloop.run(
                serve(settings, db, bound, on_ready=lambda *ready: self._began.set_result(ready), outside=outside)
            )
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the other thread tells it.
            self._failure = problem
            if not self._began.done():
                self._began.set_exception(problem)


def ask(
    method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """One HTTP request: the answer and its body; no redirect is followed. Raises StoryError."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, parts.path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer, answer.read()
    except (OSError, http.client.HTTPException) as problem:
        raise StoryError(f"the server did not answer {method} {parts.path}: {problem!r}") from problem
    finally:
        connection.close()
