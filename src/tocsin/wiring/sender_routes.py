"""All routes for senders behind the front door."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute

from tocsin.engine.ports import Store
from tocsin.web.gate import Gate
from tocsin.web.senders.alertmanager import Upstream, alertmanager_routes
from tocsin.web.senders.anything import anything_routes
from tocsin.web.senders.oncall import oncall_routes
from tocsin.web.senders.opsgenie import opsgenie_routes
from tocsin.web.senders.pagerduty import pagerduty_routes
from tocsin.web.senders.pings import ping_routes
from tocsin.wiring.addressing import heartbeat_key, incident_key


def sender_routes(
    gate: Gate, store: Store, upstream: Upstream, *, new_key: Callable[[], str], secret: bytes, public_url: str
) -> list[BaseRoute]:
    """One list; what an API needs beside the gate is built here.

    *upstream* is what the API of Alertmanager asks.
    *new_key* makes the key of an alert that has none; numbers of requests are made with *secret*.
    """
    return [
        *anything_routes(gate),
        *ping_routes(gate),
        *oncall_routes(gate),
        *pagerduty_routes(gate, new_key),
        *opsgenie_routes(
            gate,
            store,
            secret=secret,
            incident_key=incident_key,
            heartbeat_key=heartbeat_key,
            public_url=public_url,
        ),
        *alertmanager_routes(gate, upstream),
    ]
