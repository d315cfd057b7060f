"""Socket Mode against the fake Slack: stored, then acknowledged; connected again whatever happens."""

from __future__ import annotations

import logging.handlers
import queue
import socket as socket_module
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.commands import Command
from tocsin.kernel.time import HOUR
from tocsin.slack.api import Api
from tocsin.slack.interactions import commands
from tocsin.slack.loop import LoopThread
from tocsin.slack.socket import SlackSocket
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import FakeSlack, Limits, Message, User


class Inbox:
    """Stores what comes, or fails while there is *trouble*."""

    def __init__(self) -> None:
        self.stored: queue.Queue[Received] = queue.Queue()
        self.trouble: Exception | None = None
        self.before: Callable[[], object] = lambda: None
        self.threads: set[str] = set()

    def accept(self, received: Received) -> None:
        self.threads.add(threading.current_thread().name)
        self.before()
        if self.trouble is not None:
            raise self.trouble
        self.stored.put(received)

    def next(self) -> Received:
        return self.stored.get(timeout=10)


@dataclass
class World:
    slack: FakeSlack
    loop: LoopThread
    inbox: Inbox
    ada: User
    page: Message
    opened: list[SlackSocket] = field(default_factory=list)

    def open_socket(self, token: str = "", *, connect_max: int = 5000) -> SlackSocket:
        socket = SlackSocket(
            self.loop,
            token or self.slack.app_token,
            self.inbox.accept,
            now=lambda: NOW,
            base_url=self.slack.base_url,
            watch_interval=20,
            connect_max=connect_max,
        )
        self.opened.append(socket)
        socket.start()
        return socket

    def connect(self) -> SlackSocket:
        socket = self.open_socket()
        self.slack.wait_for(lambda: self.slack.sockets == 1)
        return socket


@contextmanager
def workspace(acknowledgement_seconds: float) -> Iterator[World]:
    """A workspace in which ada was paged."""
    loop = LoopThread("slack-test")
    limits = Limits(acknowledgement_seconds=acknowledgement_seconds, channel_rate=False)
    with FakeSlack(limits=limits) as slack:
        ada = slack.add_user("ada")
        transport = SlackTransport(loop, slack.bot_token, now=lambda: NOW, setting=SETTING, base_url=slack.base_url)
        (result,) = transport.deliver(ada.id, [job("page", ADA, incident())])
        assert isinstance(result, Delivered)
        transport.close()
        world = World(slack, loop, Inbox(), ada, slack.messages(slack.direct_channel(ada))[0])
        yield world
        for socket in world.opened:
            socket.close()
        loop.close()


@pytest.fixture
def log() -> Iterator[queue.Queue[logging.LogRecord]]:
    """What the package logs, to be waited for: it is written on another thread."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = logging.handlers.QueueHandler(lines)
    logging.getLogger("tocsin.slack").addHandler(handler)
    yield lines
    logging.getLogger("tocsin.slack").removeHandler(handler)


def next_line(log: queue.Queue[logging.LogRecord], level: int) -> str:
    """The next line of this level or a higher one."""
    while True:
        record = log.get(timeout=10)
        if record.levelno >= level:
            return record.getMessage()


@pytest.fixture
def world() -> Iterator[World]:
    with workspace(acknowledgement_seconds=10.0) as made:
        yield made


@pytest.fixture
def impatient() -> Iterator[World]:
    """A workspace that soon gives up waiting, for what is never acknowledged."""
    with workspace(acknowledgement_seconds=0.2) as made:
        yield made


def test_a_click_is_stored_as_a_delivery_and_acknowledged(world: World) -> None:
    world.connect()
    acknowledgement = world.slack.click(world.page, "tocsin:pass", world.ada)
    assert acknowledgement.ok
    received = world.inbox.next()
    assert (received.received_at, received.channel, received.key) == (NOW, "slack", "")
    envelope = received.header("x-slack-envelope")
    assert envelope
    assert envelope.encode() in acknowledgement.wire
    assert commands(received.body, received_at=NOW, responders={world.ada.id: "ada"}) == (
        Command(verb="pass", incident="inc-1", by="ada", rung=0),
    )
    assert all(name.startswith("slack-accept") for name in world.inbox.threads)
    world.slack.assert_clean()


def test_a_click_is_acknowledged_only_when_it_is_stored(world: World) -> None:
    world.connect()
    acknowledged_before: list[int] = []
    world.inbox.before = lambda: acknowledged_before.append(len(world.slack.acknowledgements))
    assert world.slack.click(world.page, "tocsin:acknowledge", world.ada).ok
    assert acknowledged_before == [0]


def test_the_snooze_menu_tells_how_long(world: World) -> None:
    world.connect()
    options = next(e for b in world.page.blocks for e in b.get("elements", ()) if "options" in e)["options"]
    world.slack.click(world.page, "tocsin:snooze", world.ada, options[1]["value"])
    assert commands(world.inbox.next().body, received_at=NOW, responders={}) == (
        Command(verb="snooze", incident="inc-1", by="slack:ada", rung=0, until=NOW + 2 * HOUR),
    )


@pytest.mark.parametrize("trouble", [StoreUnavailableError("disk full"), RuntimeError("a bug")])
def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(
    impatient: World, trouble: Exception, log: queue.Queue[logging.LogRecord]
) -> None:
    impatient.connect()
    impatient.inbox.trouble = trouble
    assert not impatient.slack.click(impatient.page, "tocsin:acknowledge", impatient.ada).ok
    assert "could not be stored; it is not acknowledged" in next_line(log, logging.ERROR)
    assert impatient.inbox.stored.empty()
    impatient.inbox.trouble = None
    assert impatient.slack.resend() == 1
    assert b"tocsin:acknowledge" in impatient.inbox.next().body


def test_events_that_nobody_asked_for_are_left_alone(impatient: World) -> None:
    impatient.connect()
    assert not impatient.slack.open_home(impatient.ada).ok
    assert impatient.inbox.stored.empty()


def test_a_stored_click_whose_connection_is_lost_comes_again(world: World) -> None:
    """Between storing and acknowledging; the second copy does no harm, since a button carries its rung (law 6)."""
    world.connect()
    world.inbox.before = once(lambda: world.slack.disconnect_sockets("dropped"))
    world.slack.click(world.page, "tocsin:acknowledge", world.ada)
    assert world.inbox.next().body == world.inbox.next().body


@pytest.mark.parametrize("reason", ["refresh_requested", "dropped"])
def test_a_lost_connection_is_replaced(world: World, reason: str) -> None:
    socket = world.connect()
    before = len(world.slack.calls)
    world.slack.disconnect_sockets("dropped" if reason == "dropped" else "refresh_requested")
    world.slack.wait_for(lambda: len(world.slack.calls) > before and world.slack.sockets == 1)
    assert world.slack.click(world.page, "tocsin:acknowledge", world.ada).ok
    socket.close()
    assert not socket.connected


def test_it_connects_when_slack_is_well_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.slack.fail("apps.connections.open", "internal_error", times=2)
    world.connect()
    assert caplog.messages.count("no Socket Mode: Slack answered 200 internal_error") == 2


def test_a_token_that_slack_does_not_take_is_told_and_not_tried_in_a_hurry(
    world: World, log: queue.Queue[logging.LogRecord], caplog: pytest.LogCaptureFixture
) -> None:
    world.open_socket("another-token")
    told = next_line(log, logging.WARNING)
    assert told == "no Socket Mode: Slack does not accept the token (invalid_auth)"
    assert "another-token" not in caplog.text
    assert [call.method for call in world.slack.calls].count("apps.connections.open") == 1


def test_an_address_where_nobody_answers_is_given_up_for_a_new_one(world: World) -> None:
    refused = free_port()
    real, asked = Api.call, []

    async def call(self: Api, method: str, **arguments: object) -> object:
        answer = await real(self, method, **arguments)
        asked.append(method)
        return {"url": f"ws://127.0.0.1:{refused}/"} if len(asked) == 1 else answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "call", call)
        world.open_socket(connect_max=200)
        world.slack.wait_for(lambda: world.slack.sockets == 1, timeout=10)
    assert asked == ["apps.connections.open"] * 2


def test_a_socket_that_never_started_can_be_closed(world: World) -> None:
    socket = SlackSocket(world.loop, "test-token", world.inbox.accept, now=lambda: NOW)
    socket.close()
    assert not socket.connected


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Do it the first time only."""
    acts = [act]

    def first() -> None:
        if acts:
            acts.pop()()

    return first


def free_port() -> int:
    """A port where nobody listens."""
    with socket_module.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
