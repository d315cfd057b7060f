"""Pages as an @mention in a room, delivered to the fake Slack over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.slack.slack_examples import ADA, NOW, SETTING, alert, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.kernel.time import SECOND
from tocsin.posting.paging import Paging
from tocsin.slack.loop import LoopThread
from tocsin.slack.mention import MentionTransport
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import FakeSlack

URL = "https://tocsin.example"


@dataclass
class World:
    """A workspace and the way into it."""

    slack: FakeSlack
    loop: LoopThread
    mention: MentionTransport

    def send(self, address: str, *jobs: Job) -> DeliveryResult:
        return self.mention.deliver(address, jobs or [page()])[0]


@pytest.fixture
def world() -> Iterator[World]:
    loop = LoopThread("slack-test")
    with FakeSlack(clock=lambda: NOW / SECOND, wall_clock=lambda: NOW / SECOND) as slack:
        transport = SlackTransport(
            loop, slack.bot_token, now=lambda: NOW, setting=SETTING, base_url=slack.base_url, timeout=5 * SECOND
        )
        yield World(slack, loop, MentionTransport(transport, Paging(now=lambda: NOW, names=SETTING.names, url=URL)))
        transport.close()
        loop.close()


def page(title: str = "CPU is high") -> Job:
    return job("page", ADA, incident(first=alert(title)), None, "inc-1", why="You are the first to be asked.")


def test_a_mention_names_the_person_and_leads_to_the_incident(world: World) -> None:
    room = world.slack.add_channel("ops")
    assert world.send(f"{room.id}/U0ADA") == Delivered()
    (message,) = world.slack.messages(room)
    assert message.text == f"<@U0ADA> [critical] CPU is high — asks you · <{URL}/incidents/inc-1|answer>"


def test_no_title_mentions_anybody_else(world: World) -> None:
    room = world.slack.add_channel("ops")
    assert world.send(f"{room.id}/U0ADA", page("<!channel> <https://evil.example|click>")) == Delivered()
    (message,) = world.slack.messages(room)
    assert "<!channel>" not in message.text
    assert "&lt;!channel&gt; &lt;https://evil.example|click&gt;" in message.text


def test_a_room_takes_one_message_a_second(world: World) -> None:
    room = world.slack.add_channel("ops")
    assert world.send(f"{room.id}/U0ADA") == Delivered()
    assert world.send(f"{room.id}/U0BO") == Postponed("paced", after=SECOND, counts=False)


def test_a_room_that_is_not_there_is_told(world: World) -> None:
    result = world.send("C0NOTHERE/U0ADA")
    assert isinstance(result, Refused)
    assert "channel_not_found" in result.error
