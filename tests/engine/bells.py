"""The engine's world made small: a machine one can see through, transports and stores that do what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from tocsin.engine.dispatcher import Dispatcher, Failure
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Outgoing, Received, Transport, Way
from tocsin.engine.runner import Addressed, Runner
from tocsin.kernel import json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import Instant
from tocsin.testing.memory import MemoryStore
from tocsin.testing.simulator import Inline

NOW: Instant = 1_800_000_000_000


class Why(StrEnum):
    RANG = "rang"
    ENDED = "ended"
    TICKED = "ticked"
    NOT_DUE = "not due"
    NO_BELL = "no such bell"


class Ring(msgspec.Struct, frozen=True):
    """Write *text* down; the bell wakes after *wake_in* ms."""

    text: str = "ding"
    effects: tuple[Effect, ...] = ()
    wake_in: int | None = None


class End(msgspec.Struct, frozen=True):
    """It does not answer to its keys any more."""


class Listen(msgspec.Struct, frozen=True):
    """Means nothing where no bell is."""


class Burst(msgspec.Struct, frozen=True):
    """No machine should, but this input breaks it."""


class Bell(msgspec.Struct, frozen=True, kw_only=True):
    texts: tuple[str, ...] = ()
    heard_at: tuple[Instant, ...] = ()
    live: bool = True
    wake_at: Instant | None = None
    cracked: bool = False  # A tick breaks it.


class BellMachine:
    """Implements `tocsin.kernel.machine.Machine`."""

    name = "bell"

    def decide(self, state: Bell | None, given: object, now: Instant) -> Decision[Bell]:
        match given:
            case Ring(text, effects, wake_in):
                old = state or Bell()
                after = msgspec.structs.replace(
                    old,
                    texts=(*old.texts, text),
                    heard_at=(*old.heard_at, now),
                    wake_at=old.wake_at if wake_in is None else now + wake_in,
                    cracked=old.cracked or text == "crack",
                )
                return Decision(after, Why.RANG, effects, f"rang {text}")
            case End() if state is not None:
                return Decision(msgspec.structs.replace(state, live=False, wake_at=None), Why.ENDED)
            case Tick() if state is not None:
                if state.wake_at is None or state.wake_at > now:
                    return Decision(state, Why.NOT_DUE)
                if not state.cracked:
                    state = msgspec.structs.replace(state, wake_at=None)
                return Decision(state, Why.TICKED, (page("ada"),), "it is time")
            case Burst():
                raise ZeroDivisionError
        return Decision(state, Why.NO_BELL)

    def answers(self, state: Bell, given: object, now: Instant) -> bool:
        del given, now
        return state.live

    def wanted(self, state: Bell, effect: Effect) -> bool:
        return state.live or effect.kind != "page"

    def standing(self, state: Bell) -> Standing:
        return Standing(wake_at=state.wake_at, live=state.live, owes=False, rank=0)

    def encode(self, state: Bell) -> bytes:
        return json.encode(state)

    def decode(self, raw: bytes) -> Bell:
        return msgspec.json.decode(raw, type=Bell)


MACHINE = BellMachine()


def page(person: str) -> Effect:
    return Effect(receiver=f"responder:{person}", kind="page", urgent=True, facts={"why": "you"})


def show(receiver: str) -> Effect:
    return Effect(receiver=receiver, kind="show", coalesce=True)


def to(aggregate: str, given: object, input_id: str = "i") -> Addressed:
    return Addressed(input_id=input_id, machine="bell", given=given, aggregate=aggregate)


def by(keys: str, given: object, input_id: str = "i", *, fresh: str = "") -> Addressed:
    """To whoever answers to one of *keys* (one letter each), or to a new one."""
    return Addressed(
        input_id=input_id, machine="bell", given=given, keys=tuple(keys), fresh=fresh or f"bell-{input_id}"
    )


def bell(store: MemoryStore, name: str) -> Bell:
    return MACHINE.decode(store.load([name])[name].state)


def spoil(store: MemoryStore, name: str) -> None:
    """Leave a state that nobody can read."""
    store._aggregates[name] = msgspec.structs.replace(store._aggregates[name], state=b"\x00")


def received(body: str = "") -> Received:
    return Received(received_at=NOW, channel="in", key="", head=b"", body=body.encode())


Script = Callable[[str, Sequence[Job]], Sequence[DeliveryResult]]


class Pigeons:
    """A transport: does what *script* says, and remembers who was given what."""

    def __init__(self, name: str = "chat", script: Script | None = None) -> None:
        self.name = name
        self.flights: list[tuple[str, list[str]]] = []  # Address, ids of effects.
        self.jobs: list[Job] = []
        self._script = script or (lambda _, jobs: [Delivered()] * len(jobs))

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        self.flights.append((address, [job.outgoing.id for job in jobs]))
        self.jobs.extend(jobs)
        return self._script(address, jobs)


def answering(*results: DeliveryResult, name: str = "chat") -> Pigeons:
    """The next of *results* for each job; the last for ever."""
    left = list(results)
    return Pigeons(name, lambda _, jobs: [left.pop(0) if len(left) > 1 else left[0] for _ in jobs])


class Ways:
    """A directory: everybody is reached by these transports, in this order."""

    def __init__(self, *transports: str) -> None:
        self._transports = transports

    def ways(self, receiver: str) -> Sequence[Way]:
        return [Way(name, receiver.partition(":")[2]) for name in self._transports]


class Post:
    """A runner and a dispatcher on one store, a clock that a test turns, and all that they tell."""

    def __init__(
        self,
        *transports: Transport,
        store: MemoryStore | None = None,
        ways: Sequence[str] | None = None,
        chance: float = 0.0,
    ) -> None:
        self.now = NOW
        self.store = store or MemoryStore()
        self.runner = Runner(self.store, [MACHINE])
        self.failures: list[Failure] = []
        self.results: list[tuple[str, str, str]] = []  # Effect, transport, result.
        self.lanes_done = 0
        self.dispatcher = Dispatcher(
            self.store,
            [MACHINE],
            transports,
            Ways(*(ways if ways is not None else [transport.name for transport in transports])),
            executor=Inline(),
            clock=lambda: self.now,
            chance=lambda: chance,
            report=self.failures.append,
            on_result=self._told,
            on_done=self._done,
        )
        self._rung = 0

    def ring(self, aggregate: str, *effects: Effect) -> str:
        """Ring a bell (it is made, if there is none) that has these effects; the input's id."""
        self._rung += 1
        name = f"r{self._rung}"
        item = Addressed(input_id=name, machine="bell", given=Ring(name, effects), aggregate=aggregate)
        self.runner.handle([item], self.now)
        return name

    def step(self, later: int = 0) -> int:
        """Let *later* ms pass, then dispatch; how many lanes were started."""
        self.now += later
        return self.dispatcher.step(self.now)

    def pending(self) -> Mapping[str, Outgoing]:
        """All that waits in the outbox, also for a later time."""
        return {item.id: item for item in self.store.pending(self.now * 2, per_receiver=1000)}

    def _done(self) -> None:
        self.lanes_done += 1

    def _told(self, outgoing: Outgoing, transport: str, result: str) -> None:
        self.results.append((outgoing.id, transport, result))
