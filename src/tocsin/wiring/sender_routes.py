"""All routes for senders behind the front door."""

from __future__ import annotations

from starlette.routing import BaseRoute

from tocsin.engine.ports import Store
from tocsin.web.gate import Gate
from tocsin.web.senders.anything import anything_routes
from tocsin.web.senders.opsgenie import opsgenie_routes
from tocsin.wiring.addressing import heartbeat_key, incident_key


def sender_routes(gate: Gate, store: Store, *, secret: bytes, public_url: str) -> list[BaseRoute]:
    """One list; what an API needs beside the gate is built here. *secret* is the server's."""
    return [
        *anything_routes(gate),
        *opsgenie_routes(
            gate,
            store,
            secret=secret,
            incident_key=incident_key,
            heartbeat_key=heartbeat_key,
            public_url=public_url,
        ),
    ]
