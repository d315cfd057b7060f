"""An HTTP server for tests that plays a vendor: it keeps what is posted, and answers what it is told to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from tocsin.posting.requests import Place

HOST = "127.0.0.1"


@dataclass
class Posted:
    """What came: *headers* by lower-case name."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """Those of a form."""
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@dataclass
class Vendor:
    """What was posted, and what is answered; *refused*: the status by the end of a path."""

    port: int
    secure: bool
    posted: list[Posted] = field(default_factory=list)
    status: int = 201
    refused: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"

    @property
    def place(self) -> Place:
        return Place(HOST, self.port, "/", secure=self.secure)

    def to(self, ending: str) -> list[Posted]:
        """What was posted to paths that end so."""
        return [each for each in self.posted if each.path.endswith(ending)]


@contextmanager
def vendor(context: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """A running server; with *context* by https."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.posted.append(Posted(self.path, headers, raw))
            status = next((status for end, status in found.refused.items() if self.path.endswith(end)), found.status)
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *_: object) -> None:
            """Nothing is written to the terminal."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        found = Vendor(server.server_address[1], context is not None)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
