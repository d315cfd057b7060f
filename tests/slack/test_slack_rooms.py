"""What Slack tells of channels and of the people there, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel.time import SECOND
from tocsin.slack.answers import Failure
from tocsin.slack.loop import LoopThread
from tocsin.slack.rooms import MINUTE_S, ONE_BY_ONE_MAX, Channel, SlackRooms, _person
from tocsin.testing.fake_slack import FakeSlack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def rooms(slack: FakeSlack, slept: list[float]) -> Iterator[SlackRooms]:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    loop = LoopThread("rooms-test")
    made = SlackRooms(loop, slack.bot_token, base_url=slack.base_url, sleep=sleep)
    yield made
    made.close()
    loop.close()


def test_the_bot_knows_itself_and_asks_once(slack: FakeSlack, rooms: SlackRooms) -> None:
    assert rooms.myself() == rooms.myself() == slack.bot.id
    assert [call.method for call in slack.calls] == ["auth.test"]


def test_channels_are_those_where_the_bot_is(slack: FakeSlack, rooms: SlackRooms) -> None:
    ada = slack.add_user("ada")
    ops, secret = slack.add_channel("ops", [ada]), slack.add_channel("secret", [ada], private=True)
    slack.add_channel("other", [ada], with_bot=False)
    slack.archive(slack.add_channel("old", [ada]))
    slack.direct_channel(ada)
    found = rooms.channels()
    assert found == [Channel(id=ops.id, name="ops", there=True), Channel(id=secret.id, name="secret", there=True)]
    slack.assert_clean()


def test_a_channel_is_as_it_is_now(slack: FakeSlack, rooms: SlackRooms) -> None:
    ops, other = slack.add_channel("ops"), slack.add_channel("other", with_bot=False)
    assert rooms.channel(ops.id) == Channel(id=ops.id, name="ops", there=True)
    assert rooms.channel(other.id) == Channel(id=other.id, name="other", there=False)
    assert rooms.channel("C0NOWHERE0") == Channel(id="C0NOWHERE0", name="", there=False)
    slack.archive(ops)
    assert rooms.channel(ops.id) == Channel(id=ops.id, name="ops", there=False)


def test_a_direct_message_is_no_channel(slack: FakeSlack, rooms: SlackRooms) -> None:
    found = rooms.channel(slack.direct_channel(slack.add_user("ada")).id)
    assert isinstance(found, Channel)
    assert not found.there


def test_the_bot_is_none_of_the_members(slack: FakeSlack, rooms: SlackRooms) -> None:
    ada = slack.add_user("ada")
    assert rooms.members(slack.add_channel("ops", [ada]).id) == [ada.id]


def test_who_slack_does_not_know_is_left_out(slack: FakeSlack, rooms: SlackRooms) -> None:
    ada = slack.add_user("ada", tz="Europe/Berlin", email="ada@example.com")
    found = rooms.people([ada.id, "U0NOBODY00"])
    assert isinstance(found, dict)
    assert list(found) == [ada.id]
    assert (found[ada.id].zone, found[ada.id].email, found[ada.id].outside) == (
        "Europe/Berlin",
        "ada@example.com",
        False,
    )


def test_the_people_of_many_rooms_are_read_from_one_list_that_is_good_for_a_minute(slack: FakeSlack) -> None:
    loop, now = LoopThread("rooms-test"), [0.0]
    rooms = SlackRooms(loop, slack.bot_token, base_url=slack.base_url, seconds=lambda: now[0])
    teams = [[slack.add_user(f"p{room}-{number}").id for number in range(10)] for room in range(7)]

    def asked(method: str) -> int:
        return [call.method for call in slack.calls].count(method)

    for team in teams:
        found = rooms.people(team)
        assert not isinstance(found, Failure)
        assert list(found) == team
    assert (asked("users.info"), asked("users.list")) == (ONE_BY_ONE_MAX, 1)
    late = slack.add_user("late").id
    assert list(rooms.people([late, *teams[0]])) == [*teams[0], late]  # type: ignore[arg-type]
    assert (asked("users.info"), asked("users.list")) == (ONE_BY_ONE_MAX + 1, 1)
    now[0] += MINUTE_S
    assert list(rooms.people([late])) == [late]  # type: ignore[arg-type]
    assert (asked("users.info"), asked("users.list")) == (ONE_BY_ONE_MAX + 2, 1)
    rooms.close()
    loop.close()


def test_in_the_middle_of_a_list_slack_is_waited_for(slack: FakeSlack, rooms: SlackRooms, slept: list[float]) -> None:
    asked = [slack.add_user(f"p{number}").id for number in range(3)]
    slack.rate_limit("users.info", 7, after=1)
    found = rooms.people(asked)
    assert not isinstance(found, Failure)
    assert (set(found), slept) == (set(asked), [7.0])


def test_before_a_list_begins_nothing_is_waited_for(slack: FakeSlack, rooms: SlackRooms, slept: list[float]) -> None:
    slack.rate_limit("users.info", 7)
    found = rooms.people([slack.add_user("ada").id])
    assert isinstance(found, Failure)
    assert found.result == Postponed("Slack asks to wait: too many calls", after=7 * SECOND, counts=False)
    assert not slept


def test_a_wait_that_is_too_long_ends_the_list(slack: FakeSlack, rooms: SlackRooms, slept: list[float]) -> None:
    asked = [slack.add_user(f"p{number}").id for number in range(3)]
    slack.rate_limit("users.info", 600, after=1)
    assert isinstance(rooms.people(asked), Failure)
    assert not slept


@pytest.mark.parametrize("method", ["auth.test", "users.list"])
def test_people_who_cannot_be_asked_for_are_a_failure(slack: FakeSlack, rooms: SlackRooms, method: str) -> None:
    slack.fail(method, "access_denied")
    found = rooms.people([f"U{number:09}" for number in range(ONE_BY_ONE_MAX + 1)])
    assert isinstance(found, Failure)
    assert isinstance(found.result, Refused)


def test_who_slack_itself_is_is_no_person() -> None:
    assert _person({"id": "USLACKBOT", "is_bot": False}, "T0US").bot


@pytest.mark.parametrize(
    ("shown", "outside"),
    [
        ({"team_id": "T0US"}, False),
        ({"team_id": "T0THEM"}, True),
        ({}, False),
        ({"team_id": "T0US2", "enterprise_user": {"teams": ["T0US", "T0US2"]}}, False),
        ({"team_id": "T0THEM", "enterprise_user": {"teams": ["T0THEM"]}}, True),
        ({"team_id": "T0THEM", "enterprise_user": "?"}, True),
    ],
)
def test_people_of_another_organisation_are_known_as_such(shown: dict[str, Any], outside: bool) -> None:
    assert _person({"id": "U0ADA", **shown}, "T0US").outside is outside


def test_whatever_slack_leaves_out_is_empty() -> None:
    found = _person({}, "", "U0ADA")
    assert (found.id, found.handle, found.name, found.zone, found.email) == ("U0ADA", "", "", "", "")
