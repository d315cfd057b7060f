"""Announcements in Slack: escaped, short enough, several in one message, each reader's own time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, NOW, ROOM, SETTING, incident, job
from tocsin.engine.ports import Delivered, Job, Postponed
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND
from tocsin.slack.announcements import LINES_MAX, TOGETHER_MAX, announcement_message
from tocsin.slack.loop import LoopThread
from tocsin.slack.transport import POST_INTERVAL, SlackTransport
from tocsin.testing.fake_slack import FakeSlack


def announcement(title: str, *lines: str, name: str = "s-1", receiver: str = ROOM) -> Job:
    made = job("announce", receiver, object(), None, name)
    facts: dict[str, Json] = {"title": title, "lines": list(lines)}
    return Job(replace(made.outgoing, facts=facts), made.state, made.receipt)


def texts(*told: dict[str, Json]) -> list[str]:
    return [block["text"]["text"] for block in announcement_message(told).blocks]


def test_it_is_a_title_with_lines_below() -> None:
    message = announcement_message([{"title": "It is over", "lines": ["one", "two"]}])
    assert message.text == "It is over"
    assert texts({"title": "It is over", "lines": ["one", "two"]}) == ["*It is over*\none\ntwo"]


def test_foreign_text_mentions_nobody_and_links_nothing() -> None:
    [text] = texts({"title": "<!channel> & co", "lines": ["<https://bad.example|good>", "a\nb"]})
    assert text == "*&lt;!channel&gt; &amp; co*\n&lt;https://bad.example|good&gt;\na b"


def test_times_are_each_readers_own() -> None:
    [text] = texts({"title": "until 2026-11-18 11:06 UTC", "lines": ["not 2026-13-40 99:99 UTC"]})
    assert text.startswith("*until <!date^1794999960^")
    assert "|2026-11-18 11:06 UTC>" in text
    assert text.endswith("not 2026-13-40 99:99 UTC")


def test_what_is_too_long_is_cut_and_what_is_malformed_is_no_harm() -> None:
    [long] = texts({"title": "t" * 5000, "lines": ["x" * 5000] * 100})
    assert len(long) <= 3000
    assert long.endswith("more lines")
    [many] = texts({"title": "t", "lines": ["x"] * 100})
    assert many.count("\n") == LINES_MAX
    assert texts({}, {"title": "", "lines": "no list"}) == ["*(no title)*", "*(no title)*"]


class World:
    def __init__(self, slack: FakeSlack, transport: SlackTransport) -> None:
        self.slack = slack
        self.transport = transport
        self.now = NOW
        self.ada = slack.add_user("ada")
        self.room = slack.add_channel("ops", [self.ada])

    def said(self) -> list[str]:
        return [message.text for message in self.slack.messages(self.room)]


@pytest.fixture
def world() -> Iterator[World]:
    clock = [NOW]
    loop = LoopThread("slack-test")
    with FakeSlack(clock=lambda: clock[0] / SECOND, wall_clock=lambda: clock[0] / SECOND) as slack:
        transport = SlackTransport(
            loop,
            slack.bot_token,
            now=lambda: clock[0],
            setting=SETTING,
            base_url=slack.base_url,
            timeout=5 * SECOND,
        )
        yield World(slack, transport)
        transport.close()
        loop.close()


def test_what_waits_together_is_one_message_and_the_rest_waits_for_its_turn(world: World) -> None:
    jobs = [announcement(f"number {number}", name=f"s-{number}") for number in range(TOGETHER_MAX + 2)]
    results = world.transport.deliver(world.room.id, jobs)
    assert results[:TOGETHER_MAX] == [Delivered()] * TOGETHER_MAX
    assert results[TOGETHER_MAX:] == [Postponed("paced", after=POST_INTERVAL, counts=False)] * 2
    [said] = world.said()
    assert said.startswith("number 0; number 1")
    world.slack.assert_clean()


def test_a_person_is_told_by_direct_message(world: World) -> None:
    assert world.transport.deliver(world.ada.id, [announcement("for you", receiver=ADA)]) == [Delivered()]
    [message] = world.slack.messages(world.slack.direct_channel(world.ada))
    assert message.text == "for you"


def test_an_incident_goes_before_it(world: World) -> None:
    jobs = [announcement("later"), job("show", ROOM, incident())]
    later, shown = world.transport.deliver(world.room.id, jobs)
    assert isinstance(shown, Delivered)
    assert isinstance(later, Postponed)
    assert not later.counts


def test_who_cannot_be_told_is_told_why(world: World) -> None:
    unknown, person = announcement("x"), announcement("x", receiver=ADA)
    [result] = world.transport.deliver("C0NOWHERE", [unknown])
    assert result != Delivered()
    [result] = world.transport.deliver("U0NOBODY0", [person])
    assert result != Delivered()
