"""Requests by HTTP that are not Slack's, or come again, do nothing; over the real server and the fake Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import SECOND
from tocsin.testing.fake_slack import FakeSlack, User
from tocsin.testing.fake_slack.delivery import Forgery
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

PATHS = ("interactions", "commands", "events")


class World:
    def __init__(self, slack: FakeSlack, ada: User, runtime: Embedded, url: str) -> None:
        self.slack = slack
        self.ada = ada
        self.runtime = runtime
        self.url = url

    def incident(self) -> Incident:
        machine = IncidentMachine()
        return machine.decode(self.runtime.store.listing(machine.name, live_only=False, limit=1)[0].state)

    def deliveries(self) -> int:
        return sum(row.channel == "slack" for row in self.runtime.store.deliveries(100))

    def at_rest(self) -> None:
        until(lambda: not any(chat.busy() for chat in self.runtime._chats))
        until(lambda: not self.runtime.store.backlog(1))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with FakeSlack() as slack:
        ada = slack.add_user("ada")
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", signing_secret: "{slack.signing_secret}"}}\n'
        )
        with serving(tmp_path / "tocsin.db", config, Outside(slack_api=slack.base_url)) as (runtime, ready):
            base = f"{ready.url}/slack/"
            slack.deliver_to(base + "interactions", commands=base + "commands", events=base + "events")
            assert ask(ready.ingest_url, json.encode({"title": "CPU"}), {"content-type": "application/json"})[0] == 202
            slack.wait_for(slack.messages, 20)
            yield World(slack, ada, runtime, base)
        slack.assert_clean()


def test_the_address_proves_to_be_ours(world: World) -> None:
    assert world.slack.verify_url()


@pytest.mark.parametrize("forge", ["signature", "timestamp"])
def test_what_is_forged_or_stale_is_refused_and_changes_nothing(world: World, forge: Forgery) -> None:
    message = world.slack.messages()[0]
    answers = [
        world.slack.click(message, "tocsin:acknowledge", world.ada, forge=forge),
        world.slack.slash("/tocsin", "status", world.ada, message.channel, forge=forge),
        world.slack.mention("status", world.ada, message.channel, forge=forge),
    ]
    assert [answer.status for answer in answers] == [403, 403, 403]
    world.at_rest()
    assert world.incident().status is Status.TRIGGERED
    assert world.deliveries() == 0
    assert world.slack.ephemerals() == ()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_signed_is_refused(world: World, path: str) -> None:
    assert ask(world.url + path, b'{"type": "url_verification", "challenge": "x"}', {})[0] == 403
    assert ask(world.url + path)[0] == 404  # Nothing is changed by looking.


def test_a_replayed_press_is_stored_once(world: World) -> None:
    first = world.slack.click(world.slack.messages()[0], "tocsin:acknowledge", world.ada)
    until(lambda: world.incident().acknowledged_by == "ada")
    assert world.slack.replay(first).status == 200
    world.at_rest()
    assert world.deliveries() == 1


def test_a_replayed_question_is_answered_once(world: World) -> None:
    channel = world.slack.messages()[0].channel
    first = world.slack.slash("/tocsin", "status", world.ada, channel)
    world.at_rest()
    assert world.slack.replay(first).status == 200
    world.at_rest()
    assert len(world.slack.ephemerals()) == 1


def test_a_press_that_came_too_late_is_told_so(world: World) -> None:
    message = world.slack.messages()[0]
    world.slack.click(message, "tocsin:acknowledge", world.ada)
    until(lambda: world.incident().acknowledged_by == "ada")
    world.slack.click(message, "tocsin:acknowledge", world.ada)
    found = world.slack.wait_for(world.slack.ephemerals, 20)
    assert found[0].text.startswith("Nothing has changed. It is acknowledged already. CPU: ada is on it")


def test_what_the_process_before_has_taken_is_not_taken_again(tmp_path: Path) -> None:
    passed = [0]
    system = SystemClock()
    with FakeSlack() as slack:
        ada, room = slack.add_user("ada"), slack.add_channel("ops")
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", signing_secret: "{slack.signing_secret}"}}\n'
        )
        outside = Outside(slack_api=slack.base_url, clock=lambda: system() + passed[0])
        with serving(tmp_path / "tocsin.db", config, outside) as (runtime, ready):
            slack.deliver_to(f"{ready.url}/slack/interactions", commands=f"{ready.url}/slack/commands")
            said = slack.slash("/tocsin", "test", ada, room)
            assert said.ok, said
            until(lambda: len(runtime.store.listing("incident", live_only=False, limit=9)) == 1)
        passed[0] += 3 * SECOND  # Until the next one is there.
        with serving(tmp_path / "tocsin.db", config, outside) as (runtime, ready):
            slack.deliver_to(f"{ready.url}/slack/interactions", commands=f"{ready.url}/slack/commands")
            assert slack.replay(said).status == 403
            assert len(runtime.store.listing("incident", live_only=False, limit=9)) == 1
