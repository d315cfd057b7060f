"""Interactions of chats over HTTP: verified, stored, acknowledged; acted on later, like any other delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.web.ports import Intake

BODY_BYTES_MAX: Final = 1024 * 1024  # Slack's interactions are some kilobytes.

Verify = Callable[[Mapping[str, str], bytes, Instant], str | None]
Take = Callable[[bytes, Instant, Callable[[], Awaitable[object]]], Awaitable[Json]]


def chat_route(
    path: str,
    channel: str,
    *,
    verify: Verify,
    intake: Intake,
    clock: Callable[[], Instant],
    on_refused: Callable[[str], None],
    take: Take | None = None,
) -> Route:
    """A route that takes the interactions of one chat. *verify* says why a request is not the chat's, or None.

    *take* decides what is stored, and what the answer says; without it everything is stored.
    """

    async def receive(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("the body is too large\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        now = clock()
        why = verify(request.headers, body, now)
        if why is not None:
            on_refused("signature")
            return PlainTextResponse(f"refused: {why}\n", HTTPStatus.FORBIDDEN)
        received = Received(received_at=now, channel=channel, key="", head=b"", body=body)
        try:
            said = await (take(body, now, lambda: intake.accept(received)) if take else _kept(intake, received))
        except StoreUnavailableError:
            return PlainTextResponse("not stored, try again\n", HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "5"})
        return Response(status_code=HTTPStatus.OK) if said is None else JSONResponse(said)

    return Route(path, receive, methods=["POST"])


async def _kept(intake: Intake, received: Received) -> Json:
    await intake.accept(received)
    return None


async def _body(request: Request) -> bytes | None:
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                return None
            parts.append(part)
    except ClientDisconnect:
        return None
    return b"".join(parts)
