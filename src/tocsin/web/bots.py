"""Where a chat's service posts activities and waits for an answer: taken on a thread, since that blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tocsin.web.chat import read_body

RETRY_AFTER: Final = "5"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request: *refused* says why it is not the chat's; else a status, and JSON or nothing."""

    status: int
    body: bytes = b""
    refused: str = ""


Receive = Callable[[Mapping[str, str], bytes], Heard]


def bot_route(path: str, receive: Receive, on_refused: Callable[[str], None]) -> Route:
    """A route for the activities of one bot. *receive* verifies, stores and answers; it may block."""

    async def take(request: Request) -> Response:
        body = await read_body(request)
        if body is None:
            return PlainTextResponse("the body is too large\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        heard = await run_in_threadpool(receive, request.headers, body)
        if heard.refused:
            on_refused("signature")
            return PlainTextResponse(f"refused: {heard.refused}\n", heard.status)
        if heard.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return PlainTextResponse("not stored, try again\n", heard.status, {"retry-after": RETRY_AFTER})
        return Response(heard.body, heard.status, media_type="application/json" if heard.body else None)

    return Route(path, take, methods=["POST"])
