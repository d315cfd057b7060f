"""Opsgenie's own client for Python, unmodified, against a running server: only its host is another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import opsgenie_sdk  # type: ignore[import-untyped]
import pytest

from tests.wiring.serving import serving
from tocsin.web.senders import opsgenie

Sdk: TypeAlias = Any  # An object of the client.

CONFIG = """
responders:
  ada: {name: Ada L., email: ada@example.com}
  bo: {}
  cy: {}
teams: {ops: {members: [ada, bo]}, shop: {members: [cy]}}
policies: {all-hands: {steps: [{ask: team}]}}
integrations: {default: {team: ops}}
"""

# The client reads headers in a way that its own HTTP library regrets.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:opsgenie_sdk", "ignore:.*getheaders.*")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with (
        pytest.MonkeyPatch.context() as patched,
        serving(tmp_path_factory.mktemp("opsgenie") / "tocsin.db", CONFIG) as (runtime, ready),
    ):
        patched.setattr(opsgenie, "WAITS_MAX", 400)  # The machine under a test may have other work.
        yield client_of(ready.url, runtime.made_key)


def client_of(host: str, key: str) -> Sdk:
    conf = opsgenie_sdk.configuration.Configuration()
    conf.host = host
    conf.api_key = {"Authorization": key}
    conf.retry_enabled = False
    return opsgenie_sdk.api_client.ApiClient(configuration=conf)


@pytest.fixture
def alerts(client: Sdk) -> Sdk:
    return opsgenie_sdk.AlertApi(api_client=client)


@pytest.fixture
def heartbeats(client: Sdk) -> Sdk:
    return opsgenie_sdk.HeartbeatApi(api_client=client)


def made(alerts: Sdk, **fields: Sdk) -> Sdk:
    """A new alert, as the client finds it."""
    payload = opsgenie_sdk.CreateAlertPayload(**{"message": "The disk is full", "priority": "P3", **fields})
    answer = alerts.create_alert(create_alert_payload=payload)
    assert answer.result == "Request will be processed"
    return alerts.get_alert(identifier=done(answer)).data


def done(answer: Sdk) -> str:
    """Wait until a request has been processed, as the client does; the alert's id."""
    status = answer.retrieve_result().data
    assert (status.is_success, status.integration_id) == (True, "default"), status
    return str(status.alert_id)


def test_create_and_get(alerts: Sdk) -> None:
    answer = alerts.create_alert(
        create_alert_payload=opsgenie_sdk.CreateAlertPayload(
            message="CPU of web-1 at 99 %",
            alias="web-1/cpu",
            description="It has been so for ten minutes.",
            responders=[{"type": "team", "name": "shop"}, {"type": "user", "username": "ada@example.com"}],
            tags=["web", "cpu"],
            details={"host": "web-1", "zone": "a"},
            actions=["restart"],
            entity="web-1",
            priority="P1",
            source="probe",
            user="probe",
            note="as it came",
        )
    )
    status = answer.retrieve_result().data
    assert (status.action, status.status, status.alias) == ("Create", "Created alert", "web-1/cpu")
    found = answer.retrieve_resulting_action().data
    assert found.id == status.alert_id
    assert (found.message, found.alias, found.priority, found.status) == (
        "CPU of web-1 at 99 %",
        "web-1/cpu",
        "P1",
        "open",
    )
    assert (found.entity, found.source, found.details) == ("web-1", "probe", {"host": "web-1", "zone": "a"})
    assert (found.tags, found.actions, found.count) == (["web", "cpu"], ["restart"], 1)
    assert {(each.type, each.id) for each in found.responders} == {("team", "shop"), ("user", "ada")}
    assert alerts.get_alert(identifier="web-1/cpu", identifier_type="alias").data.id == found.id
    assert alerts.get_alert(identifier=found.tiny_id, identifier_type="tiny").data.id == found.id
    assert [note.note for note in alerts.list_notes(identifier=found.id).data] == ["as it came"]


def test_an_alert_that_repeats_is_counted(alerts: Sdk) -> None:
    first = made(alerts, alias="queue")
    second = alerts.create_alert(
        create_alert_payload=opsgenie_sdk.CreateAlertPayload(message="The disk is full", alias="queue")
    )
    assert done(second) == first.id
    assert alerts.get_alert(identifier=first.id).data.count == 2


def test_an_alert_without_an_alias_has_its_id_for_one(alerts: Sdk) -> None:
    first, second = made(alerts), made(alerts)
    assert (first.alias, second.alias) == (first.id, second.id)
    assert first.id != second.id


def test_list_and_count(alerts: Sdk) -> None:
    name = made(alerts, message="needle in the hay", tags=["sewing", "hay"], priority="P2").id
    made(alerts, message="another needle", tags=["sewing"])
    query = "status: open AND message: needle AND tag: (sewing and hay)"
    listed = alerts.list_alerts(query=query, limit=5, sort="createdAt", order="desc")
    assert [each.id for each in listed.data] == [name]
    assert "offset=0" in listed.paging.first
    assert alerts.count_alerts(query="message: needle").data.count == 2
    assert alerts.count_alerts(query="message: needle priority: P2").data.count == 1


def test_pages(alerts: Sdk) -> None:
    names = [made(alerts, message=f"page {number}", tags=["pages"]).id for number in range(3)]
    first = alerts.list_alerts(query="tag: pages", limit=2, order="asc")
    second = alerts.list_alerts(query="tag: pages", limit=2, offset=2, order="asc")
    assert [each.id for each in (*first.data, *second.data)] == names
    assert "offset=2" in first.paging.next


def test_a_query_that_cannot_be_read_is_refused(alerts: Sdk) -> None:
    with pytest.raises(opsgenie_sdk.exceptions.ConfigurationException) as raised:
        alerts.list_alerts(query="status: open AND colour: red")
    assert raised.value.status == 422
    assert "at character 18: there is no field" in raised.value.body


def acted(alerts: Sdk, act: Callable[..., Sdk], identifier: str, *payload: Sdk) -> Sdk:
    """The alert after an act on it."""
    assert done(act(identifier, *payload)) == identifier
    return alerts.get_alert(identifier=identifier).data


def test_acknowledge_and_take_it_back(alerts: Sdk) -> None:
    name = made(alerts).id
    found = acted(alerts, acknowledging(alerts, user="Ada L.", note="on it"), name)
    assert (found.acknowledged, found.owner, found.report.acknowledged_by) == (True, "ada", "ada")
    found = acted(
        alerts,
        lambda which: alerts.un_acknowledge_alert(
            which, un_acknowledge_alert_payload=opsgenie_sdk.UnAcknowledgeAlertPayload(user="bo")
        ),
        name,
    )
    assert (found.acknowledged, found.owner) == (False, "")


def acknowledging(alerts: Sdk, **fields: str) -> Callable[[str], Sdk]:
    payload = opsgenie_sdk.AcknowledgeAlertPayload(**fields)
    return lambda which: alerts.acknowledge_alert(which, acknowledge_alert_payload=payload)


def test_close(alerts: Sdk) -> None:
    name = made(alerts).id
    payload = opsgenie_sdk.CloseAlertPayload(user="bo", note="emptied it", source="terminal")
    found = acted(alerts, lambda which: alerts.close_alert(which, close_alert_payload=payload), name)
    assert (found.status, found.report.closed_by) == ("closed", "bo")


def test_snooze(alerts: Sdk) -> None:
    name = made(alerts).id
    until = "2099-01-01T00:00:00Z"
    found = acted(alerts, alerts.snooze_alert, name, opsgenie_sdk.SnoozeAlertPayload(end_time=until, user="ada"))
    assert found.snoozed
    assert found.snoozed_until is not None


def test_notes_and_logs(alerts: Sdk) -> None:
    name = made(alerts).id
    done(alerts.add_note(name, opsgenie_sdk.AddNoteToAlertPayload(note="it is the log: again", user="ada")))
    [note] = alerts.list_notes(identifier=name).data
    assert (note.note, note.owner) == ("it is the log: again", "ada")
    assert any("opened" in each.log for each in alerts.list_logs(identifier=name).data)


def test_assign(alerts: Sdk) -> None:
    name = made(alerts).id
    payload = opsgenie_sdk.AssignAlertPayload(owner={"username": "cy"}, user="ada")
    found = acted(alerts, alerts.assign_alert, name, payload)
    assert [each.id for each in found.responders if each.type == "user"] == ["cy"]


def test_assigning_it_to_a_stranger_is_told_and_loses_nothing(alerts: Sdk, client: Sdk) -> None:
    name = made(alerts).id
    answer = alerts.assign_alert(name, opsgenie_sdk.AssignAlertPayload(owner={"username": "eve@example.com"}))
    client.configuration.short_polling_max_retries = 0
    try:
        status = answer.retrieve_result().data
    finally:
        client.configuration.short_polling_max_retries = 10
    assert (status.is_success, status.alert_id) == (False, name)
    assert "nobody knows eve@example.com here" in status.status
    assert "eve@example.com" in alerts.list_notes(identifier=name).data[0].note


def test_escalate(alerts: Sdk) -> None:
    name = made(alerts).id
    payload = opsgenie_sdk.EscalateAlertToNextPayload(escalation={"name": "all-hands"}, user="ada")
    found = acted(alerts, alerts.escalate_alert, name, payload)
    assert {each.id for each in found.responders if each.type == "user"} == {"ada", "bo"}


def test_add_responder_and_team(alerts: Sdk) -> None:
    name = made(alerts).id
    payload = opsgenie_sdk.AddResponderToAlertPayload(responder={"type": "user", "id": "cy"})
    found = acted(alerts, alerts.add_responder, name, payload)
    assert "cy" in {each.id for each in found.responders}
    found = acted(alerts, alerts.add_team, name, opsgenie_sdk.AddTeamToAlertPayload(team={"name": "ops"}))
    assert {each.id for each in found.responders if each.type == "user"} == {"ada", "bo", "cy"}
    people = alerts.list_recipients(identifier=name).data
    assert {each.user.username for each in people} == {"ada", "bo", "cy"}


def test_tags_and_details(alerts: Sdk) -> None:
    name = made(alerts, tags=["a"], details={"x": "1"}).id
    found = acted(alerts, alerts.add_tags, name, opsgenie_sdk.AddTagsToAlertPayload(tags=["b", "c"]))
    assert found.tags == ["a", "b", "c"]
    found = acted(alerts, alerts.remove_tags, name, ["a", "c"])
    assert found.tags == ["b"]
    found = acted(alerts, alerts.add_details, name, opsgenie_sdk.AddDetailsToAlertPayload(details={"y": "2"}))
    assert found.details == {"x": "1", "y": "2"}
    found = acted(alerts, alerts.remove_details, name, ["x"])
    assert found.details == {"y": "2"}


def test_priority_message_and_description(alerts: Sdk) -> None:
    name = made(alerts, alias="words").id
    found = acted(alerts, alerts.update_alert_priority, name, opsgenie_sdk.UpdateAlertPriorityPayload(priority="P5"))
    assert found.priority == "P5"
    found = acted(alerts, alerts.update_alert_message, name, opsgenie_sdk.UpdateAlertMessagePayload(message="Full"))
    assert found.message == "Full"
    payload = opsgenie_sdk.UpdateAlertDescriptionPayload(description="Since noon.")
    assert acted(alerts, alerts.update_alert_description, name, payload).description == "Since noon."


def test_a_custom_action_is_written_down(alerts: Sdk) -> None:
    name = made(alerts, actions=["restart"]).id
    acted(alerts, alerts.execute_custom_alert_action, name, "restart")
    assert "restart" in alerts.list_notes(identifier=name).data[0].note


def test_delete(alerts: Sdk) -> None:
    name = made(alerts, alias="gone").id
    done(alerts.delete_alert(name, source="terminal"))
    for identifier, kind in ((name, "id"), ("gone", "alias")):
        with pytest.raises(opsgenie_sdk.exceptions.ApiException) as raised:
            alerts.get_alert(identifier=identifier, identifier_type=kind)
        assert raised.value.status == 404
    assert alerts.count_alerts(query="alias: gone").data.count == 0


def test_what_does_not_exist_is_told_by_the_status(alerts: Sdk, client: Sdk) -> None:
    answer = alerts.close_alert("nothing", identifier_type="alias")
    client.configuration.short_polling_max_retries = 0
    try:
        status = answer.retrieve_result().data
    finally:
        client.configuration.short_polling_max_retries = 10
    assert (status.is_success, status.action, status.status) == (False, "Close", "Alert does not exist")


def test_a_request_that_was_never_made_is_not_found(alerts: Sdk) -> None:
    with pytest.raises(opsgenie_sdk.exceptions.ApiException) as raised:
        alerts.get_request_status("8e3bd6b7-97a8-4b4a-b7a2-2ae8a93e7e43")
    assert raised.value.status == 404


def test_a_wrong_key_is_told(client: Sdk) -> None:
    stranger = opsgenie_sdk.AlertApi(api_client=client_of(client.configuration.host, "test-stranger"))
    with pytest.raises(opsgenie_sdk.exceptions.AuthenticationException) as raised:
        stranger.list_alerts()
    assert raised.value.status == 401


def test_the_life_of_a_heartbeat(heartbeats: Sdk) -> None:
    payload = opsgenie_sdk.CreateHeartbeatPayload(
        name="backup",
        description="of the shop",
        interval=2,
        interval_unit="hours",
        enabled=True,
        alert_message="The backup has not run",
        alert_tags=["shop"],
        alert_priority="P2",
    )
    created = heartbeats.create_heartbeat(payload).data
    assert (created.name, created.interval, created.interval_unit) == ("backup", 2, "hours")
    assert (created.enabled, created.expired) == (True, False)
    assert heartbeats.ping("backup").result == "PONG - Heartbeat received"
    assert heartbeats.disable_heartbeat("backup").data.enabled is False
    assert heartbeats.enable_heartbeat("backup").data.enabled is True
    update = opsgenie_sdk.UpdateHeartbeatPayload(interval=30, interval_unit="minutes")
    assert heartbeats.update_heartbeat("backup", update_heartbeat_payload=update).data.name == "backup"
    found = heartbeats.get_heartbeat("backup").data
    assert (found.interval, found.interval_unit, found.description) == (30, "minutes", "of the shop")
    assert found.last_ping_time is not None
    assert "backup" in [each.name for each in heartbeats.list_heart_beats().data.heartbeats]
    assert heartbeats.delete_heartbeat("backup").result == "Deleted"
    with pytest.raises(opsgenie_sdk.exceptions.ApiException) as raised:
        heartbeats.get_heartbeat("backup")
    assert raised.value.status == 404
