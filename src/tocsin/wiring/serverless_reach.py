"""How the serverless runtime reaches people: the transports, and the dispatcher for the length of one invocation.

In the embedded runtime one dispatcher has each lane to itself. Here the stream's functions and the sweep may meet. They
do not, as a rule: the stream hands each effect to one invocation at a time, and the sweep leaves what is new to it for
GRACE. Who meets all the same reads the effect again just before it leaves, and sends nothing that is confirmed. What
remains is the copy that law 4 allows: one died after sending, and before that was written down.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from tocsin.asking.knowledge import unseen
from tocsin.aws.calls import Caller
from tocsin.engine.dispatcher import Dispatcher, Failure, Leaving
from tocsin.engine.ports import Confirmation, Delivery, Job, Outgoing, Received, Stored, Transport
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.tasks.channel import CHANNEL as TASKS
from tocsin.wiring import chat_care
from tocsin.wiring.browsers import BrowserBook, subject
from tocsin.wiring.concierge.house import Door
from tocsin.wiring.directory import SettingsRoster
from tocsin.wiring.lanes import Lanes
from tocsin.wiring.late_transport import LateTransport
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.notifying import preferred
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.settings import Settings
from tocsin.wiring.silences import Concerned
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.threads import thread_book
from tocsin.wiring.transports import Chat, connect, load, transports

if TYPE_CHECKING:
    from tocsin.wiring import reckoning, serverless_flows, serverless_tasks
else:
    reckoning = later("tocsin.wiring.reckoning")
    serverless_flows = later("tocsin.wiring.serverless_flows")
    serverless_tasks = later("tocsin.wiring.serverless_tasks")

GRACE: Final[Duration] = 20 * SECOND  # How long the sweep leaves a new effect to the stream.
LANES_MAX: Final = 16  # Receivers that are served at the same time.
PATIENCE_SECONDS: Final = 20.0  # For receivers that ask for a slower pace; the sweep has what is left then.
SETTLE_SECONDS: Final = 5.0  # For what a chat does beside: pictures, and answers to people.
_LOOK_SECONDS: Final = 0.02

Result = Callable[[Outgoing, str, str], None]


class Effects(Protocol):
    """A store that knows effects by what the stream has told of them."""

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Those of *outgoing* that are pending, as they are now: read consistently."""
        ...


def load_ways(settings: Settings) -> None:
    """Load what the ways of *settings* need."""
    load(settings)


class Reach:
    """All the ways to people, and what cares for them. Kept as long as its `Thinking`."""

    def __init__(self, thinking: Thinking, calls: Caller, outside: Outside | None = None) -> None:
        """*calls* answer tasks of Step Functions. Raises StoreUnavailableError, TocsinError."""
        outside = outside or Outside(clock=thinking.clock)
        settings, store, url, clock = thinking.settings, thinking.store, thinking.url, thinking.clock
        self._thinking = thinking
        self._calls = calls
        self.browsers = BrowserBook(store, clock, subject(url, settings.mail))
        self.door = Door(store, lambda: SettingsRoster(settings).responders(), clock)
        self.chats: Sequence[Chat] = connect(
            settings,
            url,
            clock,
            self._accept_one,
            slack_api=outside.slack_api,
            cloud=outside.cloud,
            house=self.door.slack() if settings.slack else None,
            threads=thread_book(store),
        )
        try:
            self._join(outside)
        except BaseException:
            self.close()  # They have threads and connections.
            raise

    def deliver(self, effects: Effects, told: Sequence[Outgoing], *, on_result: Result = lambda *_: None) -> None:
        """Send those of *told* that are still pending and may leave now, and handle what follows from it.

        Raises StoreUnavailableError, ContentionError.
        """
        now = self._thinking.clock()
        if any(item.not_before <= now for item in told):
            self._send(_Chosen(self._thinking.store, effects, told), on_result)

    def sweep(self, *, on_result: Result = lambda *_: None) -> None:
        """Send all that has waited for longer than GRACE, or has been tried before, and handle what follows from it.

        Raises StoreUnavailableError, ContentionError.
        """
        self._send(_Aged(self._thinking.store), on_result)

    def settle(self) -> None:
        """Let what chats do beside come to its end, for a moment; then nothing goes on until it is wanted again."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(chat.busy() for chat in self.chats) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        for chat in self.chats:
            chat.rest()

    def close(self) -> None:
        """Give everything back."""
        for chat in self.chats:
            chat.stop()
            chat.close()

    def _join(self, outside: Outside) -> None:
        thinking = self._thinking
        settings, store, url, clock = thinking.settings, thinking.store, thinking.url, thinking.clock
        thinking.learn({chat.channel: chat.commands for chat in self.chats})
        thinking.on_settled(self._settled)
        self.presence = next((chat.presence for chat in self.chats), unseen)
        self.care = chat_care.caring(
            self.chats,
            lambda: settings,
            store,
            clock,
            accept=thinking.accept,
            url=url,
            on_zones=thinking.room_book.follow,
        )
        messages = MessageTransport(thinking.accept, clock, self._concerned, self._reckoned)
        flows = thinking.flows
        self._transports: Sequence[Transport] = [
            messages
            if flows is None
            else serverless_flows.FlowTransport(messages, flows, thinking.kept, thinking.accept, clock),
            LateTransport(TASKS, lambda: self.working.transport),
            *transports(settings, url, clock, browsers=self.browsers, twilio=outside.twilio),
            *(each for chat in self.chats for each in (chat.transport, *chat.more)),
        ]

    @cached_property
    def working(self) -> serverless_tasks.Working:
        """What does tasks; most runtimes never do one. Raises StoreUnavailableError."""
        return serverless_tasks.Working(self._thinking, self._calls)

    def _send(self, store: Leaving, on_result: Result) -> None:
        thinking = self._thinking
        finished = threading.Event()
        with ThreadPoolExecutor(LANES_MAX, thread_name_prefix="lane") as pool:
            dispatcher = Dispatcher(
                store,
                thinking.machines,
                self._transports,
                thinking.directory,
                executor=Lanes(pool, pool),
                clock=thinking.clock,
                chance=random.random,
                report=self._report,
                preferred=lambda outgoing, ways: self.care.preferred(outgoing, preferred(outgoing, ways)),
                on_result=on_result,
                on_done=finished.set,
            )
            deadline = time.monotonic() + PATIENCE_SECONDS
            dispatcher.step(thinking.clock())
            while dispatcher.busy() or self._may_wait(dispatcher, deadline):
                finished.wait(_LOOK_SECONDS)
                finished.clear()
                dispatcher.step(thinking.clock(), ())
        if "working" in vars(self):  # Otherwise nothing was done that has an answer.
            self.working.answers.handle(thinking.clock())
        thinking.drain()

    def _may_wait(self, dispatcher: Dispatcher, deadline: float) -> bool:
        """Whether a lane that rests may be looked at again before the end."""
        at = dispatcher.next_start()
        if at is None:
            return False
        return time.monotonic() + max(at - self._thinking.clock(), 0) / SECOND < deadline

    def _accept_one(self, received: Received) -> None:
        self._thinking.accept([received])

    def _concerned(self, job: Job, now: Instant) -> Iterable[dict[str, Json]]:
        """As the books are now: they are read again and again."""
        thinking, books = self._thinking, self._thinking.books
        concerned = Concerned(thinking.store, books.silences, lambda receiver: bool(thinking.directory.ways(receiver)))
        return (books.quiet.spread(concerned) if books.quiet else concerned)(job, now)

    def _reckoned(self, job: Job, now: Instant) -> dict[str, Json]:
        thinking = self._thinking
        return reckoning.Reckoner(thinking.settings, thinking.store, thinking.url).answer(job, now)

    def _report(self, failure: Failure) -> None:
        report = self.care.report(failure, self._thinking.clock())
        if report is not None:
            self._thinking.accept([report])

    def _settled(self, delivery: Delivery, note: str, outcomes: Sequence[object]) -> None:
        del note
        for chat in self.chats:
            if chat.channel == delivery.channel:
                chat.settled(delivery, [str(getattr(outcome, "reason", "")) for outcome in outcomes])


class _View:
    """A store whose outbox shows a part of what is pending. Only what the dispatcher asks for is here."""

    def __init__(self, store: ShowingStore) -> None:
        self._store = store

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See the port."""
        return self._store.load(ids)

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        return self._store.receipts(aggregate)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port."""
        self._store.confirm(confirmations)

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        self._store.postpone(outgoing)


class _Chosen(_View):
    """Shows certain effects, as long as they are pending."""

    def __init__(self, store: ShowingStore, effects: Effects, told: Sequence[Outgoing]) -> None:
        super().__init__(store)
        self._effects = effects
        self._told = {item.id: item for item in told}

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port. Without *receivers* it is a hint, and as the stream has told; with them it is read."""
        if receivers is None:
            return [item for item in self._told.values() if item.not_before <= now]
        lanes = set(receivers)
        found = self._effects.still([item for item in self._told.values() if item.receiver in lanes])
        waiting = sorted((item for item in found if item.not_before <= now), key=lambda item: item.behind - item.urgent)
        return _first(waiting, per_receiver)


class _Aged(_View):
    """Shows what has been pending for a while."""

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port."""
        # New effects of a lane stand behind its old ones, but urgent ones stand before all.
        found = self._store.pending(now, per_receiver=per_receiver, receivers=receivers)
        return [item for item in found if item.attempts or item.method or item.not_before + GRACE <= now]


def _first(items: Iterable[Outgoing], most: int) -> Sequence[Outgoing]:
    """The first *most* of each receiver."""
    count: dict[str, int] = {}
    found = []
    for item in items:
        count[item.receiver] = count.get(item.receiver, 0) + 1
        if count[item.receiver] <= most:
            found.append(item)
    return found
