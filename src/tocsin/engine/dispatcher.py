"""The dispatcher: pending, re-read, deliver, confirm.

Each receiver is a lane: within it effects leave in order, one batch at a time; lanes do not wait for each other, so
that a storm for one receiver starves nobody. The newest state is read just before an effect leaves: what is no longer
wanted is dropped, and nobody is paged for what was acknowledged a second ago. A way that fails is tried again with
exponential back-off; after the last attempt the failure is reported (it becomes an alert of its own) and the receiver's
next way is tried.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.engine import backoff
from tocsin.engine.ports import (
    Confirmation,
    Delivered,
    DeliveryResult,
    Directory,
    Job,
    Outgoing,
    Postponed,
    Refused,
    Store,
    Transport,
    Way,
)
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Effect, Machine
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant

BATCH_MAX: Final = 500  # Effects of one lane handed over together: a transport may say them in one message.
TROUBLE_PAUSE: Final[Duration] = SECOND  # A lane whose handling itself failed (store away) rests so long.
UNREADABLE_PAUSE: Final[Duration] = MINUTE  # An effect whose state cannot be read waits, and holds up no other.

log = logging.getLogger(__name__)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A way that was given up. *final*: the receiver has no other way left."""

    outgoing: Outgoing
    transport: str
    address: str
    error: str
    final: bool


class Dispatcher:
    """Empties the outbox. `step` is called by one thread; deliveries run on *executor*."""

    def __init__(
        self,
        store: Store,
        machines: Iterable[Machine[Any, Any]],
        transports: Iterable[Transport],
        directory: Directory,
        *,
        executor: Executor,
        clock: Callable[[], Instant],
        chance: Callable[[], float],
        report: Callable[[Failure], None],
        on_result: Callable[[Outgoing, str, str], None] = lambda *_: None,
        on_done: Callable[[str], None] = lambda _: None,
    ) -> None:
        """*chance* gives numbers in [0, 1) for jitter. *report* makes a failure durable before it is confirmed.

        It may raise StoreUnavailableError. *on_result* hears (effect, transport, result); *on_done* which lane is free
        again.
        """
        self._store = store
        self._machines = {machine.name: machine for machine in machines}
        self._transports = {transport.name: transport for transport in transports}
        self._directory = directory
        self._executor = executor
        self._clock = clock
        self._chance = chance
        self._report = report
        self._on_result = on_result
        self._on_done = on_done
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._resting: dict[str, Instant] = {}

    def step(self, now: Instant, receivers: Iterable[str] | None = None) -> int:
        """Start what can start now, for *receivers* or all; how many effects were started.

        Raises StoreUnavailableError.
        """
        with self._lock:
            closed = {*self._busy, *(name for name, until in self._resting.items() if until > now)}
            self._resting = {name: until for name, until in self._resting.items() if until > now}
        wanted = None if receivers is None else [name for name in receivers if name not in closed]
        lanes: dict[str, list[Outgoing]] = {}
        for item in self._store.pending(now, per_receiver=BATCH_MAX, receivers=wanted):
            if item.receiver not in closed:
                lanes.setdefault(item.receiver, []).append(item)
        for name, items in lanes.items():
            with self._lock:
                self._busy.add(name)
            self._executor.submit(self._run_lane, name, items)
        return sum(map(len, lanes.values()))

    def busy(self) -> bool:
        """Whether deliveries are under way."""
        with self._lock:
            return bool(self._busy)

    def _run_lane(self, name: str, items: Sequence[Outgoing]) -> None:
        try:
            self._deliver(name, items)
        except StoreUnavailableError as problem:
            log.error("store unavailable while delivering", extra={"receiver": name, "problem": problem.message})  # noqa: TRY400
            self._rest(name)
        except Exception:
            log.exception("delivering failed", extra={"receiver": name})
            self._rest(name)
        finally:
            with self._lock:
                self._busy.discard(name)
            self._on_done(name)

    def _rest(self, name: str) -> None:
        with self._lock:
            self._resting[name] = self._clock() + TROUBLE_PAUSE

    def _deliver(self, receiver: str, items: Sequence[Outgoing]) -> None:
        """Hand over *items* of one lane, and write down what became of each."""
        ways = self._directory.ways(receiver)
        states, unreadable = self._read(dict.fromkeys(item.aggregate for item in items))
        done: list[Confirmation] = []
        later: list[Outgoing] = []
        groups: dict[int, list[Outgoing]] = {}
        for item in items:
            if item.aggregate in unreadable:
                later.append(replace(item, not_before=self._clock() + UNREADABLE_PAUSE))
                self._on_result(item, "", "postponed")
            elif not self._wanted(item, states.get(item.aggregate)):
                done.append(self._confirmation(item, "dropped"))
            elif item.method >= len(ways):
                done.append(self._confirmation(item, "failed" if ways else "nowhere"))
            else:
                groups.setdefault(item.method, []).append(item)
        for method, group in groups.items():
            results = self._hand_over(ways[method], group, states)
            for item, result in zip(group, results, strict=True):
                self._settle(item, ways, result, done, later)
        if done:
            self._store.confirm(done)
        if later:
            self._store.postpone(later)

    def _read(self, aggregates: Iterable[str]) -> tuple[dict[str, object], set[str]]:
        """The newest states, and those which this version cannot read."""
        states: dict[str, object] = {}
        unreadable: set[str] = set()
        for name, found in self._store.load(aggregates).items():
            try:
                states[name] = self._machines[found.machine].decode(found.state)
            except Exception:
                log.exception("a state cannot be read", extra={"aggregate": name})
                unreadable.add(name)
        return states, unreadable

    def _wanted(self, item: Outgoing, state: object) -> bool:
        effect = Effect(receiver=item.receiver, kind=item.kind, facts=item.facts)
        return state is not None and self._machines[item.machine].wanted(state, effect)

    def _hand_over(self, way: Way, group: Sequence[Outgoing], states: Mapping[str, object]) -> Sequence[DeliveryResult]:
        """One result for each of *group*; one that breaks its transport costs itself only."""
        transport = self._transports.get(way.transport)
        if transport is None:
            return [Refused(f"no transport named {way.transport!r} is set up")] * len(group)
        jobs = [
            Job(item, states[item.aggregate], self._store.receipts(item.aggregate).get((item.receiver, way.transport)))
            for item in group
        ]
        try:
            results = transport.deliver(way.address, jobs)
        except Exception:
            log.exception("a transport broke", extra={"transport": way.transport, "effects": len(group)})
            results = ()
        if len(results) == len(group):
            return results
        if len(group) == 1:
            return [Postponed("internal error, see the log")]
        log.error("effects are handed over one by one", extra={"transport": way.transport, "effects": len(group)})
        return [result for item in group for result in self._hand_over(way, [item], states)]

    def _settle(
        self,
        item: Outgoing,
        ways: Sequence[Way],
        result: DeliveryResult,
        done: list[Confirmation],
        later: list[Outgoing],
    ) -> None:
        way = ways[item.method]
        match result:
            case Delivered(receipt):
                done.append(self._confirmation(item, "delivered", way.transport, receipt))
            case Postponed(error, after, counts):
                attempts = item.attempts + counts
                if attempts >= backoff.ATTEMPTS_MAX:
                    self._give_up(item, ways, error, done, later)
                    return
                wait = after if after is not None else backoff.delay(max(attempts, 1), self._chance())
                later.append(replace(item, attempts=attempts, not_before=self._clock() + wait))
                self._on_result(item, way.transport, "postponed")
            case Refused(error):
                self._give_up(item, ways, error, done, later)

    def _give_up(
        self,
        item: Outgoing,
        ways: Sequence[Way],
        error: str,
        done: list[Confirmation],
        later: list[Outgoing],
    ) -> None:
        way = ways[item.method]
        final = item.method + 1 >= len(ways)
        log.warning(
            "delivery given up",
            extra={
                "effect": item.id,
                "receiver": item.receiver,
                "transport": way.transport,
                "problem": error,
                "final": final,
            },
        )
        self._report(Failure(outgoing=item, transport=way.transport, address=way.address, error=error, final=final))
        if final:
            done.append(self._confirmation(item, "failed", way.transport))
        else:
            self._on_result(item, way.transport, "failed")
            later.append(replace(item, method=item.method + 1, attempts=0, not_before=self._clock()))

    def _confirmation(
        self, item: Outgoing, result: str, transport: str = "", receipt: dict[str, Any] | None = None
    ) -> Confirmation:
        self._on_result(item, transport, result)
        return Confirmation(
            id=item.id,
            aggregate=item.aggregate,
            receiver=item.receiver,
            result=result,
            at=self._clock(),
            transport=transport,
            receipt=receipt,
        )
