"""A console under test: the real application on a real server, the real machine and runner behind it, in memory."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send

from tests.web.console_desks import BEGIN, Desk, News, People
from tocsin.approvals.machine import ApprovalMachine
from tocsin.automation.machine import RuleMachine
from tocsin.automation.rule import Rule
from tocsin.changes.change import Change
from tocsin.changes.machine import ChangeMachine, Reported
from tocsin.engine.ports import Commit, Handled, Received
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.executions.machine import ExecutionMachine
from tocsin.heartbeats.inputs import Pinged
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Remedied, Severity
from tocsin.incidents.commands import command, to_input
from tocsin.incidents.inputs import AlertReceived, Input
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silence_machine import SilenceEnded, SilenceMachine, SilenceSet
from tocsin.incidents.silences import Order
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.machine import Machine, Tick
from tocsin.kernel.time import MINUTE, Instant
from tocsin.noise.machine import RemedyMachine
from tocsin.schedules.recurring import next_turn
from tocsin.testing.memory import MemoryStore
from tocsin.web.console.app import console
from tocsin.web.console.sessions import signin_link
from tocsin.wiring import questions, rule_joining, rules, workflows
from tocsin.wiring.browsers import BrowserBook
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.paging_desk import SettingsPagingDesk
from tocsin.wiring.personal import PersonalBook
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.remedies import interpret
from tocsin.wiring.settings_file import parse
from tocsin.wiring.workflow_desk import StoreWorkflowDesk
from tocsin.wiring.workflows import Definitions

PAGED = parse(b"responders: {ada: {}, bob: {}, cy: {}}", {}).settings
ENDS_WITHIN_S = 60  # On the busiest machine.
ZONES = parse(b"responders: {ada: {time_zone: Europe/Berlin}}", {}).settings


ONCALL = """
responders:
  ada: {time_zone: Europe/London, working_hours: mon-fri 09:00-17:00, absences: https://calendars.example/ada.ics}
  bob: {time_zone: America/New_York}
  cy:
teams: {ops: {members: [ada, bob, cy], policy: usual}, shop: {members: [bob], policy: quiet}}
schedules:
  ops:
    time_zone: Europe/Berlin
    layers:
      - {name: nights, responders: [ada, bob], start: 2026-01-05 09:00, rotate: daily}
      - {name: days, responders: [cy], start: 2026-01-05 09:00, rotate: weekly, only: mon-fri 09:00-17:00}
  shop:
    needed: mon-fri 09:00-17:00
    layers: [{name: desk, responders: [bob], start: 2026-01-05 09:00, rotate: daily, only: mon-thu 09:00-17:00}]
policies:
  usual: {steps: [{ask: "schedule:ops"}, {ask: ["schedule:ops:next", ada], wait: 10m}], repeat: 1}
  quiet: {steps: [{ask: "schedule:shop"}]}
  loud: {steps: [{ask: team, wait: 1m}]}
routes: [{name: the shop is down, when: {title: [shop]}, team: shop, policy: loud}]
"""


class Watched(MemoryStore):
    """Remembers how much was asked of it, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []
        self.broken = False

    def listing(self, machine, *, live_only, limit, before=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        if self.broken:
            raise StoreUnavailableError("disk I/O error")
        self.limits.append(limit)
        return super().listing(machine, live_only=live_only, limit=limit, before=before)


class World:
    """Everything behind the console; the test moves the clock and rings the bell."""

    def __init__(self, public_url: str = "", oncall: str = ONCALL) -> None:
        self.now = BEGIN
        self.store = Watched()
        self.oncall = SettingsOnCallDesk(
            parse(oncall.encode(), {}).settings, self.store, lambda: self.now, public_url or "http://bell.example"
        )
        self.machine = IncidentMachine(self._on_duty)
        self.people = People()
        self.desk = Desk(self.people)
        self.noise = StoreNoiseDesk(ZONES, self.store, lambda: self.now)
        self.browsers = BrowserBook(
            self.store,
            lambda: self.now,
            "mailto:tocsin@example.com",
            resolve=lambda host, _: None if host == "localhost" else "192.0.2.7",
        )
        self.personal = PersonalBook(lambda: PAGED, self.store, lambda: self.now)
        self.flows = parse(b"", {}).settings  # A test that needs workflows configures them.
        self.definitions = Definitions(self.store)
        self.workflows = StoreWorkflowDesk(lambda: self.flows, self.store, self.definitions, lambda: self.now)
        self.news = News()
        machines: list[Machine[Any, Any]] = [
            self.machine,
            HeartbeatMachine(),
            ChangeMachine(),
            SilenceMachine(next_turn),
            RemedyMachine(),
            ExecutionMachine(self.definitions),
            ApprovalMachine(),
            RuleMachine(self._rule),
        ]
        self.runner = Runner(self.store, machines, on_commit=self._committed)
        self.public_url = public_url
        self.asleep = False  # The engine handles nothing.
        self.refuses = False  # The disk is full.
        self._numbers = itertools.count(1)
        self._handled: dict[str, list[Handled]] = {}
        self.app = console(
            store=self.store,
            machine=self.machine,
            intake=self,
            changes=self.news,
            roster=self.people,
            keys=self.desk,
            oncall=self.oncall,
            noise=self.noise,
            clock=lambda: self.now,
            token=lambda: f"test-token-{next(self._numbers)}",
            public_url=public_url,
            browsers=self.browsers,
            paging=SettingsPagingDesk(lambda: PAGED, self.personal),
            figure_desk=Reckoner(parse(b"", {}).settings, self.store),
            workflows=self.workflows,
        )

    def _on_duty(self, target: str, now: Instant) -> tuple[str, ...]:
        return self.oncall.duty()(target, now)

    def told(self, received: Received) -> str:
        """Accept and handle what is told from within; the delivery's id."""
        (name,) = self.store.accept([received])
        self._handle(name, received)
        self.store.settle({name: ""})
        return name

    def _rule(self, name: str) -> Rule | None:
        return rules.RuleDesk(self.flows, {})(name)

    async def accept(self, received: Received) -> str:
        if self.refuses:
            raise StoreUnavailableError("disk full")
        (delivery_id,) = self.store.accept([received])
        if not self.asleep:
            self._handle(delivery_id, received)
            self.store.settle({delivery_id: ""})
        return delivery_id

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - the port's.
        del timeout
        return self._handled.get(delivery_id, [])

    def link(self, as_: str = "") -> str:
        return signin_link(self.store, f"test-link-{next(self._numbers)}", self.now, as_)

    def ring(
        self,
        title: str = "Disk is full",
        *,
        severity: Severity = Severity.HIGH,
        kind: Kind = Kind.ALERT,
        team: str = "ops",
        key: str = "",
        name: str = "",
        plan_remedy: Remedied | None = None,
        **facts: object,
    ) -> str:
        """Open an incident; its id."""
        alert = Alert(
            status=AlertStatus.FIRING,
            title=title,
            dedup_key=key or title,
            source="json",
            severity=severity,
            kind=kind,
            **facts,  # type: ignore[arg-type]
        )
        policy = Policy(
            name="usual",
            steps=(Step(("responder:ada",), 5 * MINUTE), Step(("responder:bob",), 5 * MINUTE)),
            everyone=(f"team:{team}",),
        )
        return self.give(
            AlertReceived(alert, Plan(team=team, policy=policy, remedy=plan_remedy)), keys=(alert.dedup_key,), name=name
        )

    def give(self, given: Input, incident: str = "", keys: tuple[str, ...] = (), name: str = "") -> str:
        """Hand an input to an incident (or to whichever answers); its id."""
        number = next(self._numbers)
        item = Addressed(
            input_id=name or f"test/{number}",
            machine="incident",
            given=given,
            aggregate=incident,
            keys=keys,
            fresh=f"i/{number}",
        )
        return self.runner.handle([item], self.now)[item.input_id].aggregate

    def ping(self, ping: Ping) -> None:
        """A sign of life of the integration prod."""
        self._tell("heartbeat", Pinged(integration="prod", ping=ping), (f"prod/h/{ping.name}",))

    def change(self, change: Change) -> None:
        """The integration prod tells of a change."""
        self._tell("change", Reported(integration="prod", change=change), ())

    def _tell(self, machine: str, given: object, keys: tuple[str, ...]) -> None:
        name = f"told/{next(self._numbers)}"
        self.runner.handle([Addressed(input_id=name, machine=machine, given=given, keys=keys, fresh=name)], self.now)

    def pass_time(self, duration: int) -> None:
        """Let time pass, and wake what is due."""
        self.now += duration
        self.runner.tick(self.store.due(self.now, 100), self.now)

    def state(self, incident: str) -> Incident:
        return self.machine.decode(self.store.load([incident])[incident].state)

    def fill(self, amount: int) -> None:
        """That many open incidents, as if each had been opened a millisecond after the one before."""
        pattern = self.state(self.ring("Pattern"))
        commits = []
        for number in range(amount):
            opened_at = BEGIN - amount + number
            face = msgspec.structs.replace(pattern.face, title=f"Flood {number}")
            state = msgspec.structs.replace(pattern, opened_at=opened_at, face=face)
            commits.append(
                Commit(
                    aggregate=f"flood/{number}",
                    machine="incident",
                    expected=0,
                    state=self.machine.encode(state),
                    wake_at=state.wake_at,
                    live=True,
                    owes=True,
                    rank=opened_at,
                )
            )
        self.store.commit(commits)

    def _handle(self, delivery_id: str, received: Received) -> None:
        name = f"{delivery_id}/0"
        read = {
            "remedy": interpret,
            **workflows.channels(),
            **questions.channels(),
            rule_joining.CHANNEL: rules.RuleDesk(self.flows, {}).ordered,
        }.get(received.channel)
        if read:
            delivery = self.store.delivery(delivery_id)
            assert delivery
            items = read(delivery).inputs
            assert items, received.body
            name = items[0].input_id  # What counts once has a name of its own.
            owner = self.runner.handle(items, self.now)[name].aggregate
            self._handled[delivery_id] = [line for line in self.store.timeline(owner, 10) if line.input_id == name]
            return
        document = json.decode(received.body)
        if received.channel == "silence":
            owner = self.order(msgspec.convert(document, Order), name)
        elif received.channel == "console":
            order = command(document)
            owner = self.give(to_input(order), order.incident, name=name)
        else:
            owner = self.ring(document["title"], name=name)
        self._handled[delivery_id] = [line for line in self.store.timeline(owner, 10) if line.input_id == name]

    def order(self, order: Order, name: str = "") -> str:
        """Make or end a silence."""
        owner = order.make.id if order.make else order.end
        given = SilenceSet(order.make) if order.make else SilenceEnded(order.for_good)
        name = name or f"order/{next(self._numbers)}"
        item = Addressed(input_id=name, machine="silence", given=given, aggregate=owner, fresh=owner)
        self.runner.handle([item], self.now)
        return owner

    def _committed(self, commits: Sequence[Commit]) -> None:
        self.news.tell(frozenset(commit.aggregate for commit in commits))


def due(world: World, incident: str) -> None:
    """The deadline of the present step passes."""
    world.now = world.state(incident).wake_at or world.now
    world.give(Tick(), incident)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found, self.text
        return found[1]

    @property
    def location(self) -> str:
        return self.headers["location"]

    @property
    def flash(self) -> str:
        found = re.search(r'<p id="flash"[^>]*>(.*?)</p>', self.text, re.DOTALL)
        return unescape(found[1]) if found else ""


@dataclass
class Visitor:
    """A browser without a script: keeps cookies, sends what it is told, follows nothing by itself."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, object] | None = None, **headers: str) -> Answer:
        body = urlencode(form or {}).encode()
        return self.send("POST", path, body, {"content-type": "application/x-www-form-urlencoded", **headers})

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
            if self.cookies:
                sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def enter(self, link: str) -> Answer:
        answer = self.post(link)
        assert answer.status == 303, answer.text
        return answer

    def press(self, path: str, **form: object) -> Answer:
        """Press a button of the page *path*, and follow to the page that tells what came of it."""
        answer = self.post(path, {"csrf": self.get("/people").csrf, **form})
        assert answer.status == 303, answer.text
        return self.get(answer.location)

    def _keep(self, answer: Answer) -> None:
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if value.strip('"') and "Max-Age=0" not in line:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


class Stage:
    """A server that stays while worlds come and go on it: starting one for each test would cost most of the time."""

    def __init__(self) -> None:
        self.world = World()
        self.port = 0
        self.loop: asyncio.AbstractEventLoop | None = None

    def play(self, world: World) -> World:
        self.world = world
        return world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        await self.world.app(scope, receive, send)

    def unfinished(self) -> str:
        """What the server still waits for, when it does not end."""
        tasks = asyncio.all_tasks(self.loop) if self.loop else set()
        return "\n".join(f"{task!r}: {task.get_stack()}" for task in tasks)


@contextmanager
def staged() -> Iterator[Stage]:
    """A stage that listens on a free port."""
    stage = Stage()
    listener = socket.create_server(("127.0.0.1", 0))
    stage.port = listener.getsockname()[1]
    config = uvicorn.Config(stage, loop="asyncio", log_level="critical", lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        server.should_exit = True
        stage.world.news.tell(None)
        thread.join(ENDS_WITHIN_S)
        listener.close()
        assert not thread.is_alive(), stage.unfinished()
