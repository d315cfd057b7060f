"""By which ways those who are asked will hear of an incident, unless somebody acts before: pages that wait to leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tocsin.engine.ports import Outgoing, Store
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.incidents.ways import BY, MAIL, MENTION, NTFY, PUSH, SLACK, SMS, VOICE
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import INSTANT_MAX, Instant
from tocsin.web.console.outlook import Coming, receiver

READ_MAX: Final = 100  # Waiting messages of one person; whoever has more has other troubles.

_CALLED: Final = {
    SLACK: "Slack",
    MENTION: "a mention",
    NTFY: "ntfy",
    PUSH: "the browser",
    MAIL: "e-mail",
    SMS: "SMS",
    VOICE: "a call",
}


def waiting(store: Store, state: Incident) -> Iterable[Outgoing]:
    """What waits in the outbox for those who are asked. Blocks on the store."""
    return store.pending(INSTANT_MAX, per_receiver=READ_MAX, receivers=state.asked) if state.asked else ()


def ways_ahead(  # noqa: PLR0917 - an incident, its pages, and how people are called.
    machine: IncidentMachine,
    name: str,
    state: Incident,
    pages: Iterable[Outgoing],
    names: Mapping[str, str],
    now: Instant,
) -> tuple[Coming, ...]:
    """Those of *pages* that will leave for the incident *name*, before its next step takes their meaning away."""
    return tuple(
        Coming(at=page.not_before, what=f"{_way(page)} to {receiver(page.receiver, names)}")
        for page in sorted(pages, key=lambda page: page.not_before)
        if page.aggregate == name
        and page.kind == PAGE
        and now < page.not_before <= (state.next_at or 0)
        and machine.wanted(state, Effect(receiver=page.receiver, kind=page.kind, facts=page.facts))
    )


def _way(page: Outgoing) -> str:
    by = page.facts.get(BY)
    first = str(by[0]) if isinstance(by, list | tuple) and by else ""
    return _CALLED.get(first, "a page")
