"""Requests to one service of AWS that speaks JSON, without the SDK, from several threads at the same time.

Nothing is tried again here: who asks must know of each answer that was lost. Connections stay open. One that the other
end has closed meanwhile, as happens while a function is frozen, is found before anything is sent on it.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping

from tocsin.aws.calls import Service, address, authorized

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
ANSWER_BYTES_MAX = 32 << 20  # A page of DynamoDB has 1 MB, a batch 16 MB; both grow when they are written in JSON.
KEPT_MAX = 16  # Connections: twice the threads of a store.


class Wire:
    """Asks one service. From any thread."""

    def __init__(self, environ: Mapping[str, str], service: Service, now: Callable[[], float] = time.time) -> None:
        """*environ* says where, and who we are; it is read at each request. *now* is in seconds since 1970."""
        self._environ = environ
        self._service = service
        self._now = now
        self._free: deque[http.client.HTTPConnection] = deque(maxlen=KEPT_MAX)
        self._tls: ssl.SSLContext | None = None

    def post(self, action: str, body: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer. Raises OSError, HTTPException: the request may have been done."""
        scheme, host = address(self._environ, self._service)
        headers = authorized(self._environ, self._service, host, action=action, body=body, now=self._now())
        connection = self._taken() or self._opened(scheme, host)
        try:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            found = answer.read(ANSWER_BYTES_MAX)
            whole = answer.isclosed()
        except BaseException:
            connection.close()
            raise
        if not whole:
            connection.close()
            raise http.client.HTTPException("the answer is too large")
        if answer.will_close:
            connection.close()
        else:
            self._free.append(connection)
        return answer.status, found

    def close(self) -> None:
        """Let the connections go; the next request opens its own."""
        while self._free:
            self._free.pop().close()

    def _taken(self) -> http.client.HTTPConnection | None:
        """The connection that was used last, if it is still open."""
        while self._free:
            try:
                connection = self._free.pop()
            except IndexError:  # Another thread was faster.
                return None
            if connection.sock is not None and not _has_something(connection.sock):
                return connection
            connection.close()
        return None

    def _opened(self, scheme: str, host: str) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context()  # It reads all certificates, so one must do.
            connection = http.client.HTTPSConnection(host, timeout=CONNECT_SECONDS, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            connection.sock.settimeout(READ_SECONDS)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except BaseException:
            connection.close()
            raise
        return connection


def _has_something(sock: socket.socket) -> bool:
    """Whether something can be read before anything was asked: the other end has closed it."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
