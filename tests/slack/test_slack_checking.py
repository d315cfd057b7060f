"""What is missing of the Slack app, found out by asking Slack: the strict fake answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tocsin.slack.checking import Finding, Grade, Wanted, check
from tocsin.slack.manifest import scopes
from tocsin.slack.scopes import USES
from tocsin.testing.fake_slack import FakeSlack

NOTHING = Wanted(rooms={}, people={})


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(scopes=scopes()) as fake:
        yield fake


def looked(slack: FakeSlack, wanted: Wanted = NOTHING, *, bot: str = "", app: str | None = None) -> dict[str, Finding]:
    found = check(bot or slack.bot_token, slack.app_token if app is None else app, wanted, base_url=slack.base_url)
    for token in (slack.bot_token, slack.app_token):
        assert token not in repr(found)
    return {each.about: each for each in found}


def test_every_scope_of_the_manifest_is_explained() -> None:
    assert set(scopes()) <= USES.keys()


def test_all_is_well(slack: FakeSlack) -> None:
    ada = slack.add_user("ada")
    ops = slack.add_channel("ops", [ada])
    found = looked(slack, Wanted(rooms={"ops": ops.id, "core": "#ops"}, people={"ada": ada.id}))
    assert {each.grade for each in found.values()} == {Grade.GOOD}
    assert "@tocsin in the workspace Fake" in found["bot token"].found
    assert "Socket Mode works" in found["app token"].found
    assert found["channels"].found == "the bot is in #ops"
    slack.assert_clean()


def test_what_does_not_work_is_told_scope_by_scope() -> None:
    with FakeSlack(scopes={"chat:write", "im:write", "users:read"}) as slack:
        found = looked(slack)
    assert found["channels:read"].grade is Grade.BAD
    assert "makes no team" in found["channels:read"].found
    assert found["dnd:read"].grade is Grade.WEAK
    assert "install the app again" in found["dnd:read"].remedy
    assert found["chat:write"].grade is Grade.GOOD
    assert "lacks a scope" in found["channels"].found


def test_a_scope_that_nobody_explains_is_told_too() -> None:
    with FakeSlack(scopes=()) as slack:
        found = check(slack.bot_token, slack.app_token, NOTHING, base_url=slack.base_url, scopes=["new:scope"])
    assert [each.grade for each in found if each.about == "new:scope"] == [Grade.WEAK]


@pytest.mark.parametrize(("bot", "said"), [("wrong", "does not accept the token"), ("test-app-token", "wrong kind")])
def test_a_wrong_bot_token_is_told(slack: FakeSlack, bot: str, said: str) -> None:
    found = looked(slack, bot=bot)
    assert said in found["bot token"].found
    assert "OAuth & Permissions" in found["bot token"].remedy
    assert set(found) == {"bot token", "app token"}


def test_a_revoked_token_is_told(slack: FakeSlack) -> None:
    slack.revoke()
    assert "revoked" in looked(slack)["bot token"].found


def test_slack_that_cannot_be_reached_is_told(slack: FakeSlack) -> None:
    slack.down()
    assert "could not be reached" in looked(slack)["bot token"].found
    slack.up()


def test_slack_that_tells_no_scopes_is_taken_as_it_is(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_: object) -> None:
        return None

    monkeypatch.setattr("tocsin.slack.api.Api.scopes", silent)
    found = looked(slack)
    assert found["scopes"].grade is Grade.WEAK
    assert set(found) == {"bot token", "scopes", "app token", "channels"}


def test_an_app_token_that_slack_does_not_take_is_told(slack: FakeSlack) -> None:
    found = looked(slack, app="wrong")["app token"]
    assert (found.grade, "connections:write" in found.remedy) == (Grade.BAD, True)


@pytest.mark.parametrize(
    ("wanted", "about", "grade"),
    [
        (NOTHING, "app token", Grade.BAD),
        (Wanted(rooms={}, people={}, by_http=True), "signing secret", Grade.BAD),
        (Wanted(rooms={}, people={}, by_http=True, url="https://bell.example.com"), "signing secret", Grade.GOOD),
    ],
)
def test_without_socket_mode_slack_must_reach_us(slack: FakeSlack, wanted: Wanted, about: str, grade: Grade) -> None:
    assert looked(slack, wanted, app="")[about].grade is grade


def test_a_bot_in_no_channel_is_to_be_invited(slack: FakeSlack) -> None:
    assert "/invite" in looked(slack)["channels"].remedy


def test_many_channels_are_told_in_short(slack: FakeSlack) -> None:
    for number in range(12):
        slack.add_channel(f"c{number}")
    assert looked(slack)["channels"].found.endswith("#c9 and 2 more")


def test_rooms_where_the_bot_is_not_are_told(slack: FakeSlack) -> None:
    ops = slack.add_channel("ops", with_bot=False)
    secret = slack.add_channel("secret", private=True, with_bot=False)
    found = looked(slack, Wanted(rooms={"ops": ops.id, "core": "#core", "secret": secret.id}, people={}))
    assert "#ops is there, but the bot is not in it" in found["room of team ops"].found
    assert "sees no channel #core" in found["room of team core"].found
    assert f"sees no channel {secret.id}" in found["room of team secret"].found


def test_people_who_cannot_be_asked_are_told(slack: FakeSlack) -> None:
    gone, rob = slack.add_user("gone", deleted=True), slack.add_user("rob", bot=True)
    people = {"gone": gone.id, "rob": rob.id, "eve": "U0NOBODY00", "ada": slack.add_user("ada").id}
    found = looked(slack, Wanted(rooms={}, people=people))
    assert "has ended" in found["responder gone"].found
    assert "is a bot" in found["responder rob"].found
    assert "knows no member" in found["responder eve"].found
    assert "responder ada" not in found


@pytest.mark.parametrize(
    ("method", "about"),
    [("users.conversations", "channels"), ("conversations.info", "room of team ops"), ("users.info", "people")],
)
def test_what_slack_does_not_answer_is_told(slack: FakeSlack, method: str, about: str) -> None:
    slack.fail(method, "internal_error")
    wanted = Wanted(rooms={"ops": "C0NOWHERE0"}, people={"ada": slack.add_user("ada").id})
    assert "internal_error" in looked(slack, wanted)[about].found
