"""The integration keys: where senders send to, and a button that rings the bell."""

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
    return respond(visit, "keys.html", keys=visit.console.roster.keys())


async def ring(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /keys: a test alert under the integration that the form names. Raises StoreUnavailableError."""
    integration = form.get("integration", "")
    known = visit.console.roster.keys()
    if all(key.integration != integration for key in known):
        raise HTTPException(404)
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
