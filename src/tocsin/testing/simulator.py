"""Seeded simulation: the real engine and machine on a store and transports that fail in every way we could think of.

`python -m tocsin.testing.simulator --seeds 10000` runs as many worlds; a failure prints its seed, and `--seed N` runs
that one again, the same to the last coin. A world sends alerts (also twice, out of order, while the store is away),
presses buttons (also old ones), lets time pass (also much of it, while nobody works), kills the process at any call of
the store or of a transport, and checks the laws after every step. At the end all trouble is healed and everything must
have come out. What is checked is in `tocsin.testing.witness`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from random import Random
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from tocsin.engine.dispatcher import Dispatcher, Failure
from tocsin.engine.ports import (
    ONCE,
    Delivered,
    Delivery,
    DeliveryResult,
    Departure,
    Job,
    Postponed,
    Received,
    Refused,
    Store,
    Way,
)
from tocsin.engine.runner import Addressed, ContentionError, Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Severity
from tocsin.incidents.commands import VERBS, command, to_input
from tocsin.incidents.inputs import (
    AlertReceived,
    Amended,
    Input,
    Invited,
    PageFailed,
    Redirected,
    Unacknowledged,
    Withdrawn,
)
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.occurrences import Closer, Occurrence
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident
from tocsin.incidents.ways import BY
from tocsin.kernel import json
from tocsin.kernel.machine import Effect, is_teller
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Instant
from tocsin.testing import simulated_neighbours as neighbours
from tocsin.testing.faults import CrashError, Faults, FaultyStore
from tocsin.testing.memory import MemoryStore
from tocsin.testing.simulated_choices import Choices, chosen
from tocsin.testing.simulated_neighbours import Neighbours, some_mute, some_word, written
from tocsin.testing.witness import Witness

STEPS: Final = 60
PEOPLE: Final = ("ada", "bo", "cy")
KEYS: Final = ("disk", "cpu", "queue")
CHANGES: Final = ("unacknowledge", "amend", "invite", "redirect", "withdraw")  # What no button does, but a sender may.
MEANWHILE: Final = 0.2  # How likely something happens while a transport is at work.
INSISTS_AFTER: Final = 30 * SECOND  # Shorter than every step, so that the later way has its turn.
ROUNDS_MAX: Final = 2000  # Of the last clean-up: more means that something never comes to rest.


class Inline(Executor):
    """Runs at once, on the caller's thread, and lets a crash through."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - see Executor.
        """See Executor."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class World:
    """One seeded world."""

    def __init__(
        self,
        seed: int,
        *,
        memory: Store | None = None,
        machine: IncidentMachine | None = None,
        opened: Callable[[], Store] | None = None,
    ) -> None:
        """All that happens follows from *seed*; *memory* and *machine* may be others, which are put to the test.

        *opened*: the store as a process sees that has just begun, where it has trouble of its own; *memory* is the same
        one without.
        """
        self.random = Random(seed)
        self.insists = bool(seed % 2)  # People have rules: after the chat a mail, if nobody answers.
        self.now: Instant = HOUR
        self.faults = Faults(crash=0.01, unavailable=0.02, conflict=0.02, stale=0.1)
        self.memory: Store = memory or MemoryStore()
        self.opened = opened or (lambda: self.memory)
        self.machine = machine or IncidentMachine()
        self.restless = seed % 4 in {1, 2}  # Time flies where alerts flap, and nothing else has the time to happen.
        choosing = machine is None and seed // 4 % 2 == 0  # Each of the three with and without the others.
        self.choices = Choices(self.memory, PEOPLE) if choosing else None
        self.plan = chosen(_plan()) if self.choices else _plan()
        self.witness = Witness(self.memory, self.machine, choosing=self.choices is not None)
        self.down: set[str] = set()
        self.crashes = 0
        self._start()

    def run(self, steps: int = STEPS) -> None:
        """Live through *steps* events, then heal and check that everything came out. Raises AssertionError."""
        happens = (self._send, self._send, self._press, self._wait, self._work, self._work, self._work)
        actions = (*happens, *happens, self._hush, self._break, *((self._flap,) if self.restless else ()))
        with self.witness.listening():
            for _ in range(steps):
                self._attempt(self.random.choice(actions))
                self.witness.check(self.now)
            self._heal()
            self.witness.check_rest(self.now)
            before = self.witness.incidents()
            for pause in (3 * HOUR, MINUTE):  # A deadline is further away: in the minute nobody else is asked.
                self.now += pause
                self._heal()
            self.witness.check_progress(before, self.now)

    def meanwhile(self) -> None:
        """While a transport is at work, the engine's own thread goes on: what is in flight may be outdated."""
        try:
            self._press()
            self.worker.step(self.now, 3)
        except (StoreUnavailableError, ContentionError):
            pass

    def _start(self) -> None:
        """A new process: only the store survives."""
        inner = self.opened()
        self.store = cast("Store", FaultyStore(inner, self.random, self.faults))
        self.runner = Runner(self.store, [self.machine], spread=self._spread)
        if self.choices:
            self.choices.begin()
            self.runner = Runner(
                self.store,
                [self.machine],
                on_commit=self.choices.committed,
                renew=self.choices.machines,
                spread=self._spread,
            )
        self.worker = Worker(self.store, self.runner, self._interpret, self._poisoned)
        self.dispatcher = Dispatcher(
            cast("Store", FaultyStore(inner, self.random, self.faults, loads_lag=False)),
            [self.machine],
            [
                _Way(self, "chat"),
                _Way(self, "mail"),
                Neighbours(self.random, self.faults, self._accept, lambda: self.now),
            ],
            self,
            executor=Inline(),
            clock=lambda: self.now,
            chance=self.random.random,
            report=self._report,
            preferred=lambda outgoing, ways: ways[::-1] if outgoing.facts.get(BY) else ways,
            on_result=lambda outgoing, _, result: self.witness.confirmed(outgoing, result),
        )

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except CrashError:
            self.crashes += 1
            self._start()
        except (StoreUnavailableError, ContentionError):
            pass  # The service logs it and tries again.

    # What happens

    def _send(self) -> None:
        """A sender that tries again until it hears 2xx, as all of them do; so some arrive twice.

        Some messages are numbered: such a one that comes twice counts once.
        """
        status = self.random.choices(list(AlertStatus), weights=(6, 1, 3))[0]
        body = json.encode(
            {
                "key": self.random.choice(KEYS),
                "status": status,
                "severity": self.random.choice(list(Severity)),
                "kind": self.random.choices(list(Kind), weights=(5, 1))[0],
                "group": self.random.choice(("", "", "shop")),
                "at": self.now - self.random.choice((0, 0, MINUTE)),
                "expires": self.random.choice((None, None, self.now + self.random.choice((-MINUTE, 4 * MINUTE)))),
                "mute": some_mute(self.random, self.now) if self.random.random() < 0.15 else None,  # noqa: PLR2004
            }
        )
        head = self.random.choice((b"", b"%s: %d" % (ONCE.encode(), self.random.getrandbits(32))))
        received = Received(received_at=self.now, channel="in", key="default", head=head, body=body)
        for _ in range(self.random.choice((1, 1, 1, 2))):
            accepted = self._accept(received)
            if status is AlertStatus.FIRING:
                self.witness.firing.update(accepted)

    def _flap(self) -> None:
        """Two of a group fire, or one alert goes and comes for some minutes, while everybody works."""
        key = self.random.choice(KEYS)
        if self.random.random() < 0.5:  # noqa: PLR2004
            self._flip(KEYS[0], AlertStatus.FIRING, "shop")
            self._flip(key, AlertStatus.FIRING, "shop")
            return
        for number in range(14):
            status = AlertStatus.RESOLVED if number % 2 else AlertStatus.FIRING
            self._attempt(partial(self._flip, key, status))
            self._attempt(self._work)
            self.now += MINUTE

    def _flip(self, key: str, status: AlertStatus, group: str = "") -> None:
        body = json.encode({**_SAID, "key": key, "status": status, "group": group, "at": self.now})
        accepted = self._accept(Received(received_at=self.now, channel="in", key="default", head=b"", body=body))
        if status is AlertStatus.FIRING:
            self.witness.firing.update(accepted)

    def _press(self) -> None:
        """A button, of any incident, also a wrong or an old one."""
        incidents = self.memory.listing("incident", live_only=False, limit=20)
        if not incidents:
            return
        chosen = self.random.choice(incidents)
        state = self.machine.decode(chosen.state)
        document = {
            "verb": self.random.choice((*VERBS, *CHANGES)),
            "incident": chosen.id,
            "by": self.random.choice(PEOPLE),
            "rung": self.random.choice((None, state.rung, state.rung - 1)),
            "to": self.random.choice(PEOPLE),
            "until": self.now + self.random.choice((-1, 10 * MINUTE)),
            "text": "words",
        }
        received = Received(received_at=self.now, channel="console", key="", head=b"", body=json.encode(document))
        self._accept(received)

    def _hush(self) -> None:
        """A silence begins or ends that is about one of the incidents."""
        incidents = self.memory.listing("incident", live_only=True, limit=20)
        if incidents:
            chosen = self.random.choice(incidents)
            key, line = self.random.choice(list(self.machine.decode(chosen.state).alerts.items()))
            self._accept(written(chosen.id, some_word(self.random, key, self.now, line.mute), self.now))

    def _accept(self, received: Received) -> Sequence[str]:
        accepted = self.store.accept([received])
        stored = [delivery for name in accepted if (delivery := self.memory.delivery(name))]
        self.witness.accepted.update({delivery.id: f"{delivery.occurrence}/0" for delivery in stored})
        return accepted

    def _wait(self) -> None:
        self.now += self.random.choice((1, SECOND, 30 * SECOND, 5 * MINUTE, 20 * MINUTE, 2 * HOUR))

    def _break(self) -> None:
        """Whole transports go down, or come back."""
        self.down = self.random.choice((set(), {"chat"}, {"mail"}, {"chat", "mail"}))

    def _work(self) -> None:
        """One round of the engine's thread, as in `tocsin.engine.service`."""
        self.worker.step(self.now, self.random.choice((1, 3, 128)))
        names = self.store.due(self.now, 200)
        if names:
            self.runner.tick(names, self.now)
        self.dispatcher.step(self.now)

    def _interpret(self, delivery: Delivery) -> Interpretation:
        document = json.decode(delivery.body)
        match delivery.channel:
            case "in":
                return Interpretation((self._alert(delivery, document),))
            case "console":
                given = _change(document) if document["verb"] in CHANGES else to_input(command(document))
                item = Addressed(
                    input_id=f"{delivery.id}/0", machine="incident", given=given, aggregate=document["incident"]
                )
                return Interpretation((item,))
            case neighbours.CHANNEL:
                name, told = neighbours.read(document)
                item = Addressed(input_id=f"{delivery.occurrence}/0", machine="incident", given=told, aggregate=name)
                return Interpretation((item,))
        failed = PageFailed(receiver=document["receiver"], rung=document["rung"], error="no", final=document["final"])
        item = Addressed(input_id=f"{delivery.id}/0", machine="incident", given=failed, aggregate=document["aggregate"])
        return Interpretation((item,))

    def _alert(self, delivery: Delivery, document: dict[str, Any]) -> Addressed:
        alert = Alert(
            status=AlertStatus(document["status"]),
            title=document["key"],
            dedup_key=document["key"],
            group_key=document["group"],
            source="simulation",
            severity=Severity(document["severity"]),
            kind=Kind(document["kind"]),
            occurred_at=document["at"],
            expires_at=document["expires"],
            sender="prom",
        )
        mute = msgspec.convert(document["mute"], Mute | None)
        dedup, group = f"default/d/{alert.dedup_key}", f"default/g/{alert.group_key}"
        return Addressed(
            input_id=f"{delivery.occurrence}/0",
            machine="incident",
            given=AlertReceived(
                alert,
                replace(self.plan, gate=_gate(alert)),
                mute=mute,
                history=_TRANSIENT if alert.dedup_key == KEYS[0] else (),
                marks=neighbours.marks_of(alert.dedup_key),
            ),
            keys=(dedup, group) if alert.group_key else (dedup,),
            fresh=delivery.id,
        )

    def _poisoned(self, delivery: Delivery, error: str) -> Interpretation:
        message = f"nothing here is poison: {delivery} {error}"
        raise AssertionError(message)

    def _report(self, failure: Failure) -> None:
        outgoing = failure.outgoing
        if outgoing.kind == PAGE:
            body = {
                "aggregate": outgoing.aggregate,
                "receiver": outgoing.receiver,
                "rung": outgoing.facts["rung"],
                "final": failure.final,
            }
            self._accept(Received(received_at=self.now, channel="self", key="", head=b"", body=json.encode(body)))
        self.witness.given_up(failure)

    def ways(self, receiver: str) -> Sequence[Way]:
        """Everybody has two ways, a room has one; and there are the neighbours."""
        if is_teller(receiver):
            return (Way(neighbours.CHANNEL, receiver),)
        return (Way("chat", receiver), Way("mail", receiver))[: 2 if receiver.startswith("responder:") else 1]

    def _spread(self, effect: Effect, state: object, now: Instant) -> Sequence[Departure]:
        """A page leaves twice, the second time later and by the other way."""
        del state, now
        if not self.insists or effect.kind != PAGE:
            return (Departure(effect),)
        later = replace(effect, facts=effect.facts | {BY: ["mail"]})
        return (Departure(effect), Departure(later, INSISTS_AFTER))

    def _heal(self) -> None:
        self.faults.heal()
        self.down = set()
        for _ in range(ROUNDS_MAX):
            self._work()
            pending = self.memory.next_attempt(self.now)
            if self.memory.backlog(1) or self.memory.due(self.now, 1):
                continue
            if pending is None and not self.memory.pending(self.now, per_receiver=1):
                return
            self.now = max(self.now + SECOND, pending or 0)  # A lane that met trouble rests for a second.
        message = f"not at rest after {ROUNDS_MAX} rounds"
        raise AssertionError(message)


class _Way:
    """A transport that fails like the real ones."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self._world = world

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        world = self._world
        for job in jobs:
            world.witness.leaves(job.outgoing, address, cast("Incident", job.state))
        if not world.faults.healed and world.random.random() < MEANWHILE:
            world.meanwhile()
        return [self._one(job) for job in jobs]

    def _one(self, job: Job) -> DeliveryResult:
        world = self._world
        roll = 1.0 if world.faults.healed else world.random.random()
        if roll < 0.02:  # noqa: PLR2004 - a small chance each.
            raise CrashError
        if roll < 0.1:  # noqa: PLR2004
            return Postponed("later", after=world.random.choice((None, SECOND)), counts=world.random.random() < 0.5)  # noqa: PLR2004
        if roll < 0.13 or self.name in world.down:  # noqa: PLR2004
            return Refused("never")
        world.witness.arrived(job.outgoing, cast("Incident", job.state))
        if roll < 0.15:  # noqa: PLR2004
            raise CrashError
        return Delivered({"ts": "1"})


def _change(document: dict[str, Any]) -> Input:
    """A change that a sender asks for; by whom and to whom is drawn, and all else follows from that."""
    by, to = document["by"], document["to"]
    match document["verb"]:
        case "unacknowledge":
            return Unacknowledged(by)
        case "amend":
            severity = Severity.CRITICAL if by == to else Severity.INFO if by < to else None
            return Amended(by=by, title=document["text"], severity=severity)
        case "invite":
            return Invited(by=by, receivers=(responder(to),))
        case "redirect":
            return Redirected(by=by, plan=replace(_plan(), team="shop" if by < to else ""))
        case _:
            return Withdrawn(by)


def _plan() -> Plan:
    steps = (Step(("responder:ada",)), Step(("responder:bo", "responder:cy"), 2 * MINUTE), Step(()))
    everyone = (*(f"responder:{name}" for name in PEOPLE), "team:ops")
    policy = Policy(name="simulated", steps=steps, everyone=everyone, repeat=1)
    return Plan(team="ops", policy=policy, transient_hold=True, flapping=True)


_SAID: Final = {"severity": Severity.HIGH, "kind": Kind.ALERT, "expires": None, "mute": None}
_TRANSIENT: Final = tuple(
    Occurrence(
        incident=str(n), closed_by=Closer.SOURCE, duration=9 * MINUTE, severity=Severity.HIGH, closed_at=n * MINUTE
    )
    for n in range(20)
)


def _gate(alert: Alert) -> Gate | None:
    """Somebody has given one of the keys a threshold; what is worse comes without it."""
    return Gate(2, 10 * MINUTE) if alert.dedup_key == "queue" and alert.severity is not Severity.CRITICAL else None


def simulate(seed: int, steps: int = STEPS) -> World:
    """Run one world; AssertionError when a law is broken."""
    world = World(seed)
    world.run(steps)
    return world


def main(arguments: Sequence[str] | None = None) -> int:
    """Run many; the exit code is 1 when one fails."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.testing.simulator", description="Seeded simulation.")
    parser.add_argument("--seeds", type=int, default=500, help="how many worlds (default: 500)")
    parser.add_argument("--seed", type=int, help="run this one only")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"events of one world (default: {STEPS})")
    given = parser.parse_args(arguments)
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    totals: Counter[str] = Counter()
    for seed in seeds:
        try:
            world = simulate(seed, given.steps)
        except Exception:
            sys.stderr.write(f"seed {seed} failed; again with --seed {seed} --steps {given.steps}\n")
            raise
        totals.update(alerts=len(world.witness.firing), pages=world.witness.pages.total(), crashes=world.crashes)
    figures = ", ".join(f"{totals[name]} {name}" for name in ("alerts", "pages", "crashes"))
    sys.stdout.write(f"{len(seeds)} worlds: {figures}, lost: 0\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
