"""Who speaks is known by name and zone, asked of Slack seldom, and what is done is remembered for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.slack.slack_examples import NOW
from tocsin.conversing.wishes import Speaker
from tocsin.kernel.time import HOUR
from tocsin.slack import once as once_module
from tocsin.slack import people as people_module
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopThread
from tocsin.slack.once import WINDOW, Once
from tocsin.slack.people import People, Standing
from tocsin.testing.fake_slack import FakeSlack


@dataclass
class World:
    slack: FakeSlack
    loop: LoopThread
    people: People
    now: int = NOW

    def who(self, user: str, username: str = "") -> Speaker:
        return self.loop.run(self.people.speaker(user, username))

    def asked(self) -> int:
        return sum(call.method == "users.info" for call in self.slack.calls)


@pytest.fixture
def world() -> Iterator[World]:
    with FakeSlack() as slack:
        loop = LoopThread("test")

        async def made() -> Api:
            return Api(slack.bot_token, base_url=slack.base_url, timeout=5000)

        api = loop.run(made())
        found = World(slack, loop, People(api, lambda: {"U0000000005": "ada"}, lambda: found.now))
        yield found
        loop.run(api.close())
        loop.close()


def test_a_person_is_asked_about_once_an_hour(world: World) -> None:
    ada = world.slack.add_user("ada", tz="Europe/Berlin")
    for _ in range(2):
        assert world.who(ada.id) == Speaker(
            chat="slack", user=ada.id, responder="ada", zone="Europe/Berlin", name="ada"
        )
    assert world.asked() == 1
    world.now += HOUR
    world.who(ada.id)
    assert world.asked() == 2


def test_without_an_answer_somebody_is_who_the_payload_says(world: World) -> None:
    stranger = world.who("U0STRANGER", "eve")
    assert (stranger.responder, stranger.zone, stranger.name) == ("slack:eve", "", "eve")
    assert world.who("U0STRANGER").responder == "slack:U0STRANGER"


def test_slack_being_slow_costs_the_zone_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = world.slack.add_user("ada", tz="Europe/Berlin")
    monkeypatch.setattr(people_module, "PATIENCE", 20)
    world.slack.delay(0.3)
    assert world.who(ada.id).zone == ""
    world.slack.delay(0)


def test_only_so_many_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_module, "REMEMBERED_MAX", 1)
    ada, bo = world.slack.add_user("ada"), world.slack.add_user("bo")
    for user in (ada, bo, ada):
        world.who(user.id)
    assert world.asked() == 3


def test_what_was_done_is_not_the_first_until_it_is_forgotten() -> None:
    done = Once()
    assert done.first("a", NOW)
    assert not done.first("a", NOW + WINDOW - 1)
    assert done.first("a", NOW + WINDOW)
    done.forget("a")
    done.forget("never")
    assert done.first("a", NOW + WINDOW)
    assert done.first("", NOW)
    assert done.first("", NOW)


def test_only_so_much_is_remembered_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once_module, "REMEMBERED_MAX", 2)
    done = Once()
    assert all(done.first(name, NOW) for name in "abc")
    assert done.first("a", NOW)
    assert not done.first("c", NOW)


@pytest.mark.parametrize(
    ("attributes", "standing"),
    [
        ({}, Standing.MEMBER),
        ({"guest": True}, Standing.GUEST),
        ({"team": "T0ELSE"}, Standing.OUTSIDE),
        ({"deleted": True}, Standing.GONE),
        ({"bot": True}, Standing.BOT),
    ],
)
def test_what_somebody_is_in_the_workspace(world: World, attributes: dict[str, Any], standing: Standing) -> None:
    world.slack.add_user("ada")
    user = world.slack.add_user("mallory", **attributes)
    for _ in range(2):
        assert world.loop.run(world.people.standing(user.id)) is standing
    assert world.asked() == 1


def test_whom_the_configuration_names_is_one_of_ours_whoever_that_is(world: World) -> None:
    assert world.loop.run(world.people.standing("U0000000005")) is Standing.MEMBER
    assert world.asked() == 0


def test_of_whom_slack_tells_nothing_is_heard(world: World) -> None:
    world.slack.add_user("ada")
    user = world.slack.add_user("bo", team="T0ELSE")
    world.slack.fail("users.info", "internal_error")
    assert world.loop.run(world.people.standing(user.id)) is Standing.MEMBER
    assert world.loop.run(world.people.standing(user.id)) is Standing.OUTSIDE
