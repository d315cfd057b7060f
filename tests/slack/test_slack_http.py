"""Clicks over HTTP: signed by Slack, verified, read; the whole way of a page that is passed and acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest

from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered
from tocsin.incidents.commands import Command, to_input
from tocsin.incidents.inputs import Acknowledged, Passed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.kernel.time import SECOND
from tocsin.slack.interactions import NoCommand, commands
from tocsin.slack.loop import LoopThread
from tocsin.slack.signature import Verifier, verify
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import FakeSlack, Message, User


@dataclass
class Door:
    """Takes what Slack sends, as an HTTP server would: verified before it is read."""

    check: Verifier
    refusals: list[str] = field(default_factory=list)
    found: list[tuple[Command, ...] | NoCommand] = field(default_factory=list)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        why = self.check(headers, body, NOW)
        if why is not None:
            self.refusals.append(why)
            return 401
        self.found.append(commands(body, received_at=NOW, responders={}))
        return 200


@dataclass
class World:
    slack: FakeSlack
    door: Door
    ada: User
    page: Message


@pytest.fixture
def world() -> Iterator[World]:
    def seconds() -> float:
        return NOW / SECOND

    with FakeSlack(clock=seconds, wall_clock=seconds) as slack:
        door = Door(verify(slack.signing_secret))

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(door.take(headers, body))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        slack.deliver_to(f"http://127.0.0.1:{server.server_port}/slack/interactions")
        ada = slack.add_user("ada")
        loop = LoopThread("slack-test")
        transport = SlackTransport(loop, slack.bot_token, now=lambda: NOW, setting=SETTING, base_url=slack.base_url)
        (result,) = transport.deliver(ada.id, [job("page", ADA, incident())])
        assert isinstance(result, Delivered)
        yield World(slack, door, ada, slack.messages(slack.direct_channel(ada))[0])
        transport.close()
        loop.close()
        server.shutdown()
        server.server_close()
        serving.join()


def click(world: World, action: str) -> Command:
    assert world.slack.click(world.page, action, world.ada).ok
    found = world.door.found[-1]
    assert isinstance(found, tuple)
    return found[0]


def test_a_signed_click_becomes_a_command(world: World) -> None:
    assert click(world, "tocsin:acknowledge") == Command(verb="acknowledge", incident="inc-1", by="slack:ada", rung=0)
    assert to_input(click(world, "tocsin:acknowledge")) == Acknowledged(by="slack:ada")
    world.slack.assert_clean()


def test_a_late_second_pass_does_not_pass_twice(world: World) -> None:
    given = to_input(click(world, "tocsin:pass"))
    assert given == Passed(by="slack:ada", rung=0)
    machine = IncidentMachine()
    first = machine.decide(incident(), Passed(by="ada", rung=0), NOW)
    assert first.state is not None
    assert machine.decide(first.state, given, NOW).reason is Reason.STALE_RUNG


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        ("signature", "the signature does not fit the body"),
        ("timestamp", "the signature is older or newer than five minutes"),
    ],
)
def test_a_forged_click_is_refused(world: World, forge: Literal["signature", "timestamp"], why: str) -> None:
    assert not world.slack.click(world.page, "tocsin:acknowledge", world.ada, forge=forge).ok
    assert (world.door.refusals, world.door.found) == ([why], [])
