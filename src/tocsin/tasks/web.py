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

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration
from tocsin.posting.cutting import cut_after
from tocsin.tasks.task import Later, Task

TIME_MAX: Final[Duration] = MINUTE  # As Step Functions has it.
BODY_BYTES_MAX: Final = 300_000  # More than a state may give: it fails for its size, not for our memory.
ERROR: Final = "States.Http.StatusCode."

Resolve = Callable[[str, int], str | None]

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # What changes nothing (RFC 9110, 9.2.1).
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class Web:
    """Does requests. Any thread."""

    def __init__(self, resolve: Resolve, context: ssl.SSLContext | None = None) -> None:
        """*resolve*: the public IP address of a host and port, or None. *context* is for tests."""
        self._resolve = resolve
        self._context = context or ssl.create_default_context()

    def do(self, task: Task) -> Json:
        """A `Doer` of `http:invoke`."""
        given = task.arguments if isinstance(task.arguments, dict) else {}
        if given.get("Authentication") or given.get("InvocationConfig"):
            raise Failure(RUNTIME, "Connections of EventBridge are not read here; send the request without one")
        method, headers = str(given.get("Method", "GET")).upper(), _headers(given.get("Headers"))
        if method not in _METHODS:
            raise Failure(RUNTIME, f"{method[:20]!r} is no method of HTTP that is sent here")
        host, port, path = _address(given)
        body = _body(given.get("RequestBody"), headers)
        at = self._resolve(host, port)
        if at is None:
            raise Failure("States.Http.Socket", f"{host} has no public address")
        try:
            return self._asked(min(task.time, TIME_MAX), (host, port, at), (method, path, body or None, headers))
        except ssl.SSLCertVerificationError:
            raise Failure("States.Http.Socket", f"The certificate of {host} is not trusted") from None
        except (OSError, http.client.HTTPException) as problem:
            cause = f"{host} could not be asked: {type(problem).__name__}"
            if method in _REPEATABLE:
                raise Later("States.Http.Socket", cause) from None
            raise Failure("States.Http.Socket", cause) from None

    def _asked(
        self, limit: Duration, where: tuple[str, int, str], request: tuple[str, str, bytes | None, dict[str, str]]
    ) -> Json:
        connection = _Pinned(*where, limit / SECOND, self._context)
        with closing(connection):
            connection.connect()
            with cut_after(limit, lambda: connection.sock):
                connection.request(*request)
                answer = connection.getresponse()
                raw = answer.read(BODY_BYTES_MAX)
        found: dict[str, Json] = {
            "Headers": _grouped(answer.getheaders()),
            "ResponseBody": _read(raw, answer.headers.get_content_type()),
            "StatusCode": answer.status,
            "StatusText": answer.reason,
        }
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise Failure(f"{ERROR}{answer.status}", json.encode(found).decode())
        return found


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


def _address(given: Mapping[str, Any]) -> tuple[str, int, str]:
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
    query = "&".join(filter(None, (parts.query, urlencode(more, doseq=True) if isinstance(more, dict) else "")))
    path = (parts.path or "/") + (f"?{query}" if query else "")
    if not path.isascii() or " " in path:
        raise Failure(RUNTIME, f"{endpoint[:200]!r} holds characters that must be encoded")
    return parts.hostname, port, path


def _headers(given: Json) -> dict[str, str]:
    found = {"User-Agent": "tocsin"}
    for name, value in given.items() if isinstance(given, dict) else ():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if not _HEADER.fullmatch(name) or name.lower() in _OURS or not text.isprintable() or not text.isascii():
            raise Failure(RUNTIME, f"The header {name[:100]!r} cannot be sent")
        found[name] = text
    return found


def _body(given: Json, headers: dict[str, str]) -> bytes:
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
