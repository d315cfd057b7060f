"""The integration keys: which there are, new ones, the end of old ones, wrong ones; and a test alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import Received
from tocsin.kernel import json
from tocsin.web.console.deliveries import owners
from tocsin.web.console.outlook import person
from tocsin.web.console.pages import segment
from tocsin.web.console.visits import NOBODY, Visit, respond, turn_to

CHANNEL: Final = "in"  # A test takes the way that every alert takes.
OUTCOME_TIMEOUT_S: Final = 0.5  # A courtesy: then the incident can be shown at once.


def show_keys(visit: Visit) -> Response:
    """GET /keys. Blocks on the store."""
    desk = visit.console.keys
    return respond(visit, "keys.html", integrations=desk.listing(), wrong=desk.wrong())


async def rotate(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /keys/rotate: make a key and show its address, this once. Raises StoreUnavailableError."""
    integration = _integration(visit, form)
    url = await run_in_threadpool(visit.console.keys.rotate, integration)
    return await run_in_threadpool(respond, visit, "key.html", integration=integration, url=url)


async def revoke(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /keys/revoke: end the key with the hint that the form names. Raises StoreUnavailableError."""
    integration, hint = _integration(visit, form), form.get("hint", "")
    if not hint or not await run_in_threadpool(visit.console.keys.revoke, integration, hint):
        raise HTTPException(404)
    return turn_to(visit, "/keys", f"Revoked: the key …{hint} of {integration} opens nothing any more.")


async def ring(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /keys: a test alert under the integration that the form names. Raises StoreUnavailableError."""
    integration = _integration(visit, form)
    who = person(visit.me, visit.names) if visit.me else f"Somebody on the {NOBODY}"
    alert = {"title": "Test alert", "description": f"{who} rang the bell to see who comes. Nothing is wrong."}
    received = Received(
        received_at=visit.now,
        channel=CHANNEL,
        key=integration,
        head=b"content-type: application/json",
        body=json.encode(alert),
    )
    delivery_id = await visit.console.intake.accept(received)
    await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    for owner in await run_in_threadpool(owners, visit, delivery_id):
        return turn_to(visit, f"/incidents/{segment(owner)}", "The bell rings. This is your test alert.")
    return turn_to(visit, "/", "The test alert is stored, and will be here in a moment.")


def _integration(visit: Visit, form: Mapping[str, str]) -> str:
    """The integration that a form names. Raises HTTPException 404."""
    name = form.get("integration", "")
    if name not in visit.console.roster.integrations():
        raise HTTPException(404)
    return name
