"""An ASGI application behind an HTTP API or a function URL: an event becomes a request, the response an answer.

Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" in the Amazon API Gateway Developer Guide,
payload format version 2.0; function URLs use the same. Decision 0009 says why this is ours.

An invocation has one answer, so a response that would go on for ever must end by itself.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import urllib.parse
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from starlette.types import ASGIApp, Message

ANSWER_BYTES_MAX: Final = 4 << 20  # Lambda allows 6 MB, and base64 makes four bytes of three.

_TEXT: Final = ("text/", "application/json", "application/javascript", "application/xml", "image/svg+xml")
_SAFE: Final = "/%:@!$&'()*+,;=~-._"  # What may stand in a path as it is; a percent sign begins an escape.

Event: TypeAlias = Mapping[str, Any]

log = logging.getLogger(__name__)


class Gateway:
    """Answers events by an application, on an event loop that stands still between them."""

    def __init__(self, application: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        """*loop* runs while an event is answered."""
        self._application = application
        self._loop = loop

    def answer(self, event: Event) -> dict[str, Any]:
        """The answer to *event*. Raises what the application raises before it has begun to answer."""
        return self._loop.run_until_complete(self._answer(event))

    async def _answer(self, event: Event) -> dict[str, Any]:
        exchange = _Exchange(_body(event))
        try:
            await self._application(_scope(event), exchange.receive, exchange.send)
        except Exception:
            if not exchange.begun:
                raise
            log.exception("the application broke while it answered")  # As a server would: the rest is missing.
        return exchange.answer()


class _Exchange:
    """One request and its response."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 500
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []
        self._over = asyncio.Event()
        self.begun = False

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()  # Nobody goes before the answer is there.
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._status = message["status"]
            self._headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._over.set()

    def answer(self) -> dict[str, Any]:
        body = b"".join(self._parts)
        if len(body) > ANSWER_BYTES_MAX:
            log.error("an answer is too large for Lambda", extra={"bytes": len(body)})
            return {"statusCode": 500, "headers": {"content-type": "text/plain"}, "body": "The answer is too large.\n"}
        headers: dict[str, str] = {}
        for name, value in self._headers:
            if name not in {"set-cookie", "content-length"}:
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
        answer: dict[str, Any] = {"statusCode": self._status, "headers": headers}
        cookies = [value for name, value in self._headers if name == "set-cookie"]
        if cookies:
            answer["cookies"] = cookies
        if "content-encoding" not in headers and headers.get("content-type", "text/").startswith(_TEXT):
            try:
                return answer | {"body": body.decode(), "isBase64Encoded": False}
            except UnicodeDecodeError:
                pass  # Another charset; its bytes are kept.
        return answer | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _body(event: Event) -> bytes:
    raw = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return raw.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(raw)
    except binascii.Error:
        return raw.encode()


def _scope(event: Event) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    path = urllib.parse.quote(str(event.get("rawPath") or http.get("path") or "/"), safe=_SAFE)
    headers = [
        (str(name).lower().encode("latin-1", "replace"), str(value).encode("utf-8", "replace"))
        for name, value in (event.get("headers") or {}).items()
    ]
    if event.get("cookies"):
        headers = [(name, value) for name, value in headers if name != b"cookie"]
        headers.append((b"cookie", "; ".join(event["cookies"]).encode("utf-8", "replace")))
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "localhost")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": str(http.get("method") or "GET").upper(),
        "scheme": "https",  # Neither has another.
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": str(event.get("rawQueryString") or "").encode("ascii", "replace"),
        "headers": headers,
        "client": (str(http.get("sourceIp") or ""), 0),
        "server": (host.partition(":")[0], 443),
    }
