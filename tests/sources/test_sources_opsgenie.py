"""Opsgenie's Alert API: what a request asks for, what is refused, and the alert of a create."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.test_sources_hostile import check
from tocsin.incidents.alerts import Alert, AlertStatus, Link, Severity
from tocsin.kernel.json import Json
from tocsin.sources import opsgenie, opsgenie_heartbeats, opsgenie_requests
from tocsin.sources.opsgenie import Party
from tocsin.sources.opsgenie_heartbeats import HeartbeatRead, HeartbeatWrite
from tocsin.sources.opsgenie_requests import Action, Asked, Read, Refusal, Subject, Target, Write, asked


def ask(method: str, address: str, body: Json = None) -> Asked:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return asked(method, address, raw)


def alert(**fields: Json) -> Alert:
    return opsgenie.alert({"message": "The disk is full", **fields}, "alias")


# ── The alert of a create ────────────────────────────────────────────────────────────────────────────────────────────
def test_an_alert_has_what_the_create_says() -> None:
    found = alert(
        description="Since noon.\nStill.",
        tags=["db", "db", "disk"],
        details={"host": "db-1", "free": 0},
        entity="db-1",
        source="https://nagios.example/db-1",
        priority="P1",
        user="probe",
        actions=["restart", "grow"],
    )
    assert found == Alert(
        status=AlertStatus.FIRING,
        title="The disk is full",
        description="Since noon.\nStill.",
        dedup_key="alias",
        source="opsgenie",
        severity=Severity.CRITICAL,
        resource="db-1",
        labels={"host": "db-1", "free": "0"},
        tags=("db", "disk"),
        annotations={
            "priority": "P1",
            "source": "https://nagios.example/db-1",
            "user": "probe",
            "actions": '["restart","grow"]',
        },
        links=(Link("Source", "https://nagios.example/db-1"),),
    )


@pytest.mark.parametrize(
    ("priority", "severity"),
    [
        ("P1", Severity.CRITICAL),
        ("P2", Severity.HIGH),
        ("p3", Severity.WARNING),
        ("P4", Severity.INFO),
        ("P5", Severity.INFO),
        (None, Severity.WARNING),
        ("critical", Severity.CRITICAL),
        ("P9", Severity.HIGH),
        (["P1"], Severity.WARNING),
    ],
)
def test_a_priority_is_a_severity_and_none_is_p3(priority: Json, severity: Severity) -> None:
    assert alert(priority=priority).severity is severity


@pytest.mark.parametrize(("severity", "told", "priority"), [
    (Severity.INFO, "P5", "P5"), (Severity.INFO, "P1", "P4"), (Severity.CRITICAL, "", "P1"),
])  # fmt: skip
def test_a_severity_is_a_priority_again(severity: Severity, told: str, priority: str) -> None:
    assert opsgenie.priority_of(severity, told) == priority


def test_what_is_too_long_is_cut() -> None:
    found = alert(
        message="m" * 200,
        description="d" * 20_000,
        tags=["t" * 60, *map(str, range(30))],
        entity="e" * 600,
        source="s" * 200,
        actions=["a" * 60] + [str(n) for n in range(20)],
    )
    assert (len(found.title), len(found.description), len(found.resource)) == (130, 4000, 512)
    assert (len(found.tags), len(found.tags[0]), len(found.annotations["source"])) == (20, 50, 100)
    assert len(json.loads(found.annotations["actions"])) == 10


def test_whom_a_create_names() -> None:
    body = {
        "responders": [{"type": "team", "name": "ops"}, {"username": "ada@example.com", "type": "User"}, {}, 7, None],
        "teams": [{"id": "shop"}, "lab"],
    }
    assert opsgenie.responders(body) == (
        Party("team", ("ops",)),
        Party("user", ("ada@example.com",)),
        Party("", ("7",)),
        Party("team", ("shop",)),
        Party("team", ("lab",)),
    )
    assert opsgenie.responders({"responders": "ops"}) == ()
    assert (Party("", ()).label, Party("", ("1", "ops")).label) == ("nobody", "ops")


def test_tags_may_stand_in_one_text() -> None:
    assert opsgenie.tags("a, b,,a") == ("a", "b")
    assert opsgenie.tags(7) == ()


# ── What a request asks for ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_create() -> None:
    found = ask("POST", "", {"message": "m", "alias": " a  b ", "user": "ada", "note": " why "})
    assert isinstance(found, Write)
    assert (found.action, found.target, found.user, found.note) == (
        Action.CREATE, Target("a b", by_alias=True), "ada", "why",
    )  # fmt: skip


ALIAS = Target("a/b", by_alias=True)
WRITES: list[tuple[str, str, Json, Write]] = [
    ("DELETE", "/7?user=ada&source=x", None, Write(action=Action.DELETE, target=Target("7"), user="ada", source="x")),
    ("POST", "/a%2Fb/close?identifierType=alias", None, Write(action=Action.CLOSE, target=ALIAS)),
    ("POST", "/7/close", {"user": 5, "note": ["x"]}, Write(action=Action.CLOSE, target=Target("7"), user="5")),
    ("POST", "/7/acknowledge?identifierType=tiny", {}, Write(action=Action.ACKNOWLEDGE, target=Target("7"))),
    ("POST", "/7/unacknowledge", b" ", Write(action=Action.UNACKNOWLEDGE, target=Target("7"))),
    (
        "POST",
        "/7/snooze",
        {"endTime": "1970-01-01T00:00:01Z"},
        Write(action=Action.SNOOZE, target=Target("7"), until=1000),
    ),
    ("POST", "/7/notes", {"note": "n"}, Write(action=Action.ADD_NOTE, target=Target("7"), note="n")),
    (
        "POST",
        "/7/assign",
        {"owner": {"username": "ada"}},
        Write(action=Action.ASSIGN, target=Target("7"), party=Party("user", ("ada",))),
    ),
    (
        "POST",
        "/7/escalate",
        {"escalation": {"name": "all"}},
        Write(action=Action.ESCALATE, target=Target("7"), party=Party("escalation", ("all",))),
    ),
    (
        "POST",
        "/7/responders",
        {"responder": {"type": "team", "id": "ops"}},
        Write(action=Action.ADD_RESPONDER, target=Target("7"), party=Party("team", ("ops",))),
    ),
    (
        "POST",
        "/7/teams",
        {"team": {"name": "ops"}},
        Write(action=Action.ADD_TEAM, target=Target("7"), party=Party("team", ("ops",))),
    ),
    ("POST", "/7/tags", {"tags": ["a"]}, Write(action=Action.ADD_TAGS, target=Target("7"), tags=("a",))),
    ("DELETE", "/7/tags?tags=a,b", None, Write(action=Action.REMOVE_TAGS, target=Target("7"), tags=("a", "b"))),
    (
        "POST",
        "/7/details",
        {"details": {"a": 1}},
        Write(action=Action.ADD_DETAILS, target=Target("7"), details={"a": "1"}),
    ),
    ("DELETE", "/7/details?keys=a", None, Write(action=Action.REMOVE_DETAILS, target=Target("7"), tags=("a",))),
    ("POST", "/7/actions/restart", None, Write(action=Action.EXECUTE, target=Target("7"), text="restart")),
    ("PUT", "/7/priority", {"priority": "p5"}, Write(action=Action.UPDATE_PRIORITY, target=Target("7"), priority="P5")),
    ("PUT", "/7/message", {"message": "m"}, Write(action=Action.UPDATE_MESSAGE, target=Target("7"), text="m")),
    (
        "PUT",
        "/7/description",
        {"description": "d"},
        Write(action=Action.UPDATE_DESCRIPTION, target=Target("7"), text="d"),
    ),
]


@pytest.mark.parametrize(("method", "address", "body", "found"), WRITES, ids=[f"{row[0]} {row[1]}" for row in WRITES])
def test_a_write(method: str, address: str, body: Json, found: Write) -> None:
    assert ask(method, address, body) == found


def test_every_action_is_asked_for_somewhere() -> None:
    assert {row[3].action for row in WRITES} | {Action.CREATE} == set(Action)


@pytest.mark.parametrize(("address", "found"), [
    ("", Read(subject=Subject.ALERTS)),
    ("?limit=500&offset=40&order=ASC&sort=count&query=a%20b", Read(
        subject=Subject.ALERTS, limit=100, offset=40, descending=False, sort="count", query="a b",
    )),
    ("?limit=0&limit=7", Read(subject=Subject.ALERTS, limit=1)),
    ("?" + "&".join("x=1" for _ in range(60)), Read(subject=Subject.ALERTS)),
    ("/count?query=x", Read(subject=Subject.COUNT, query="x")),
    ("/requests/9", Read(subject=Subject.REQUEST, target=Target("9"))),
    ("/a%2Fb?identifierType=ALIAS", Read(subject=Subject.ALERT, target=ALIAS)),
    ("/7/notes?limit=3", Read(subject=Subject.NOTES, target=Target("7"), limit=3)),
    ("/7/logs?order=asc", Read(subject=Subject.LOGS, target=Target("7"), descending=False)),
    ("/7/recipients", Read(subject=Subject.RECIPIENTS, target=Target("7"), descending=False)),
])  # fmt: skip
def test_a_read(address: str, found: Read) -> None:
    assert ask("GET", address, b"whatever") == found


REFUSED: list[tuple[str, str, Json, int, str]] = [
    ("POST", "", b"{", 400, ""),
    ("POST", "", [], 400, ""),
    ("POST", "", None, 422, "message"),
    ("POST", "", {"message": " "}, 422, "message"),
    ("POST", "", {"message": {"a": 1}}, 422, "message"),
    ("POST", "/7/notes", {}, 422, "note"),
    ("POST", "/7/snooze", {"endTime": "soon"}, 422, "endTime"),
    ("POST", "/7/assign", {"owner": {}}, 422, "owner"),
    ("POST", "/7/escalate", {}, 422, "escalation"),
    ("POST", "/7/responders", {"responder": []}, 422, "responder"),
    ("POST", "/7/teams", {"team": None}, 422, "team"),
    ("POST", "/7/tags", {"tags": {}}, 422, "tags"),
    ("DELETE", "/7/tags", None, 422, "tags"),
    ("POST", "/7/details", {"details": ["a"]}, 422, "details"),
    ("DELETE", "/7/details", None, 422, "keys"),
    ("PUT", "/7/priority", {"priority": "urgent"}, 422, "priority"),
    ("PUT", "/7/message", {"message": "\n"}, 422, "message"),
    ("PUT", "/7/description", {"description": {}}, 422, "description"),
    ("GET", "?searchIdentifier=mine", None, 422, "searchIdentifier"),
    ("GET", "?limit=-1", None, 422, "limit"),
    ("GET", "/count?offset=\u0663", None, 422, "offset"),
    ("GET", "?offset=" + "1" * 200, None, 422, "offset"),
    ("GET", "/7/8/9", None, 404, ""),
    ("POST", "/7/actions/%20", None, 404, ""),
    ("POST", "/7/shout", None, 404, ""),
    ("PATCH", "/7", None, 405, ""),
    ("PUT", "/7/close", None, 405, ""),
    ("PUT", "", None, 404, ""),
]


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "field"),
    REFUSED,
    ids=[f"{row[0]} {row[1][:30]} {row[4]}" for row in REFUSED],
)
def test_what_can_never_succeed_is_refused(method: str, address: str, body: Json, status: int, field: str) -> None:
    found = ask(method, address, body)
    assert isinstance(found, Refusal)
    assert (found.status, list(found.errors)) == (status, [field] if field else [])
    assert found.message


# ── Whatever comes ───────────────────────────────────────────────────────────────────────────────────────────────────
FIELDS = [
    "message", "alias", "description", "responders", "teams", "actions", "tags", "details", "entity", "source",
    "priority", "user", "note", "endTime", "owner", "escalation", "responder", "team", "keys", "name", "interval",
    "intervalUnit", "enabled", "ownerTeam", "alertMessage", "alertTags", "alertPriority", "id", "type", "username",
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\u202e", "x" * 600, 10**25, "2023-11-14T22:13:20Z", "P1", "hours", "ada"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(FIELDS), values, max_size=12)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
addresses = st.sampled_from(
    [f"{row[1]}" for row in (*WRITES, *REFUSED)] + ["/x/ping", "/x/enable", "/%ff/%00"]
) | st.text(max_size=20).map(lambda text: f"/{text}")


@given(methods, addresses, documents | values)
def test_whatever_is_asked_it_is_read_or_refused(method: str, address: str, body: Json) -> None:
    raw = json.dumps(body).encode()
    found = opsgenie_requests.asked(method, address, raw)
    assert isinstance(found, Write | Read | Refusal)
    beat = opsgenie_heartbeats.asked(method, address, raw)
    assert isinstance(beat, HeartbeatWrite | HeartbeatRead | Refusal)


@given(documents)
def test_whatever_a_create_says_it_is_an_alert_within_its_bounds(body: dict[str, Json]) -> None:
    check(opsgenie.alert(body, "alias"))
    assert all(party.names for party in opsgenie.responders(body))
