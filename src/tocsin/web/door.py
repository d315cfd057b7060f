"""The front door: an asyncio protocol that takes deliveries in, and leaves all else to uvicorn.

A connection whose next request is for an ingest path is read here with httptools (llhttp), since a framework costs more
than the durable write itself; any other is handed over, whole and for good, to uvicorn's protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin.web.ingest import BODY_BYTES_MAX, Request, Taker, refusal

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

HEAD_BYTES_MAX: Final = 64 * 1024
PIPELINE_MAX: Final = 64  # Requests of one connection that wait for their answer.
IDLE_SECONDS: Final = 75.0  # As nginx keeps them; a request that is not whole by then was lost anyway.
PEEK_BYTES: Final = 16  # Enough to tell the ingest paths from the others.

_INGEST: Final = (
    *(b"%b /v1/in%b" % (method, border) for method in (b"POST", b"PUT") for border in (b"/", b" ", b"?")),
    b"POST /v2/enqueue",
)


def door(taker: Taker) -> type[asyncio.Protocol]:
    """The protocol class for uvicorn's `Config(http=...)`."""

    class Door(_Door):
        _taker = taker

    return Door


class _Door(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_active_at", "_app_state", "_body", "_closing", "_config", "_head_bytes", "_headers", "_idle", "_in_head",
        "_loop", "_parser", "_peeked", "_peer", "_size", "_slots", "_state", "_transport", "_url",
    )  # fmt: skip
    _taker: Taker

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes its protocols."""
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: Any = None
        self._peeked = b""
        self._slots: deque[list[bytes | None]] = deque()
        self._closing = False
        self._active_at = self._loop.time()
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._in_head = True

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport: Any = transport
        other = transport.get_extra_info("peername")
        self._peer = str(other[0]) if isinstance(other, tuple) else ""
        self._state.connections.add(self)  # type: ignore[arg-type]
        self._idle = self._loop.call_later(IDLE_SECONDS, self._give_up_idle)

    def data_received(self, data: bytes) -> None:
        """Bytes came; at the border of a request they tell whose it is."""
        self._active_at = self._loop.time()
        if self._closing:
            return
        begins = self._parser is None or (not self._slots and self._at_border())
        if begins:
            data = self._peeked + data
            if len(data) < PEEK_BYTES and b"\n" not in data:
                self._peeked = data
                return
            self._peeked = b""
            if not data.startswith(_INGEST):
                self._hand_over(data)
                return
            if self._parser is None:
                self._parser = httptools.HttpRequestParser(self)
        if begins or self._in_head:
            self._head_bytes += len(data)
        self._feed(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX and not self._closing:
            sentence = f"the headers are larger than {HEAD_BYTES_MAX} bytes"
            self._refuse(refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, sentence))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - see asyncio.
        """The client has gone; what it sent whole is still stored."""
        self._idle.cancel()
        self._state.connections.discard(self)
        self._parser = None

    def shutdown(self) -> None:
        """Uvicorn asks to end: after the answers that are due."""
        self._closing = True
        if not self._slots and not self._transport.is_closing():
            self._transport.close()

    # httptools

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url = b""
        self._headers = []
        self._body = []
        self._size = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """Its target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        name = name.lower()
        self._headers.append((name, value))
        if name == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_headers_complete(self) -> None:
        """The body follows."""
        self._in_head = False
        self._head_bytes = 0

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self._closing:
            return
        self._size += len(body)
        if self._size > BODY_BYTES_MAX:
            self._body.clear()
            sentence = f"the body is larger than {BODY_BYTES_MAX} bytes; send fewer alerts at once"
            self._refuse(refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence))
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._closing or self._parser.should_upgrade():  # Then its body is still to come: see `_stay`.
            return
        if len(self._slots) >= PIPELINE_MAX:
            self._refuse(refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests before an answer"))
            return
        path, _, query = self._url.partition(b"?")
        if not self._is_ours(path):
            self._end_here()
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        slot: list[bytes | None] = [None]
        self._slots.append(slot)
        self._closing = not self._parser.should_keep_alive()

        def answer(whole: bytes) -> None:
            slot[0] = whole
            self._flush()

        self._url, self._body, headers, self._headers = b"", [], self._headers, []
        self._taker.take(Request(path, headers, body, query, self._peer), answer)

    # Ours

    def _is_ours(self, path: bytes) -> bool:
        request: bytes = self._parser.get_method() + b" " + path + b" "
        return request.startswith(_INGEST)

    def _end_here(self) -> None:
        """Another request came in the same breath as ours: its client sends it again, on a connection of its own."""
        self._closing = True
        self._flush()

    def _at_border(self) -> bool:
        return not self._url and not self._headers and not self._body

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._closing:
                self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError as problem:
            self._refuse(refusal(HTTPStatus.BAD_REQUEST, f"this is not HTTP: {_plain(problem)}"))

    def _stay(self, rest: bytes) -> None:
        """The client offers another protocol (curl --http2, Java's HttpClient), which the parser takes for agreed.

        An offer may be ignored (RFC 9110, 7.8), so the request is read again without it.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        if method == b"CONNECT":
            self._refuse(refusal(HTTPStatus.BAD_REQUEST, "this is no proxy"))
            return
        ends = any(name == b"connection" and b"close" in value.lower() for name, value in self._headers)
        kept = [(name, value) for name, value in self._headers if name not in {b"connection", b"upgrade", b"expect"}]
        lines = [b"%b: %b" % header for header in (*kept, (b"connection", b"close" if ends else b"keep-alive"))]
        head = b"\r\n".join([b"%b %b HTTP/%b" % (method, self._url, version), *lines, b"", b""])
        self._parser = httptools.HttpRequestParser(self)
        self._feed(head + rest)

    def _flush(self) -> None:
        """Write the answers that are next in order."""
        transport = self._transport
        while self._slots and self._slots[0][0] is not None:
            whole = self._slots.popleft()[0]
            if not transport.is_closing():
                transport.write(whole)
        if self._closing and not self._slots and not transport.is_closing():
            transport.close()

    def _refuse(self, whole: bytes) -> None:
        """Answer and end the connection; what follows on it is not read."""
        self._closing = True
        self._slots.append([whole])
        self._flush()

    def _hand_over(self, data: bytes) -> None:
        """The rest of this connection is uvicorn's."""
        self._idle.cancel()
        self._state.connections.discard(self)
        inner = HttpToolsProtocol(
            config=self._config, server_state=self._state, app_state=self._app_state, _loop=self._loop
        )
        self._transport.set_protocol(inner)
        inner.connection_made(self._transport)
        inner.data_received(data)

    def _give_up_idle(self) -> None:
        rest = self._active_at + IDLE_SECONDS - self._loop.time()
        if rest > 0 or self._slots:
            self._idle = self._loop.call_later(rest if rest > 0 else IDLE_SECONDS, self._give_up_idle)
        elif not self._transport.is_closing():
            self._transport.close()


def _plain(problem: Exception) -> str:
    return str(problem).encode("ascii", "replace").decode().replace('"', "'")[:200]
