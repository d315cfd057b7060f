"""Announcements in Slack: harmless whatever they say, bounded, at the channel's pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, NOW, ROOM, SETTING, incident, job
from tocsin.engine.ports import Delivered, Job, Postponed, Refused
from tocsin.kernel import json
from tocsin.kernel.announcement import Announcement, Offer
from tocsin.kernel.time import SECOND, Instant
from tocsin.slack.announcements import announcement_message
from tocsin.slack.loop import LoopThread
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import Channel, FakeSlack, User

TOLD = Announcement("ops: the last day", ("1 alert, 1 page.", "Missed: <!channel> *disk* & more"))


@dataclass
class World:
    """A workspace with a room and a person, and the transport to it."""

    slack: FakeSlack
    transport: SlackTransport
    room: Channel = field(init=False)
    ada: User = field(init=False)

    def __post_init__(self) -> None:
        self.ada = self.slack.add_user("ada")
        self.room = self.slack.add_channel("ops", [self.ada])


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Instant = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    loop = LoopThread("slack-test")
    with FakeSlack(clock=lambda: clock.now / SECOND, wall_clock=lambda: clock.now / SECOND) as slack:
        transport = SlackTransport(
            loop, slack.bot_token, now=lambda: clock.now, setting=SETTING, base_url=slack.base_url, timeout=5 * SECOND
        )
        yield World(slack, transport)
        transport.close()
        loop.close()


def announce(receiver: str = ROOM, told: Announcement = TOLD, name: str = "digest-1", state: object = None) -> Job:
    made = job("announce", receiver, state or object(), None, name)
    return Job(replace(made.outgoing, facts=told.facts()), made.state, made.receipt)


def test_an_announcement_is_a_header_and_lines_that_mention_nobody(world: World) -> None:
    assert world.transport.deliver(world.room.id, [announce()]) == [Delivered()]
    [message] = world.slack.messages(world.room)
    header, section = message.blocks
    assert header["text"] == {"type": "plain_text", "text": "ops: the last day"}
    assert section["text"]["text"] == "• 1 alert, 1 page.\n• Missed: &lt;!channel&gt; *disk* &amp; more"
    assert section["text"]["verbatim"] is True
    assert message.text == "ops: the last day · 1 alert, 1 page. · Missed: &lt;!channel&gt; *disk* &amp; more"
    world.slack.assert_clean()


def test_a_person_is_told_directly(world: World) -> None:
    assert world.transport.deliver(world.ada.id, [announce(ADA)]) == [Delivered()]
    assert len(world.slack.messages(world.slack.direct_channel(world.ada))) == 1


def test_an_announcement_waits_behind_what_is_about_incidents(world: World, clock: Clock) -> None:
    jobs = [announce(), job("show", ROOM, incident()), announce(name="digest-2", state=incident())]
    first, shown, second = world.transport.deliver(world.room.id, jobs)
    assert isinstance(shown, Delivered)
    assert isinstance(first, Postponed)
    assert not first.counts
    assert isinstance(second, Postponed)
    clock.now += 2 * SECOND
    assert world.transport.deliver(world.room.id, [jobs[0]]) == [Delivered()]
    assert len(world.slack.messages(world.room)) == 2


def test_what_slack_refuses_is_refused(world: World) -> None:
    world.slack.fail("chat.postMessage", "channel_not_found")
    [result] = world.transport.deliver(world.room.id, [announce()])
    assert isinstance(result, Refused)
    world.slack.fail("conversations.open", "user_disabled")
    [result] = world.transport.deliver(world.ada.id, [announce(ADA)])
    assert isinstance(result, Refused)


def test_what_is_neither_an_incident_nor_an_announcement_is_refused(world: World) -> None:
    [result] = world.transport.deliver(world.room.id, [job("show", ROOM, object())])
    assert isinstance(result, Refused)


def test_a_long_announcement_is_split_and_keeps_every_line_within_the_limits() -> None:
    message = announcement_message(Announcement("x" * 500, tuple(f"{number} {'&' * 500}" for number in range(30))))
    texts = [block["text"]["text"] for block in message.blocks]
    assert len(texts[0]) <= 150
    assert all(len(text) <= 3000 for text in texts[1:])
    assert sum(text.count("• ") for text in texts) == 30
    assert json.encode(message.blocks)


def test_an_announcement_without_words_still_is_one() -> None:
    message = announcement_message(Announcement(" ", ("", "\n")))
    assert [block["text"]["text"] for block in message.blocks] == ["Announcement"]


def test_times_are_each_readers_own() -> None:
    told = Announcement("It ends", ("at 2026-11-18 11:06 UTC", "not 2026-13-40 99:99 UTC"))
    [_, section] = announcement_message(told).blocks
    assert "• at <!date^1794999960^{time} {date_short_pretty}|2026-11-18 11:06 UTC>" in section["text"]["text"]
    assert "• not 2026-13-40 99:99 UTC" in section["text"]["text"]


def test_what_can_be_pressed_is_a_button(world: World) -> None:
    offers = (
        Offer(verb="swap:accept", label="Accept", value={"s": "x"}, style="primary"),
        Offer(verb="swap:decline", label="<!channel>" + "y" * 100),
    )
    told = Announcement("Ada asks you to take a shift", ("Monday",), offers)
    assert world.transport.deliver(world.ada.id, [announce(ADA, told)]) == [Delivered()]
    [message] = world.slack.messages(world.slack.direct_channel(world.ada))
    assert message.action_ids == ("tocsin:swap:accept", "tocsin:swap:decline")
    first, second = message.blocks[-1]["elements"]
    assert (first["value"], first["style"], first["text"]["text"]) == ('{"s":"x"}', "primary", "Accept")
    assert "style" not in second
    world.slack.assert_clean()
