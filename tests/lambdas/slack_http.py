"""Slack's requests by HTTP, as API Gateway hands them to the receiver; in a process they cost a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Take = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def gateway(take: Take) -> Iterator[str]:
    """A server on the loopback whose requests *take* answers as events; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            answer = take(
                {
                    "rawPath": self.path,
                    "headers": dict(self.headers.items()),
                    "requestContext": {"http": {"method": "POST"}},
                    "body": body.decode(),
                }
            )
            raw = answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
