"""The sweep: every minute, what streams, timers and queues may have missed. They are hints; this is the truth.

In this order: the figures first, so that a sweep that dies of what it meets has told of it; then what is due, what was
stored and not handled, what waits to leave; then the rounds of what the embedded runtime does in threads.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

from tocsin.engine.ports import Delivery
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.lambdas import metrics
from tocsin.lambdas.processes import handling
from tocsin.wiring.serverless import BITE, Thinking
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.serverless_rounds import Rounds
from tocsin.wiring.serverless_talk import load_ways
from tocsin.wiring.watch import trouble

DUE_MAX: Final = 200  # Ticks of one batch, as in the embedded engine.
GRACE: Final[Duration] = 30 * SECOND  # How long a delivery is left to the function that has stored it.
LONGEST: Final[Duration] = 40 * SECOND  # After it no new work is begun: the next sweep comes soon.

log = logging.getLogger(__name__)


def sweep(running: Process, planned_at: Instant | None = None) -> None:
    """One sweep; *planned_at*: when it should have begun. Raises StoreUnavailableError, ContentionError."""
    thinking = running.thinking()
    now = thinking.clock()
    health = running.store.health(now)
    late = now - planned_at if planned_at is not None else 0
    wrong = trouble(health, now)
    metrics.emit(running.environ, "sweep", metrics.health(health, now, late, wrong), running.clock)
    if wrong:
        log.error("the invariant does not hold", extra={"problem": wrong})
    until = now + LONGEST
    rounds = running.part("rounds", lambda: Rounds(running))
    rounds.begin()
    _due(thinking, until)
    _backlog(thinking, until)
    counts = metrics.Results(running.clock)
    running.reach().sweep(on_result=counts.note)
    metrics.emit(running.environ, "sweep", counts.figures(), running.clock)
    rounds.go(now, until, wrong)


def _due(thinking: Thinking, until: Instant) -> None:
    """Wake what is due, most overdue first; what cannot be woken costs nobody else the wake."""
    broken: set[str] = set()
    while thinking.clock() < until:
        names = [name for name in thinking.store.due(thinking.clock(), DUE_MAX + len(broken)) if name not in broken]
        if not names:
            return
        found = set(thinking.tick(names))
        thinking.drain()
        broken |= found
        if len(names) < DUE_MAX:
            return


def _backlog(thinking: Thinking, until: Instant) -> None:
    """Handle what was stored and is not settled, and is not new."""
    after = ""
    while thinking.clock() < until:
        found = thinking.store.backlog(BITE, after)
        old: list[Delivery] = [each for each in found if each.received_at + GRACE <= thinking.clock()]
        thinking.add(old)
        thinking.drain()
        if len(found) < BITE:
            return
        after = found[-1].id


def _planned(event: Any) -> Instant | None:  # noqa: ANN401 - JSON of AWS.
    """When EventBridge has begun this, to the second; None if the event does not say."""
    try:
        return round(datetime.fromisoformat(str(event["time"])).timestamp() * SECOND)
    except (KeyError, TypeError, ValueError):
        return None


def _sweep(running: Process, event: Any) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    sweep(running, _planned(event))


handler = handling(_sweep, load_ways)
