"""The embedded runtime without its threads, on a Slack and a mail server that can be in trouble, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mail.post_office import PostOffice, post_office
from tests.wiring.test_fallback import Inline
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Outgoing, Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User
from tocsin.wiring import chat_care
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.notifying import preferred
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.transports import connect, transports

BEGIN: Instant = 1_795_000_000_000
URL = "https://tocsin.example"


@dataclass
class Troubled:
    """Ada has Slack and e-mail, Bo has Slack only, Cy e-mail only; they are asked in this order."""

    folder: Path
    slack: FakeSlack
    post: PostOffice
    ada: User
    bo: User
    room: Channel
    now: Instant = BEGIN
    results: list[tuple[str, str, str, str]] = field(default_factory=list)  # (receiver, kind, transport, result)

    def begin(self) -> None:
        """Start, or start again on what is stored."""
        text = f"""
responders:
  ada: {{name: Ada, slack: {self.ada.id}, email: ada@example.com}}
  bo: {{name: Bo, slack: {self.bo.id}}}
  cy: {{name: Cy, email: cy@example.com}}
teams: {{ops: {{members: [ada, bo, cy], slack: {self.room.id}, policy: ladder}}}}
policies: {{ladder: {{steps: [{{ask: ada, wait: 5m}}, {{ask: bo, wait: 5m}}, {{ask: cy, wait: 5m}}]}}}}
integrations: {{prod: {{team: ops}}}}
slack: {{bot_token: "{self.slack.bot_token}", signing_secret: test-secret}}
mail: {{smtp: "127.0.0.1:{self.post.port}", from: tocsin@example.com, tls: none}}
"""
        self.settings = parse(text.encode(), {}).settings
        self.store = SqliteStore(self.folder / "tocsin.db")
        self.chats = list(connect(self.settings, URL, self.clock, self.accept, slack_api=self.slack.base_url))
        self.care = chat_care.caring(
            self.chats, lambda: self.settings, self.store, self.clock, accept=self.store.accept, url=URL
        )
        interpreter = Interpreter(
            routes(self.settings),
            {chat.channel: chat.commands for chat in self.chats},
            more={chat_care.CHANNEL: chat_care.interpret},
        )
        known = machines()
        self.runner = Runner(self.store, known)
        self.worker = Worker(self.store, self.runner, interpreter.interpret, interpreter.poisoned)
        self.dispatcher = Dispatcher(
            self.store,
            known,
            [
                MessageTransport(self.store.accept, self.clock),
                *transports(self.settings, URL, self.clock),
                *(chat.transport for chat in self.chats),
            ],
            SettingsDirectory(self.settings),
            executor=Inline(),
            clock=self.clock,
            chance=lambda: 0.0,
            report=lambda failure: self._report(self.care.report(failure, self.now)),
            preferred=lambda outgoing, ways: self.care.preferred(outgoing, preferred(outgoing, ways)),
            on_result=self._heard,
        )

    def end(self) -> None:
        """Stop, as a process does."""
        for chat in self.chats:
            chat.close()
        self.store.close()

    def clock(self) -> Instant:
        return self.now

    def accept(self, received: Received) -> None:
        self.store.accept([received])

    def ring(self, title: str = "CPU is high", *, status: str = "firing", severity: str = "critical") -> None:
        """An alert comes in; all that follows at once happens."""
        body = json.encode({"title": title, "dedup_key": title, "severity": severity, "status": status})
        self.accept(Received(received_at=self.now, channel="in", key="prod", head=b"", body=body))
        self.settle()

    def press(self, verb: str, incident: str, by: str) -> None:
        """Somebody does something in the terminal."""
        body = json.encode({"verb": verb, "incident": incident, "by": by})
        self.accept(Received(received_at=self.now, channel="cli", key="", head=b"", body=body))
        self.settle()

    def settle(self) -> None:
        """Do what can be done now, until there is nothing more."""
        self.care.go_round()
        for _ in range(200):
            self.runner.tick(self.store.due(self.now, 100), self.now)
            if not self.worker.step(self.now) + self.dispatcher.step(self.now):
                return
        pytest.fail("it never comes to rest")

    def pass_by(self, duration: Duration, step: Duration = SECOND) -> None:
        """Let time pass, *step* by step."""
        for _ in range(duration // step):
            self.now += step
            self.settle()

    def incidents(self, *, live: bool = True) -> dict[str, tuple[str, Incident]]:
        """Ids and states by title."""
        machine = IncidentMachine()
        rows = self.store.listing(machine.name, live_only=live, limit=1000)
        found = [(row.id, machine.decode(row.state)) for row in rows]
        return {state.face.title: (name, state) for name, state in found}

    def mailed(self, who: str) -> list[str]:
        """The subjects of the mails to somebody."""
        return [str(mail["Subject"]) for mail in self.post.mails if mail["To"] == f"{who}@example.com"]

    @property
    def in_room(self) -> tuple[Message, ...]:
        return self.slack.messages(self.room)

    def to(self, who: User) -> list[str]:
        """The previews of the direct messages to somebody."""
        return [message.text for message in self.slack.messages(self.slack.direct_channel(who))]

    def _heard(self, effect: Outgoing, transport: str, result: str) -> None:
        self.results.append((effect.receiver, effect.kind, transport, result))

    def _report(self, received: Received | None) -> None:
        if received is not None:
            self.accept(received)


@contextmanager
def troubled(folder: Path) -> Iterator[Troubled]:
    """A world that has begun."""
    now: list[Troubled] = []

    def seconds() -> float:
        return (now[0].now if now else BEGIN) / SECOND

    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack(clock=seconds, wall_clock=seconds))
        post = stack.enter_context(post_office())
        ada, bo = slack.add_user("ada"), slack.add_user("bo")
        world = Troubled(folder, slack, post, ada, bo, slack.add_channel("ops", [ada, bo]))
        now.append(world)
        world.begin()
        try:
            yield world
        finally:
            world.end()
