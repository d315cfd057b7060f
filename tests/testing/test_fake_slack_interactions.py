"""What people press and type, as an application over HTTP receives it."""

from __future__ import annotations

import json
import threading
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient

from tests.testing.slack_app import BUTTON, OPTIONS, App, Clock, post
from tocsin.testing.fake_slack import Channel, FakeSlack, Limits, User


def test_a_click_arrives_signed_and_complete(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    message = post(slack, client, channel)
    acknowledgement = slack.click(message, "ack", ada)
    payload = app.payload
    assert payload == acknowledgement.payload
    assert payload["type"] == "block_actions"
    assert payload["team"]["id"] == slack.team_id
    assert payload["api_app_id"] == slack.app_id
    assert (payload["user"]["id"], payload["user"]["username"]) == (ada.id, "ada")
    assert payload["channel"] == {"id": channel.id, "name": "alerts"}
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == message.ts
    (action,) = payload["actions"]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == (
        "ack",
        "b",
        "rung-1",
        "button",
    )
    assert float(action["action_ts"])
    assert payload["trigger_id"] == acknowledgement.trigger_id
    assert payload["response_url"] == acknowledgement.response_url
    assert app.requests[-1][0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert (acknowledgement.ok, acknowledgement.status, acknowledgement.seconds) == (True, 200, 0)
    slack.assert_clean()


def test_a_click_in_a_direct_message_and_in_a_thread(slack: FakeSlack, app: App, ada: User, client: WebClient) -> None:
    direct = slack.direct_channel(ada)
    first = post(slack, client, direct)
    reply = post(slack, client, direct, thread_ts=first.ts)
    slack.click(reply, "ack", ada)
    assert app.payload["channel"]["name"] == "directmessage"
    assert app.payload["container"]["thread_ts"] == first.ts


def test_an_old_drawing_can_be_clicked(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    message = post(slack, client, channel)
    client.chat_update(channel=channel.id, ts=message.ts, text="Acknowledged", blocks=[])
    slack.click(message, "ack", ada)
    assert app.payload["actions"][0]["value"] == "rung-1"
    with pytest.raises(ValueError, match="no elements"):
        slack.click(slack.message(message), "ack", ada)


def test_nobody_clicks_what_is_not_there(slack: FakeSlack, ada: User, channel: Channel, client: WebClient) -> None:
    message = post(slack, client, channel)
    with pytest.raises(ValueError, match="there are ack"):
        slack.click(message, "nack", ada)
    with pytest.raises(ValueError, match="bob cannot see"):
        slack.click(message, "ack", slack.add_user("bob"))
    with pytest.raises(ValueError, match="takes no choice"):
        slack.click(message, "ack", ada, "high")
    client.chat_delete(channel=channel.id, ts=message.ts)
    with pytest.raises(ValueError, match="deleted"):
        slack.click(slack.message(message), "ack", ada)


def test_choices_are_reported_as_each_element_does(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    message = post(
        slack,
        client,
        channel,
        {"type": "overflow", "action_id": "more", "options": OPTIONS},
        {
            "type": "multi_static_select",
            "action_id": "many",
            "option_groups": [{"label": BUTTON["text"], "options": OPTIONS}],
        },
        {"type": "users_select", "action_id": "who"},
        {"type": "external_select", "action_id": "where"},
    )
    slack.click(message, "more", ada, "high")
    assert app.payload["actions"][0]["selected_option"] == OPTIONS[1]
    slack.click(message, "many", ada, ["low", "high"])
    assert app.payload["actions"][0]["selected_options"] == OPTIONS
    slack.click(message, "who", ada, ada.id)
    assert app.payload["actions"][0]["selected_user"] == ada.id
    slack.click(message, "where", ada, "eu")
    assert app.payload["actions"][0]["selected_option"]["value"] == "eu"
    with pytest.raises(ValueError, match="no option 'middle'"):
        slack.click(message, "more", ada, "middle")


def test_a_slow_acknowledgement_is_late(slack: FakeSlack, app: App, clock: Clock, ada: User, channel: Channel) -> None:
    def dawdle() -> None:
        clock.now += 3.5

    app.before_answer = dawdle
    acknowledgement = slack.slash("/tocsin", "", ada, channel)
    assert (acknowledgement.late, acknowledgement.ok, acknowledgement.seconds) == (True, False, 3.5)
    assert slack.late_acknowledgements == (acknowledgement,)
    assert [(error.method, error.error) for error in slack.errors] == [("slash_commands", "late_acknowledgement")]


def test_slack_does_not_wait_for_ever(app: App) -> None:
    asked, done = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        done.wait(10)

    app.before_answer = hang
    with FakeSlack(limits=Limits(acknowledgement_seconds=0.05), request_url=app.url) as slack:
        ada = slack.add_user("ada")
        acknowledgement = slack.slash("/tocsin", "", ada, slack.add_channel("alerts", [ada]))
    assert asked.is_set()
    done.set()
    assert (acknowledgement.late, acknowledgement.error, acknowledgement.status) == (True, "timeout", None)


def test_a_failing_application_is_recorded(slack: FakeSlack, app: App, ada: User, channel: Channel) -> None:
    app.says({}, status=500)
    assert slack.slash("/tocsin", "", ada, channel).error == "http_500"
    slack.deliver_to("http://127.0.0.1:9/")
    assert slack.slash("/tocsin", "", ada, channel).error == "connection_failed"
    assert [error.error for error in slack.errors] == ["not_acknowledged", "not_acknowledged"]


def test_forged_requests_are_turned_away_by_slacks_own_verifier(
    slack: FakeSlack, app: App, ada: User, channel: Channel
) -> None:
    for forge in ("signature", "timestamp"):
        forged = slack.slash("/tocsin", "", ada, channel, forge=forge)
        assert (forged.error, forged.forged) == ("http_401", True)
    assert app.requests == []
    slack.assert_clean()


def test_a_replay_is_the_same_byte_for_byte(slack: FakeSlack, app: App, ada: User, channel: Channel) -> None:
    command = slack.replay(slack.slash("/tocsin", "oncall", ada, channel))
    assert command.replayed
    assert app.requests[0] == app.requests[1]
    slack.replay(slack.mention("help", ada, channel))
    first, second = app.requests[2:]
    assert first[1] == second[1]
    assert second[0]["X-Slack-Retry-Num"] == "1"
    assert len(slack.acknowledgements) == 4


def test_commands_and_events_may_have_urls_of_their_own(
    slack: FakeSlack, app: App, ada: User, channel: Channel
) -> None:
    slack.deliver_to("http://127.0.0.1:9/", commands=app.url, events=app.url)
    assert slack.slash("/tocsin", "", ada, channel).ok
    assert slack.mention("help", ada, channel).ok


def test_a_slash_command_is_answered_in_its_acknowledgement(
    slack: FakeSlack, app: App, ada: User, channel: Channel
) -> None:
    app.answer = (200, "text/plain", b"ada is on call")
    slack.slash("/tocsin", "oncall now", ada, channel)
    fields = {key: values[0] for key, values in parse_qs(app.requests[-1][1]).items()}
    assert (fields["command"], fields["text"], fields["channel_name"]) == ("/tocsin", "oncall now", "alerts")
    assert (fields["user_id"], fields["team_id"]) == (ada.id, slack.team_id)
    assert [message.text for message in slack.ephemerals(channel)] == ["ada is on call"]
    app.says({"response_type": "in_channel", "text": "ada is on call"})
    slack.slash("/tocsin", "oncall", ada, slack.direct_channel(ada))
    assert [message.text for message in slack.messages()] == ["ada is on call"]


def test_a_bad_answer_to_a_slash_command_is_recorded(slack: FakeSlack, app: App, ada: User, channel: Channel) -> None:
    app.says({"blocks": [{"type": "banner"}]})
    slack.slash("/tocsin", "", ada, channel)
    app.answer = (200, "application/json", b"{broken")
    slack.slash("/tocsin", "", ada, channel)
    assert [(error.method, error.error) for error in slack.errors] == [("acknowledgement", "invalid_blocks")]
    assert [message.text for message in slack.ephemerals(channel)] == ["{broken"]


def test_an_answer_that_comes_late_is_not_obeyed(
    slack: FakeSlack, app: App, clock: Clock, ada: User, channel: Channel
) -> None:
    def dawdle() -> None:
        clock.now += 4

    app.before_answer = dawdle
    app.says({"text": "too late"})
    slack.slash("/tocsin", "", ada, channel)
    assert slack.ephemerals(channel) == ()


def test_events_arrive_as_json(slack: FakeSlack, app: App, ada: User, channel: Channel) -> None:
    thread = slack.say("hello", ada, channel)
    slack.mention("who is on call?", ada, channel, thread_ts=thread.ts)
    mention = json.loads(app.requests[-1][1])
    assert mention["type"] == "event_callback"
    assert mention["event"]["type"] == "app_mention"
    assert mention["event"]["text"] == f"<@{slack.bot.id}> who is on call?"
    assert mention["event"]["thread_ts"] == thread.ts
    foreign = slack.add_channel("foreign", with_bot=False)
    slack.invite(slack.bot, foreign)
    joined = json.loads(app.requests[-1][1])["event"]
    assert (joined["type"], joined["user"], joined["channel"]) == ("member_joined_channel", slack.bot.id, foreign.id)
    assert slack.channel(foreign).members == (slack.bot.id,)
    slack.open_home(ada)
    assert json.loads(app.requests[-1][1])["event"]["type"] == "app_home_opened"
    assert len({json.loads(body)["event_id"] for _, body in app.requests}) == 3


def test_people_leave_channels_and_channels_are_renamed(
    slack: FakeSlack, app: App, ada: User, channel: Channel
) -> None:
    slack.rename(channel, "operations")
    renamed = json.loads(app.requests[-1][1])["event"]
    assert (renamed["type"], renamed["channel"]["name"]) == ("channel_rename", "operations")
    assert slack.channel(channel).name == "operations"
    slack.leave(ada, channel)
    left = json.loads(app.requests[-1][1])["event"]
    assert (left["type"], left["user"], left["channel"]) == ("member_left_channel", ada.id, channel.id)
    assert ada.id not in slack.channel(channel).members


@pytest.mark.parametrize(("private", "kind"), [(False, "channel_left"), (True, "group_left")])
def test_the_bot_is_told_that_it_was_taken_out(slack: FakeSlack, app: App, private: bool, kind: str) -> None:
    channel = slack.add_channel("ops", private=private)
    slack.leave(slack.bot, channel)
    left = json.loads(app.requests[-1][1])["event"]
    assert (left["type"], left["channel"]) == (kind, channel.id)


def test_a_request_url_must_answer_the_challenge(slack: FakeSlack, app: App) -> None:
    assert not slack.verify_url()
    app.before_answer = lambda: app.says({"challenge": json.loads(app.requests[-1][1])["challenge"]})
    assert slack.verify_url()
