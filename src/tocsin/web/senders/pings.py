"""Heartbeats: a ping by any method, at addresses in the shape of healthchecks.io, and of Grafana OnCall."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.sources import pings
from tocsin.web.credentials import without_credentials
from tocsin.web.gate import RETRY_AFTER, Gate, Refused, body_of, query_of

METHODS = ["GET", "HEAD", "POST", "PUT"]


def ping_routes(gate: Gate) -> list[BaseRoute]:
    """`/ping/{key}`, `/ping/{key}/{name}`, `/ping/{key}/{name}/{action}`."""

    async def receive(request: Request) -> Response:
        name, action = (request.path_params.get(part, "") for part in ("name", "action"))
        path = f"{name or pings.DEFAULT}/{action}".rstrip("/")
        return await ping(gate, request, request.path_params["key"], path)

    paths = ("/ping/{key}", "/ping/{key}/{name}", "/ping/{key}/{name}/{action}")
    return [Route(path, receive, methods=METHODS) for path in paths]


def denied(found: Refused, *, unknown: int = HTTPStatus.FORBIDDEN) -> Response:
    """What the gate says, in a line of text; *unknown*: the status for a key that is not known."""
    status = unknown if found.kind == "key" else found.status
    headers = RETRY_AFTER if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return PlainTextResponse(f"{found.sentence}\n", status, headers)


async def ping(gate: Gate, request: Request, key: str, path: str) -> Response:
    """Take one ping in; *path* as `tocsin.sources.pings` reads it. 200 `OK`, as healthchecks.io answers."""
    if not pings.names(path):
        sentence = f"{path!r} is no ping; there are NAME, NAME/start, NAME/fail, NAME/log and NAME/<exit status>\n"
        return PlainTextResponse(sentence, HTTPStatus.NOT_FOUND)
    body = await body_of(request)
    found = gate.enter(request, body, key, "/ping/")
    if isinstance(found, Refused):
        return denied(found, unknown=HTTPStatus.NOT_FOUND)
    noted = {"x-tocsin-path": path, "x-tocsin-query": without_credentials(query_of(request))}
    try:
        await gate.accept(request, channel="ping", integration=found.integration, body=body, noted=noted)
    except StoreUnavailableError as problem:
        sentence = f"not stored, come again: {problem.message}\n"
        return PlainTextResponse(sentence, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER)
    return PlainTextResponse("OK", HTTPStatus.OK)
