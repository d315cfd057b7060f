"""What becomes of an application's answers: response URLs, modals, views and home tabs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from tests.testing.slack_app import BUTTON, OPTIONS, App, Clock, open_form, post, trigger
from tocsin.testing.fake_slack import Acknowledgement, Channel, FakeSlack, User


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
