"""How one person is paged, told as stories: everything is real but the clock and the other ends of the ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ntfy.push_server import PushServer, push_server
from tests.posting.vendor import Vendor, vendor
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Outgoing, Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Instant, parse_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.interpretation import Interpreter, failure_report
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.notifying import Notifying, preferred
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.transports import Chat, connect, transports

NOON = parse_instant("2026-11-18T12:00Z") or 0
MIDNIGHT = NOON + 12 * HOUR
FIRST = "1"  # The first incident bears the number of the delivery that opened it.
URL = "https://tocsin.example"
NOBODY = "U0NOBODY0"
ADA, BO = responder("ada"), responder("bo")
TWILIO = "twilio: {account: AC00000000000000000000000000000000, token: test-secret, from: '+15555550123'}\n"


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
    twilio: Vendor
    now: Instant = NOON
    pages: list[tuple[str, str]] = field(default_factory=list)  # (transport, result) of the first incident's, to ada.
    chats: list[Chat] = field(default_factory=list)
    store: SqliteStore | None = None

    def __post_init__(self) -> None:
        self.room = self.slack.add_channel("ops")

    def begin(self, ada: str, *, now: Instant = NOON) -> None:
        """Start at *now* with *ada* as YAML; she is asked first, for ten minutes, then bo, who has no way."""
        text = f"""
responders:
  ada: {ada}
  bo:
teams: {{ops: {{members: [ada, bo], policy: ladder, slack: {self.room.id}}}}}
policies: {{ladder: {{steps: [{{ask: ada, wait: 10m}}, {{ask: bo, wait: 10m}}]}}}}
integrations: {{prod: {{team: ops}}}}
slack: {{bot_token: "{self.slack.bot_token}", signing_secret: test-secret}}
{TWILIO}"""
        settings = parse(text.encode(), {}).settings
        self.now = now
        self.store = store = SqliteStore(self.folder / "tocsin.db")
        self.machine = IncidentMachine()
        self.chats += connect(settings, URL, self.clock, self.accept, slack_api=self.slack.base_url)
        interpreter = Interpreter(routes(settings), {chat.channel: chat.commands for chat in self.chats})
        directory = SettingsDirectory(settings)
        self.runner = Runner(store, machines(), spread=Notifying(settings, directory.ways).spread)
        self.worker = Worker(store, self.runner, interpreter.interpret, interpreter.poisoned)
        self.dispatcher = Dispatcher(
            store,
            machines(),
            [
                MessageTransport(store.accept, self.clock),
                *transports(settings, URL, self.clock, twilio=self.twilio.place),
                *(each for chat in self.chats for each in (chat.transport, *chat.more)),
            ],
            directory,
            executor=Inline(),
            clock=self.clock,
            chance=lambda: 0.0,
            report=lambda failure: self.accept(failure_report(failure, self.now)),
            preferred=preferred,
            on_result=self.heard,
        )

    def end(self) -> None:
        for chat in self.chats:
            chat.close()
        if self.store:
            self.store.close()

    def clock(self) -> Instant:
        return self.now

    def accept(self, received: Received) -> None:
        assert self.store
        self.store.accept([received])

    def heard(self, effect: Outgoing, transport: str, result: str) -> None:
        if (effect.aggregate, effect.kind, effect.receiver) == (FIRST, PAGE, ADA) and result != "postponed":
            self.pages.append((transport, result))

    def ring(self, severity: str = "critical") -> None:
        """An alert comes in; all that follows at once happens."""
        body = json.encode({"title": "CPU is high", "severity": severity})
        self.accept(Received(received_at=self.now, channel="in", key="prod", head=b"", body=body))
        self.settle()

    def say(self, verb: str) -> None:
        """Ada answers."""
        command = json.encode({"verb": verb, "incident": FIRST, "by": "ada"})
        self.accept(Received(received_at=self.now, channel="cli", key="", head=b"", body=command))
        self.settle()

    def settle(self) -> None:
        """Do what can be done now, until there is nothing more."""
        assert self.store
        for _ in range(100):
            self.runner.tick(self.store.due(self.now, 100), self.now)
            if not self.worker.step(self.now) + self.dispatcher.step(self.now):
                return
        pytest.fail("it never comes to rest")

    def pass_by(self, duration: int, step: int = SECOND) -> None:
        """Let time pass, *step* at once."""
        for _ in range(duration // step):
            self.now += step
            self.settle()

    def incident(self) -> Incident:
        assert self.store
        return self.machine.decode(self.store.load([FIRST])[FIRST].state)

    def texts(self) -> list[str]:
        return [each.fields["Body"] for each in self.twilio.to("/Messages.json")]

    def calls(self) -> list[str]:
        return [each.fields["Twiml"] for each in self.twilio.to("/Calls.json")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        worlds: list[World] = []

        def seconds() -> float:
            return (worlds[0].now if worlds else NOON) / SECOND

        world = World(
            tmp_path,
            stack.enter_context(FakeSlack(clock=seconds, wall_clock=seconds)),
            stack.enter_context(push_server()),
            stack.enter_context(vendor()),
        )
        worlds.append(world)
        yield world
        world.end()


def ada(world: World, notify: str, more: str = "") -> str:
    """A person in Slack, with a telephone."""
    person = world.slack.add_user("ada").id
    return f"{{slack: {person}, phone: '+15555550100', notify: {notify}{more}}}"


THREE = "[slack, {by: sms, after: 2 min}, {by: voice, after: 5 min}]"


def test_who_does_not_answer_in_slack_gets_an_sms_and_then_a_call(world: World) -> None:
    world.begin(ada(world, THREE))
    world.ring()
    assert world.pages == [("slack", "delivered")]
    world.pass_by(2 * MINUTE - SECOND)
    assert world.texts() == []
    world.pass_by(SECOND)
    assert world.texts() == [f"[critical] CPU is high - asks you\n{URL}/incidents/1"]
    world.pass_by(3 * MINUTE)
    assert world.pages == [("slack", "delivered"), ("twilio-sms", "delivered"), ("twilio-voice", "delivered")]
    assert len(world.calls()) == 1
    assert "critical: CPU is high." in world.calls()[0]


@pytest.mark.parametrize("verb", ["acknowledge", "pass", "resolve"])
def test_who_answers_in_time_gets_no_sms(world: World, verb: str) -> None:
    world.begin(ada(world, THREE))
    world.ring()
    world.pass_by(MINUTE)
    world.say(verb)
    world.pass_by(5 * MINUTE)
    assert (world.texts(), world.calls()) == ([], [])
    assert world.pages == [("slack", "delivered"), ("", "dropped"), ("", "dropped")]


def test_when_the_ladder_has_gone_on_the_later_ways_are_dropped(world: World) -> None:
    world.begin(ada(world, "[slack, {by: sms, after: 11 min}]"))
    world.ring()
    world.pass_by(12 * MINUTE, step=30 * SECOND)
    assert world.incident().asked == (BO,)
    assert world.texts() == []


def test_a_restart_forgets_no_way(world: World) -> None:
    person = ada(world, THREE)
    world.begin(person)
    world.ring()
    world.end()
    world.chats.clear()
    world.begin(person, now=NOON + 3 * MINUTE)
    world.settle()
    assert len(world.texts()) == 1


def test_a_way_that_fails_gives_way_to_the_next_of_the_rules_at_once(world: World) -> None:
    world.begin(f"{{slack: {NOBODY}, phone: '+15555550100', notify: [slack, {{by: sms, after: 2m}}]}}")
    world.ring()
    assert world.pages == [("slack", "failed"), ("twilio-sms", "delivered")]
    assert world.incident().unreached == ()


def test_a_rule_whose_only_way_fails_falls_back_on_what_else_the_person_has(world: World) -> None:
    world.begin(f"{{ntfy: {world.push.topic}, phone: '+15555550100', notify: [voice]}}")
    world.twilio.refused = {"/Calls.json": 400}
    world.ring()
    assert world.pages == [("twilio-voice", "failed"), ("ntfy", "delivered")]
    assert world.incident().asked == (ADA,)


def test_who_is_reached_by_no_way_at_all_is_passed_over_at_once(world: World) -> None:
    world.begin(f"{{slack: {NOBODY}, phone: '+15555550100', notify: {THREE}}}")
    world.twilio.status = 401
    world.ring()
    assert world.pages[:3] == [("slack", "failed"), ("twilio-sms", "failed"), ("twilio-voice", "failed")]
    state = world.incident()
    assert (state.asked, state.status, state.rung) == ((BO,), Status.TRIGGERED, 1)


def test_a_way_that_the_person_does_not_have_is_left_out(world: World) -> None:
    world.begin(f"{{ntfy: {world.push.topic}, notify: [sms, {{by: ntfy, after: 1m}}]}}")
    world.ring()
    world.pass_by(MINUTE)
    assert world.pages == [("ntfy", "delivered")]


def test_who_likes_a_mention_better_is_mentioned_in_the_room_of_their_team(world: World) -> None:
    world.begin(ada(world, "[mention]"))
    world.ring()
    assert world.pages == [("mention", "delivered")]
    world.pass_by(SECOND)  # Slack takes one message a second.
    texts = [message.text for message in world.slack.messages(world.room)]
    (mention,) = [text for text in texts if text.startswith("<@U")]
    assert mention.endswith(f"> [critical] CPU is high — asks you · <{URL}/incidents/1|answer>")
    assert len(texts) == 2


def test_rules_for_other_severities_leave_the_usual_way(world: World) -> None:
    world.begin(ada(world, "[{by: voice, severity: critical}]"))
    world.ring("warning")
    assert world.pages == [("slack", "delivered")]


def test_a_rule_counts_for_its_severities(world: World) -> None:
    world.begin(ada(world, "[slack, {by: voice, severity: [critical, high]}]"))
    world.ring("high")
    assert world.pages == [("slack", "delivered"), ("twilio-voice", "delivered")]


# ── Quiet hours ──────────────────────────────────────────────────────────────────────────────────────────────────────
NIGHT = ", time_zone: Europe/London, quiet_hours: '22:00-07:00'"


def test_in_quiet_hours_what_is_no_emergency_makes_no_noise(world: World) -> None:
    world.begin(ada(world, THREE, NIGHT), now=MIDNIGHT)
    world.ring("high")
    world.pass_by(6 * MINUTE, step=30 * SECOND)
    assert world.pages == [("slack", "delivered")]
    assert world.incident().asked == (ADA,)  # The ladder goes on as ever.


def test_an_emergency_passes_quiet_hours(world: World) -> None:
    world.begin(ada(world, THREE, NIGHT), now=MIDNIGHT)
    world.ring("critical")
    world.pass_by(2 * MINUTE)
    assert len(world.texts()) == 1


def test_what_passes_quiet_hours_is_the_persons_choice(world: World) -> None:
    world.begin(ada(world, "[sms]", NIGHT + ", quiet_except: []"), now=MIDNIGHT)
    world.ring("critical")
    assert world.pages == [("slack", "delivered")]


def test_quiet_hours_are_read_from_the_persons_own_clock(world: World) -> None:
    world.begin(ada(world, "[sms]", NIGHT.replace("London", "Athens")), now=NOON + 9 * HOUR)  # 23:00 in Athens.
    world.ring("high")
    assert world.pages == [("slack", "delivered")]


def test_a_later_way_counts_by_the_time_at_which_it_leaves(world: World) -> None:
    world.begin(ada(world, "[slack, {by: sms, after: 2m}]", NIGHT), now=MIDNIGHT + 7 * HOUR - MINUTE)
    world.ring("high")
    world.pass_by(2 * MINUTE)
    assert len(world.texts()) == 1


def test_a_page_in_quiet_hours_has_a_low_priority(world: World) -> None:
    world.begin(f"{{ntfy: {world.push.topic}, phone: '+15555550100'{NIGHT}}}", now=MIDNIGHT)
    world.ring("high")
    assert [request.body["priority"] for request in world.push.requests] == [2]


def test_in_quiet_hours_a_loud_way_is_the_last_resort(world: World) -> None:
    world.begin(f"{{slack: {NOBODY}, ntfy: {world.push.topic}, phone: '+15555550100'{NIGHT}}}", now=MIDNIGHT)
    world.push.status = 403
    world.ring("high")
    assert world.pages == [("slack", "failed"), ("ntfy", "failed"), ("twilio-sms", "delivered")]


def test_who_has_no_quiet_way_is_rung_nevertheless(world: World) -> None:
    world.begin(f"{{phone: '+15555550100', notify: [voice]{NIGHT}}}", now=MIDNIGHT)
    world.ring("high")
    assert world.pages == [("twilio-voice", "delivered")]
