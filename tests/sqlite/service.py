"""A small service around a store: the real engine and incident machine, a scripted world, and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Final, TypeVar

import msgspec

from tocsin.engine.dispatcher import Dispatcher, Failure
from tocsin.engine.ports import (
    Commit,
    Delivered,
    Delivery,
    DeliveryResult,
    Job,
    Postponed,
    Received,
    Refused,
    Store,
    Way,
)
from tocsin.engine.runner import Addressed, Runner
from tocsin.engine.service import Engine
from tocsin.engine.worker import Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Alert, Plan
from tocsin.incidents.commands import command, to_input
from tocsin.incidents.inputs import AlertReceived, PageFailed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Duration, Instant

T = TypeVar("T")

STEPS_MAX: Final = 400  # Of one moment: more means that something goes round in circles.
TRIES_MAX: Final = 20  # Of a sender.
LADDER: Final = Policy(
    name="default",
    steps=(Step(("responder:ada",), 5 * MINUTE), Step(("responder:bob",), 5 * MINUTE)),
    everyone=("team:ops",),
    ack_timeout=HOUR,
)
PLAN: Final = Plan(team="ops", policy=LADDER)


class World:
    """What a crash of the service does not touch: the clock, what was delivered, and what the senders were told."""

    def __init__(self) -> None:
        self.now: Instant = 1_800_000_000_000
        self.pages: set[tuple[str, str, int]] = set()  # Address, title, rung.
        self.shown: dict[str, str] = {}  # What the room's message of an incident last said, by title.
        self.accepted: list[str] = []  # Ids that a sender was given.
        self.refused_once: set[str] = set()

    def pass_time(self, duration: Duration) -> None:
        """Time goes by whatever happens."""
        self.now += duration


class Slack:
    """The first way: it is busy at first, and does not know bob."""

    name = "slack"

    def __init__(self, world: World) -> None:
        self._world = world

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        if address == "bob":
            return [Refused("no such user")] * len(jobs)
        if address not in self._world.refused_once:
            self._world.refused_once.add(address)
            return [Postponed("busy", 2 * SECOND)] * len(jobs)
        return [_deliver(self._world, address, job) for job in jobs]


class Mail:
    """The last way: it always works."""

    name = "mail"

    def __init__(self, world: World) -> None:
        self._world = world

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        return [_deliver(self._world, address, job) for job in jobs]


class Roster:
    """Everybody has both ways."""

    def ways(self, receiver: str) -> Sequence[Way]:
        name = receiver.partition(":")[2]
        return (Way("slack", name), Way("mail", name))


class Inline(Executor):
    """Runs what it is given at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401 - as above.
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Service:
    """The engine on one store, stepped by hand; it meets trouble as the engine's own thread does."""

    def __init__(self, store: Store, world: World, quiet: Callable[[Instant], bool]) -> None:
        """*quiet* tells, without asking *store*, whether nothing waits in it at an instant."""
        self._quiet = quiet
        self.store = store
        self.world = world
        machine = IncidentMachine()
        runner = Runner(store, [machine], on_commit=self._on_commit)
        worker = Worker(store, runner, interpret, poisoned)
        self._dispatcher = Dispatcher(
            store,
            [machine],
            [Slack(world), Mail(world)],
            Roster(),
            executor=Inline(),
            clock=lambda: world.now,
            chance=lambda: 0.5,
            report=self._report,
        )
        self._engine = Engine(store, worker, runner, self._dispatcher, lambda: world.now)

    def receive(self, *documents: Json) -> None:
        """A sender that tries again until it hears that everything is stored."""
        bodies = [json.encode(document) for document in documents]
        self._persist(lambda: self.world.accepted.extend(self.store.accept([self._received(body) for body in bodies])))

    def say(self, verb: str, key: str, by: str) -> None:
        """A person does something about the incident of an alert's key."""
        name = self._persist(lambda: self.store.find([f"alert:{key}"])[f"alert:{key}"])
        self.receive({"command": {"verb": verb, "incident": name, "by": by}})

    def settle(self) -> None:
        """Step until nothing waits."""
        for _ in range(STEPS_MAX):
            try:
                if self._engine.step():
                    continue
            except StoreUnavailableError:
                pass
            else:
                if self._quiet(self.world.now):
                    return
            self.world.now += SECOND
        raise AssertionError("something is stuck")

    def _persist(self, work: Callable[[], T]) -> T:
        for _ in range(TRIES_MAX):
            try:
                return work()
            except StoreUnavailableError:
                self.world.now += SECOND
        raise AssertionError("the store did not recover")

    def _on_commit(self, commits: Sequence[Commit]) -> None:
        self._engine.touch({item.receiver for commit in commits for item in commit.outbox})

    def _report(self, failure: Failure) -> None:
        item = failure.outgoing
        if item.kind == "page":
            facts = {"receiver": item.receiver, "rung": item.facts["rung"], "error": failure.error}
            document = {"failed": {**facts, "final": failure.final}, "incident": item.aggregate}
            self.store.accept([self._received(json.encode(document), channel="self")])

    def _received(self, body: bytes, channel: str = "in") -> Received:
        return Received(received_at=self.world.now, channel=channel, key="default", head=b"", body=body)


def alert(key: str, status: str = "firing") -> Json:
    """An alert as it is sent here."""
    return {"alert": {"status": status, "title": f"{key} is bad", "dedup_key": key, "source": "json"}}


def interpret(delivery: Delivery) -> Interpretation:
    """One input for each delivery."""
    document = json.decode(delivery.body)
    where: Mapping[str, Any]
    if "alert" in document:
        found = msgspec.convert(document["alert"], Alert)
        given: object = AlertReceived(found, PLAN)
        where = {"keys": (f"alert:{found.dedup_key}",), "fresh": f"incident-{delivery.id}"}
    elif "command" in document:
        parsed = command(document["command"])
        given, where = to_input(parsed), {"aggregate": parsed.incident}
    else:
        given, where = msgspec.convert(document["failed"], PageFailed), {"aggregate": document["incident"]}
    return Interpretation((Addressed(input_id=f"{delivery.id}/0", machine="incident", given=given, **where),))


def poisoned(delivery: Delivery, problem: str) -> Interpretation:
    """No delivery of these tests is one."""
    raise AssertionError(f"delivery {delivery.id}: {problem}")


def _deliver(world: World, address: str, job: Job) -> Delivered:
    assert isinstance(job.state, Incident)
    if job.outgoing.kind == "page":
        world.pages.add((address, job.state.face.title, job.outgoing.facts["rung"]))
    else:
        world.shown[job.state.face.title] = job.state.status.value
    return Delivered({"ts": job.outgoing.id})
