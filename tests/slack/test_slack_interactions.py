"""Clicks become commands."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.slack.slack_examples import NOW, SETTING, incident
from tocsin.incidents.commands import Command, command
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, parse_instant
from tocsin.saying.buttons import SNOOZES
from tocsin.slack.blocks import incident_message
from tocsin.slack.interactions import NoCommand, commands

RESPONDERS = {"U0000000001": "ada"}
VALUE = '{"i":"inc-1","r":3}'


def click(
    action_id: str, value: str = VALUE, *, option: bool = False, user: Json = None, **parts: Json
) -> dict[str, Json]:
    action: dict[str, Json] = {"action_id": action_id, "block_id": "b", "type": "button"}
    action |= {"selected_option": {"value": value}} if option else {"value": value}
    who = {"id": "U0000000001", "username": "ada.l", "name": "ada.l"} if user is None else user
    return {"type": "block_actions", "user": who, "actions": [action], "response_url": "https://x.example"} | parts


def read(payload: Json) -> tuple[Command, ...] | NoCommand:
    """What both forms of the payload are read as; they must be read alike."""
    raw = json.dumps(payload)
    by_socket = commands(raw.encode(), received_at=NOW, responders=RESPONDERS)
    by_form = commands(urlencode({"payload": raw}).encode(), received_at=NOW, responders=RESPONDERS)
    assert by_socket == by_form
    return by_socket


@pytest.mark.parametrize("verb", ["acknowledge", "pass", "escalate", "resolve"])
def test_a_button_becomes_its_command(verb: str) -> None:
    assert read(click(f"tocsin:{verb}")) == (Command(verb=verb, incident="inc-1", by="ada", rung=3),)


def test_a_button_in_a_bundle_becomes_its_command() -> None:
    assert read(click("tocsin:acknowledge:7")) == (Command(verb="acknowledge", incident="inc-1", by="ada", rung=3),)


def test_a_snooze_counts_from_the_click() -> None:
    found = read(click("tocsin:snooze", '{"i":"inc-1","r":3,"d":7200000}', option=True))
    assert found == (Command(verb="snooze", incident="inc-1", by="ada", rung=3, until=NOW + 2 * HOUR),)


@pytest.mark.parametrize(
    ("user", "by"),
    [
        ({"id": "U0000000002", "username": "bo.b", "name": "bo"}, "slack:bo.b"),
        ({"id": "U0000000002", "name": "bo"}, "slack:bo"),
        ({"id": "U0000000002"}, "slack:U0000000002"),
    ],
)
def test_a_stranger_goes_by_the_name_in_slack(user: Json, by: str) -> None:
    found = read(click("tocsin:resolve", user=user))
    assert isinstance(found, tuple)
    assert found[0].by == by


def test_every_button_that_is_drawn_can_be_read() -> None:
    message = incident_message("inc-1", incident(), now=NOW, setting=SETTING, viewer="ada", page=True)
    elements = next(block["elements"] for block in message.blocks if block["type"] == "actions")
    verbs = []
    for element in elements:
        values = [option["value"] for option in element["options"]] if "options" in element else [element["value"]]
        for value in values:
            found = read(click(element["action_id"], value, option="options" in element))
            if element["action_id"] == "tocsin:form:more":  # A form is asked of the concierge.
                assert found == NoCommand("the action 'tocsin:form:more' is not known")
                continue
            assert isinstance(found, tuple)
            assert command(msgspec.to_builtins(found[0])) == found[0]
            verbs.append((found[0].verb, found[0].until))
    assert verbs == [
        ("acknowledge", None),
        ("pass", None),
        ("resolve", None),
        *(("snooze", NOW + duration) for _, duration in SNOOZES),
        ("snooze", parse_instant("2026-11-19T09:00:00Z")),
        ("escalate", None),
    ]
    assert SNOOZES[0][1] == 30 * MINUTE


@pytest.mark.parametrize(
    ("pressed", "zone", "until"),
    [
        ("2026-11-18T11:06:40Z", "Europe/Berlin", "2026-11-19T08:00:00Z"),
        ("2026-11-18T02:59:00Z", "Europe/Berlin", "2026-11-18T08:00:00Z"),  # 3:59 is still yesterday's evening.
        ("2026-11-18T05:00:00Z", "Europe/Berlin", "2026-11-19T08:00:00Z"),
        ("2026-03-28T12:00:00Z", "Europe/Berlin", "2026-03-29T07:00:00Z"),  # The night when summer begins.
        ("2026-11-18T11:06:40Z", "No/Where", "2026-11-19T09:00:00Z"),
    ],
)
def test_tomorrow_is_the_morning_of_who_presses(pressed: str, zone: str, until: str) -> None:
    at = parse_instant(pressed)
    assert at is not None
    body = msgspec.json.encode(click("tocsin:snooze", '{"i":"inc-1","r":1,"u":"morning"}', option=True))
    found = commands(body, received_at=at, responders={"U0000000001": "ada"}, zones={"ada": zone})
    assert isinstance(found, tuple)
    assert found[0].until == parse_instant(until)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ([], "not an interaction: Expected `object`, got `array`"),
        ({}, "not an interaction: Object missing required field `type`"),
        (click("tocsin:resolve", user="ada"), "not an interaction: Expected `object`, got `str` - at `$.user`"),
        (click("x", type="view_submission"), "an interaction of the type 'view_submission' is not known"),
        (click("x", actions=[]), "an interaction with 0 actions"),
        (click("x", actions=click("x")["actions"] * 26), "an interaction with 26 actions"),
        (click("else:resolve"), "the action 'else:resolve' is not known"),
        (click("resolve"), "the action 'resolve' is not known"),
        (click("tocsin:note"), "the action 'tocsin:note' is not known"),
        (click("tocsin:resolve", ""), "the value of 'tocsin:resolve' cannot be read: Input data was truncated"),
        (click("tocsin:snooze"), "a snooze without a length"),
        (click("tocsin:snooze", '{"i":"a","d":0}'), "a snooze without a length"),
        (click("tocsin:snooze", '{"i":"a","d":9999999999999}'), "a snooze without a length"),
    ],
)
def test_what_is_no_command_says_what_it_is(payload: Json, why: str) -> None:
    if isinstance(payload, list):
        assert commands(urlencode({"payload": "[]"}).encode(), received_at=NOW, responders={}) == NoCommand(why)
    else:
        assert read(payload) == NoCommand(why)


def test_one_bad_action_does_not_cost_the_good_one() -> None:
    payload = click("tocsin:resolve")
    payload["actions"] = [*click("other:thing")["actions"], *payload["actions"]]
    assert read(payload) == (Command(verb="resolve", incident="inc-1", by="ada", rung=3),)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "a form without the field 'payload'"),
        (b"\xff\xfe", "neither JSON nor a form"),
        (b"a=1&" * 20, "neither JSON nor a form"),
        (b"command=%2Ftocsin&text=ack", "a form without the field 'payload'"),
        (b"{", "the payload is not JSON: "),
        (b"payload=%7B", "the payload is not JSON: "),
    ],
)
def test_a_body_that_cannot_be_read_is_no_command(body: bytes, why: str) -> None:
    found = commands(body, received_at=NOW, responders={})
    assert isinstance(found, NoCommand)
    assert found.why.startswith(why)


@given(st.binary(max_size=200) | st.builds(lambda text: text.encode(), st.text(max_size=200)))
def test_no_body_raises(body: bytes) -> None:
    assert isinstance(commands(body, received_at=NOW, responders={}), NoCommand)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(st.fixed_dictionaries({"type": JSON | st.just("block_actions"), "user": JSON, "actions": JSON}))
def test_no_payload_raises(payload: Json) -> None:
    found = commands(json.dumps(payload).encode(), received_at=NOW, responders={})
    assert isinstance(found, NoCommand)


@given(st.text(max_size=60))
def test_no_value_of_a_button_raises(value: str) -> None:
    found = commands(json.dumps(click("tocsin:pass", value)).encode(), received_at=NOW, responders={})
    assert isinstance(found, NoCommand)
