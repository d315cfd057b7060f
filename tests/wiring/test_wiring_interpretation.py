"""What a delivery means, channel by channel: its inputs, their names, and the note about it."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.sources.bodies import group, member
from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import ONCE, REPLAY_OF, Delivery, Outgoing, Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, PageFailed, Resolved
from tocsin.incidents.ladder import PAGE, SHOW
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.slack.interactions import NoCommand, commands
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.interpretation import Commands, Interpreter, failure_report
from tocsin.wiring.readings import headers
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

NOW: Instant = 1_795_000_000_000
CONFIG = """
responders: {ada: {slack: U0ADA}, bo: {}}
teams: {ops: {members: [ada, bo]}, shop: {members: [bo]}}
integrations: {prod: {team: ops}, web: {team: shop}}
routes: [{when: {title: [quiet]}, kind: notification}, {event: {stage: [lab]}, severity: info}]
"""


def slack(body: bytes, received_at: Instant) -> Json:
    found = commands(body, received_at=received_at, responders={"U0ADA": "ada"})
    return found.why if isinstance(found, NoCommand) else found


CHATS: dict[str, Commands] = {"slack": slack}
INTERPRETER = Interpreter(routes(parse(CONFIG.encode(), {}).settings), CHATS)


def delivery(body: Json, *, channel: str = "in", key: str = "prod", head: str = "", name: str = "7") -> Delivery:
    raw = body if isinstance(body, bytes) else json.encode(body)
    return Delivery(id=name, received_at=NOW, channel=channel, key=key, head=head.encode(), body=raw)


def meaning(body: Json, **more: str) -> Interpretation:
    return INTERPRETER.interpret(delivery(body, **more))


def test_an_alert_is_addressed_by_its_keys_within_its_integration() -> None:
    found = meaning({"title": "CPU", "dedup_key": "cpu"})
    [item] = found.inputs
    assert (item.input_id, item.machine, item.aggregate, item.fresh) == ("7/0", "incident", "", "7")
    assert item.keys == ("prod/d/cpu",)
    assert isinstance(item.given, AlertReceived)
    assert (item.given.alert.title, item.given.plan.team) == ("CPU", "ops")
    assert found.outcome == ""


def test_a_group_is_a_second_key_that_its_alerts_share() -> None:
    first, second = meaning(group(member("db-1"), member("db-2"))).inputs
    assert first.keys[0] != second.keys[0]
    assert first.keys[1] == second.keys[1]
    assert first.keys[1].startswith("prod/g/")


def test_integrations_do_not_share_keys() -> None:
    [prod], [web] = (meaning({"title": "CPU", "dedup_key": "cpu"}, key=key).inputs for key in ("prod", "web"))
    assert (prod.keys, web.keys) == (("prod/d/cpu",), ("web/d/cpu",))
    assert web.given.plan.team == "shop"


def test_routes_see_the_alert_and_the_event() -> None:
    assert meaning({"title": "quiet"}).inputs[0].given.plan.kind == "notification"
    assert meaning({"title": "x", "stage": "lab"}).inputs[0].given.plan.severity is Severity.INFO


def test_an_unknown_integration_still_reaches_the_first_team() -> None:
    assert meaning({"title": "CPU"}, key="gone").inputs[0].given.plan.team == "ops"


def test_each_alert_of_a_batch_has_its_own_input_and_name() -> None:
    found = meaning([{"labels": {"alertname": "a"}}, {"labels": {"alertname": "b"}}])
    assert [(item.input_id, item.fresh) for item in found.inputs] == [("7/0", "7"), ("7/1", "7-1")]


def test_a_bad_alert_of_a_batch_is_a_problem_beside_the_good_one() -> None:
    found = meaning([{"labels": {"alertname": "good"}}, {"labels": 7}])
    good, bad = found.inputs
    assert (good.input_id, good.given.alert.title) == ("7/0", "good")
    assert (bad.input_id, bad.fresh) == ("7/problem", "7-p")
    assert bad.given.alert.title == "Undecodable delivery from prod"
    assert "Delivery 7 could not be read in full" in bad.given.alert.description
    assert found.outcome.startswith("undecodable: ")


def test_what_cannot_be_read_is_an_alert_of_its_own() -> None:
    found = meaning(b"{this is not JSON", head="content-type: application/json")
    [item] = found.inputs
    assert (item.input_id, item.given.alert.severity) == ("7/problem", Severity.HIGH)
    assert found.outcome.startswith("undecodable: ")


def test_what_is_a_fact_and_no_alert_is_noted_only() -> None:
    body = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Message": "x"}
    found = meaning(body, head="x-amz-sns-message-type: SubscriptionConfirmation")
    assert found.inputs == ()
    assert found.outcome


def test_a_signed_number_counts_once_and_a_replay_again() -> None:
    body = {"title": "CPU", "dedup_key": "cpu"}
    once = f"{ONCE}: sns/m-1"
    assert meaning(body, head=once, name="7").inputs[0].input_id == "prod/sns/m-1/0"
    assert meaning(body, head=once, name="8").inputs[0].input_id == "prod/sns/m-1/0"
    assert meaning(body, head=f"{REPLAY_OF}: 7\n{once}", name="9").inputs[0].input_id == "9/0"
    assert meaning(body, head="x-amz-sns-message-id: m-1", name="9").inputs[0].input_id == "9/0"


def test_a_message_that_is_delivered_twice_counts_once() -> None:
    store, machine = MemoryStore(), IncidentMachine()
    worker = Worker(store, Runner(store, [machine]), INTERPRETER.interpret, INTERPRETER.poisoned)
    with closing(store):
        for number in ("m-1", "m-1", "m-2"):
            head = f"{ONCE}: sns/{number}".encode()
            body = json.encode({"title": "CPU", "dedup_key": "cpu"})
            store.accept([Received(received_at=NOW, channel="in", key="prod", head=head, body=body)])
            worker.step(NOW)
        [row] = store.listing("incident", live_only=True, limit=10)
        assert machine.decode(row.state).count == 2
        assert store.backlog(1) == []


@pytest.mark.parametrize("channel", ["console", "cli"])
def test_a_command_is_addressed_to_its_incident(channel: str) -> None:
    found = meaning({"verb": "acknowledge", "incident": "12", "by": "ada"}, channel=channel, key="")
    [item] = found.inputs
    assert (item.input_id, item.aggregate, item.given, item.keys) == ("7/0", "12", Acknowledged(by="ada"), ())


@pytest.mark.parametrize("body", [b"{", {"verb": "dance", "incident": "1", "by": "ada"}, [], {"verb": 7}])
def test_what_is_no_command_is_noted(body: Json) -> None:
    found = meaning(body, channel="cli", key="")
    assert found.inputs == ()
    assert found.outcome.startswith("not a command: ")


def test_a_chat_is_read_by_its_own_reader() -> None:
    action = {"action_id": "tocsin:resolve", "value": '{"i": "12", "r": 0}'}
    body = {"type": "block_actions", "user": {"id": "U0ADA"}, "actions": [action]}
    found = meaning(body, channel="slack", key="")
    if found.inputs:
        assert [item.given for item in found.inputs] == [Resolved(by="ada")]
    else:
        pytest.fail(found.outcome)
    assert meaning({"type": "hello"}, channel="slack", key="").outcome.startswith("not a command: ")


def test_a_channel_that_nobody_reads_is_an_alert() -> None:
    found = meaning(b"?", channel="teams", key="")
    [item] = found.inputs
    assert item.keys == ("tocsin/d/tocsin:undecodable:teams",)
    assert found.outcome == "undecodable: nothing reads the channel 'teams'"


def test_a_poisoned_delivery_is_an_alert_that_says_why() -> None:
    found = INTERPRETER.poisoned(delivery(b"?"), "internal error: KeyError")
    assert "internal error: KeyError" in found.inputs[0].given.alert.description
    assert found.outcome == "undecodable: internal error: KeyError"


def failure(kind: str, *, final: bool) -> Delivery:
    outgoing = Outgoing(
        id="3/0", aggregate="3", machine="incident", receiver="responder:ada", kind=kind, facts={"rung": 2},
        coalesce="", urgent=True, created_at=NOW, not_before=NOW,
    )  # fmt: skip
    told = failure_report(
        Failure(outgoing=outgoing, transport="ntfy", address="https://ntfy.example/secret", error="gone", final=final),
        NOW,
    )
    assert b"secret" not in told.head + told.body
    return Delivery(
        id="9", received_at=told.received_at, channel=told.channel, key=told.key, head=told.head, body=told.body
    )


def test_a_failed_page_is_an_alert_and_its_incident_hears_of_it() -> None:
    alert, failed = INTERPRETER.interpret(failure(PAGE, final=False)).inputs
    assert alert.given.alert.title == "ntfy does not deliver: gone"
    assert alert.given.alert.description == "The page to ada could not be delivered: gone. Another way is tried."
    assert alert.given.alert.status is AlertStatus.FIRING
    assert alert.keys == ("tocsin/d/delivery-failed/ntfy",)
    assert (failed.input_id, failed.aggregate) == ("9/1", "3")
    assert failed.given == PageFailed(receiver="responder:ada", rung=2, error="gone", final=False)


def test_a_failed_message_is_an_alert_only() -> None:
    [alert] = INTERPRETER.interpret(failure(SHOW, final=True)).inputs
    assert alert.given.alert.description == "The message to ada could not be delivered: gone. There is no other way."


def test_the_first_of_equal_headers_counts() -> None:
    found = headers(b"a: 1\na: 2\nb: x: y\nno-value\n\xff: z")
    assert (found["a"], found["b"], found["no-value"]) == ("1", "x: y", "")
