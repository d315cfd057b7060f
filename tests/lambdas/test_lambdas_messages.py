"""What a message of the inbox is, whoever wrote it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.ports import Received
from tocsin.lambdas.messages import Due, FromGateway, FromTopic, Own, Stored, again, read

NOW = 1_795_000_000_000
NUMBER = "6f1c2a4e-0000-4000-8000-000000000001"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"


def record(body: str, **attributes: str) -> dict[str, Any]:
    told = {name.replace("_", "-"): {"stringValue": value, "dataType": "String"} for name, value in attributes.items()}
    return {"messageId": NUMBER, "body": body, "messageAttributes": told}


def test_a_timer_says_who_is_due() -> None:
    assert read(record('{"due": "12-p", "version": 4}'), NOW) == Due("12-p")


def test_a_stored_delivery_is_a_number() -> None:
    assert read(record('{"delivery": "123"}'), NOW) == Stored("123")


def test_what_our_functions_took_in_comes_back_whole() -> None:
    received = Received(received_at=NOW - 5, channel="slack", key="", head=b"x-tocsin-once: slack/1", body=b"\x00\xff")
    assert read(record(json.dumps(again(received))), NOW) == Own(received)


def test_what_our_functions_took_in_without_a_number_has_that_of_the_message() -> None:
    received = Received(received_at=NOW - 5, channel="slack", key="", head=b"", body=b"payload={}")
    found = read(record(json.dumps(again(received))), NOW)
    assert isinstance(found, Own)
    assert found.received.head == f"x-tocsin-once: sqs/{NUMBER}".encode()


def test_an_envelope_of_sns_has_its_topic_and_counts_once_by_its_own_number() -> None:
    body = json.dumps({"Type": "Notification", "TopicArn": TOPIC, "MessageId": "aaaa-1", "Message": "{}"})
    found = read(record(body), NOW)
    assert isinstance(found, FromTopic)
    assert found.topic == TOPIC
    assert found.received.header("x-tocsin-once") == "sns/aaaa-1"
    assert found.received.header("x-sqs-message-id") == NUMBER
    assert found.received.body == body.encode()


def test_an_event_counts_once_by_its_own_number() -> None:
    found = read(record(json.dumps({"detail-type": "Health", "source": "aws.health", "id": "b-2"})), NOW)
    assert isinstance(found, FromTopic)
    assert found.topic == ""
    assert found.received.header("x-tocsin-once") == "eventbridge/b-2"


@pytest.mark.parametrize("number", [None, 7, "x\ny", "", "a" * 101])
def test_a_number_that_is_none_numbers_nothing(number: object) -> None:
    found = read(record(json.dumps({"detail-type": "Health", "id": number})), NOW)
    assert isinstance(found, FromTopic)
    assert found.received.header("x-tocsin-once") is None


def test_what_came_through_the_gateway_has_a_key_and_headers() -> None:
    told = record('{"title": "x"}', channel="in", key="secret", content_type="application/json", peer="203.0.113.7")
    found = read(told, NOW)
    assert isinstance(found, FromGateway)
    assert (found.key, found.peer) == ("secret", "203.0.113.7")
    assert b"secret" not in found.received.head
    assert found.received.channel == "in"
    assert found.received.header("content-type") == "application/json"


@pytest.mark.parametrize("body", ['{"due": "1-p"}', '{"delivery": "1"}', json.dumps({"received": {}})])
def test_a_stranger_cannot_speak_as_one_of_our_functions(body: str) -> None:
    assert isinstance(read(record(body, channel="in", key="k"), NOW), FromGateway)
    assert isinstance(read(record(body, channel=""), NOW), FromGateway)


def test_a_body_that_is_no_text_comes_in_base64() -> None:
    raw = bytes(range(256))
    found = read(record(base64.b64encode(raw).decode(), channel="in", key="k", encoding="base64"), NOW)
    assert isinstance(found, FromGateway)
    assert found.received.body == raw


def test_base64_that_is_none_is_kept_as_it_came() -> None:
    found = read(record("é{", channel="in", key="k", encoding="base64"), NOW)
    assert isinstance(found, FromGateway)
    assert found.received.body == "é{".encode()


def test_attributes_are_headers_but_never_ours_and_never_credentials() -> None:
    told = record("hello", x_alert_key="disk", x_tocsin_once="sns/1", authorization="Bearer x", cookie="c", x_sqs_a="b")
    found = read(told, NOW)
    assert isinstance(found, FromTopic)
    lines = found.received.head.decode().split("\n")
    assert lines == [f"x-tocsin-once: sqs/{NUMBER}", f"x-sqs-message-id: {NUMBER}", "x-alert-key: disk"]


def test_a_line_break_in_an_attribute_makes_no_header() -> None:
    found = read(record("hello", title="a\nx-tocsin-once: sns/1"), NOW)
    assert isinstance(found, FromTopic)
    assert found.received.header("title") == "a x-tocsin-once: sns/1"


@pytest.mark.parametrize(
    "document",
    [
        {"due": 7},
        {"due": ""},
        {"due": "x" * 300},
        {"due": "1", "title": "an alert of somebody's that has a due date"},
        {"delivery": "seven"},
        {"delivery": "1", "service": "ups"},
        {"received": 1},
        {"received": {"at": 1, "channel": "SLACK!", "key": "", "head": "", "body": ""}},
        {"received": {"at": 1, "channel": "slack", "key": "", "head": "a\rb", "body": ""}},
        {"received": {"at": 1, "channel": "slack", "key": "", "head": "", "body": "é"}},
        [],
        None,
        "text",
    ],
)
def test_what_only_looks_like_ours_is_a_sender_s(document: object) -> None:
    found = read(record(json.dumps(document)), NOW)
    assert isinstance(found, FromTopic)
    assert found.received.body == json.dumps(document).encode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["due", "delivery", "received", "Type", "TopicArn", "id", "detail-type", "body", "head"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(body=st.text() | _JSON.map(json.dumps), names=st.dictionaries(st.text(), st.text(), max_size=3))
def test_every_message_is_something(body: str, names: dict[str, str]) -> None:
    told = {name: {"stringValue": value} for name, value in names.items()}
    found = read({"messageId": NUMBER, "body": body, "messageAttributes": told}, NOW)
    if isinstance(found, FromTopic | FromGateway):
        assert found.received.received_at == NOW
        assert "\r" not in found.received.head.decode()


@pytest.mark.parametrize("odd", [{}, {"body": None}, {"messageAttributes": []}, {"messageAttributes": {"a": 1}}])
def test_a_record_without_its_parts_is_something_too(odd: dict[str, Any]) -> None:
    assert isinstance(read(odd, NOW), FromTopic)
