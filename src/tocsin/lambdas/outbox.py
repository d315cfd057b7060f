"""The outbox function: what the table's stream tells of is sent, and a timer is started for each new `wake_at`.

The stream says what was committed; what is true now is read again, and what has been confirmed meanwhile is not sent.
Died before it was confirmed: the stream tells it again, and it is sent again under the same id. That is the copy that
law 4 allows. Effects that may not leave yet are left to the sweep, and so is what a record does not tell legibly.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.engine.ports import Outgoing, Wake
from tocsin.lambdas import metrics, timers
from tocsin.lambdas.processes import handling
from tocsin.wiring.serverless import TROUBLES
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.serverless_reach import load_ways

log = logging.getLogger(__name__)


def take(running: Process, records: Sequence[Mapping[str, Any]]) -> bool:
    """Send and start what *records* tell of; False: all of them must come again."""
    effects: dict[str, Outgoing] = {}
    wakes: dict[str, Wake] = {}
    for record in records:
        try:
            told = running.stream.told(record)
        except Exception:
            log.exception("a record of the stream cannot be read; the sweep has what it tells of")
            continue
        match told:
            case Outgoing():
                effects[told.id] = told
            case Wake():
                wakes[told.aggregate] = told  # The newest one of an aggregate is the last of a batch.
    timers.start(running, wakes.values())
    if not effects:
        return True
    counts = metrics.Results(running.clock)
    try:
        running.thinking()
        running.reach().deliver(running.stream, list(effects.values()), on_result=counts.note)
    except TROUBLES as problem:
        log.warning("what the stream tells of comes again", extra={"problem": str(problem)})
        return False
    finally:
        metrics.emit(running.environ, "outbox", counts.figures())
    return True


def _take(running: Process, event: Any) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    records = event.get("Records", ())
    if not records or take(running, records):
        return {"batchItemFailures": []}
    first = str((records[0].get("dynamodb") or {}).get("SequenceNumber", ""))
    return {"batchItemFailures": [{"itemIdentifier": first}]}


handler = handling(_take, load_ways)
