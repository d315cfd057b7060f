"""A server of the JSON protocol that answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server:
    """Answers what it is told to, one after the other; the last again and again."""

    def __init__(self, answers: list[tuple[int, bytes] | None]) -> None:
        self.answers = answers
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.connections = 0
        self.ends = False  # Whether each answer is the last of its connection.
        self._sockets: list[socket.socket] = []

    def opened(self, connection: socket.socket) -> None:
        """Somebody has come."""
        self.connections += 1
        self._sockets.append(connection)

    def close_all(self) -> None:
        """Close all connections, as a service does with those that rest."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def serving(*answers: tuple[int, bytes] | None) -> Iterator[tuple[Server, str]]:
    """None: the connection is closed without an answer."""
    told = Server(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            told.opened(self.connection)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.seen.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
            answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("content-length", str(len(answer[1])))
            if told.ends:
                self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
