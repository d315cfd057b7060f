"""All routes for senders behind the front door."""

from __future__ import annotations

from starlette.routing import BaseRoute

from tocsin.web.gate import Gate
from tocsin.web.senders.anything import anything_routes


def sender_routes(gate: Gate) -> list[BaseRoute]:
    """One list; what an API needs beside the gate is built here."""
    return [*anything_routes(gate)]
