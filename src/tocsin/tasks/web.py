"""`http:invoke`: a request by HTTPS to an address that everybody on the Internet could name.

Where it leads is looked up and judged once, and then connected to: no name can lead to our own network meanwhile.
Redirects are not followed. Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration
from tocsin.posting.cutting import cut_after
from tocsin.tasks.task import Later, Task

TIME_MAX: Final[Duration] = MINUTE  # As Step Functions has it.
SOCKET: Final = "States.Http.Socket"
BODY_BYTES_MAX: Final = 300_000  # More than a state may give: it fails for its size, not for our memory.
ERROR: Final = "States.Http.StatusCode."

Resolve = Callable[[str, int], str | None]

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # What changes nothing (RFC 9110, 9.2.1).
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class Added(msgspec.Struct, frozen=True):
    """What a connection of EventBridge adds to a request."""

    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


class Request(msgspec.Struct, frozen=True):
    """*path* with its query."""

    host: str
    port: int
    path: str
    method: str
    body: bytes
    headers: Mapping[str, str]


class Answer(msgspec.Struct, frozen=True):
    """*kind*: of the body."""

    status: int
    reason: str
    headers: dict[str, list[str]]
    body: bytes
    kind: str

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def told(self) -> dict[str, Json]:
        """As the output of a state."""
        return {
            "Headers": self.headers,
            "ResponseBody": _read(self.body, self.kind),
            "StatusCode": self.status,
            "StatusText": self.reason,
        }


Authorize = Callable[[Task, str], Added]


class Web:
    """Does requests. Any thread."""

    def __init__(
        self, resolve: Resolve, context: ssl.SSLContext | None = None, authorize: Authorize | None = None
    ) -> None:
        """*resolve*: the public IP address of a host and port, or None. *context* is for tests.

        *authorize*: what a connection of EventBridge adds to a request; it may raise Failure, Later.
        """
        self._authorize = authorize or _no_connections
        self._resolve = resolve
        self._context = context or ssl.create_default_context()

    def do(self, task: Task) -> Json:
        """A `Doer` of `http:invoke`."""
        given = task.arguments if isinstance(task.arguments, dict) else {}
        if given.get("InvocationConfig"):
            raise Failure(RUNTIME, "InvocationConfig is for private networks of AWS; nothing here leads there")
        added = self._authorize(task, _connection(given)) if given.get("Authentication") else Added()
        method, headers = str(given.get("Method", "GET")).upper(), headers_of(given.get("Headers"))
        if method not in _METHODS:
            raise Failure(RUNTIME, f"{method[:20]!r} is no method of HTTP that is sent here")
        host, port, path = _address(given, added.query)
        body = body_of(given.get("RequestBody"), headers)
        headers |= headers_of(dict(added.headers), own=False)
        answer = self.send(task, Request(host, port, path, method, body, headers), SOCKET)
        if not answer.ok:
            raise Failure(f"{ERROR}{answer.status}", json.encode(answer.told()).decode())
        return answer.told()

    def send(self, task: Task, request: Request, error: str) -> Answer:
        """What *request* is answered. Raises Failure and Later, named *error*, if it is not."""
        host = request.host
        at = self._resolve(host, request.port)
        if at is None:
            raise Failure(error, f"{host} has no public address")
        try:
            return self._asked(min(task.time, TIME_MAX), request, at)
        except ssl.SSLCertVerificationError:
            raise Failure(error, f"The certificate of {host} is not trusted") from None
        except (OSError, http.client.HTTPException) as problem:
            cause = f"{host} could not be asked: {type(problem).__name__}"
            if request.method in _REPEATABLE:
                raise Later(error, cause) from None
            raise Failure(error, cause) from None

    def _asked(self, limit: Duration, request: Request, at: str) -> Answer:
        where = request.host, request.port, at
        connection = _Pinned(*where, limit / SECOND, self._context)
        with closing(connection):
            connection.connect()
            with cut_after(limit, lambda: connection.sock):
                connection.request(request.method, request.path, request.body or None, request.headers)
                answer = connection.getresponse()
                raw = answer.read(BODY_BYTES_MAX)
        kind = answer.headers.get_content_type()
        return Answer(answer.status, answer.reason, _grouped(answer.getheaders()), raw, kind)


class _Pinned(http.client.HTTPSConnection):
    """TLS with a host by its name, at an address that was judged before."""

    def __init__(self, host: str, port: int, at: str, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._at = at
        self._tls = context

    def connect(self) -> None:
        """Connect to the address, and ask it for the host's certificate."""
        sock = socket.create_connection((self._at, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


def _no_connections(_: Task, name: str) -> Added:
    raise Failure(RUNTIME, f"The connection {name} is not read here; send the request without one")


def _connection(given: Mapping[str, Any]) -> str:
    found = given["Authentication"]
    return str(found.get("ConnectionArn", "")) if isinstance(found, dict) else ""


def _address(given: Mapping[str, Any], added: Mapping[str, str]) -> tuple[str, int, str]:
    """Host, port and path of the ApiEndpoint with its QueryParameters. Raises Failure."""
    endpoint = str(given.get("ApiEndpoint", ""))
    try:
        parts = urlsplit(endpoint)
        port = parts.port or 443
    except ValueError:
        raise Failure(RUNTIME, f"{endpoint[:200]!r} is no address") from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not endpoint.isprintable():
        raise Failure(RUNTIME, f"ApiEndpoint must be an https address without a user's name, not {endpoint[:200]!r}")
    more = given.get("QueryParameters")
    queries = parts.query, urlencode(more, doseq=True) if isinstance(more, dict) else "", urlencode(added)
    return parts.hostname, port, path_of(parts.path or "/", *queries)


def path_of(path: str, *queries: str) -> str:
    """*path* with its query. Raises Failure for what is no path."""
    query = "&".join(filter(None, queries))
    found = path + (f"?{query}" if query else "")
    if not found.isascii() or not found.isprintable() or " " in found:
        raise Failure(RUNTIME, f"{path[:200]!r} holds characters that must be encoded")
    return found


def headers_of(given: Json, *, own: bool = True) -> dict[str, str]:
    """The headers of a request, with one that tells who asks if *own*. Raises Failure."""
    found = {"User-Agent": "tocsin"} if own else {}
    for name, value in given.items() if isinstance(given, dict) else ():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if not _HEADER.fullmatch(name) or name.lower() in _OURS or not text.isprintable() or not text.isascii():
            raise Failure(RUNTIME, f"The header {name[:100]!r} cannot be sent")
        found[name] = text
    return found


def body_of(given: Json, headers: dict[str, str]) -> bytes:
    """The body of a request; what is no text is JSON, and *headers* say so."""
    if given is None:
        return b""
    if isinstance(given, str):
        return given.encode()
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return json.encode(given)


def _read(raw: bytes, kind: str) -> Json:
    text = raw.decode("utf-8", "replace")
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.decode(text)
        except json.JsonError:
            return text
    return text


def _grouped(headers: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found
