"""What Slack sends is read, and nothing that anybody sends breaks the reader."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.slack.slack_examples import NOW
from tocsin.conversing.noticed import Noticed
from tocsin.kernel import json
from tocsin.slack import payloads
from tocsin.slack.payloads import Asked, Look, Nothing, Press, Told, Verbs, Words, heard

USER = {"id": "U1", "username": "ada"}
ACTION = {"type": "button", "action_id": "tocsin:test", "block_id": "b", "value": '{"a": 1}'}
PRESS: dict[str, Any] = {"type": "block_actions", "user": USER, "actions": [ACTION], "trigger_id": "t"}


def read(document: object) -> payloads.Heard:
    return heard(json.encode(document), NOW)


def event(**content: object) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": content,
        "authorizations": [{"user_id": "UBOT"}],
    }


def test_a_check_of_the_certificate_is_answered_at_once() -> None:
    assert heard(b"ssl_check=1&token=x", NOW) == Told()


def test_an_address_is_verified_by_its_challenge() -> None:
    assert read({"type": "url_verification", "challenge": "x"}) == Told({"challenge": "x"})


def test_over_http_an_interaction_is_in_a_form_over_the_socket_it_is_bare() -> None:
    form = urlencode({"payload": json.encode(PRESS).decode()}).encode()
    asked = Asked(what=Press(verb="test", value={"a": 1}), user="U1", username="ada", trigger="t", once="t")
    assert heard(form, NOW) == read(PRESS) == asked


def test_only_our_own_name_is_taken_from_the_front() -> None:
    def words(text: str) -> str:
        found = read(event(type="app_mention", user="U1", channel="C1", text=text))
        assert isinstance(found, Asked)
        assert isinstance(found.what, Words)
        return found.what.text

    assert words("<@UBOT> who is on call?") == "who is on call?"
    assert words("<@UBOT|tocsin>, status") == "status"
    assert words("<@U2> override") == "<@U2> override"
    assert words("ask <@UBOT> then") == "ask <@UBOT> then"


def test_a_number_behind_a_verb_only_tells_elements_apart() -> None:
    action = ACTION | {"action_id": "tocsin:silence:end:2"}
    assert isinstance(found := read(PRESS | {"actions": [action]}), Asked)
    assert found.what == Press(verb="silence:end", value={"a": 1})


def test_a_value_that_is_no_object_carries_nothing() -> None:
    for value in ("x", "[1]", "7"):
        assert isinstance(found := read(PRESS | {"actions": [ACTION | {"value": value}]}), Asked)
        assert found.what == Press(verb="test")


def test_a_verb_that_opens_a_form_is_no_command() -> None:
    resolve = {"type": "button", "action_id": "tocsin:resolve", "value": '{"i": "7", "r": 0}'}
    assert isinstance(read(PRESS | {"actions": [resolve]}), Verbs)
    opens = resolve | {"value": '{"i": "7", "r": 0, "_": 1}'}
    assert isinstance(found := read(PRESS | {"actions": [opens]}), Asked)
    assert found.what == Press(verb="resolve", value={"i": "7", "r": 0}, opens=True)


def test_a_link_is_no_question_wherever_it_stands() -> None:
    link = {"action_id": "tocsin:test", "url": "https://tocsin.example"}
    for block in ({"elements": [link]}, {"accessory": link}):
        assert isinstance(read(PRESS | {"message": {"blocks": [{}, block]}}), Nothing)
    other = {"elements": [{"action_id": "tocsin:other", "url": "https://x.example"}]}
    assert isinstance(read(PRESS | {"view": {"blocks": [other]}}), Asked)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "block_actions", "user": USER, "actions": [ACTION | {"action_id": "theirs:test"}]},
        {"type": "block_actions", "user": USER, "actions": []},
        {"type": "block_actions", "actions": [ACTION]},
        {"type": "view_submission", "user": USER, "view": {"type": "modal", "private_metadata": "x"}},
        {"type": "view_submission", "user": USER, "view": {"type": "modal", "private_metadata": '{"form": 7}'}},
        {"type": "view_closed", "user": USER},
        {"type": "event_callback", "event": {"type": "channel_rename", "channel": "C1"}},
        {"type": "event_callback"},
        {"type": "message_action", "callback_id": "on_message", "user": USER},
        {"type": "dialog_submission"},
        {"type": ["list"]},
        {"command": "/tocsin", "user_id": 7},
    ],
)
def test_what_is_not_as_slack_sends_it_is_for_nobody(document: object) -> None:
    assert isinstance(read(document), Nothing)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{", b"payload=x", b"payload=%5B%5D", b"\xff", b"a=1&" * 99])
def test_what_is_no_payload_is_for_nobody(body: bytes) -> None:
    assert isinstance(heard(body, NOW), Nothing)


def test_a_message_of_an_unknown_workspace_has_no_link() -> None:
    document = {
        "type": "message_action",
        "callback_id": "on_message",
        "user": USER,
        "team": {"id": "T1", "domain": "evil.example/"},
        "channel": {"id": "C1"},
        "message_ts": "1.2",
        "message": {"text": "x"},
    }
    for team in (document["team"], None):
        assert isinstance(found := read(document | {"team": team}), Asked)
        assert isinstance(found.what, Press)
        assert found.what.value["link"] == ""


def test_a_look_at_the_home_tab_is_one() -> None:
    assert isinstance(found := read(event(type="app_home_opened", user="U1", tab="home")), Asked)
    assert found.what == Look()


def test_an_event_is_named_so_that_it_counts_once() -> None:
    assert isinstance(found := read(event(type="channel_left", channel="C1")), Noticed)
    assert (found.once, found.at) == ("Ev1", NOW)


KEYS = st.sampled_from(
    [
        "type",
        "event",
        "user",
        "channel",
        "view",
        "actions",
        "payload",
        "command",
        "text",
        "message",
        "container",
        "id",
        "value",
        "action_id",
        "state",
        "values",
        "blocks",
        "private_metadata",
        "callback_id",
        "authorizations",
        "tab",
        "bot_id",
        "subtype",
        "ssl_check",
        "challenge",
        "user_id",
    ]
)
KINDS = st.sampled_from(
    [
        "block_actions",
        "view_submission",
        "view_closed",
        "shortcut",
        "message_action",
        "event_callback",
        "url_verification",
        "app_mention",
        "message",
        "app_home_opened",
        "member_joined_channel",
        "channel_rename",
        "user_change",
        "raise",
        "on_message",
        "tocsin:test",
        "modal",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | KINDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, ANYTHING, max_size=8))
def test_no_payload_breaks_the_reader(document: dict[str, Any]) -> None:
    read(document)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    heard(body, NOW)


@pytest.mark.parametrize("by", [{"user": "USLACKBOT"}, {"user": "U1", "bot_profile": {"id": "B1"}}, {"user": "U0US"}])
def test_what_programs_say_is_never_answered(by: dict[str, Any]) -> None:
    event = {"type": "app_mention", "channel": "C1", "text": "<@U0US> status", "ts": "1.0", **by}
    found = read({"type": "event_callback", "event": event, "authorizations": [{"user_id": "U0US"}]})
    assert found == Nothing("not said by a person")


def test_a_mention_whose_message_was_edited_is_not_heard_twice() -> None:
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "text": "silence disk 2h", "edited": {"ts": "2.0"}}
    assert read({"type": "event_callback", "event_id": "2", "event": event}) == Nothing("said before")
