"""Reading finds out by itself what it was given."""

from __future__ import annotations

import gzip

import pytest

from tests.sources.bodies import (
    ALARM_ARN,
    JSON,
    NOW,
    alarm,
    alarm_event,
    cloud_event,
    encoded,
    event,
    group,
    member,
    pagerduty,
    posted,
    sns,
)
from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import Problem, Reading, read, undecodable

FORM = {"content-type": "application/x-www-form-urlencoded"}


def reading(body: Json, headers: dict[str, str] | None = None) -> Reading:
    raw = body if isinstance(body, bytes) else encoded(body)
    return read(headers or {}, raw, received_at=NOW)


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


def trouble(found: Reading) -> Problem:
    assert found.alerts == ()
    (problem,) = found.problems
    return problem


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/json", "application/octet-stream", FORM["content-type"]]
)
@pytest.mark.parametrize(
    ("body", "source"),
    [
        (sns(alarm()), "cloudwatch"),
        (alarm(), "cloudwatch"),
        (alarm_event(), "cloudwatch"),
        (event("Backup Job State Change", "aws.backup", {}), "eventbridge"),
        (group(member()), "alertmanager"),
        ([posted()], "prometheus"),
        (pagerduty(), "pagerduty"),
        (cloud_event(), "cloudevents"),
        ({"title": "x"}, "json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_json_is_found_whatever_the_content_type_says(body: Json, source: str, media: str) -> None:
    found = reading(body, {"Content-Type": media})
    assert found.source == source
    assert len(found.alerts) == 1


def test_the_event_is_the_innermost_object() -> None:
    assert reading(sns(alarm())).event == alarm()
    assert reading(alarm_event()).event == alarm_event()
    assert reading([posted()]).event == [posted()]
    assert reading(b"disk full").event == "disk full"


def test_an_alarm_has_one_key_by_every_way() -> None:
    ways = [reading(sns(alarm())), reading(alarm_event()), reading(alarm()), reading(sns(alarm_event()))]
    assert {only(found).dedup_key for found in ways} == {ALARM_ARN}


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf "])
def test_an_empty_body_is_a_problem(body: bytes) -> None:
    assert trouble(reading(body)) == Problem("body", "it is empty")


@pytest.mark.parametrize("body", [b'{"a":', b'{"a": 1,}', b"[{]", b"[[1", b'["a"', b'{\n  "a": x}', b"{}{}"])
def test_what_looks_like_json_and_is_none_is_a_problem(body: bytes) -> None:
    assert trouble(reading(body)).message.startswith("this is not JSON: ")


@pytest.mark.parametrize("body", [b"disk full", b"[FIRING] disk full", b"{oops}", b"nil"])
def test_text_is_a_problem_only_when_it_claims_to_be_json(body: bytes) -> None:
    assert only(reading(body)).title == body.decode()
    assert trouble(reading(body, JSON)).place == "body"
    assert trouble(reading(body, {"content-type": "application/problem+json; charset=utf-8"})).place == "body"


@pytest.mark.parametrize("body", [b"7", b"null", b"true", b'""', b'" "'])
def test_a_json_value_that_says_nothing_is_a_problem(body: bytes) -> None:
    assert "says nothing" in trouble(reading(body, JSON)).message


def test_a_json_text_is_text() -> None:
    assert only(reading(b'"disk full"', JSON)).title == "disk full"


def test_an_object_without_a_field_is_a_problem() -> None:
    assert trouble(reading(b"{}")) == Problem("body", "the object says nothing")
    assert trouble(reading({"a": {}})).place == "body"


def test_an_empty_list_holds_no_alert_and_no_problem() -> None:
    found = reading(b"[]")
    assert (found.alerts, found.problems) == ((), ())
    assert found.fact == "an empty list: no alert in it"


def test_a_bad_item_costs_that_item_only() -> None:
    found = reading([posted(), 7, None, [], "", {}, {"title": "x"}, "disk full", pagerduty("explode")])
    assert [alert.source for alert in found.alerts] == ["prometheus", "json", "text"]
    assert [problem.place for problem in found.problems] == ["[1]", "[2]", "[3]", "[4]", "[5]", "[8].event_action"]


def test_an_item_may_be_a_batch_itself() -> None:
    found = reading([group(member("a"), member("b"), 7), group()])
    assert [alert.resource for alert in found.alerts] == ["a", "b"]
    assert [problem.place for problem in found.problems] == ["[0].alerts[2]"]


def test_one_key_in_the_header_is_not_that_of_several_alerts() -> None:
    header = {"X-Alert-Key": "mine"}
    assert only(reading([{"title": "a"}], header)).dedup_key == "mine"
    assert "mine" not in {alert.dedup_key for alert in reading([{"title": "a"}, {"title": "b"}], header).alerts}


def test_no_batch_costs_more_than_a_bounded_time() -> None:
    found = reading(b"[" + b"7," * 60_000 + b"7]")
    assert len(found.problems) == 102
    assert found.problems[-2] == Problem("body", "49900 more items are wrong")
    assert found.problems[-1].message == "the last 10001 of 60001 items were not read: send fewer at once"


def test_bytes_that_are_no_text_are_a_problem_unless_they_claim_to_be() -> None:
    assert "byte 0 is 0xff" in trouble(reading(b"\xff disk full")).message
    assert only(reading(b"\xff disk full", {"content-type": "text/plain"})).title == "� disk full"
    assert trouble(reading(gzip.compress(b"disk full"))).place == "body"


def test_a_broken_payload_of_a_form_is_a_problem() -> None:
    assert trouble(reading(b"payload=%7B%22a", FORM)).place == "payload"
    assert only(reading(b"payload=disk+full", FORM)).title == "disk full"


def test_a_field_that_comes_twice_keeps_both_values() -> None:
    assert only(reading(b"title=x&tag=a&tag=b", FORM)).labels["tag"] == "a, b"


@pytest.mark.parametrize("body", [b"disk full", b"a=b c", b"x=1&" * 2000])
def test_what_no_form_holds_is_text(body: bytes) -> None:
    assert reading(body, FORM).source == "text"


def test_the_same_text_is_the_same_alert() -> None:
    first, again, other = (only(reading(body)) for body in (b"disk full\n", b" disk full", b"disk fuller"))
    assert first == again
    assert first.dedup_key != other.dedup_key


def test_a_header_gives_text_its_key() -> None:
    assert only(reading(b"disk full", {"x-alert-key": " disk "})).dedup_key == "disk"
    assert only(reading(b"disk full", {"x-alert-key": " "})).dedup_key == only(reading(b"disk full")).dedup_key


def test_a_header_with_broken_characters_gives_a_key_that_can_be_stored() -> None:
    assert only(reading(b"x", {"x-alert-key": "a\udcffb\x00c"})).dedup_key == "a b c"


def test_an_undecodable_delivery_becomes_an_alert_that_says_what_and_where() -> None:
    problems = [Problem("alerts[1].labels", '"x" is not an object'), Problem("", "nothing reads it")]
    alert = undecodable("prod", "7", problems)
    assert alert.title == "Undecodable delivery from prod"
    assert 'alerts[1].labels: "x" is not an object\nnothing reads it' in alert.description
    assert alert.labels == {"integration": "prod", "delivery": "7"}
    assert alert.status is AlertStatus.FIRING
    assert alert.dedup_key == undecodable("prod", "8", problems[:1]).dedup_key
    assert alert.dedup_key != undecodable("test", "7", problems).dedup_key


def test_of_many_problems_the_first_are_told() -> None:
    alert = undecodable("", "7", [Problem("body", f"wrong {number}") for number in range(25)])
    assert "wrong 9\n... and 15 more" in alert.description
    assert alert.title == "Undecodable delivery from an unknown sender"
