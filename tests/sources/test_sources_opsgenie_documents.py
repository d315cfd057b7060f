"""Incidents and heartbeats as Opsgenie's API shows them, and the status of a request."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tocsin.heartbeats.inputs import Terms
from tocsin.heartbeats.machine import Heartbeat
from tocsin.heartbeats.machine import Status as BeatStatus
from tocsin.incidents.alerts import Alert, AlertStatus, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from tocsin.sources import opsgenie_documents as documents
from tocsin.sources import opsgenie_heartbeats
from tocsin.sources.opsgenie_heartbeats import Action as BeatAction
from tocsin.sources.opsgenie_heartbeats import HeartbeatRead, HeartbeatWrite
from tocsin.sources.opsgenie_query import FIELDS
from tocsin.sources.opsgenie_requests import Action, Refusal

NOW: Instant = 1_500_000_000_000
ASKED = ("responder:ada", "team:ops")
PLAN = Plan(team="ops", policy=Policy(name="p", steps=(Step(ASKED),), everyone=ASKED))
ALERT = Alert(
    status=AlertStatus.FIRING,
    title="The disk is full",
    dedup_key="disk",
    source="opsgenie",
    severity=Severity.INFO,
    description="since noon",
    resource="db-1",
    labels={"host": "db-1"},
    tags=("db",),
    annotations={"priority": "P5", "source": "probe", "actions": '["restart"]'},
)


def begun(*given: Input, alert: Alert = ALERT) -> Incident:
    machine = IncidentMachine()
    state = machine.decide(None, AlertReceived(alert, PLAN, "prod"), NOW).state
    for each in given:
        state = machine.decide(state, each, NOW + SECOND).state
    assert state is not None
    return state


def test_an_alert_whole() -> None:
    assert documents.whole("7-a", begun()) == {
        "id": "7-a",
        "tinyId": "7-a",
        "alias": "disk",
        "message": "The disk is full",
        "status": "open",
        "acknowledged": False,
        "isSeen": False,
        "tags": ["db"],
        "snoozed": False,
        "count": 1,
        "lastOccurredAt": "2017-07-14T02:40:00.000Z",
        "createdAt": "2017-07-14T02:40:00.000Z",
        "updatedAt": "2017-07-14T02:40:00.000Z",
        "source": "probe",
        "owner": "",
        "priority": "P5",
        "teams": [{"id": "ops"}],
        "responders": [{"type": "team", "id": "ops"}, {"type": "user", "id": "ada"}],
        "integration": {"id": "prod", "name": "prod", "type": "API"},
        "report": {},
        "ownerTeamId": "ops",
        "actions": ["restart"],
        "entity": "db-1",
        "description": "since noon",
        "details": {"host": "db-1"},
    }


def test_an_alert_that_was_answered() -> None:
    found = documents.summary("7-a", begun(Acknowledged("ada"), Resolved(by="bo")))
    assert (found["status"], found["acknowledged"], found["isSeen"], found["owner"]) == ("closed", False, True, "ada")
    assert found["report"] == {"ackTime": 1000, "closeTime": 1000, "acknowledgedBy": "ada", "closedBy": "bo"}
    found = documents.summary("7-a", begun(Snoozed(by="ada", until=NOW + HOUR)))
    assert (found["snoozed"], found["snoozedUntil"]) == (True, "2017-07-14T03:40:00.000Z")


@pytest.mark.parametrize("told", ["", "{", "7", "[1]"])
def test_actions_that_are_none(told: str) -> None:
    assert documents.actions(begun(alert=replace(ALERT, annotations={"actions": told}))) == []


def test_every_field_of_the_query_language_is_known_of_an_alert() -> None:
    known = documents.facts("7-a", begun())
    assert set(FIELDS) - {"alertid"} <= set(known)
    assert known["detailspair"] == ["host:db-1"]
    assert known["responders"] == ("ops", "ada")


@pytest.mark.parametrize(("field", "first"), [
    ("createdAt", 0), ("count", 0), ("snoozedUntil", 0), ("report.closeTime", 0), ("tags", 1), ("nonsense", 0),
    ("priority", 1),
])  # fmt: skip
def test_alerts_are_sorted_by_a_field(field: str, first: int) -> None:
    later = replace(
        begun(Snoozed(by="ada", until=NOW + HOUR), Resolved(by="ada"), alert=replace(ALERT, tags=("a",))),
        count=2,
        opened_at=NOW + 1,
        snoozed_until=5,
        severity=Severity.CRITICAL,
    )
    order = documents.sorting(field)
    known = [documents.facts("1", begun()), documents.facts("2", later)]
    assert min(known, key=order) is known[first]


@pytest.mark.parametrize(("action", "reason", "success", "status"), [
    (Action.CREATE, Reason.OPENED, True, "Created alert"),
    (Action.CREATE, Reason.REPEATED, True, "Alert count is incremented"),
    (Action.CLOSE, Reason.RESOLVED, True, "Closed alert"),
    (Action.CLOSE, Reason.ALREADY_RESOLVED, True, "Closed alert"),
    (Action.ACKNOWLEDGE, Reason.ALREADY_RESOLVED, False, "Alert is already closed"),
    (Action.SNOOZE, Reason.SNOOZE_IN_PAST, False, "Snooze time has passed"),
    (Action.ASSIGN, Reason.NOTED, False, "ada: nobody knows eve here"),
    (Action.ADD_NOTE, Reason.NOTED, True, "Added note"),
    (Action.EXECUTE, Reason.NOTED, True, "Executed action"),
])  # fmt: skip
def test_the_status_of_a_request(action: Action, reason: Reason, success: bool, status: str) -> None:
    assert documents.status(action, reason, "ada: nobody knows eve here") == (success, status)


def test_every_action_has_its_sentence() -> None:
    assert all(documents.status(action, Reason.OPENED, "")[0] for action in Action)


def test_a_note_has_an_author() -> None:
    assert documents.note("ada: look: it burns") == ("ada", "look: it burns")
    assert documents.moment(NOW) == "2017-07-14T02:40:00.000Z"


# ── Heartbeats ───────────────────────────────────────────────────────────────────────────────────────────────────────
def beat(every: Duration = DAY, status: BeatStatus = BeatStatus.UP, **terms: Json) -> Heartbeat:
    return Heartbeat(
        integration="prod",
        name="backup",
        status=status,
        every=every,
        grace=0,
        terms=Terms(**terms),
        created_at=NOW,
        since=NOW,
        wake_at=None,
        last_ping_at=NOW if terms else None,
    )


def test_a_heartbeat_whole() -> None:
    found = beat(description="d", message="m", severity="critical", tags=("a",), owner="ops")
    assert opsgenie_heartbeats.document(found) == {
        "name": "backup",
        "enabled": True,
        "expired": False,
        "description": "d",
        "interval": 1,
        "intervalUnit": "days",
        "ownerTeam": {"id": "ops", "name": "ops"},
        "alertMessage": "m",
        "alertTags": ["a"],
        "alertPriority": "P1",
        "lastPingTime": "2017-07-14T02:40:00.000Z",
        "status": "Active",
    }


@pytest.mark.parametrize(("every", "interval", "unit"), [
    (2 * DAY, 2, "days"), (25 * HOUR, 25, "hours"), (90 * MINUTE, 90, "minutes"), (10 * SECOND, 1, "minutes"),
])  # fmt: skip
def test_an_interval_is_told_in_its_largest_unit(every: Duration, interval: int, unit: str) -> None:
    found = opsgenie_heartbeats.document(beat(every))
    assert (found["interval"], found["intervalUnit"], found["alertPriority"]) == (interval, unit, "P3")


@pytest.mark.parametrize(("state", "enabled", "expired", "status"), [
    (BeatStatus.MISSED, True, True, "Expired"), (BeatStatus.DISABLED, False, False, "Inactive"),
    (BeatStatus.NEW, True, False, "Active"),
])  # fmt: skip
def test_how_a_heartbeat_stands(state: BeatStatus, enabled: bool, expired: bool, status: str) -> None:
    found = opsgenie_heartbeats.document(beat(status=state))
    assert (found["enabled"], found["expired"], found["status"]) == (enabled, expired, status)


CREATE = {"name": "backup", "interval": 10, "intervalUnit": "minutes"}


@pytest.mark.parametrize(("method", "address", "body", "found"), [
    ("GET", "", b"", HeartbeatRead()),
    ("GET", "/back%20up", b"", HeartbeatRead("back up")),
    *[(method, "/b/ping", b"{", HeartbeatWrite(action=BeatAction.PING, name="b")) for method in
      ("GET", "POST", "PUT", "PATCH")],
    ("DELETE", "/b", b"", HeartbeatWrite(action=BeatAction.DELETE, name="b")),
    ("POST", "/b/enable", b"", HeartbeatWrite(action=BeatAction.ENABLE, name="b", enabled=True)),
    ("POST", "/b/disable", b"{}", HeartbeatWrite(action=BeatAction.DISABLE, name="b", enabled=False)),
    ("PATCH", "/b", b"{}", HeartbeatWrite(action=BeatAction.UPDATE, name="b")),
    ("PATCH", "/b", b"""{"enabled": false, "interval": 1, "intervalUnit": "DAYS", "alertTags": ["a"],
      "description": "d", "alertMessage": "m", "alertPriority": "P2", "ownerTeam": {"name": "ops"}}""",
     HeartbeatWrite(action=BeatAction.UPDATE, name="b", enabled=False, terms=Terms(
         every=DAY, description="d", message="m", severity="high", tags=("a",), owner="ops"))),
    ("POST", "", b'{"name": "b", "interval": 10, "intervalUnit": "minutes"}',
     HeartbeatWrite(action=BeatAction.CREATE, name="b", enabled=True, terms=Terms(every=10 * MINUTE))),
    ("POST", "", b'{"name": "b", "interval": 99999999, "intervalUnit": "days", "enabled": 1}',
     HeartbeatWrite(action=BeatAction.CREATE, name="b", enabled=True, terms=Terms(every=3660 * DAY))),
])  # fmt: skip
def test_what_is_asked_of_heartbeats(method: str, address: str, body: bytes, found: Json) -> None:
    assert opsgenie_heartbeats.asked(method, address, body) == found


@pytest.mark.parametrize(("method", "address", "body", "status", "fields"), [
    ("POST", "", b"{", 400, []),
    ("POST", "", b"{}", 422, ["name", "interval", "intervalUnit"]),
    ("POST", "", b'{"name": "b", "interval": 0, "intervalUnit": "days"}', 422, ["interval"]),
    ("POST", "", b'{"name": "b", "interval": true, "intervalUnit": "days"}', 422, ["interval"]),
    ("POST", "", b'{"name": "b", "interval": 1, "intervalUnit": "weeks"}', 422, ["intervalUnit"]),
    ("PATCH", "/b", b'{"interval": 1}', 422, ["intervalUnit"]),
    ("GET", "/b/ping/x", b"", 404, []),
    ("DELETE", "/b/ping", b"", 405, []),
    ("PUT", "", b"", 405, []),
])  # fmt: skip
def test_what_heartbeats_refuse(method: str, address: str, body: bytes, status: int, fields: list[str]) -> None:
    found = opsgenie_heartbeats.asked(method, address, body)
    assert isinstance(found, Refusal)
    assert (found.status, list(found.errors)) == (status, fields)
