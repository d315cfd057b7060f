"""All routes for senders behind the front door."""

from __future__ import annotations

from starlette.routing import BaseRoute

from tocsin.web.gate import Gate
from tocsin.web.senders.alertmanager import Upstream, alertmanager_routes
from tocsin.web.senders.anything import anything_routes


def sender_routes(gate: Gate, upstream: Upstream) -> list[BaseRoute]:
    """One list; *upstream* is what the APIs need that answer questions too."""
    return [*anything_routes(gate), *alertmanager_routes(gate, upstream)]
