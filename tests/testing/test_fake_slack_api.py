"""The Web API, called with Slack's own clients: what it does, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tocsin.testing.fake_slack import FakeSlack, Limits
from tocsin.testing.fake_slack.api import ALL_SCOPES, METHODS

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Disk is full"}}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(limits=Limits.unlimited()) as slack:
        yield slack


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url)


def refusal(slack: FakeSlack, method: str, **arguments: object) -> str:
    """The error code of a call that must fail, after checking that the fake has kept it in mind."""
    before = len(slack.errors)
    with pytest.raises(SlackApiError) as refused:
        WebClient(slack.bot_token, base_url=slack.base_url).api_call(method, json=arguments)
    code: str = refused.value.response["error"]
    assert [(error.method, error.error) for error in slack.errors[before:]] == [(method, code)]
    assert slack.calls[-1].error == code
    return code


def test_a_message_is_posted_and_seen(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts", [slack.add_user("ada")])
    answer = client.chat_postMessage(channel=channel.id, text="Disk is full", blocks=[SECTION])
    (message,) = slack.messages(channel)
    assert (message.text, message.user, message.ts) == ("Disk is full", slack.bot.id, answer["ts"])
    assert message.blocks[0] | SECTION == message.blocks[0]
    assert message.blocks[0]["block_id"]
    assert answer["message"]["blocks"] == list(message.blocks)
    assert answer["message"]["bot_id"].startswith("B")
    assert message.posted_at == message.updated_at
    assert slack.calls[-1].method == "chat.postMessage"
    slack.assert_clean()


def test_ids_have_slacks_shape_and_timestamps_are_unique(slack: FakeSlack, client: WebClient) -> None:
    ada, channel = slack.add_user("ada"), slack.add_channel("alerts")
    assert (ada.id[0], channel.id[0], slack.team_id[0], slack.app_id[0]) == ("U", "C", "T", "A")
    stamps = [client.chat_postMessage(channel=channel.id, text="x")["ts"] for _ in range(20)]
    assert stamps == sorted(set(stamps))
    assert all(len(stamp.partition(".")[2]) == 6 for stamp in stamps)


def test_timestamps_differ_though_the_clock_stands_still() -> None:
    with FakeSlack(limits=Limits.unlimited(), wall_clock=lambda: 1_795_000_000.0) as slack:
        ada = slack.add_user("ada")
        channel = slack.add_channel("alerts", [ada])
        first, second = slack.say("a", ada, channel), slack.say("b", ada, channel)
    assert (first.ts, second.ts) == ("1795000000.000000", "1795000000.000001")


def test_a_message_can_be_posted_by_channel_name_and_to_a_person(slack: FakeSlack, client: WebClient) -> None:
    ada, channel = slack.add_user("ada"), slack.add_channel("alerts")
    client.chat_postMessage(channel="#alerts", text="x")
    client.chat_postMessage(channel="alerts", text="y")
    answer = client.chat_postMessage(channel=ada.id, text="z")
    assert [message.text for message in slack.messages(channel)] == ["x", "y"]
    assert answer["channel"] == slack.direct_channel(ada).id
    assert slack.channel(answer["channel"]).direct
    assert len(slack.messages()) == 3


def test_an_update_counts_as_an_edit_and_keeps_the_blocks(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    attachment = {"color": "#f00", "blocks": [SECTION]}
    metadata = {"event_type": "page", "event_payload": {"id": 1}}
    ts = client.chat_postMessage(
        channel=channel.id, text="a", blocks=[SECTION], attachments=[attachment], metadata=metadata
    )["ts"]
    answer = client.chat_update(channel=channel.id, ts=ts, text="b")
    (message,) = slack.messages(channel)
    assert (message.text, message.edits, len(message.blocks), len(message.layout)) == ("b", 1, 1, 2)
    assert message.metadata == metadata
    assert answer["message"]["attachments"][0]["blocks"][0]["block_id"]
    assert answer["message"]["edited"]["user"] == slack.bot.id
    client.chat_update(channel=channel.id, ts=ts, text="c", blocks=[], attachments=[])
    assert slack.message(message).layout == ()
    assert slack.message(message).updated_at >= message.updated_at


def test_a_deleted_message_is_gone_and_remembered(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    ts = client.chat_postMessage(channel=channel.id, text="a")["ts"]
    client.chat_delete(channel=channel.id, ts=ts)
    assert slack.messages(channel) == ()
    assert [message.text for message in slack.messages(channel, deleted=True)] == ["a"]
    assert refusal(slack, "chat.update", channel=channel.id, ts=ts, text="b") == "message_not_found"


def test_a_thread_needs_its_first_message(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    ts = client.chat_postMessage(channel=channel.id, text="a")["ts"]
    answer = client.chat_postMessage(channel=channel.id, text="b", thread_ts=ts)
    assert slack.messages(channel)[1].thread_ts == answer["message"]["thread_ts"] == ts
    assert refusal(slack, "chat.postMessage", channel=channel.id, text="c", thread_ts="1.000001") == "thread_not_found"


def test_an_ephemeral_message_is_seen_by_one_person(slack: FakeSlack, client: WebClient) -> None:
    ada, bob = slack.add_user("ada"), slack.add_user("bob")
    channel = slack.add_channel("alerts", [ada])
    ts = client.chat_postEphemeral(channel=channel.id, user=ada.id, text="psst")["message_ts"]
    assert slack.messages(channel) == ()
    assert [message.ephemeral_to for message in slack.ephemerals(channel)] == [ada.id]
    assert refusal(slack, "chat.update", channel=channel.id, ts=ts, text="b") == "message_not_found"
    arguments = {"channel": channel.id, "text": "x"}
    assert refusal(slack, "chat.postEphemeral", user=bob.id, **arguments) == "user_not_in_channel"
    assert refusal(slack, "chat.postEphemeral", user="U404", **arguments) == "user_not_found"


def test_channels_refuse_who_may_not_write(slack: FakeSlack) -> None:
    foreign = slack.add_channel("foreign", with_bot=False)
    secret = slack.add_channel("secret", with_bot=False, private=True)
    old = slack.add_channel("old")
    slack.archive(old)
    assert refusal(slack, "chat.postMessage", channel="C404", text="x") == "channel_not_found"
    assert refusal(slack, "chat.postMessage", text="x") == "channel_not_found"
    assert refusal(slack, "chat.postMessage", channel=foreign.id, text="x") == "not_in_channel"
    assert refusal(slack, "chat.postMessage", channel=secret.id, text="x") == "channel_not_found"
    assert refusal(slack, "chat.postMessage", channel=old.id, text="x") == "is_archived"
    assert refusal(slack, "conversations.setTopic", channel=old.id, topic="x") == "is_archived"
    assert refusal(slack, "conversations.setTopic", channel=foreign.id, topic="x") == "not_in_channel"


def test_only_ones_own_messages_can_be_changed(slack: FakeSlack, client: WebClient) -> None:
    ada = slack.add_user("ada")
    channel = slack.add_channel("alerts", [ada])
    hers = slack.say("hello", ada, channel)
    assert refusal(slack, "chat.update", channel=channel.id, ts=hers.ts, text="x") == "cant_update_message"
    assert refusal(slack, "chat.delete", channel=channel.id, ts=hers.ts) == "cant_delete_message"
    ts = client.chat_postMessage(channel=channel.id, text="a")["ts"]
    slack.archive(channel)
    assert refusal(slack, "chat.update", channel=channel.id, ts=ts, text="x") == "is_archived"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "", "blocks": [], "attachments": []}, "no_text"),
        ({"text": 5}, "invalid_arguments"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": "{"}, "invalid_blocks_format"),
        ({"blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "attachments": [{"blocks": [{"type": "alert"}]}]}, "invalid_blocks"),
        ({"text": "x", "attachments": ["x"]}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"text": "x", "metadata": {"event_type": "page"}}, "invalid_metadata_format"),
    ],
)
def test_a_malformed_message_is_refused(slack: FakeSlack, content: dict[str, Any], code: str) -> None:
    channel = slack.add_channel("alerts")
    assert refusal(slack, "chat.postMessage", channel=channel.id, **content) == code
    assert slack.messages(channel) == ()


def test_invalid_blocks_come_back_with_their_places(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=channel.id, text="x", blocks=[SECTION, {"type": "header"}])
    messages = refused.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: text [json-pointer:/blocks/1]"]
    assert refused.value.response["errors"] == ["missing required field: text [json-pointer:/blocks/1]"]
    assert slack.errors[0].details == tuple(messages)
    with pytest.raises(AssertionError, match="json-pointer:/blocks/1"):
        slack.assert_clean()
    slack.assert_clean(allow=["invalid_blocks"])


def test_a_form_is_as_good_as_json(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    client.api_call("chat.postMessage", params={"channel": channel.id, "blocks": json.dumps([SECTION])})
    assert len(slack.messages(channel)[0].blocks) == 1


def test_tokens_are_checked(slack: FakeSlack) -> None:
    for token, code in [("", "not_authed"), ("wrong", "invalid_auth"), (slack.app_token, "not_allowed_token_type")]:
        with pytest.raises(SlackApiError, match=code):
            WebClient(token or None, base_url=slack.base_url).auth_test()
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        WebClient(slack.bot_token, base_url=slack.base_url).apps_connections_open(app_token=slack.bot_token)
    slack.revoke()
    assert refusal(slack, "auth.test") == "token_revoked"
    slack.revoke("account_inactive")
    assert refusal(slack, "auth.test") == "account_inactive"


def test_a_missing_scope_is_named() -> None:
    with FakeSlack(scopes=ALL_SCOPES - {"users:read"}) as slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url)
        assert client.auth_test()["user_id"] == slack.bot.id
        with pytest.raises(SlackApiError) as refused:
            client.users_list()
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert "chat:write" in answer["provided"].split(",")


def test_an_unknown_method_is_refused(slack: FakeSlack) -> None:
    assert refusal(slack, "chat.shout") == "unknown_method"


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("text/plain", b"x", "invalid_post_type"),
    ],
)
def test_an_unreadable_body_is_refused(slack: FakeSlack, content_type: str, body: bytes, code: str) -> None:
    request = urllib.request.Request(
        slack.base_url + "auth.test", body, {"Content-Type": content_type, "Authorization": f"Bearer {slack.bot_token}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer) == {"ok": False, "error": code}
    assert slack.errors[-1].error == code


def test_a_token_in_the_query_is_good_and_other_paths_are_not_there(slack: FakeSlack) -> None:
    with urllib.request.urlopen(f"{slack.base_url}auth.test?token={slack.bot_token}") as answer:
        assert json.load(answer)["ok"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(slack.base_url.replace("/api/", "/"))
    refused.value.close()
    assert refused.value.code == 404


def test_too_many_messages_are_told_when_to_come_again() -> None:
    clock = Clock()
    with FakeSlack(clock=clock) as slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url)
        ada, channel = slack.add_user("ada"), slack.add_channel("alerts")
        client.chat_postMessage(channel=channel.id, text="a")
        for name in (channel.id, "#alerts"):
            with pytest.raises(SlackApiError) as refused:
                client.chat_postMessage(channel=name, text="b")
            assert refused.value.response.status_code == 429
            assert refused.value.response.headers["Retry-After"] == "1"
        client.chat_postMessage(channel=ada.id, text="b")
        with pytest.raises(SlackApiError, match="ratelimited"):
            client.chat_postMessage(channel=slack.direct_channel(ada).id, text="c")
        clock.now += 1
        client.chat_postMessage(channel=channel.id, text="b")
        assert [message.posted_at for message in slack.messages(channel)] == [1000, 1001]
        assert {error.error for error in slack.errors} == {"ratelimited"}


def test_people_are_told_about(slack: FakeSlack, client: WebClient) -> None:
    ada = slack.add_user("ada", tz="Asia/Kathmandu", presence="away", dnd=True, email="ada@example.com")
    shown = client.users_info(user=ada.id)["user"]
    assert (shown["tz"], shown["tz_offset"]) == ("Asia/Kathmandu", 20_700)
    assert shown["profile"]["email"] == "ada@example.com"
    assert client.users_getPresence(user=ada.id)["presence"] == "away"
    now = client.dnd_info(user=ada.id)
    assert now["dnd_enabled"]
    told = client.dnd_teamInfo(users=f"{ada.id},U404")["users"]
    assert told == {ada.id: {name: now[name] for name in ("dnd_enabled", "next_dnd_start_ts", "next_dnd_end_ts")}}
    assert refusal(slack, "dnd.teamInfo") == "no_users_provided"
    assert slack.change_user(ada, dnd=False, presence="active") == slack.user(ada.id)
    later = client.dnd_info(user=ada.id)
    assert not later["dnd_enabled"]
    assert later["next_dnd_start_ts"] > now["next_dnd_start_ts"]
    assert refusal(slack, "users.info", user="U404") == "user_not_found"
    assert refusal(slack, "users.info") == "user_not_found"


def test_lists_come_in_pages(slack: FakeSlack, client: WebClient) -> None:
    people = [slack.add_user(f"user{n}") for n in range(4)]
    channel = slack.add_channel("alerts", people)
    first = client.conversations_members(channel=channel.id, limit=3)
    second = client.conversations_members(channel=channel.id, limit=3, cursor=first["response_metadata"]["next_cursor"])
    assert first["members"] + second["members"] == list(slack.channel(channel).members)
    assert second["response_metadata"]["next_cursor"] == ""
    pages = [page["members"] for page in client.users_list(limit=2)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert refusal(slack, "users.list", cursor="?") == "invalid_cursor"
    assert refusal(slack, "users.list", limit="many") == "invalid_limit"
    assert refusal(slack, "users.list", limit=1001) == "invalid_limit"


def test_conversations_are_listed_by_type(slack: FakeSlack, client: WebClient) -> None:
    slack.add_channel("alerts")
    slack.archive(slack.add_channel("old"))
    slack.add_channel("secret", private=True)
    slack.add_channel("hidden", private=True, with_bot=False)
    slack.direct_channel(slack.add_user("ada"))
    names = [channel["name"] for channel in client.conversations_list()["channels"]]
    assert names == ["alerts", "old"]
    answer = client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert [channel["name"] for channel in answer["channels"]] == ["alerts", "secret"]
    (direct,) = client.conversations_list(types="im")["channels"]
    assert direct["is_im"]
    assert direct["user"].startswith("U")
    assert refusal(slack, "conversations.list", types="club") == "invalid_types"


def test_a_direct_message_is_opened_once(slack: FakeSlack, client: WebClient) -> None:
    ada, bob = slack.add_user("ada"), slack.add_user("bob")
    robot, gone = slack.add_user("robot", bot=True), slack.add_user("gone", deleted=True)
    first, second = client.conversations_open(users=[ada.id]), client.conversations_open(users=[ada.id])
    assert first["channel"]["id"] == second["channel"]["id"]
    assert (first["already_open"], second["already_open"]) == (False, True)
    assert first["channel"]["id"].startswith("D")
    group = client.conversations_open(users=f"{ada.id},{bob.id}")["channel"]
    assert (group["id"][0], group["is_mpim"]) == ("G", True)
    assert refusal(slack, "conversations.open") == "users_list_not_supplied"
    assert refusal(slack, "conversations.open", users="U404") == "user_not_found"
    assert refusal(slack, "conversations.open", users=robot.id) == "cannot_dm_bot"
    assert refusal(slack, "conversations.open", users=gone.id) == "user_disabled"
    assert refusal(slack, "conversations.open", users=[ada.id] * 9) == "too_many_users"


def test_a_topic_is_set_within_its_length(slack: FakeSlack, client: WebClient) -> None:
    channel, direct = slack.add_channel("alerts"), slack.direct_channel(slack.add_user("ada"))
    client.conversations_setTopic(channel=channel.id, topic="On call: ada")
    assert slack.channel(channel).topic == "On call: ada"
    assert client.conversations_info(channel=channel.id)["channel"]["topic"]["value"] == "On call: ada"
    assert refusal(slack, "conversations.setTopic", channel=channel.id, topic="x" * 251) == "too_long"
    assert refusal(slack, "conversations.setTopic", channel=channel.id) == "invalid_arguments"
    assert refusal(slack, "conversations.setTopic", channel="alerts", topic="x") == "channel_not_found"
    code = refusal(slack, "conversations.setTopic", channel=direct.id, topic="x")
    assert code == "method_not_supported_for_channel_type"


def test_a_user_group_is_replaced_and_never_empty(slack: FakeSlack, client: WebClient) -> None:
    ada, bob, robot = slack.add_user("ada"), slack.add_user("bob"), slack.add_user("robot", bot=True)
    group = slack.add_usergroup("oncall", [ada])
    client.usergroups_users_update(usergroup=group.id, users=[bob.id])
    assert slack.usergroup(group).users == (bob.id,)
    assert refusal(slack, "usergroups.users.update", usergroup=group.id, users="") == "no_users_provided"
    assert refusal(slack, "usergroups.users.update", usergroup=group.id, users=robot.id) == "invalid_users"
    assert refusal(slack, "usergroups.users.update", usergroup="S404", users=ada.id) == "no_such_subteam"


def test_the_asynchronous_client_works_too(slack: FakeSlack) -> None:
    channel = slack.add_channel("alerts")

    async def post() -> None:
        client = AsyncWebClient(slack.bot_token, base_url=slack.base_url)
        await client.chat_postMessage(channel=channel.id, text="x", blocks=[SECTION])
        await client.conversations_info(channel=channel.id)

    asyncio.run(post())
    assert [call.method for call in slack.calls] == ["chat.postMessage", "conversations.info"]
    slack.assert_clean()


def test_waiting_ends_with_the_message_or_with_the_time(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.add_channel("alerts")
    poster = threading.Thread(target=lambda: client.chat_postMessage(channel=channel.id, text="x"))
    poster.start()
    (message,) = slack.wait_for(lambda: slack.messages(channel))
    poster.join()
    assert message.text == "x"
    with pytest.raises(TimeoutError, match="1 calls"):
        slack.wait_for(lambda: len(slack.messages(channel)) > 1, timeout=0.01)


def test_every_method_of_the_table_is_one_that_the_sdk_can_call() -> None:
    names = {method.replace(".", "_") for method in METHODS}
    assert {name for name in names if not hasattr(WebClient, name)} == set()


def test_conversations_of_the_bot_are_listed_page_by_page(slack: FakeSlack, client: WebClient) -> None:
    mine = [slack.add_channel(f"c{number}") for number in range(3)]
    slack.add_channel("other", with_bot=False)
    first = client.users_conversations(limit=2)
    rest = client.users_conversations(limit=2, cursor=first["response_metadata"]["next_cursor"])
    listed = [*first["channels"], *rest["channels"]]
    assert [each["id"] for each in listed] == [each.id for each in mine]
    assert not [each for each in listed if "is_member" in each]
    assert refusal(slack, "users.conversations", types="everything") == "invalid_types"
    assert refusal(slack, "users.conversations", user="U0NOBODY00") == "user_not_found"


def test_conversations_of_somebody_are_listed_too(slack: FakeSlack, client: WebClient) -> None:
    ada = slack.add_user("ada")
    ops = slack.add_channel("ops", [ada], with_bot=False)
    slack.add_channel("other")
    assert [each["id"] for each in client.users_conversations(user=ada.id)["channels"]] == [ops.id]


def test_each_kind_of_conversation_has_a_scope_of_its_own() -> None:
    with FakeSlack(scopes={"channels:read"}) as slack:
        ops, secret = slack.add_channel("ops"), slack.add_channel("secret", private=True)
        client = WebClient(slack.bot_token, base_url=slack.base_url)
        assert client.conversations_members(channel=ops.id)["ok"]
        assert client.users_conversations()["ok"]
        assert refusal(slack, "conversations.members", channel=secret.id) == "missing_scope"
        assert refusal(slack, "users.conversations", types="public_channel,private_channel") == "missing_scope"
        assert refusal(slack, "conversations.info", channel=slack.direct_channel(slack.bot).id) == "missing_scope"


def test_scopes_are_told_beside_an_answer() -> None:
    with FakeSlack(scopes={"users:read", "chat:write"}) as slack:
        answer = WebClient(slack.bot_token, base_url=slack.base_url).auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert headers["x-oauth-scopes"] == "chat:write,users:read"


def test_a_rate_limit_can_come_later(slack: FakeSlack, client: WebClient) -> None:
    slack.rate_limit("users.list", 3, after=1)
    assert client.users_list()["ok"]
    with pytest.raises(SlackApiError):
        client.users_list()
