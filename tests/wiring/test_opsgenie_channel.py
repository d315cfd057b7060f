"""What a stored request means: its inputs, whom its names mean, and what happens when they are handled in order."""

from __future__ import annotations

import pytest

from tocsin.engine.ports import Delivery
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation
from tocsin.heartbeats.inputs import Configured, Deleted, Pinged, Switched, Terms
from tocsin.heartbeats.inputs import Input as HeartbeatInput
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Invited,
    Noted,
    Reassigned,
    Redirected,
    Resolved,
    Snoozed,
    Unacknowledged,
    Withdrawn,
)
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources.opsgenie import Party
from tocsin.sources.opsgenie_requests import INCIDENT, METHOD, PATH
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.addressing import Addressing
from tocsin.wiring.machines import machines
from tocsin.wiring.opsgenie_channel import OpsgenieChannel
from tocsin.wiring.opsgenie_names import Names
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

NOW = 1_795_000_000_000
CONFIG = """
responders:
  ada: {name: Ada L., email: ada@example.com}
  bo: {}
  cy: {}
teams: {ops: {members: [ada, bo]}, shop: {members: [cy]}, both: {members: [ada]}}
policies:
  all-hands: {steps: [{ask: team, wait: 1m}, {ask: [cy, 'team:shop']}]}
  both: {steps: [{ask: bo}]}
integrations: {prod: {team: ops}}
routes: [{when: {title: [quiet]}, kind: notification}]
"""
SETTINGS = parse(CONFIG.encode(), {}).settings
NAMES = Names(SETTINGS)
CHANNEL = OpsgenieChannel(Addressing(routes(SETTINGS)), NAMES)


def delivery(method: str, path: str, body: Json = None, *, name: str = "7", head: str = "") -> Delivery:
    lines = f"{METHOD}: {method}\n{PATH}: {path}{head}"
    raw = b"" if body is None else json.encode(body)
    return Delivery(id=name, received_at=NOW, channel="opsgenie", key="prod", head=lines.encode(), body=raw)


def meaning(method: str, path: str, body: Json = None, **more: str) -> Interpretation:
    return CHANNEL.interpret(delivery(method, path, body, **more))


def created(**fields: Json) -> AlertReceived:
    given = meaning("POST", "/alerts", {"message": "m", **fields}).inputs[0].given
    assert isinstance(given, AlertReceived)
    return given


# ── Creates ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_create_is_an_alert_under_its_alias() -> None:
    [item] = meaning("POST", "/alerts", {"message": "m", "alias": "disk"}).inputs
    assert (item.input_id, item.machine, item.keys, item.fresh) == ("7/0", "incident", ("prod/d/disk",), "7-a")
    assert (item.given.alert.title, item.given.plan.team, item.given.integration) == ("m", "ops", "prod")


def test_a_create_without_an_alias_has_the_alerts_id_for_one() -> None:
    [item] = meaning("POST", "/alerts", {"message": "m"}).inputs
    assert (item.keys, item.given.alert.dedup_key) == (("prod/d/7-a",), "7-a")


def test_a_note_and_unknown_names_come_after_the_alert() -> None:
    body = {"message": "m", "note": "why", "user": "ADA@example.com", "responders": [{"name": "eve"}, {"id": "bo"}]}
    found = meaning("POST", "/alerts", body).inputs
    assert [item.input_id for item in found] == ["7/0", "7/1", "7/2"]
    assert [item.given for item in found[1:]] == [
        Noted(by="ada", text="why"), Noted(by="ada", text="nobody knows eve here"),
    ]  # fmt: skip
    assert {item.keys for item in found} == {("prod/d/7-a",)}


@pytest.mark.parametrize(("responders", "team", "first"), [
    ([], "ops", None),
    ([{"type": "team", "name": "SHOP"}], "shop", ("responder:cy",)),
    ([{"type": "escalation", "name": "all-hands"}], "ops", ("responder:ada", "responder:bo")),
    ([{"type": "schedule", "name": "shop"}], "shop", ("responder:cy",)),
    ([{"type": "user", "username": "ada@example.com"}, {"id": "cy"}], "ops", ("responder:ada", "responder:cy")),
    ([{"type": "user", "id": "cy"}, {"type": "team", "id": "shop"}, {"type": "team", "id": "ops"}], "shop",
     ("responder:cy",)),
    ([{"type": "user", "id": "shop"}], "ops", None),
    ([{"type": "team", "id": "both"}], "both", ("responder:ada",)),
    ([{"type": "escalation", "id": "both"}], "ops", ("responder:bo",)),
])  # fmt: skip
def test_those_whom_a_create_names_are_asked_first(responders: Json, team: str, first: tuple[str, ...] | None) -> None:
    plan = created(responders=responders).plan
    assert plan.team == team
    assert first is None or plan.policy.steps[0].targets == first


def test_a_routing_rule_decides_before_a_create_does() -> None:
    plan = created(message="quiet", responders=[{"type": "team", "name": "shop"}]).plan
    assert (plan.team, plan.kind) == ("ops", Kind.NOTIFICATION)


# ── Changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
PLAN = NAMES.plan(Party("team", ("shop",)), "prod")
LADDER = NAMES.plan(Party("", ("all-hands",)), "prod")
assert PLAN
assert LADDER

CHANGES: list[tuple[str, str, Json, list[Input]]] = [
    ("POST", "/close", {"user": "bo", "note": "n"}, [Resolved(by="bo", note="n")]),
    ("POST", "/acknowledge", {"source": "x", "note": "n"}, [Acknowledged("x"), Noted(by="x", text="n")]),
    ("POST", "/unacknowledge", {"user": "Eve M."}, [Unacknowledged("Eve M.")]),
    ("POST", "/snooze", {"endTime": "1970-01-01T00:00:01Z"}, [Snoozed(by="prod", until=1000)]),
    ("DELETE", "", None, [Withdrawn("prod")]),
    ("POST", "/notes", {"note": "n"}, [Noted(by="prod", text="n")]),
    ("POST", "/actions/restart", {"note": "n"}, [
        Noted(by="prod", text="pressed the action restart"), Noted(by="prod", text="n"),
    ]),
    ("POST", "/assign", {"owner": {"username": "Ada L."}}, [Reassigned(by="prod", to="ada")]),
    ("POST", "/assign", {"owner": {"id": "eve"}}, [Noted(by="prod", text="AssignOwnership: nobody knows eve here")]),
    ("POST", "/escalate", {"escalation": {"name": "all-hands"}}, [Redirected(by="prod", plan=LADDER)]),
    ("POST", "/escalate", {"escalation": {"name": "shop"}}, [Redirected(by="prod", plan=PLAN)]),
    ("POST", "/escalate", {"escalation": {"id": "x"}}, [
        Escalated(by="prod"),
        Noted(by="prod", text="nobody knows the escalation x here; the next step is asked instead"),
    ]),
    ("POST", "/responders", {"responder": {"type": "user", "id": "cy"}}, [
        Invited(by="prod", receivers=("responder:cy",)),
    ]),
    ("POST", "/responders", {"responder": {"type": "escalation", "name": "all-hands"}}, [
        Invited(by="prod", receivers=("responder:ada", "responder:bo")),
    ]),
    ("POST", "/responders", {"responder": {"type": "team", "name": "cy"}}, [
        Invited(by="prod", receivers=("responder:cy",)),
    ]),
    ("POST", "/responders", {"responder": "eve"}, [Noted(by="prod", text="AddResponder: nobody knows eve here")]),
    ("POST", "/teams", {"team": {"name": "ops"}}, [
        Invited(by="prod", receivers=("responder:ada", "responder:bo")),
    ]),
    ("POST", "/tags", {"tags": ["a"]}, [Amended(by="prod", add_tags=("a",))]),
    ("DELETE", "/tags?tags=a", None, [Amended(by="prod", remove_tags=("a",))]),
    ("POST", "/details", {"details": {"a": "b"}}, [Amended(by="prod", set_labels={"a": "b"})]),
    ("DELETE", "/details?keys=a", None, [Amended(by="prod", remove_labels=("a",))]),
    ("PUT", "/priority", {"priority": "P5"}, [
        Amended(by="prod", severity=Severity.INFO, annotations={"priority": "P5"}),
    ]),
    ("PUT", "/message", {"message": "m" * 200}, [Amended(by="prod", title="m" * 129 + "…")]),
    ("PUT", "/message", {"message": "\x7f"}, [Amended(by="prod")]),
    ("PUT", "/description", {"description": "a\nb"}, [Amended(by="prod", description="a\nb")]),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "given"), CHANGES, ids=[f"{row[0]} {row[1]}" for row in CHANGES])
def test_a_change_by_the_id_of_an_own_alert(method: str, path: str, body: Json, given: list[Input]) -> None:
    found = meaning(method, f"/alerts/3-a{path}", body, head=f"\n{INCIDENT}: 3-a").inputs
    assert [item.given for item in found] == given
    assert {(item.aggregate, item.keys) for item in found} == {("3-a", ())}
    assert [item.input_id for item in found] == [f"7/{number}" for number in range(len(found))]


def test_a_change_by_an_id_that_is_not_an_own_alerts_concerns_nobody() -> None:
    assert meaning("POST", "/alerts/3-a/close") == Interpretation((), "no such incident")


def test_a_change_by_an_alias_is_addressed_within_the_integration() -> None:
    [item] = meaning("POST", "/alerts/a%2Fb/acknowledge?identifierType=alias").inputs
    assert (item.keys, item.aggregate, item.fresh) == (("prod/d/a/b",), "", "")


def test_a_program_that_closes_its_alert_resolves_it_as_its_source() -> None:
    found = meaning("POST", "/alerts/disk/close?identifierType=alias", {"source": "am", "note": "n"}).inputs
    first = found[0].given
    assert isinstance(first, AlertReceived)
    assert (first.alert.status, first.alert.dedup_key, first.integration) == (AlertStatus.RESOLVED, "disk", "prod")
    assert [item.given for item in found[1:]] == [Noted(by="am", text="n")]


@pytest.mark.parametrize(("method", "path"), [
    ("", ""), ("GET", "/alerts"), ("POST", "/alerts"), ("GET", "/heartbeats"), ("POST", "/heartbeats"),
])  # fmt: skip
def test_what_is_no_change_becomes_an_alert_of_its_own(method: str, path: str) -> None:
    found = meaning(method, path)
    assert found.outcome.startswith("undecodable: ")
    assert found.inputs[0].given.alert.title == "Undecodable delivery from prod"


# ── Heartbeats ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("method", "path", "body", "given"), [
    ("GET", "/b/ping", None, Pinged(integration="prod", ping=Ping(name="b"))),
    ("POST", "", {"name": "b", "interval": 1, "intervalUnit": "days"},
     Configured(integration="prod", name="b", terms=Terms(every=86_400_000), enabled=True)),
    ("PATCH", "/b", {"enabled": False}, Configured(integration="prod", name="b", terms=Terms(), enabled=False)),
    ("POST", "/b/enable", None, Switched(enabled=True)),
    ("POST", "/b/disable", None, Switched(enabled=False)),
    ("DELETE", "/b", None, Deleted()),
])  # fmt: skip
def test_what_is_done_to_a_heartbeat(method: str, path: str, body: Json, given: HeartbeatInput) -> None:
    [item] = meaning(method, f"/heartbeats{path}", body).inputs
    assert item.given == given
    assert (item.machine, item.keys, item.fresh) == ("heartbeat", ("prod/h/b",), "7-h0")


# ── In order ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def handled(*requests: Delivery) -> Incident:
    """The only alert after *requests*, handled as one batch."""
    store = MemoryStore()
    items = [item for request in requests for item in CHANNEL.interpret(request).inputs]
    Runner(store, machines()).handle(items, NOW)
    [row] = store.listing("incident", live_only=False, limit=10)
    return IncidentMachine().decode(row.state)


def test_what_alertmanager_sends_at_once_is_handled_in_order_and_twice_does_no_harm() -> None:
    by_alias = "identifierType=alias"
    batch = [
        ("POST", "/alerts", {"message": "1 firing", "alias": "x", "priority": "P1"}),
        ("PUT", f"/alerts/x/message?{by_alias}", {"message": "2 firing"}),
        ("PUT", f"/alerts/x/description?{by_alias}", {"description": "a, b"}),
    ]
    sent = [delivery(*request, name=str(number)) for number, request in enumerate([*batch, *batch], 1)]
    found = handled(*sent)
    assert (found.face.title, found.face.description, found.count) == ("2 firing", "a, b", 2)
    found = handled(*sent, delivery("POST", f"/alerts/x/close?{by_alias}", {"source": "am"}, name="9"))
    assert not found.live
    assert found.resolved_by == ""


def test_names_are_looked_up_exactly_and_else_without_capitals() -> None:
    settings = parse(b"responders: {Ada: {}, ada: {name: Lovelace}}", {}).settings
    names = Names(settings)
    assert (names.person("Ada"), names.person("ada"), names.person("LOVELACE"), names.person("x", "ADA")) == (
        "Ada", "ada", "ada", "ada",
    )  # fmt: skip
    assert names.person() == ""
    assert names.plan(Party("team", ("x",)), "unknown") is None
