"""The integration addresses of Grafana OnCall: who leaves it changes the host, and nothing else.

Source: "Integrations" and "Inbound webhook" in the documentation of Grafana OnCall (archived in 2026).
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.web.gate import RETRY_AFTER, Gate, body_of
from tocsin.web.senders.pings import METHODS, ping


def oncall_routes(gate: Gate) -> list[BaseRoute]:
    """`/integrations/v1/{form}/{key}/` takes alerts, `.../heartbeat/` signs of life; `Ok.` is what OnCall says."""

    async def receive(request: Request) -> Response:
        form, key = request.path_params["form"], request.path_params["key"]
        integration = gate.integration(key)
        if integration is None:
            return PlainTextResponse("Integration key was not found\n", HTTPStatus.FORBIDDEN)
        body = await body_of(request)
        noted = {"x-tocsin-form": form, "x-tocsin-query": request.url.query}
        try:
            await gate.deliver(request, integration=integration, body=body, noted=noted)
        except StoreUnavailableError as problem:
            sentence = f"not stored, send it again: {problem.message}\n"
            return PlainTextResponse(sentence, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER)
        return PlainTextResponse("Ok.", HTTPStatus.OK)

    async def beat(request: Request) -> Response:
        return await ping(gate, request, request.path_params["key"], request.path_params["form"])

    return [
        *[Route(f"/integrations/v1/{{form}}/{{key}}{end}", receive, methods=["POST", "PUT"]) for end in ("", "/")],
        *[Route(f"/integrations/v1/{{form}}/{{key}}/heartbeat{end}", beat, methods=METHODS) for end in ("", "/")],
    ]
