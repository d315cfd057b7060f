"""The whole runtime with notification rules: Slack first, then an SMS, as long as nobody has answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.posting.vendor import Vendor, vendor
from tests.web.console_world import Visitor
from tests.wiring.serving import ask, serving, until
from tocsin.engine.ports import Received
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready

NOW = 1_795_000_000_000
CONFIG = """
responders:
  ada: {slack: ADA, phone: "+15555550100", notify: [slack, {by: sms, after: 2 min}]}
teams: {ops: {members: [ada]}}
slack: {bot_token: "TOKEN", signing_secret: test-secret}
twilio: {account: AC00000000000000000000000000000000, token: test-secret, from: "+15555550123"}
"""


class World:
    """A running server whose clock stands still until the test moves it."""

    def __init__(self, slack: FakeSlack, twilio: Vendor) -> None:
        self.now = NOW
        self.slack = slack
        self.twilio = twilio
        self.runtime: Embedded
        self.ready: Ready

    def clock(self) -> int:
        return self.now

    def ring(self) -> None:
        """An alert comes in, and ada is asked in Slack."""
        body = json.encode({"title": "CPU is high", "severity": "critical"})
        assert ask(self.ready.ingest_url, body, {"content-type": "application/json"})[0] == 202
        until(lambda: any("CPU is high" in message.text for message in self.slack.messages()))
        until(lambda: self.runtime.store.health(self.now).oldest_pending_at is None)

    def acknowledge(self) -> None:
        command = json.encode({"verb": "acknowledge", "incident": "1", "by": "ada"})
        self.runtime.store.accept([Received(received_at=self.now, channel="cli", key="", head=b"", body=command)])
        self.runtime.wake()
        machine = IncidentMachine()
        until(lambda: machine.decode(self.runtime.store.load(["1"])["1"].state).status is Status.ACKNOWLEDGED)

    def pass_by(self, duration: int) -> None:
        self.now += duration
        self.runtime.wake()

    def waiting(self) -> int:
        """Effects that wait, or are put off."""
        return self.runtime.store.health(self.now).pending


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        worlds: list[World] = []

        def seconds() -> float:
            return (worlds[0].now if worlds else NOW) / SECOND

        slack = stack.enter_context(FakeSlack(clock=seconds, wall_clock=seconds))
        world = World(slack, stack.enter_context(vendor()))
        worlds.append(world)
        config = CONFIG.replace("ADA", slack.add_user("ada").id).replace("TOKEN", slack.bot_token)
        outside = Outside(clock=world.clock, slack_api=slack.base_url, twilio=world.twilio.place)
        world.runtime, world.ready = stack.enter_context(serving(tmp_path / "tocsin.db", config, outside))
        yield world


def test_without_an_answer_in_slack_an_sms_follows(world: World) -> None:
    world.ring()
    assert world.waiting() == 2  # The SMS, and the link from the page to the thread.
    world.pass_by(2 * MINUTE - 1)
    assert world.twilio.posted == []
    assert ask(f"{world.ready.url}/readyz")[0] == 200
    world.pass_by(1)
    until(lambda: world.twilio.posted)
    until(lambda: world.waiting() == 0)
    (posted,) = world.twilio.posted
    assert posted.fields == {
        "To": "+15555550100",
        "From": "+15555550123",
        "Body": f"[critical] CPU is high - asks you\n{world.ready.url}/incidents/1",
    }


def test_the_console_tells_that_an_sms_will_follow(world: World) -> None:
    world.ring()
    address = urlsplit(world.runtime.signin_url())
    browser = Visitor(address.port or 0)
    browser.enter(address.path)
    assert "SMS to ada" in browser.get("/incidents/1").text
    world.acknowledge()
    assert "SMS to ada" not in browser.get("/incidents/1").text


def test_after_an_answer_none_follows(world: World) -> None:
    world.ring()
    world.pass_by(MINUTE)
    world.acknowledge()
    world.pass_by(MINUTE)
    until(lambda: world.waiting() == 0)
    assert world.twilio.posted == []


def test_opening_the_link_of_an_sms_answers_nothing(world: World) -> None:
    world.ring()
    world.pass_by(2 * MINUTE)
    until(lambda: world.twilio.posted)
    link = world.twilio.posted[0].fields["Body"].partition("\n")[2]
    assert ask(link)[0] == 401  # Who is not signed in sees nothing, and changes nothing.
    state = IncidentMachine().decode(world.runtime.store.load(["1"])["1"].state)
    assert state.status is Status.TRIGGERED
