"""Hints from the engine's thread to the event loop: which aggregates changed, and which deliveries are settled."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from tocsin.engine.ports import Delivery, Handled, Received
from tocsin.engine.runner import Outcome
from tocsin.errors import StoreUnavailableError

HINTS_MAX: Final = 1000  # Changed aggregates named in one hint; of more, the page is read anew anyway.
OUTCOMES_MAX: Final = 1000  # Outcomes kept for those who ask a moment late.
WATCHED: Final = frozenset({"console", "silence"})  # Channels whose people wait for the outcome.
AWAITED: Final = b"x-tocsin-awaited: yes"  # A header of ours, of a delivery whose people do, whatever its channel.


class ChangeHub:
    """`tocsin.web.ports.Changes`: commits are collected on the engine's thread and told on the loop, many at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell subscribers on *loop*."""
        self._loop = loop
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._queues: set[asyncio.Queue[frozenset[str] | None]] = set()

    def publish(self, aggregates: Sequence[str]) -> None:
        """These changed. Any thread."""
        with self._lock:
            first = not self._changed
            if len(self._changed) < HINTS_MAX:
                self._changed.update(aggregates)
        if first and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def close(self) -> None:
        """End all subscriptions. On the loop."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def subscribe(self) -> AsyncIterator[frozenset[str]]:
        """See the port."""
        queue: asyncio.Queue[frozenset[str] | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while (changed := await queue.get()) is not None:
                yield changed
        finally:
            self._queues.discard(queue)

    def _tell(self) -> None:
        with self._lock:
            changed, self._changed = frozenset(self._changed), set()
        for queue in self._queues:
            queue.put_nowait(changed)


class LoopIntake:
    """`tocsin.web.ports.Intake` on the reception's writer."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        submit: Callable[[Received, Callable[[str | StoreUnavailableError], None]], None],
    ) -> None:
        """*submit* stores one delivery and answers on the loop."""
        self._loop = loop
        self._submit = submit
        self._outcomes: OrderedDict[str, Sequence[Handled]] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[Sequence[Handled]]] = {}

    async def accept(self, received: Received) -> str:
        """See the port."""
        stored: asyncio.Future[str | StoreUnavailableError] = self._loop.create_future()
        self._submit(received, lambda result: None if stored.done() else stored.set_result(result))
        result = await stored
        if isinstance(result, StoreUnavailableError):
            raise result
        return result

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - see the port.
        """See the port."""
        if delivery_id in self._outcomes:
            return self._outcomes.pop(delivery_id)
        waiting = self._waiting.setdefault(delivery_id, self._loop.create_future())
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), timeout)
        except TimeoutError:
            return ()
        finally:
            self._waiting.pop(delivery_id, None)

    def settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        """A delivery is done. On the engine's thread."""
        awaited = delivery.channel in WATCHED or (not delivery.key and AWAITED in delivery.head)
        if (awaited or delivery.id in self._waiting) and not self._loop.is_closed():
            reasons = [outcome.reason for outcome in outcomes] or [note]
            handled = [Handled("", delivery.received_at, reason, "") for reason in reasons]
            self._loop.call_soon_threadsafe(self._keep, delivery.id, handled)

    def _keep(self, delivery_id: str, handled: Sequence[Handled]) -> None:
        waiting = self._waiting.get(delivery_id)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(handled)
            return
        self._outcomes[delivery_id] = handled
        while len(self._outcomes) > OUTCOMES_MAX:
            self._outcomes.popitem(last=False)
