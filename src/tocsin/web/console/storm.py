"""What a storm holds, and one verb for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from tocsin.engine.ports import Aggregates, Received
from tocsin.incidents.commands import Command
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.incidents.storms import is_held, stands_for
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.web.console.visits import Visit

PAGE: Final = 500  # Incidents read at a time.
AT_ONCE_MAX: Final = 2000  # Commands of one press; who holds more presses again.

_MACHINE: Final = IncidentMachine()


def held(store: Aggregates, storm: Incident) -> Iterator[str]:
    """The live incidents that *storm* holds, newest first; none if it is no storm. Blocks on the store."""
    mark = stands_for(storm)
    before: tuple[Instant, str] | None = None
    while mark:
        rows = store.listing(_MACHINE.name, live_only=True, limit=PAGE, before=before)
        for row in rows:
            state = _MACHINE.decode(row.state)
            before = (state.opened_at, row.id)
            if is_held(state, mark):
                yield row.id
        if len(rows) < PAGE:
            return


async def act_on_held(visit: Visit, storm: Incident, command: Command, channel: str) -> int:
    """Give *command* to all that *storm* holds; to how many. Raises StoreUnavailableError."""
    names = (await run_in_threadpool(lambda: list(held(visit.console.store, storm))))[:AT_ONCE_MAX]
    bodies = [json.encode(replace(command, incident=name, rung=None)) for name in names]
    await asyncio.gather(
        *(
            visit.console.intake.accept(Received(received_at=visit.now, channel=channel, key="", head=b"", body=body))
            for body in bodies
        )
    )
    return len(names)
