"""PagerDuty's other ways in: the addresses of its integrations, which take what AWS or GitHub sends natively.

`/v2/enqueue` itself is the front door's. Source: "Events API v2" and the integration guides of PagerDuty.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.web.gate import Gate, body_of
from tocsin.web.senders.anything import refused, unavailable


def pagerduty_routes(gate: Gate) -> list[BaseRoute]:
    """`/integration/{key}/enqueue` and `/x-ere/{key}`."""

    async def enqueue(request: Request) -> Response:
        integration = gate.integration(request.path_params["key"])
        if integration is None:
            return refused(HTTPStatus.FORBIDDEN, "this integration key is not known here")
        body = await body_of(request)
        try:
            await gate.deliver(request, integration=integration, body=body)
        except StoreUnavailableError as problem:
            return unavailable(problem)
        return JSONResponse({"status": "success", "message": "Event processed"}, HTTPStatus.ACCEPTED)

    return [Route(path, enqueue, methods=["POST", "PUT"]) for path in ("/integration/{key}/enqueue", "/x-ere/{key}")]
