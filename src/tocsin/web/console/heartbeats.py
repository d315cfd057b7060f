"""The heartbeats: who has promised to come, when they were seen last, and what happens if they are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import Received
from tocsin.heartbeats.machine import Heartbeat, HeartbeatMachine, Status
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_duration
from tocsin.web.console.visits import Visit, respond, turn_to

CHANNEL: Final = "heartbeat"
SHOWN_MAX: Final = 500
OUTCOME_TIMEOUT_S: Final = 0.5

_MACHINE: Final = HeartbeatMachine()
_DONE: Final = {"enable": "It is watched again.", "disable": "It is not watched any more.", "delete": "It is gone."}
_WORST_FIRST: Final = (Status.FAILED, Status.MISSED, Status.LATE, Status.NEW, Status.UP, Status.DISABLED)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One heartbeat as the page shows it."""

    id: str
    beat: Heartbeat
    promise: str
    due_at: Instant | None


def show_heartbeats(visit: Visit) -> Response:
    """GET /heartbeats. Blocks on the store."""
    found = visit.console.store.listing(_MACHINE.name, live_only=True, limit=SHOWN_MAX)
    rows = sorted((_row(item.id, _MACHINE.decode(item.state)) for item in found), key=_order)
    return respond(visit, "heartbeats.html", rows=rows, url=visit.console.public_url)


async def switch(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /heartbeats: `action` on the `heartbeat`. Raises HTTPException, StoreUnavailableError."""
    action, name = form.get("action", ""), form.get("heartbeat", "")
    if action not in _DONE:
        raise HTTPException(400, f"There is no action {action!r}.")
    stored = (await run_in_threadpool(visit.console.store.load, [name])).get(name)
    if stored is None or stored.machine != _MACHINE.name:
        raise HTTPException(404)
    body = json.encode({"action": action, "heartbeat": name})
    received = Received(received_at=visit.now, channel=CHANNEL, key="", head=b"", body=body)
    delivery_id = await visit.console.intake.accept(received)
    await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    return turn_to(visit, "/heartbeats", _DONE[action])


def _row(name: str, beat: Heartbeat) -> Row:
    promise = f"every {format_duration(beat.every)}"
    if beat.grace:
        promise += f", {format_duration(beat.grace)} later at most"
    return Row(id=name, beat=beat, promise="" if beat.watched else promise, due_at=beat.wake_at)


def _order(row: Row) -> tuple[int, str]:
    return _WORST_FIRST.index(row.beat.status), row.beat.name
