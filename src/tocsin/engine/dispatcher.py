"""The dispatcher: pending, re-read, deliver, confirm.

Each receiver is a lane: within it effects leave in order, one batch at a time; lanes do not wait for each other, so
that a storm for one receiver starves nobody. A lane reads and delivers on a thread of the executor; what became of its
batch is written by the next `step`, together with that of all other lanes, and only then is the lane free again. A
pause that a receiver asks for its pace only is kept in memory: a crash loses the pause, not the effect.

The newest state is read just before an effect leaves: what is no longer wanted is dropped, and nobody is paged for what
was acknowledged a second ago. A way that fails is tried again with exponential back-off; after the last attempt the
failure is reported (it becomes an alert of its own) and the receiver's next way is tried.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from queue import SimpleQueue
from typing import Any, Final, Protocol, assert_never

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
    Stored,
    Taken,
    Transport,
    Way,
)
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect, Machine
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant

BATCH_MAX: Final = 100  # Effects of one lane handed over together: a transport may say them in one message.
TROUBLE_PAUSE: Final[Duration] = SECOND  # A lane whose handling itself failed (store away) rests so long.
PACED_PAUSE: Final[Duration] = SECOND // 10  # A lane with effects that are paced looks for others this often.
FULL_PAUSE: Final[Duration] = SECOND // 2  # One that is full of them finds only what is urgent, and reads more for it.
UNREADABLE_PAUSE: Final[Duration] = MINUTE  # An effect whose state cannot be read waits, and holds up no other.

log = logging.getLogger(__name__)


class Leaving(Protocol):
    """What of a store is needed here; each as in the ports."""

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See `Aggregates`."""
        ...

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See `Outbox`."""
        ...

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See `Outbox`."""
        ...

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        ...

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See `Outbox`."""
        ...


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A way that was given up. *final*: the receiver has no other way left."""

    outgoing: Outgoing
    transport: str
    address: str
    error: str
    final: bool


class _Batch:
    """What one run of a lane has done, until it is written."""

    __slots__ = ("done", "full", "later", "name", "paced", "troubled")

    def __init__(self, name: str, paced: dict[str, Instant]) -> None:
        self.name = name
        self.paced = paced  # Effects that wait for their receiver's pace, and until when.
        self.done: list[Confirmation] = []
        self.later: list[Outgoing] = []
        self.full = False
        self.troubled = False


class _Rest(msgspec.Struct, frozen=True):
    """Until when a lane rests: *hinted* if something new may wait there, *swept* if nothing is known of."""

    hinted: Instant
    swept: Instant


class Dispatcher:
    """Empties the outbox. `step` is called by one thread; lanes run on *executor*."""

    def __init__(
        self,
        store: Leaving,
        machines: Iterable[Machine[Any, Any]],
        transports: Iterable[Transport],
        directory: Directory,
        *,
        executor: Executor,
        clock: Callable[[], Instant],
        chance: Callable[[], float],
        report: Callable[[Failure], None],
        preferred: Callable[[Outgoing, Sequence[Way]], Sequence[Way]] = lambda _, ways: ways,
        on_result: Callable[[Outgoing, str, str], None] = lambda *_: None,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        """*chance* gives numbers in [0, 1) for jitter. *report* makes a failure durable before it is confirmed.

        It may raise StoreUnavailableError. *preferred* puts the receiver's ways into the order in which an effect
        tries them. *on_result* hears (effect, transport, result); *on_done* that a lane has
        finished and waits for the next `step`.
        """
        self._store = store
        self._machines = {machine.name: machine for machine in machines}
        self._transports = {transport.name: transport for transport in transports}
        self._directory = directory
        self._executor = executor
        self._clock = clock
        self._chance = chance
        self._report = report
        self._preferred = preferred
        self._on_result = on_result
        self._on_done = on_done
        # Lanes wait for the network side by side, but read one after the other: the interpreter's lock changes hands
        # with every row, and many readers at once would leave the engine's thread no turn.
        self._reading = threading.Lock()
        self._busy: set[str] = set()
        self._hinted: set[str] = set()  # Busy lanes where something new may wait.
        self._resting: dict[str, _Rest] = {}
        self._again: dict[str, Instant] = {}  # Lanes that are not busy and must be looked at again, and when.
        self._paced: dict[str, dict[str, Instant]] = {}
        self._finished: SimpleQueue[_Batch] = SimpleQueue()
        self._unwritten: list[_Batch] = []

    def step(self, now: Instant, receivers: Iterable[str] | None = None) -> int:
        """Write what lanes have done, then start the lanes of *receivers* (a hint), or all that have something pending.

        How many lanes were started. Raises StoreUnavailableError: what is not written then is written by a later step.
        """
        self._write_finished(now)
        swept = receivers is None
        names = self._pending_lanes(now) if receivers is None else dict.fromkeys(receivers)
        names |= dict.fromkeys(name for name, at in self._again.items() if at <= now)
        started = sum(self._start(name, now, swept=swept) for name in names)
        self._write_finished(now)  # An executor that runs at once has finished already.
        return started

    def busy(self) -> bool:
        """Whether deliveries are under way, or wait to be written."""
        return bool(self._busy)

    def waits_since(self, now: Instant) -> bool:
        """Whether `step` has something to do that no hint tells of."""
        return not self._finished.empty() or any(at <= now for at in self._again.values())

    def next_start(self) -> Instant | None:
        """When a lane that rests must be looked at again."""
        return min(self._again.values(), default=None)

    def _pending_lanes(self, now: Instant) -> dict[str, None]:
        """A dictionary instead of a set: a simulation meets them in the same order, whatever the process."""
        return dict.fromkeys(item.receiver for item in self._store.pending(now, per_receiver=1))

    def _start(self, name: str, now: Instant, *, swept: bool) -> bool:
        """Start a lane, unless it is busy or rests; then it is looked at again when that is over."""
        if name in self._busy:
            self._hinted.add(name)
            return False
        again = self._again.get(name)
        expected = again is not None and again <= now
        rest = self._resting.get(name)
        until = 0 if rest is None else rest.swept if swept and not expected else rest.hinted
        if until > now:
            self._again[name] = until if again is None or expected else min(again, until)
            return False
        self._again.pop(name, None)
        self._resting.pop(name, None)
        self._busy.add(name)
        paced = {effect: at for effect, at in self._paced.pop(name, {}).items() if at > now}
        self._executor.submit(self._run_lane, _Batch(name, paced))
        return True

    def _write_finished(self, now: Instant) -> None:
        """Confirm and postpone for all lanes that have finished, in one go; then they are free."""
        while not self._finished.empty():
            self._unwritten.append(self._finished.get())
        if done := [item for batch in self._unwritten for item in batch.done]:
            self._store.confirm(done)
        if later := [item for batch in self._unwritten for item in batch.later]:
            self._store.postpone(later)
        for batch in self._unwritten:
            self._free(batch, now)
        self._unwritten = []

    def _free(self, batch: _Batch, now: Instant) -> None:
        name, hinted = batch.name, batch.name in self._hinted
        self._busy.discard(name)
        self._hinted.discard(name)
        if batch.troubled:
            self._resting[name] = _Rest(now + TROUBLE_PAUSE, now + TROUBLE_PAUSE)
            self._again[name] = now + TROUBLE_PAUSE
        elif batch.paced:
            end = min(batch.paced.values())
            self._paced[name] = batch.paced
            self._resting[name] = _Rest(min(now + (FULL_PAUSE if batch.full else PACED_PAUSE), end), end)
            self._again[name] = self._resting[name].hinted if hinted else end
        elif batch.full or hinted:
            self._again[name] = now

    def _run_lane(self, batch: _Batch) -> None:
        try:
            self._deliver(batch)
        except StoreUnavailableError as problem:
            log.error("store unavailable while delivering", extra={"receiver": batch.name, "problem": problem.message})  # noqa: TRY400
            batch.troubled = True
        except Exception:
            log.exception("delivering failed", extra={"receiver": batch.name})
            batch.troubled = True
        finally:
            self._finished.put(batch)
            self._on_done()

    def _deliver(self, batch: _Batch) -> None:
        """Hand over what waits in one lane, and note what became of each."""
        ways = self._directory.ways(batch.name)
        with self._reading:
            jobs = self._jobs(batch, ways)
        for way, group in jobs.items():
            results = self._hand_over(way, group)
            for job, result in zip(group, results, strict=True):
                self._settle(job.outgoing, self._preferred(job.outgoing, ways), result, batch)

    def _jobs(self, batch: _Batch, ways: Sequence[Way]) -> Mapping[Way, Sequence[Job]]:
        """What is to be handed over, by its way; what need not or cannot be is noted at once."""
        waiting = self._store.pending(self._clock(), per_receiver=BATCH_MAX, receivers=[batch.name])
        batch.full = len(waiting) == BATCH_MAX
        items = [item for item in waiting if item.id not in batch.paced]
        if any(item.urgent for item in items):  # The others of its kind may leave with it, in the same message.
            items = [item for item in waiting if item.id not in batch.paced or item.urgent]
        states, unreadable = self._read(dict.fromkeys(item.aggregate for item in items))
        jobs: dict[Way, list[Job]] = {}
        for item in items:
            order = self._preferred(item, ways)
            if item.aggregate in unreadable:
                batch.later.append(replace(item, not_before=self._clock() + UNREADABLE_PAUSE))
                self._on_result(item, "", "postponed")
            elif not self._wanted(item, states.get(item.aggregate)):
                batch.done.append(self._confirmation(item, "dropped"))
            elif item.method >= len(order):
                batch.done.append(self._confirmation(item, "failed" if order else "nowhere"))
            else:
                way = order[item.method]
                receipts = self._store.receipts(item.aggregate)
                receipt = receipts.get((item.receiver, way.transport))
                jobs.setdefault(way, []).append(Job(item, states[item.aggregate], receipt))
        return jobs

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

    def _hand_over(self, way: Way, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """One result for each of *jobs*; one that breaks its transport costs itself only."""
        transport = self._transports.get(way.transport)
        if transport is None:
            return [Refused(f"no transport named {way.transport!r} is set up")] * len(jobs)
        try:
            results = transport.deliver(way.address, jobs)
        except Exception:
            log.exception("a transport broke", extra={"transport": way.transport, "effects": len(jobs)})
            results = ()
        if len(results) == len(jobs):
            return results
        if len(jobs) == 1:
            return [Postponed("internal error, see the log")]
        log.error("effects are handed over one by one", extra={"transport": way.transport, "effects": len(jobs)})
        return [result for job in jobs for result in self._hand_over(way, [job])]

    def _settle(self, item: Outgoing, ways: Sequence[Way], result: DeliveryResult, batch: _Batch) -> None:
        way = ways[item.method]
        match result:
            case Taken():
                pass
            case Delivered(receipt):
                batch.paced.pop(item.id, None)
                batch.done.append(self._confirmation(item, "delivered", way.transport, receipt))
            case Postponed(_, after, False):
                wait = after if after is not None else backoff.delay(1, self._chance())
                batch.paced[item.id] = self._clock() + wait
            case Postponed(error, after, _):
                attempts = item.attempts + 1
                if attempts >= backoff.ATTEMPTS_MAX:
                    self._give_up(item, ways, error, batch)
                    return
                wait = after if after is not None else backoff.delay(attempts, self._chance())
                batch.later.append(replace(item, attempts=attempts, not_before=self._clock() + wait))
                self._on_result(item, way.transport, "postponed")
            case Refused(error):
                self._give_up(item, ways, error, batch)
            case _:
                assert_never(result)

    def _give_up(self, item: Outgoing, ways: Sequence[Way], error: str, batch: _Batch) -> None:
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
            batch.done.append(self._confirmation(item, "failed", way.transport))
        else:
            self._on_result(item, way.transport, "failed")
            batch.later.append(replace(item, method=item.method + 1, attempts=0, not_before=self._clock()))

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
