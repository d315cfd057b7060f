"""All routes for senders behind the front door."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute

from tocsin.web.gate import Gate
from tocsin.web.senders.anything import anything_routes
from tocsin.web.senders.oncall import oncall_routes
from tocsin.web.senders.pagerduty import pagerduty_routes
from tocsin.web.senders.pings import ping_routes


def sender_routes(gate: Gate, new_key: Callable[[], str]) -> list[BaseRoute]:
    """One list; what an API needs beside the gate is built here. *new_key* makes the key of an alert without one."""
    return [*anything_routes(gate), *ping_routes(gate), *oncall_routes(gate), *pagerduty_routes(gate, new_key)]
