"""A test alert by the real way: into the SNS topic, through queue, functions and table, and out to the room."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tocsin.aws.accounts import Cloud
from tocsin.aws.troubles import blamed
from tocsin.engine.ports import Store
from tocsin.errors import TocsinError
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.time import Instant

PAUSE_SECONDS: Final = 1.0
LISTED: Final = 50  # Among the newest incidents; an alert storm may run while somebody deploys.
PENDING_PER_RECEIVER: Final = 50
TITLE: Final = "Tocsin was deployed: this is a test, and nobody needs to act"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Where the test alert came out: *incident* is its id, *ways* the transports that took it; *ms* it took."""

    incident: str
    ways: tuple[str, ...]
    ms: int


def ring(cloud: Cloud, topic: str, mark: str, *, over: bool) -> None:
    """Publish the test alert *mark*; *over*: that it is over. It is a notification: nobody is paged."""
    document = {
        "title": TITLE,
        "kind": "notification",
        "severity": "info",
        "status": "resolved" if over else "firing",
        "dedup_key": f"tocsin-deploy-{mark}",
        "source": "tocsin deploy",
    }
    with blamed(f"the test alert to {topic} (sns:Publish)"):
        cloud.client("sns").publish(TopicArn=topic, Message=json.encode(document).decode())


def await_arrival(
    store: Store, mark: str, seconds: float, clock: Callable[[], Instant], sleep: Callable[[float], None] = time.sleep
) -> Arrival:
    """Wait until the test alert is an incident, and all that had to leave for it has left. Raises TocsinError."""
    began = clock()
    incident = ""
    while clock() - began < seconds * 1000:
        incident = incident or _incident(store, mark)
        if incident and not _waits(store, incident, clock()):
            ways = dict.fromkeys(transport for _, transport in store.receipts(incident))
            return Arrival(incident=incident, ways=tuple(ways), ms=clock() - began)
        sleep(PAUSE_SECONDS)
    where = (
        f"it became incident {incident}, and its messages have not left: look at the log of the function that "
        "delivers (OutboxFunction)"
        if incident
        else "it became no incident: look at the queue and its dead letters, and at the log of InboxFunction"
    )
    raise TocsinError("test-alert-lost", f"the test alert has not come out within {seconds:.0f} s; {where}")


def _incident(store: Store, mark: str) -> str:
    machine = IncidentMachine()
    for row in store.listing(machine.name, live_only=False, limit=LISTED):
        state: Any = machine.decode(row.state)
        if any(f"tocsin-deploy-{mark}" in key for key in state.alerts):
            return row.id
    return ""


def _waits(store: Store, incident: str, now: Instant) -> bool:
    return any(
        each.aggregate == incident and each.not_before <= now
        for each in store.pending(now, per_receiver=PENDING_PER_RECEIVER)
    )
