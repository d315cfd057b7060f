"""When a way to people fails: the failure is an alert of its own, the next way is tried, and then the next person.

Everything is real but the clock and the other ends of the ways: a Slack, an ntfy and a mail server on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.mail.post_office import PostOffice, post_office
from tests.ntfy.push_server import PushServer, push_server
from tocsin.engine import backoff
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivery, Outgoing, Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND, Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.interpretation import Interpreter, failure_report
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.transports import Chat, connect, transports

BEGIN: Instant = 1_795_000_000_000
FIRST = "1"  # The first incident bears the number of the delivery that opened it.
URL = "https://tocsin.example"
NOBODY = "U0NOBODY0"
ADA, BO = responder("ada"), responder("bo")


class Inline(Executor):
    """Runs what it is given at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - the port's.
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class World:
    """The embedded runtime without its threads."""

    folder: Path
    slack: FakeSlack
    push: PushServer
    post: PostOffice
    now: Instant = BEGIN
    results: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # (receiver, transport, result) of the first incident's pages.

    def begin(self, responders: str) -> None:
        """Start with *responders* in YAML; ada is asked first, then bo, then everyone."""
        text = f"""
responders:
{responders}
teams: {{ops: {{members: [ada, bo], policy: ladder}}}}
policies: {{ladder: {{steps: [{{ask: ada, wait: 5m}}, {{ask: bo, wait: 5m}}]}}}}
integrations: {{prod: {{team: ops}}}}
slack: {{bot_token: "{self.slack.bot_token}", signing_secret: test-secret}}
mail: {{smtp: "127.0.0.1:{self.post.port}", from: tocsin@example.com, tls: none}}
"""
        self.settings: Settings = parse(text.encode(), {}).settings
        self.store = SqliteStore(self.folder / "tocsin.db")
        self.machine = IncidentMachine()
        self.chats: list[Chat] = list(
            connect(self.settings, URL, self.clock, self.accept, slack_api=self.slack.base_url)
        )
        interpreter = Interpreter(routes(self.settings), {chat.channel: chat.commands for chat in self.chats})
        self.runner = Runner(self.store, [self.machine])
        self.worker = Worker(self.store, self.runner, interpreter.interpret, interpreter.poisoned)
        self.dispatcher = Dispatcher(
            self.store,
            [self.machine],
            [*transports(self.settings, URL, self.clock), *(chat.transport for chat in self.chats)],
            SettingsDirectory(self.settings),
            executor=Inline(),
            clock=self.clock,
            chance=lambda: 0.0,
            report=lambda failure: self.accept(failure_report(failure, self.now)),
            on_result=self.heard,
        )

    def end(self) -> None:
        for chat in self.chats:
            chat.close()
        self.store.close()

    def clock(self) -> Instant:
        return self.now

    def accept(self, received: Received) -> None:
        self.store.accept([received])

    def heard(self, effect: Outgoing, transport: str, result: str) -> None:
        if (effect.aggregate, effect.kind) == (FIRST, PAGE):
            self.results.append((effect.receiver, transport, result))

    def ring(self, title: str = "CPU is high") -> None:
        """An alert comes in; all that follows at once happens."""
        body = json.encode({"title": title, "severity": "critical"})
        self.accept(Received(received_at=self.now, channel="in", key="prod", head=b"", body=body))
        self.settle()

    def settle(self) -> None:
        """Do what can be done now, until there is nothing more."""
        for _ in range(100):
            self.runner.tick(self.store.due(self.now, 100), self.now)
            if not self.worker.step(self.now) + self.dispatcher.step(self.now):
                return
        pytest.fail("it never comes to rest")

    def pass_by(self, duration: int) -> None:
        """Let time pass, a second at once."""
        for _ in range(duration // SECOND):
            self.now += SECOND
            self.settle()

    def incidents(self) -> dict[str, Incident]:
        """All that is live, by title."""
        rows = self.store.listing("incident", live_only=True, limit=100)
        return {state.face.title: state for state in (self.machine.decode(row.state) for row in rows)}

    def reports(self) -> list[Delivery]:
        """The deliveries by which we told ourselves of failures, oldest first."""
        rows = [row for row in self.store.deliveries(100) if row.channel == "self"]
        return [found for row in reversed(rows) if (found := self.store.delivery(row.id)) is not None]

    def mailed(self, address: str) -> str:
        """All that was mailed to *address*."""
        return "\n".join(str(mail.get_content()) for mail in self.post.mails if mail["To"] == address)

    def titles(self) -> list[str]:
        """What was pushed."""
        return [request.body["title"] for request in self.push.requests]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack())
        push = stack.enter_context(push_server())
        post = stack.enter_context(post_office())
        world = World(tmp_path, slack, push, post)
        yield world
        world.end()


CPU = "[critical] CPU is high — asks you"


def test_what_slack_refuses_goes_by_the_next_way_and_is_an_alert_of_its_own(world: World) -> None:
    world.begin(f"""
  ada: {{name: Ada, slack: {NOBODY}, ntfy: {world.push.topic}}}
  bo: {{ntfy: {world.push.url}/bo}}""")
    world.ring()
    assert CPU in world.titles()
    assert world.results == [(ADA, "slack", "failed"), (ADA, "ntfy", "delivered")]
    first, *_ = world.reports()
    assert first.key == "tocsin"
    assert json.decode(first.body) == {
        "aggregate": FIRST,
        "machine": "incident",
        "receiver": ADA,
        "kind": "page",
        "rung": 0,
        "transport": "slack",
        "error": "Slack knows no such user (user_not_found)",
        "final": False,
    }
    found = world.incidents()
    assert set(found) == {"CPU is high", "slack does not deliver: Slack knows no such user (user_not_found)"}
    assert found["CPU is high"].asked == (ADA,)
    assert found["CPU is high"].unreached == ()
    told = [handled.story for handled in world.store.timeline(FIRST, 10)]
    assert "ada could not be reached: Slack knows no such user (user_not_found)" in told


def test_the_alert_about_a_way_takes_the_next_way_too_and_comes_to_rest(world: World) -> None:
    world.begin(f"""
  ada: {{slack: {NOBODY}, ntfy: {world.push.topic}}}
  bo: {{ntfy: {world.push.url}/bo}}""")
    world.ring()
    about_slack = "[high] slack does not deliver: Slack knows no such user (user_not_found) — asks you"
    assert sorted(world.titles()) == sorted([CPU, about_slack])
    # Its own page failed by Slack too: that is the same alert once more, and not a third incident.
    assert len(world.reports()) == 2
    state = world.incidents()["slack does not deliver: Slack knows no such user (user_not_found)"]
    assert (len(world.incidents()), state.count) == (2, 2)
    assert world.store.health(world.now).pending == 0


def test_when_the_last_way_fails_the_next_person_is_asked_at_once(world: World) -> None:
    world.begin(f"""
  ada: {{slack: {NOBODY}}}
  bo: {{ntfy: {world.push.topic}}}""")
    world.ring()
    state = world.incidents()["CPU is high"]
    assert (state.asked, state.rung, state.status) == ((BO,), 1, Status.TRIGGERED)
    assert state.wake_at == BEGIN + 5 * MINUTE
    assert world.now == BEGIN
    assert CPU in world.titles()
    assert "You are asked now: ada could not be reached" in world.push.requests[0].body["message"]
    assert json.decode(world.reports()[0].body)["final"] is True


def test_way_by_way_down_to_the_mail(world: World) -> None:
    world.begin(f"""
  ada: {{slack: {NOBODY}, ntfy: {world.push.topic}, email: ada@example.com}}
  bo: {{email: bo@example.com}}""")
    world.push.status = 403
    world.ring()
    assert world.results == [(ADA, "slack", "failed"), (ADA, "ntfy", "failed"), (ADA, "mail", "delivered")]
    assert "CPU is high" in world.mailed("ada@example.com")
    transports_failed = {json.decode(report.body)["transport"] for report in world.reports()}
    assert transports_failed == {"slack", "ntfy"}
    assert world.incidents()["CPU is high"].asked == (ADA,)


def test_no_report_names_the_topic_that_failed(world: World) -> None:
    world.begin(f"""
  ada: {{ntfy: {world.push.topic}}}
  bo: {{email: bo@example.com}}""")
    world.push.status = 403
    world.ring()
    assert len(world.reports()) > 0
    stored = b"".join(report.head + report.body for report in world.reports())
    assert b"test-topic" not in stored
    assert b"127.0.0.1" not in stored
    assert "ntfy does not deliver" in world.mailed("bo@example.com")
    assert "test-topic" not in world.mailed("bo@example.com")


def test_a_way_in_trouble_is_tried_again_before_the_next(world: World) -> None:
    world.begin(f"""
  ada: {{ntfy: {world.push.topic}, email: ada@example.com}}
  bo: {{email: bo@example.com}}""")
    world.push.status = 502
    world.ring()
    assert world.results == [(ADA, "ntfy", "postponed")]
    assert world.reports() == []
    world.pass_by(MINUTE)
    pushes = [request for request in world.push.requests if request.body["title"] == CPU]
    assert len(pushes) == backoff.ATTEMPTS_MAX
    assert "CPU is high" in world.mailed("ada@example.com")
    assert world.results[-1] == (ADA, "mail", "delivered")
    assert world.incidents()["CPU is high"].asked == (ADA,)


def test_a_way_that_recovers_needs_no_other(world: World) -> None:
    world.begin(f"""
  ada: {{ntfy: {world.push.topic}, email: ada@example.com}}
  bo: {{email: bo@example.com}}""")
    world.push.status = 502
    world.ring()
    world.push.status = 200
    world.pass_by(5 * SECOND)
    assert world.results == [(ADA, "ntfy", "postponed"), (ADA, "ntfy", "delivered")]
    assert (world.post.mails, world.reports()) == ([], [])


def test_nobody_can_be_reached_and_the_ladder_goes_on_for_ever(world: World) -> None:
    world.begin(f"""
  ada: {{slack: {NOBODY}}}
  bo: {{email: bo@example.com}}""")
    world.post.answers["RCPT"] = "550 no such person"
    world.ring()
    state = world.incidents()["CPU is high"]
    assert state.asked == (ADA, BO)
    assert set(state.unreached) == {ADA, BO}
    assert state.wake_at is not None
    assert state.wake_at > world.now
    assert world.store.health(world.now).broken == ()
    world.post.answers.clear()
    world.pass_by(16 * MINUTE)
    assert "CPU is high" in world.mailed("bo@example.com")


def test_who_answers_meanwhile_is_not_mailed(world: World) -> None:
    world.begin(f"""
  ada: {{ntfy: {world.push.topic}, email: ada@example.com}}
  bo: {{email: bo@example.com}}""")
    world.push.status = 502
    world.ring()
    command = json.encode({"verb": "acknowledge", "incident": FIRST, "by": "ada"})
    world.accept(Received(received_at=world.now, channel="cli", key="", head=b"", body=command))
    world.pass_by(MINUTE)
    assert world.incidents()["CPU is high"].status is Status.ACKNOWLEDGED
    assert "CPU is high" not in world.mailed("ada@example.com")
