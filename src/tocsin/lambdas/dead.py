"""The dead-letter function: what could not be handled becomes an alert of its own, and is kept for a replay.

It is not handled again here. Whatever broke the function that should have handled it would break this one too. So it is
stored, and settled at once with a note that says what it is; people look at it in the list of deliveries and replay it.
What cannot be stored stays in the dead-letter queue. Hints (timers, and what the stream told) are not kept: the sweep
has done long ago what they were about, and the alert says that something is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Received
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.lambdas import messages
from tocsin.lambdas.entering import Again, Entering
from tocsin.lambdas.processes import handling
from tocsin.wiring.addressing import SELF
from tocsin.wiring.serverless import TROUBLES
from tocsin.wiring.serverless_process import Process

NOTE: Final = "dead letter: it could not be handled; replay it"
SHOWN_MAX: Final = 10  # Deliveries named in the alert; the list of deliveries has the rest.
STREAM: Final = "DDBStreamBatchInfo"  # A key of what Lambda says of records of a stream that it has given up.

log = logging.getLogger(__name__)


def take(running: Process, records: Sequence[Mapping[str, Any]]) -> set[str]:
    """Keep what *records* hold, and tell of it; the ids of those that must come again."""
    by_queue: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        by_queue.setdefault(str(record.get("eventSourceARN") or "").rpartition(":")[2], []).append(record)
    failed: set[str] = set()
    for queue, found in by_queue.items():
        try:
            _keep(running, queue, found)
        except TROUBLES as problem:
            log.error("dead letters cannot be kept; they stay", extra={"queue": queue, "problem": str(problem)})  # noqa: TRY400
            failed |= {str(each.get("messageId")) for each in found}
    return failed


def _keep(running: Process, queue: str, records: Sequence[Mapping[str, Any]]) -> None:
    thinking = running.thinking()
    entering = running.part("entering", lambda: Entering(running, thinking))
    now = thinking.clock()
    kept = [received for record in records if (received := _original(record, entering, now)) is not None]
    ids = thinking.store.accept(kept) if kept else ()
    if ids:
        thinking.store.settle(dict.fromkeys(ids, NOTE))
    log.error("messages ended in a dead-letter queue", extra={"queue": queue, "messages": len(records)})
    thinking.accept([_alert(queue, records, ids, now)])
    thinking.drain_if_possible()


def _original(record: Mapping[str, Any], entering: Entering, now: Instant) -> Received | None:
    """What is kept of a message: as the inbox would have stored it; None for hints."""
    match messages.read(record, now):
        case messages.Own(received):
            return received
        case messages.FromTopic(received, topic):
            return None if _of_stream(received.body) else replace(received, key=entering.integration(topic))
        case messages.FromGateway(received) as message:
            admitted = entering.admit(message)
            # Whose it is cannot be told, or nobody knows its key: kept all the same, and nobody's.
            return received if admitted is None or isinstance(admitted, Again) else admitted
        case _:
            return None


def _of_stream(body: bytes) -> bool:
    try:
        found = json.decode(body)
    except json.JsonError:
        return False
    return isinstance(found, dict) and STREAM in found


def _alert(queue: str, records: Sequence[Mapping[str, Any]], ids: Sequence[str], now: Instant) -> Received:
    many = "A message" if len(records) == 1 else f"{len(records)} messages"
    shown = ", ".join(ids[:SHOWN_MAX]) + (" ..." if len(ids) > SHOWN_MAX else "")
    kept = (
        f"Kept as delivery {shown}: look at it, repair what broke, and replay it." if ids else "Nothing is lost by it."
    )
    body: dict[str, Json] = {
        "title": f"{many} could not be handled ({queue or 'dead-letter queue'})",
        "description": f"The log of the function says why. {kept}",
        "status": "firing",
        "severity": "high",
        "dedup_key": f"dead-letters/{queue}",
        "resource": queue,
    }
    first = str(records[0].get("messageId"))
    return Received(
        received_at=now, channel="in", key=SELF, head=f"{ONCE}: dead/{first}".encode(), body=json.encode(body)
    )


def _take(running: Process, event: Any) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    failed = take(running, event.get("Records", ()))
    return {"batchItemFailures": [{"itemIdentifier": name} for name in sorted(failed)]}


handler = handling(_take)
