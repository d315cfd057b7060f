"""One request at an ingest path, and its answer, as the front door and those behind it see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, Protocol

from tocsin.kernel import json

BODY_BYTES_MAX: Final = 8 * 1024 * 1024  # An Alertmanager group of 10,000 alerts is smaller.

_OURS: Final = b"x-tocsin-"  # What we note ourselves; a sender cannot.
_CREDENTIALS: Final = frozenset(
    {b"authorization", b"cookie", b"proxy-authorization", b"x-api-key", b"x-auth-token", b"x-gitlab-token"}
)
_DULL: Final = frozenset(
    {b"host", b"connection", b"content-length", b"accept", b"accept-encoding", b"transfer-encoding"}
)


class Request:
    """One request, whole; *path* is without the query, *peer* the address at the other end (empty: unknown)."""

    __slots__ = ("body", "headers", "path", "peer", "query")

    def __init__(
        self, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes, query: bytes = b"", peer: str = ""
    ) -> None:
        """Names in *headers* are in lower case."""
        self.path = path
        self.headers = headers
        self.body = body
        self.query = query
        self.peer = peer

    def kept(self) -> bytes:
        """The header lines that are stored: no credentials, nothing of the connection."""
        return kept(self.headers)


def kept(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The header lines that are stored: no credentials, nothing of the connection. Names are in lower case."""
    return b"\n".join(
        [
            name + b": " + value
            for name, value in headers
            if name not in _DULL and name not in _CREDENTIALS and not name.startswith(_OURS)
        ]
    )


class Taker(Protocol):
    """Decides on requests.

    It answers each by calling *answer* once with the whole response, at once or later on the loop.
    """

    def take(self, request: Request, answer: Callable[[bytes], None]) -> None:
        """Take one request."""
        ...


def response(status: int, body: bytes, content_type: bytes = b"application/json", headers: bytes = b"") -> bytes:
    """A whole HTTP/1.1 response; *headers* are further lines, each ended by CRLF."""
    first = f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}\r\ncontent-length: {len(body)}\r\n".encode()
    return b"".join((first, b"content-type: ", content_type, b"\r\n", headers, b"\r\n", body))


def refusal(status: int, sentence: str, headers: bytes = b"") -> bytes:
    """A response that says in one sentence what is wrong."""
    return response(status, json.encode({"status": "refused", "message": sentence}), headers=headers)
