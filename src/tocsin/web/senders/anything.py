"""What the front door leaves to us of the ingest paths: alerts by GET, the handshake of CloudEvents, other methods."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.web.credentials import without_credentials
from tocsin.web.gate import RETRY_AFTER, Gate, Refused, query_of

RATE_MAX: Final = 6000  # Requests a minute that the handshake promises to take; the front door takes more.
PATH: Final = "/v1/in/"


def refused(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal in our own words."""
    return JSONResponse({"status": "refused", "message": sentence}, status, headers)


def denied(found: Refused) -> Response:
    """What the gate says, in our own words."""
    headers = RETRY_AFTER if found.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return refused(found.status, found.sentence, headers)


def unavailable(problem: StoreUnavailableError) -> Response:
    """Own trouble: the sender must come again."""
    return refused(HTTPStatus.SERVICE_UNAVAILABLE, f"not stored, send it again: {problem.message}", RETRY_AFTER)


def anything_routes(gate: Gate) -> list[BaseRoute]:
    """`/v1/in/...` for the methods that the front door does not read."""

    async def ring(request: Request) -> Response:
        """An alert in a query, as senders with nothing but GET have it (marbot, UptimeRobot)."""
        if request.method == "HEAD":  # Starlette's addition to GET; who only looks rings no bell.
            return Response(status_code=HTTPStatus.OK)
        found = gate.enter(request, b"", request.path_params["key"], PATH)
        if isinstance(found, Refused):
            return denied(found)
        if not query_of(request):
            return refused(HTTPStatus.BAD_REQUEST, "there is nothing in the query; write ?message=... or use POST")
        noted = {"x-tocsin-query": without_credentials(query_of(request))}
        if form := request.path_params.get("form"):
            noted["x-tocsin-form"] = form
        try:
            name = await gate.accept(request, channel="in", integration=found.integration, body=b"", noted=noted)
        except StoreUnavailableError as problem:
            return unavailable(problem)
        return JSONResponse({"status": "accepted", "id": name}, HTTPStatus.ACCEPTED)

    async def shake(request: Request) -> Response:
        """The abuse protection of CloudEvents' HTTP webhooks, section 4: we agree to be sent to."""
        origin = request.headers.get("webhook-request-origin")
        headers = {"allow": "GET, POST, PUT, OPTIONS"}
        if origin is not None:
            found = gate.enter(request, b"", request.path_params["key"], PATH)
            if isinstance(found, Refused):
                return denied(found)
            headers |= {"webhook-allowed-origin": origin, "webhook-allowed-rate": str(RATE_MAX)}
        return Response(status_code=HTTPStatus.OK, headers=headers)

    async def other(request: Request) -> Response:
        sentence = f"{request.method} does nothing here; send alerts with POST"
        return refused(HTTPStatus.METHOD_NOT_ALLOWED, sentence, {"allow": "GET, POST, PUT, OPTIONS"})

    return [
        route
        for path in ("/v1/in/{key}", "/v1/in/{key}/{form}")
        for route in (
            Route(path, ring, methods=["GET"]),
            Route(path, shake, methods=["OPTIONS"]),
            Route(path, other, methods=["DELETE", "PATCH"]),
        )
    ]
