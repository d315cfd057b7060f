"""The integration addresses of Grafana OnCall: who leaves it changes the host, and nothing else.

Source: "Integrations" and "Inbound webhook" in the documentation of Grafana OnCall (archived in 2026).
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.web.credentials import without_credentials
from tocsin.web.gate import RETRY_AFTER, Gate, Refused, body_of, query_of
from tocsin.web.senders.pings import METHODS, denied, ping


def oncall_routes(gate: Gate) -> list[BaseRoute]:
    """`/integrations/v1/{form}/{key}/` takes alerts, `.../heartbeat/` signs of life; `Ok.` is what OnCall says."""

    async def receive(request: Request) -> Response:
        form, key = request.path_params["form"], request.path_params["key"]
        body = await body_of(request)
        found = gate.enter(request, body, key, "/integrations/v1/")
        if isinstance(found, Refused):
            return denied(found)
        noted = {"x-tocsin-form": form, "x-tocsin-query": without_credentials(query_of(request))}
        try:
            await gate.deliver(request, integration=found.integration, body=body, noted=noted)
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
