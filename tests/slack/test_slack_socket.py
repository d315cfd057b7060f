"""Socket Mode against the fake Slack: stored, then acknowledged; connected again whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.commands import Command
from tocsin.slack.interactions import commands
from tocsin.slack.loop import LoopThread
from tocsin.slack.socket import SlackSocket
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import FakeSlack, Limits, Message, User


@dataclass
class Inbox:
    """Stores what comes, or fails while *trouble* says so."""

    stored: list[Received] = field(default_factory=list)
    trouble: Exception | None = None
    refused: int = 0
    threads: set[str] = field(default_factory=set)

    def accept(self, received: Received) -> str:
        self.threads.add(threading.current_thread().name)
        if self.trouble is not None:
            self.refused += 1
            raise self.trouble
        self.stored.append(received)
        return str(len(self.stored))


@dataclass
class World:
    slack: FakeSlack
    loop: LoopThread
    inbox: Inbox
    ada: User
    page: Message
    open_socket: Callable[[], SlackSocket]


@pytest.fixture
def world() -> Iterator[World]:
    loop, inbox = LoopThread("slack-test"), Inbox()
    opened: list[SlackSocket] = []
    with FakeSlack(limits=Limits(acknowledgement_seconds=1.0)) as slack:
        ada = slack.add_user("ada")
        transport = SlackTransport(loop, slack.bot_token, now=lambda: NOW, setting=SETTING, base_url=slack.base_url)
        (result,) = transport.deliver(ada.id, [job("page", ADA, incident())])
        assert isinstance(result, Delivered)

        def open_socket() -> SlackSocket:
            opened.append(
                SlackSocket(
                    loop,
                    slack.app_token,
                    inbox.accept,
                    now=lambda: NOW,
                    base_url=slack.base_url,
                    watch_interval=20,
                )
            )
            opened[-1].start()
            return opened[-1]

        yield World(slack, loop, inbox, ada, slack.messages(slack.direct_channel(ada))[0], open_socket)
        for socket in opened:
            socket.close()
        transport.close()
        loop.close()


def connected(world: World) -> bool:
    return world.slack.sockets == 1


def test_a_click_is_stored_as_a_delivery_and_acknowledged(world: World) -> None:
    world.open_socket()
    world.slack.wait_for(lambda: connected(world))
    acknowledgement = world.slack.click(world.page, "tocsin:pass", world.ada)
    assert acknowledgement.ok
    (received,) = world.inbox.stored
    assert (received.received_at, received.channel, received.key) == (NOW, "slack", "")
    envelope = received.header("x-slack-envelope")
    assert envelope
    assert envelope.encode() in acknowledgement.wire
    assert commands(received.body, received_at=NOW, responders={world.ada.id: "ada"}) == (
        Command(verb="pass", incident="inc-1", by="ada", rung=0),
    )
    assert all(name.startswith("slack-accept") for name in world.inbox.threads)
    world.slack.assert_clean()


def test_the_snooze_menu_tells_how_long(world: World) -> None:
    world.open_socket()
    world.slack.wait_for(lambda: connected(world))
    options = next(e for b in world.page.blocks for e in b.get("elements", ()) if "options" in e)["options"]
    world.slack.click(world.page, "tocsin:snooze", world.ada, options[1]["value"])
    (found,) = commands(world.inbox.stored[0].body, received_at=NOW, responders={})
    assert isinstance(found, Command)
    assert (found.verb, found.until, found.by) == ("snooze", NOW + 7_200_000, "slack:ada")


@pytest.mark.parametrize("trouble", [StoreUnavailableError("disk full"), RuntimeError("a bug")])
def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(
    world: World, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world.open_socket()
    world.slack.wait_for(lambda: connected(world))
    world.inbox.trouble = trouble
    assert not world.slack.click(world.page, "tocsin:acknowledge", world.ada).ok
    assert (world.inbox.stored, world.inbox.refused) == ([], 1)
    assert "could not be stored; it is not acknowledged" in caplog.text
    world.inbox.trouble = None
    assert world.slack.resend() == 1
    world.slack.wait_for(lambda: len(world.inbox.stored) == 1 or None, timeout=5)


@pytest.mark.parametrize("reason", ["refresh_requested", "dropped"])
def test_a_lost_connection_is_replaced(world: World, reason: str) -> None:
    socket = world.open_socket()
    world.slack.wait_for(lambda: connected(world))
    before = len(world.slack.calls)
    world.slack.disconnect_sockets("dropped" if reason == "dropped" else "refresh_requested")
    world.slack.wait_for(lambda: len(world.slack.calls) > before and connected(world))
    assert world.slack.click(world.page, "tocsin:acknowledge", world.ada).ok
    socket.close()
    assert not socket.connected


def test_events_that_nobody_asked_for_are_left_alone(world: World) -> None:
    world.open_socket()
    world.slack.wait_for(lambda: connected(world))
    assert not world.slack.open_home(world.ada).ok
    assert world.inbox.stored == []


def test_it_connects_when_slack_comes_back(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.slack.down("unavailable")
    world.open_socket()
    world.slack.wait_for(lambda: any("no Socket Mode" in line for line in caplog.messages) or None, timeout=5)
    world.slack.up()
    world.slack.wait_for(lambda: connected(world), timeout=10)


def test_a_socket_that_never_started_can_be_closed(world: World) -> None:
    socket = SlackSocket(world.loop, "test-token", world.inbox.accept, now=lambda: NOW)
    socket.close()
    assert not socket.connected
