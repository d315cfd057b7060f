"""The front door's paths on connections that are uvicorn's already: a client may ask for anything before it sends.

Keep-alive clients share one connection for all paths of a host. So what the door would have read is given to the same
reception here, and answered with the same words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request as Asked
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.web.gate import body_of
from tocsin.web.ingest import Request, Taker

INGEST: Sequence[str] = ("/v1/in", "/v1/in/{key}", "/v1/in/{key}/{form}")
PAGERDUTY = "/v2/enqueue"

_NOT_POST = ["GET", "DELETE", "OPTIONS", "PATCH"]


def front_routes(taker: Taker) -> list[BaseRoute]:
    """POST and PUT of the ingest paths, and what other methods hear at PagerDuty's."""

    async def take(asked: Asked) -> Response:
        body = await body_of(asked)
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        peer = asked.client.host if asked.client else ""
        request = Request(asked.scope["raw_path"], asked.headers.raw, body, asked.scope["query_string"], peer)
        taker.take(request, answered.set_result)
        return _response(await answered)

    return [
        *[Route(path, take, methods=["POST", "PUT"]) for path in INGEST],
        Route(PAGERDUTY, take, methods=["POST"]),
        Route(PAGERDUTY, _only_post, methods=_NOT_POST),
    ]


def _response(whole: bytes) -> Response:
    """The response of which *whole* are the bytes."""
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    response = Response(body, int(first.split(b" ", 2)[1]))
    headers = MutableHeaders(raw=[])
    for line in lines:
        name, _, value = line.partition(b": ")
        headers.append(name.decode("latin-1"), value.decode("latin-1"))
    response.raw_headers = headers.raw
    return response


async def _only_post(asked: Asked) -> Response:
    sentence = f"{asked.method} does nothing here; send alerts with POST\n"
    return PlainTextResponse(sentence, status_code=405, headers={"allow": "POST"})
