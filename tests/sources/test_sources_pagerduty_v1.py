"""PagerDuty's Events API v1 and its change events: their exact answers, and what they say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.app_bodies import pagerduty_change as change
from tests.sources.app_bodies import pagerduty_v1 as event
from tests.sources.bodies import NOW, encoded
from tests.sources.test_sources_hostile import REAL, mutated, values
from tocsin.kernel.json import Json
from tocsin.sources import pagerduty_changes, pagerduty_v1, read

UNREADABLE = {
    "status": "Unrecognized object",
    "message": "Event object format is unrecognized",
    "errors": ["JSON parse error"],
}


def test_an_old_event_is_answered_as_pagerduty_answers() -> None:
    answer = pagerduty_v1.answer(encoded(event()), new_key="new")
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "success", "message": "Event processed", "incident_key": "disk/db-1"}
    assert (answer.routing_key, answer.dedup_key) == ("test-key", "disk/db-1")


def test_an_old_trigger_without_a_key_is_given_one() -> None:
    answer = pagerduty_v1.answer(encoded(event(incident_key=None)), new_key="new")
    assert json.loads(answer.body)["incident_key"] == answer.dedup_key == "new"
    (alert,) = read({"x-alert-key": "new"}, encoded(event(incident_key=None)), received_at=NOW).alerts
    assert alert.dedup_key == "new"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    for answer in (pagerduty_v1.answer(body, new_key="new"), pagerduty_changes.answer(body)):
        assert (answer.status, answer.routing_key, answer.dedup_key) == (400, "", "")
        assert json.loads(answer.body) == UNREADABLE


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (event(service_key=None), ["Service key can't be blank"]),
        (event(service_key=" "), ["Service key can't be blank"]),
        ({}, ["Service key can't be blank", "Event type can't be blank"]),
        (
            event("explode"),
            ["Event type is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"],
        ),
        (event(description=""), ["Description can't be blank"]),
        (event("resolve", incident_key=None), ["Incident key can't be blank"]),
        (event("acknowledge", incident_key={}), ["Incident key can't be blank"]),
    ],
)
def test_an_old_event_that_can_never_succeed_is_refused(body: Json, errors: list[str]) -> None:
    answer = pagerduty_v1.answer(encoded(body), new_key="new")
    assert answer.status == 400
    assert json.loads(answer.body) == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": errors,
    }


def test_a_stored_old_event_that_is_wrong_is_a_problem() -> None:
    found = read({}, encoded(event("explode")), received_at=NOW)
    assert [problem.place for problem in found.problems] == ["event_type"]
    assert read({"x-tocsin-form": "pagerduty_v1"}, encoded({"title": "x"}), received_at=NOW).source == "json"


def test_a_change_event_is_answered_as_pagerduty_answers() -> None:
    answer = pagerduty_changes.answer(encoded(change()))
    assert answer.status == 202
    assert json.loads(answer.body) == {"status": "success", "message": "Change event processed"}
    assert (answer.routing_key, answer.dedup_key) == ("test-key", "")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, ["'routing_key' cannot be blank", "'payload' is missing or blank"]),
        (change(routing_key=7.5, payload=[]), ["'payload' is missing or blank"]),
        (change(payload={"summary": " "}), ["'payload.summary' is missing or blank"]),
    ],
)
def test_a_change_event_that_can_never_succeed_is_refused(body: Json, errors: list[str]) -> None:
    answer = pagerduty_changes.answer(encoded(body))
    assert (answer.status, answer.routing_key) == (400, "")
    assert json.loads(answer.body)["errors"] == errors


def test_an_alert_that_lacks_its_action_is_no_change() -> None:
    found = read({}, encoded(change(payload={"summary": "x", "severity": "error"})), received_at=NOW)
    assert (found.changes, [problem.place for problem in found.problems]) == ((), ["event_action"])
    named = read(
        {"x-tocsin-form": "pagerduty_changes"},
        encoded(change(payload={"summary": "x", "severity": "error"})),
        received_at=NOW,
    )
    assert [told.title for told in named.changes] == ["x"]


@given(values | st.sampled_from(REAL), st.data())
def test_the_answers_never_fail(value: Json, data: st.DataObject) -> None:
    raw = json.dumps(mutated(value, data)).encode()
    for answer in (pagerduty_v1.answer(raw, new_key="new"), pagerduty_changes.answer(raw)):
        assert answer.status in {200, 202, 400}
        assert isinstance(json.loads(answer.body), dict)
        assert bool(answer.routing_key) == (answer.status != 400)
