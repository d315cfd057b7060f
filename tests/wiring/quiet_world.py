"""Everything between a delivery and a page, without threads, on a store in memory and a clock that the test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Commit, Delivered, Delivery, DeliveryResult, Job, Received, Store, Transport, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import is_teller
from tocsin.kernel.time import Duration, Instant
from tocsin.testing.memory import MemoryStore
from tocsin.testing.simulator import Inline
from tocsin.wiring import messages, storm_messages
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.quiet import Quiet
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.silences import Concerned, SilenceBook

START: Instant = 1_795_000_000_000
TEAM = """
responders: {ada: {}, bo: {}}
teams: {ops: {members: [ada, bo]}}
policies: {default: {steps: [{ask: ada, wait: 5d}]}}
routes: [{when: {labels: {kind: [notification]}}, kind: notification}]
"""


class World:
    """One runtime."""

    def __init__(self, config: str = "", store: Store | None = None, now: Instant = START) -> None:
        self.settings = parse((TEAM + config).encode(), {}).settings
        self.store: Store = store or MemoryStore()
        self.now = now
        self.broken = False
        self.pages: Counter[str] = Counter()
        self.machine = IncidentMachine()
        self.silences = SilenceBook(self.store)
        self.quiet = Quiet(self.settings, self.store, lambda: self.now, self.accept)
        known = machines()
        interpreter = Interpreter(
            routes(self.settings),
            {},
            more=storm_messages.channels(self.settings),
            mute=self.silences.mute,
            causes=self.quiet.causes if self.quiet.used else None,
        )
        self.runner = Runner(self.store, known, on_commit=self._committed)
        self.worker = Worker(self.store, self.runner, interpreter.interpret, self._poisoned)
        concerned = self.quiet.spread(Concerned(self.store, self.silences))
        transports: list[Transport] = [MessageTransport(self.accept, lambda: self.now, concerned), _Phone(self)]
        self.dispatcher = Dispatcher(
            self.store, known, transports, self, executor=Inline(), clock=lambda: self.now, chance=lambda: 0.5,
            report=lambda _: None,
        )  # fmt: skip

    def start(self) -> World:
        """What a start does; again without the thread that looks."""
        self.quiet.start()
        self.quiet.stop()
        self.rest()
        return self

    def again(self, config: str) -> World:
        """Another process on the same store, which has *config*."""
        return World(config, self.store, self.now).start()

    def send(self, title: str, status: str = "firing", severity: str = "high", **labels: str) -> None:
        """One alert, and all that follows from it."""
        self.post(title, status, severity, **labels)
        self.rest()

    def post(self, title: str, status: str = "firing", severity: str = "high", **labels: str) -> None:
        """One alert, which waits in the backlog."""
        kind = labels.pop("kind", "alert")
        body: Json = {
            "title": title, "dedup_key": title, "status": status, "severity": severity, "labels": labels, "kind": kind,
            "resource": labels.get("host", ""),
        }  # fmt: skip
        self.put("in", body)

    def put(self, channel: str, body: Json) -> None:
        """A delivery of any channel."""
        received = Received(received_at=self.now, channel=channel, key="default", head=b"", body=json.encode(body))
        self.store.accept([received])

    def press(self, verb: str, title: str, by: str = "ada") -> None:
        """A button."""
        self.put("console", {"verb": verb, "incident": self.name(title), "by": by})
        self.rest()

    def wait(self, duration: Duration) -> None:
        """Time passes."""
        self.now += duration
        self.rest()

    def look(self) -> None:
        """What the thread does now and then."""
        self.quiet.look()
        self.rest()

    def rest(self) -> None:
        """Work until there is nothing to do."""
        for _ in range(200):
            worked = self.worker.step(self.now, 100_000)
            due = self.store.due(self.now, 1000)
            if due:
                self.runner.tick(due, self.now)
            self.dispatcher.step(self.now)
            if not worked and not due and not self.store.pending(self.now, per_receiver=1):
                return
        raise AssertionError

    def incidents(self) -> dict[str, tuple[str, Incident]]:
        """All of them by title, each with its name."""
        rows = self.store.listing(self.machine.name, live_only=False, limit=10_000)
        found = [(row.id, self.machine.decode(row.state)) for row in reversed(rows)]
        return {state.face.title: (name, state) for name, state in found}

    def name(self, title: str) -> str:
        return self.incidents()[title][0]

    def state(self, title: str) -> Incident:
        return self.incidents()[title][1]

    def called(self, title: str) -> str:
        return self.state(title).called

    def reasons(self, title: str) -> list[str]:
        return [line.reason for line in self.store.timeline(self.name(title), 500)]

    def storm(self) -> Incident:
        """The newest."""
        return [state for _, state in self.incidents().values() if state.face.source == "storm"][-1]

    def storms(self) -> int:
        rows = self.store.listing(self.machine.name, live_only=False, limit=10_000)
        return sum(self.machine.decode(row.state).face.source == "storm" for row in rows)

    def ways(self, receiver: str) -> Sequence[Way]:
        """`tocsin.engine.ports.Directory`."""
        return (Way(messages.CHANNEL if is_teller(receiver) else "phone", receiver),)

    def accept(self, received: Sequence[Received]) -> object:
        """What is stored by ourselves."""
        if self.broken:
            raise StoreUnavailableError("the disk is full")
        return self.store.accept(received)

    def _committed(self, commits: Sequence[Commit]) -> None:
        self.silences.committed(commits)
        self.quiet.committed(commits)

    def _poisoned(self, delivery: Delivery, error: str) -> Interpretation:
        raise AssertionError(delivery, error)


class _Phone:
    """Takes every page."""

    name = "phone"

    def __init__(self, world: World) -> None:
        self._world = world

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        pages = [job for job in jobs if job.outgoing.kind == PAGE]
        self._world.pages.update(f"{address} {cast('Incident', job.state).face.title}" for job in pages)
        return [Delivered() for _ in jobs]
