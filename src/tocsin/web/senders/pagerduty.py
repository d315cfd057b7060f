"""PagerDuty's other ways in: change events, Events v1, and the addresses of its integrations.

`/v2/enqueue` itself is the front door's. Source: "Events API v2", "Events API v1", "Send a Change Event" and the
integration guides of PagerDuty.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError
from tocsin.sources import pagerduty_changes, pagerduty_v1
from tocsin.sources.pagerduty import Answer, refusal
from tocsin.web.gate import Gate, Refused, body_of
from tocsin.web.senders.anything import denied, unavailable

CHANGES = "/v2/change/enqueue"
V1 = "/generic/2010-04-15/create_event.json"


def pagerduty_routes(gate: Gate, new_key: Callable[[], str]) -> list[BaseRoute]:
    """The routes; *new_key* makes the key of an event that has none."""

    async def enqueue(request: Request) -> Response:
        """Anything: these addresses take what AWS or GitHub sends natively."""
        body = await body_of(request)
        found = gate.enter(request, body, request.path_params["key"], "/integration/")
        if isinstance(found, Refused):
            return denied(found)
        try:
            await gate.deliver(request, integration=found.integration, body=body)
        except StoreUnavailableError as problem:
            return unavailable(problem)
        return JSONResponse({"status": "success", "message": "Event processed"}, HTTPStatus.ACCEPTED)

    async def change(request: Request) -> Response:
        body = await body_of(request)
        noted = {"x-tocsin-form": pagerduty_changes.FORM}
        return await _event(gate, request, body, pagerduty_changes.answer(body), noted)

    async def create(request: Request) -> Response:
        body, made = await body_of(request), new_key()
        found = pagerduty_v1.answer(body, made)
        noted = {"x-tocsin-form": "pagerduty_v1"}
        if found.dedup_key == made:
            noted["x-alert-key"] = made
        return await _event(gate, request, body, found, noted)

    return [
        Route(CHANGES, change, methods=["POST"]),
        Route(V1, create, methods=["POST"]),
        *[Route(path, enqueue, methods=["POST", "PUT"]) for path in ("/integration/{key}/enqueue", "/x-ere/{key}")],
    ]


async def _event(gate: Gate, request: Request, body: bytes, found: Answer, noted: dict[str, str]) -> Response:
    """Store an event that PagerDuty would accept, and say what PagerDuty says."""
    if found.status < HTTPStatus.BAD_REQUEST:
        admitted = gate.enter(request, body, found.routing_key)
        if isinstance(admitted, Refused):
            if admitted.kind != "key":
                return denied(admitted)
            found = refusal("invalid event", "Event object is invalid", ["the key is not known here"])
        else:
            try:
                await gate.deliver(request, integration=admitted.integration, body=body, noted=noted)
            except StoreUnavailableError as problem:
                return unavailable(problem)
    return Response(found.body, found.status, media_type="application/json")
