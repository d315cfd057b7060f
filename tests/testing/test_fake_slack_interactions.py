"""What people do, as an application over HTTP receives it, and what becomes of its answers."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from tocsin.testing.fake_slack import Acknowledgement, Channel, FakeSlack, Limits, Message, User, View

Json = dict[str, Any]
BUTTON = {"type": "button", "action_id": "ack", "value": "rung-1", "text": {"type": "plain_text", "text": "Ack"}}
OPTIONS = [{"text": {"type": "plain_text", "text": text}, "value": text.lower()} for text in ("Low", "High")]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class App:
    """A real, small application: verifies signatures with Slack's own code, keeps requests, answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.answer: tuple[int, str, bytes] = (200, "application/json", b"")
        self.before_answer: Callable[[], object] = lambda: None
        self.verifier = SignatureVerifier("test-signing-secret")
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                genuine = app.verifier.is_valid_request(body, dict(self.headers))
                if genuine:
                    app.requests.append((dict(self.headers), body.decode()))
                    app.before_answer()
                status, content_type, answer = app.answer if genuine else (401, "text/plain", b"forged")
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep the test's output quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Slack has hung up: nothing to say."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slack"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def says(self, answer: object, status: int = 200) -> None:
        self.answer = (status, "application/json", json.dumps(answer).encode())

    @property
    def payload(self) -> Json:
        """The last interaction."""
        payload: Json = json.loads(parse_qs(self.requests[-1][1])["payload"][0])
        return payload


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(app: App, clock: Clock) -> Iterator[FakeSlack]:
    with FakeSlack(limits=Limits.unlimited(), clock=clock, request_url=app.url) as slack:
        yield slack


@pytest.fixture
def ada(slack: FakeSlack) -> User:
    return slack.add_user("ada")


@pytest.fixture
def channel(slack: FakeSlack, ada: User) -> Channel:
    return slack.add_channel("alerts", [ada])


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url)


def post(
    slack: FakeSlack, client: WebClient, channel: Channel, *elements: Json, thread_ts: str | None = None
) -> Message:
    blocks = [{"type": "actions", "block_id": "b", "elements": list(elements or (BUTTON,))}]
    client.chat_postMessage(channel=channel.id, text="Disk is full", blocks=blocks, thread_ts=thread_ts)
    return slack.messages(channel)[-1]


def open_form(slack: FakeSlack, client: WebClient, trigger_id: str, **more: object) -> View:
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Snooze"},
        "submit": {"type": "plain_text", "text": "Snooze"},
        "private_metadata": "incident-7",
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why?"},
                "element": {"type": "plain_text_input", "action_id": "why", "min_length": 3},
            },
            {
                "type": "input",
                "block_id": "how",
                "optional": True,
                "label": {"type": "plain_text", "text": "How?"},
                "element": {
                    "type": "static_select",
                    "action_id": "how",
                    "options": OPTIONS,
                    "initial_option": OPTIONS[0],
                },
            },
            {
                "type": "input",
                "block_id": "more",
                "optional": True,
                "label": {"type": "plain_text", "text": "More?"},
                "element": {"type": "plain_text_input", "action_id": "more"},
            },
            {"type": "actions", "block_id": "b", "elements": [BUTTON]},
        ],
    } | more
    view_id = client.views_open(trigger_id=trigger_id, view=view)["view"]["id"]
    return next(view for view in slack.views() if view.id == view_id)


def trigger(slack: FakeSlack, ada: User, channel: Channel) -> str:
    return slack.slash("/tocsin", "", ada, channel).trigger_id


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


def test_a_request_url_must_answer_the_challenge(slack: FakeSlack, app: App) -> None:
    assert not slack.verify_url()
    app.before_answer = lambda: app.says({"challenge": json.loads(app.requests[-1][1])["challenge"]})
    assert slack.verify_url()


def test_a_response_url_works_five_times(slack: FakeSlack, ada: User, channel: Channel, client: WebClient) -> None:
    message = post(slack, client, channel)
    webhook = WebhookClient(slack.click(message, "ack", ada).response_url)
    assert webhook.send(text="only you").status_code == 200
    assert webhook.send(text="all of you", response_type="in_channel").status_code == 200
    assert webhook.send(text="Acknowledged", replace_original=True).status_code == 200
    assert webhook.send(delete_original=True).status_code == 200
    assert webhook.send(text="x", replace_original=True).status_code == 200
    answer = webhook.send(text="once too often")
    assert (answer.status_code, json.loads(answer.body)["error"]) == (404, "used_url")
    assert [m.text for m in slack.messages(channel, deleted=True)] == ["Acknowledged", "all of you"]
    assert [m.text for m in slack.ephemerals(channel)] == ["only you", "x"]
    assert [call.error for call in slack.calls if call.method == "response_url"] == [None] * 5 + ["used_url"]


def test_a_response_url_expires(slack: FakeSlack, clock: Clock, ada: User, channel: Channel, client: WebClient) -> None:
    url = slack.click(post(slack, client, channel), "ack", ada).response_url
    assert WebhookClient(url).send_dict({"text": ""}).status_code == 400
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(url, b"text=x")
    refused.value.close()
    assert WebhookClient(url + "9").send(text="x").status_code == 404
    clock.now += 1801
    assert json.loads(WebhookClient(url).send(text="x").body)["error"] == "expired_url"
    assert [error.error for error in slack.errors] == ["no_text", "invalid_json", "invalid_url", "expired_url"]


def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: FakeSlack, clock: Clock, ada: User, channel: Channel, client: WebClient
) -> None:
    first, second = trigger(slack, ada, channel), trigger(slack, ada, channel)
    clock.now += 3
    view = open_form(slack, client, first)
    assert (view.user, view.type, view.root) == (ada.id, "modal", view.id)
    clock.now += 0.1
    for trigger_id, code in [
        (first, "exchanged_trigger_id"),
        (second, "expired_trigger_id"),
        ("1", "invalid_trigger_id"),
    ]:
        with pytest.raises(SlackApiError, match=code):
            open_form(slack, client, trigger_id)
    assert slack.views(ada) == (view,)


def test_a_submission_carries_what_was_filled_in_and_closes_the_modal(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    view = open_form(slack, client, trigger(slack, ada, channel))
    slack.submit(view, ada, {"why": "sleeping"})
    shown = app.payload["view"]
    assert app.payload["type"] == "view_submission"
    assert shown["state"]["values"] == {
        "why": {"why": {"type": "plain_text_input", "value": "sleeping"}},
        "how": {"how": {"type": "static_select", "selected_option": OPTIONS[0]}},
        "more": {"more": {"type": "plain_text_input", "value": None}},
    }
    assert (shown["id"], shown["private_metadata"], shown["hash"]) == (view.id, "incident-7", view.hash)
    assert slack.views(ada) == ()
    with pytest.raises(ValueError, match="does not have this modal open"):
        slack.submit(slack._world.views[view.id], ada, {"why": "again"})


def test_a_form_does_not_let_one_submit_nonsense(
    slack: FakeSlack, ada: User, channel: Channel, client: WebClient
) -> None:
    view = open_form(slack, client, trigger(slack, ada, channel))
    with pytest.raises(ValueError, match="'why' must be filled in"):
        slack.submit(view, ada)
    with pytest.raises(ValueError, match="wrong length"):
        slack.submit(view, ada, {"why": "no"})
    with pytest.raises(ValueError, match="has no \\['when'\\]"):
        slack.submit(view, ada, {"when": "now"})
    with pytest.raises(ValueError, match="bob does not have"):
        slack.submit(view, slack.add_user("bob"), {"why": "sleeping"})


def test_a_submission_may_be_answered_with_errors_an_update_or_another_modal(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    view = open_form(slack, client, trigger(slack, ada, channel), external_id="form")
    page = {"type": "modal", "title": BUTTON["text"], "blocks": []}
    answers: list[object] = [
        {"response_action": "errors", "errors": {"why": "Too lazy"}},
        {"response_action": "push", "view": page},
        {"response_action": "push", "view": page},
        {"response_action": "push", "view": page},
        {"response_action": "errors", "errors": {"when": "?"}},
        {"response_action": "dance"},
        "thanks",
    ]
    for answer in answers:
        app.says(answer)
        slack.submit(view, ada, {"why": "sleeping"})
    assert [error.error for error in slack.errors] == [
        "push_limit_reached",
        "invalid_errors",
        "invalid_response_action",
        "invalid_response_action",
    ]
    assert [(v.root, v.previous) for v in slack.views(ada)[1:]] == [(view.id, view.id)] * 2
    app.says({"response_action": "update", "view": page})
    slack.submit(view, ada, {"why": "sleeping"})
    assert slack.views(ada)[0].updates == 1
    app.says({"response_action": "clear"})
    slack.submit(slack.views(ada)[-1], ada)
    assert slack.views(ada) == ()


def test_a_modal_that_wants_to_know_is_told_when_it_is_closed(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    quiet = open_form(slack, client, trigger(slack, ada, channel))
    assert slack.close_view(quiet, ada) is None
    curious = open_form(slack, client, trigger(slack, ada, channel), notify_on_close=True)
    acknowledgement = slack.close_view(curious, ada)
    assert isinstance(acknowledgement, Acknowledgement)
    assert app.payload["type"] == "view_closed"
    assert slack.views() == ()


def test_a_button_in_a_modal_can_be_clicked(
    slack: FakeSlack, app: App, ada: User, channel: Channel, client: WebClient
) -> None:
    view = open_form(slack, client, trigger(slack, ada, channel))
    acknowledgement = slack.click(view, "ack", ada)
    assert app.payload["container"] == {"type": "view", "view_id": view.id}
    assert app.payload["view"]["id"] == view.id
    assert acknowledgement.response_url == ""
    assert view.action_ids == ("why", "how", "more", "ack")


def test_a_view_is_updated_by_its_id_and_its_hash(
    slack: FakeSlack, ada: User, channel: Channel, client: WebClient
) -> None:
    view = open_form(slack, client, trigger(slack, ada, channel), external_id="form")
    page = {"type": "modal", "title": BUTTON["text"], "blocks": []}
    client.views_update(view_id=view.id, hash=view.hash, view=page)
    client.views_update(external_id="form", view=page)
    (updated,) = slack.views(ada)
    assert (updated.updates, updated.external_id, updated.layout) == (2, "form", ())
    big = {**page, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 90}
    for arguments, code in [
        ({"view_id": view.id, "hash": view.hash, "view": page}, "hash_conflict"),
        ({"view_id": "V404", "view": page}, "not_found"),
        ({"view_id": view.id, "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
        ({"view_id": view.id, "view": big}, "view_too_large"),
    ]:
        with pytest.raises(SlackApiError, match=code):
            client.views_update(**arguments)  # type: ignore[arg-type]
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        open_form(slack, client, trigger(slack, ada, channel), external_id="form")


def test_a_home_tab_is_published_for_one_user(slack: FakeSlack, app: App, ada: User, client: WebClient) -> None:
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    first = client.views_publish(user_id=ada.id, view={"type": "home", "blocks": blocks})["view"]
    client.views_publish(user_id=ada.id, view={"type": "home", "blocks": blocks}, hash=first["hash"])
    (home,) = slack.views(ada)
    assert (home.id, home.updates) == (first["id"], 1)
    slack.click(home, "ack", ada)
    assert app.payload["view"]["type"] == "home"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_publish(user_id=ada.id, view={"type": "home", "blocks": []}, hash=first["hash"])
