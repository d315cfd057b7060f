"""PagerDuty's Events API v2: its exact answers, and the alerts of its events."""

from __future__ import annotations

import json

import pytest

from tests.sources.bodies import NOW, encoded
from tests.sources.bodies import pagerduty as event
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import pagerduty, read


def refused(body: bytes) -> Json:
    answer = pagerduty.answer(body, new_key="new")
    assert (answer.status, answer.routing_key, answer.dedup_key) == (400, "", "")
    return json.loads(answer.body)


def only(body: Json, **headers: str) -> Alert:
    (alert,) = read(headers, encoded(body), received_at=NOW).alerts
    return alert


def test_an_event_is_answered_as_pagerduty_answers() -> None:
    answer = pagerduty.answer(encoded(event()), new_key="new")
    assert answer.status == 202
    assert json.loads(answer.body) == {"status": "success", "message": "Event processed", "dedup_key": "disk/db-1"}
    assert (answer.routing_key, answer.dedup_key) == ("test-key", "disk/db-1")


@pytest.mark.parametrize("dedup_key", [None, "", " "])
def test_a_trigger_without_a_key_is_given_one(dedup_key: Json) -> None:
    answer = pagerduty.answer(encoded(event(dedup_key=dedup_key)), new_key="new")
    assert json.loads(answer.body)["dedup_key"] == answer.dedup_key == "new"


@pytest.mark.parametrize("body", [b"", b"{", b"nil", b"[]", b"7", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused_in_pagerdutys_words(body: bytes) -> None:
    assert refused(body) == {
        "status": "Unrecognized object",
        "message": "Event object format is unrecognized",
        "errors": ["JSON parse error"],
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (event(routing_key=None), ["'routing_key' cannot be blank"]),
        (event(routing_key=" "), ["'routing_key' cannot be blank"]),
        (event(routing_key={}), ["'routing_key' cannot be blank"]),
        ({}, ["'routing_key' cannot be blank", "'event_action' is missing or blank"]),
        (
            event("explode"),
            ["'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"],
        ),
        (
            event(event_action=7),
            ["'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"],
        ),
        (event("resolve", dedup_key=None), ["'dedup_key' is missing or blank"]),
        (event("acknowledge", dedup_key=[]), ["'dedup_key' is missing or blank"]),
        (event(payload=None), ["'payload' is missing or blank"]),
        (event(payload={"summary": ""}), ["'payload.summary' is missing or blank"]),
    ],
)
def test_what_can_never_succeed_is_refused(body: Json, errors: list[str]) -> None:
    assert refused(encoded(body)) == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": errors,
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"summary": "s"},
        {"summary": "s", "severity": "{{ template }}"},
        {"summary": "s", "severity": 7, "source": None, "timestamp": "soon"},
        {"summary": 7},
        {"summary": "s" * 5000},
    ],
)
def test_what_senders_get_wrong_is_accepted(payload: Json) -> None:
    body = event(payload=payload)
    assert pagerduty.answer(encoded(body), new_key="new").status == 202
    assert only(body).severity is Severity.HIGH


def test_the_made_key_reaches_the_alert_by_header() -> None:
    assert only(event(dedup_key=None), **{"x-alert-key": "new"}).dedup_key == "new"
    assert only(event(), **{"x-alert-key": "new"}).dedup_key == "disk/db-1"


def test_without_any_key_the_same_event_is_the_same_alert() -> None:
    first, other = only(event(dedup_key=None)), only(event(dedup_key=None, payload={"summary": "other"}))
    assert first.dedup_key == only(event(dedup_key=None)).dedup_key != other.dedup_key


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("trigger", AlertStatus.FIRING),
        ("acknowledge", AlertStatus.ACKNOWLEDGED),
        ("resolve", AlertStatus.RESOLVED),
    ],
)
def test_the_action_is_the_status_under_one_key(action: str, status: AlertStatus) -> None:
    found = only(event(action))
    assert (found.status, found.dedup_key) == (status, "disk/db-1")


@pytest.mark.parametrize(("details", "told"), [("in words", "in words"), (["a", 1], '["a", 1]'), (None, ""), (7, "7")])
def test_details_may_be_anything(details: Json, told: str) -> None:
    assert only(event(payload={"summary": "s", "custom_details": details})).description == told


@pytest.mark.parametrize("members", [None, 7, {}, ["x"], [{"href": "javascript:x"}], [{"href": 7, "text": 8}]])
def test_broken_links_are_left_out(members: Json) -> None:
    found = only(event(links=members, images=members, client_url=members))
    assert found.links == ()


def test_what_an_event_lacks_is_a_problem_on_other_ways_in() -> None:
    found = read({}, encoded(event(payload={})), received_at=NOW)
    assert [(problem.place, problem.message) for problem in found.problems] == [
        ("payload.summary", "'payload.summary' is missing or blank")
    ]


def test_an_action_alone_makes_no_pagerduty_event() -> None:
    assert only({"event_action": "resolve", "title": "x"}).source == "json"
