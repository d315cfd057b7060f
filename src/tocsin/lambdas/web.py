"""The web function: the console, the API and the ways in that need an answer of ours, as in `tocsin serve`."""

from __future__ import annotations

import asyncio
from typing import Any

from tocsin.lambdas.gateway import Gateway
from tocsin.lambdas.processes import handling
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.serverless_site import site
from tocsin.wiring.serverless_talk import load_ways

_loop: list[asyncio.AbstractEventLoop] = []


def answer(running: Process, event: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of AWS.
    """The answer to one request; what it has brought is handled, and what follows from that, before it is given."""
    if not _loop:
        _loop.append(asyncio.new_event_loop())
    thinking = running.thinking()
    gateway = running.part("gateway", lambda: Gateway(site(running, _loop[0]), _loop[0]))
    given = gateway.answer(event)
    thinking.drain_if_possible()
    return given


handler = handling(answer, load_ways)
