"""What the stories of monitoring services do not tell: wrong types, lookalikes, templates, and other ways in."""

from __future__ import annotations

import json

import pytest

from tests.sources import bodies, monitoring_bodies
from tests.sources.bodies import NOW, encoded
from tests.sources.monitoring_bodies import FORM, TEMPLATES, form
from tests.sources.monitoring_stories import MONITORING_STORY
from tocsin.incidents.alerts import TAGS_MAX, Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Problem, Reading, monitors, read, shapes, tags, words
from tocsin.sources import form as forms


def reading(body: Json, headers: dict[str, str] | None = None) -> Reading:
    return read(headers or {}, body if isinstance(body, bytes) else encoded(body), received_at=NOW)


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


# What all of them have in common


@pytest.mark.parametrize("body", monitoring_bodies.REAL, ids=lambda body: " ".join(list(body)[:3]))
def test_an_alert_fires_and_its_key_does_not_know_the_state(body: Json) -> None:
    alert = only(reading(body))
    assert alert.status is AlertStatus.FIRING
    assert alert.source not in {"json", "form"}
    keyed = only(reading(body, {"x-alert-key": "mine"}))
    assert keyed.dedup_key == (alert.dedup_key if "alerts" in body else "mine")  # A group has as many keys as alerts.


@pytest.mark.parametrize(
    ("fires", "over"),
    [
        (monitoring_bodies.grafana_blind(), monitoring_bodies.grafana_blind(status="resolved")),
        (monitoring_bodies.grafana_legacy(), monitoring_bodies.grafana_legacy("ok")),
        (monitoring_bodies.formatted(), monitoring_bodies.formatted("ok")),
        (monitoring_bodies.incident_io(), monitoring_bodies.incident_io("resolved")),
        (monitoring_bodies.datadog(), monitoring_bodies.datadog("Recovered")),
        (monitoring_bodies.datadog_default(), monitoring_bodies.datadog_default("Recovered", id="9")),
        (monitoring_bodies.newrelic(), monitoring_bodies.newrelic("CLOSED")),
        (monitoring_bodies.newrelic_incident(), monitoring_bodies.newrelic_incident("closed")),
        (monitoring_bodies.uptimerobot(), monitoring_bodies.uptimerobot(2)),
        (monitoring_bodies.kuma(), monitoring_bodies.kuma(1)),
        (monitoring_bodies.pingdom(), monitoring_bodies.pingdom("UP")),
        (monitoring_bodies.statuscake(), monitoring_bodies.statuscake("Up")),
        (monitoring_bodies.site24x7(), monitoring_bodies.site24x7("UP")),
        (monitoring_bodies.healthchecks(), monitoring_bodies.healthchecks("up")),
        (monitoring_bodies.statuspage_incident(), monitoring_bodies.statuspage_incident("resolved")),
        (monitoring_bodies.statuspage_component(), monitoring_bodies.statuspage_component("operational")),
        (monitoring_bodies.zabbix(), monitoring_bodies.zabbix("0")),
        (monitoring_bodies.sensu(), monitoring_bodies.sensu(0)),
        (monitoring_bodies.nagios(), monitoring_bodies.nagios("RECOVERY")),
        (monitoring_bodies.prtg(), monitoring_bodies.prtg("Up")),
        (monitoring_bodies.kapacitor(), monitoring_bodies.kapacitor("OK")),
    ],
    ids=lambda body: " ".join(list(body)[:3]),
)
def test_what_is_over_is_found_by_what_fired(fires: Json, over: Json) -> None:
    first, last = only(reading(fires)), only(reading(over))
    assert (last.status, last.dedup_key) == (AlertStatus.RESOLVED, first.dedup_key)
    assert last.group_key == first.group_key


TIMELESS = {"grafana_legacy"}  # The sender tells no time, so its late messages cannot be known.


@pytest.mark.parametrize(
    "name",
    [name for name, steps in MONITORING_STORY.items() if any("late" in told.split() for told, _, _ in steps)],
)
def test_what_comes_late_is_older_than_the_recovery_that_it_follows(name: str) -> None:
    over: Alert | None = None
    for told, body, headers in MONITORING_STORY[name]:
        alert = next(iter(reading(body, dict(headers)).alerts), None)
        if alert and alert.status is AlertStatus.RESOLVED:
            over = alert
        elif alert and "late" in told.split() and name not in TIMELESS:
            assert over is not None
            assert (alert.dedup_key, alert.status) == (over.dedup_key, AlertStatus.FIRING)
            assert (alert.occurred_at or 0) < (over.occurred_at or 0)


@pytest.mark.parametrize("body", monitoring_bodies.REAL[1:], ids=lambda body: " ".join(list(body)[:3]))
@pytest.mark.parametrize("wrong", [None, 7, "x", [], [7], {}, {"a": {"b": []}}, True])
def test_any_field_may_have_any_type(body: dict[str, Json], wrong: Json) -> None:
    for name in body:
        found = reading({**body, name: wrong})
        assert found.alerts or found.fact or found.problems


@pytest.mark.parametrize("word", sorted(monitors.BY_FORM))
@pytest.mark.parametrize("body", [{}, {"a": 1}, {"title": "x"}, {"status": "firing", "alerts": []}])
def test_an_address_that_names_another_format_loses_nothing(word: str, body: Json) -> None:
    found = reading(body, {"x-tocsin-form": word})
    assert found.alerts or found.problems or found.fact


@pytest.mark.parametrize("word", ["webhook", "elastalert", "fabric", "manual", "maintenance", "inbound_email", "?"])
def test_a_word_without_a_format_is_ignored(word: str) -> None:
    assert only(reading(monitoring_bodies.sensu(), {"x-tocsin-form": word})).source == "sensu"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "7", "level": "CRITICAL", "message": "x"},
        {"title": "x", "status": "firing"},
        {"status": "down", "name": "x", "url": "https://x.example"},
        {"entity": "x", "check": "y"},
        {"page": "x", "incident": "y"},
        {"heartbeat": 1, "monitor": 2},
        {"trigger": "x", "status": "y"},
        {"ruleId": "", "ruleName": "", "state": "x"},
    ],
)
def test_what_only_looks_like_one_is_any_json(body: Json) -> None:
    assert only(reading(body)).source == "json"


# Templates to copy


@pytest.mark.parametrize("name", ["datadog.json", "zabbix.json"])
def test_a_template_that_nobody_has_filled_in_is_an_alert(name: str) -> None:
    template = json.loads((TEMPLATES / name).read_text(encoding="utf-8"))
    assert only(reading(template)).status is AlertStatus.FIRING


def test_our_template_for_datadog_gives_every_figure_a_place() -> None:
    alert = only(reading(monitoring_bodies.datadog()))
    assert (alert.severity, alert.resource, alert.occurred_at) == (Severity.CRITICAL, "web-1", NOW)
    assert alert.tags == ("env:prod", "host:web-1", "monitor", "team:shop")
    assert alert.labels["team"] == "shop"
    assert "$" not in repr(alert)


def test_our_template_for_zabbix_is_understood_whatever_zabbix_leaves_as_it_is() -> None:
    alert = only(reading(monitoring_bodies.zabbix()))
    assert (alert.severity, alert.occurred_at) == (Severity.HIGH, NOW)
    assert "{EVENT" not in repr(alert)
    assert "UNKNOWN" not in repr(alert)


def test_the_script_for_zabbix_posts_the_parameters() -> None:
    script = (TEMPLATES / "zabbix.js").read_text(encoding="utf-8")
    assert "JSON.parse(value)" in script
    assert "JSON.stringify(params)" in script


# Datadog


@pytest.mark.parametrize(
    ("title", "name", "status"),
    [
        ("[Triggered] [Memory]", "[Memory]", AlertStatus.FIRING),
        ("[Recovered on {host:a}] Load", "Load", AlertStatus.RESOLVED),
        ("[P1] [Warn on {host:a,env:b}] Load", "Load", AlertStatus.FIRING),
        ("[Recovered]", "[Recovered]", AlertStatus.RESOLVED),
        ("[shop] Load", "[shop] Load", AlertStatus.FIRING),
        ("Load [Recovered]", "Load [Recovered]", AlertStatus.FIRING),
    ],
)
def test_a_title_of_datadog_tells_the_state_where_nothing_else_does(title: str, name: str, status: AlertStatus) -> None:
    alert = only(reading(monitoring_bodies.datadog_default(title=title)))
    assert (alert.title, alert.status) == (name, status)


def test_two_scopes_of_one_monitor_are_two_matters() -> None:
    keys = {
        only(reading(monitoring_bodies.datadog(cycle_key="$ALERT_CYCLE_KEY", scope=f"host:{host}"))).dedup_key
        for host in "ab"
    } | {
        only(reading(monitoring_bodies.datadog_default(title=f"[Triggered on {{host:{host}}}] Load"))).dedup_key
        for host in "ab"
    }
    assert len(keys) == 4


def test_an_event_of_datadog_without_a_title_is_still_told() -> None:
    found = reading({"event_type": "x", "last_updated": "1", "org": {}, "body": "words", "title": None})
    assert only(found).source == "json"


@pytest.mark.parametrize(
    ("kind", "status"), [("success", AlertStatus.RESOLVED), ("warning", AlertStatus.FIRING), ("x", AlertStatus.FIRING)]
)
def test_an_event_that_is_no_monitors_is_as_its_type(kind: str, status: AlertStatus) -> None:
    alert = only(reading(monitoring_bodies.datadog("", title="Deployed", alert_type=kind, type=kind)))
    assert (alert.status, alert.kind) == (status, Kind.ALERT)


# The others


def test_up_does_not_end_what_was_said_of_the_certificate() -> None:
    up, certificate = (only(reading(monitoring_bodies.uptimerobot(kind))) for kind in (2, 3))
    assert up.dedup_key != certificate.dedup_key


def test_all_spellings_of_a_name_are_one() -> None:
    fields = {"Monitor_Url": 1, "monitorURL": 2, "MONITORFRIENDLYNAME": 3}
    assert shapes.folded(fields) == {"monitorurl": 2, "monitorfriendlyname": 3}


@pytest.mark.parametrize(
    "text", ["*monitorURL*", "$ALERT_ID", "${name}", "{EVENT.ID}", "{$ZABBIX.URL}", "%down", "|URL|"]
)
def test_what_a_template_left_is_nothing(text: str) -> None:
    assert shapes.is_placeholder(text)


@pytest.mark.parametrize("text", ["", "Shop", "$100 are missing", "97 %", "{oops}", "*", "a*b*", "*" * 100, "{a}"])
def test_what_people_write_is_no_placeholder(text: str) -> None:
    assert not shapes.is_placeholder(text)


def test_a_credential_of_statuscake_is_never_shown() -> None:
    assert "test-token" not in repr(only(reading(form(monitoring_bodies.statuscake()), {"content-type": FORM})))


@pytest.mark.parametrize("told", [None, "", " ", 7, "{", "[]", '"x"'])
def test_a_heartbeat_of_kuma_may_be_broken(told: Json) -> None:
    found = reading({"heartbeat": told, "monitor": told, "msg": "Shop is down"})
    assert only(found).title == "Shop is down"


def test_a_message_of_kuma_may_be_given_its_key() -> None:
    body = monitoring_bodies.kuma(heartbeat=None, monitor=None)
    assert only(reading(body, {"x-alert-key": "mine"})).dedup_key == "mine"


def test_a_page_without_an_incident_and_a_component_is_any_json() -> None:
    assert only(reading({"page": {"id": "x"}, "component": {}, "title": "y"})).source == "json"


def test_an_incident_without_updates_has_no_description() -> None:
    body = monitoring_bodies.statuspage_incident(incident_updates=[{"body": ""}, 7], components=7)
    assert only(reading(body)).description == ""


@pytest.mark.parametrize("more", [{"targets": 7}, {"targets": []}, {"targets": [7]}, {"targets": [{"labels": 7}]}])
def test_the_targets_of_an_incident_may_be_anything(more: Json) -> None:
    assert only(reading(monitoring_bodies.newrelic_incident(**more))).dedup_key == "newrelic:1234"


def test_a_check_of_sensu_without_a_name_is_any_json() -> None:
    assert only(reading(monitoring_bodies.sensu(check={"status": 2}))).source == "json"
    assert only(reading(monitoring_bodies.sensu(entity={}))).title == "disk"


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"HOSTSTATE": "DOWN", "SERVICEDESC": None}, "db-1 is down"),
        ({"SERVICEDESC": None}, "db-1"),
        ({"HOSTNAME": "$HOSTNAME$"}, "disk on $HOSTNAME$"),
        ({"HOSTNAME": None}, "disk"),
    ],
)
def test_a_notification_of_nagios_has_a_title(more: Json, title: str) -> None:
    assert only(reading(monitoring_bodies.nagios(**more))).title == title


def test_a_rule_without_its_name_is_an_alert_of_grafana_as_any() -> None:
    body = monitoring_bodies.grafana_blind()
    del body["alerts"][0]["labels"]["rulename"]
    assert only(reading(body)).title == "DatasourceNoData"


def test_values_of_grafana_may_be_anything() -> None:
    member = {**bodies.grafana_member(), "valueString": "", "values": [1], "annotations": {"summary": "x"}}
    assert only(reading(bodies.grafana_group(member))).description == ""


def test_an_alert_of_oncall_without_a_title_is_told_by_its_identity() -> None:
    assert only(reading({"alert_uid": "u-7", "state": "alerting"})).title == "oncall u-7"


def test_without_an_identity_the_title_is_one() -> None:
    one, other = (only(reading({"name": n}, {"x-tocsin-form": "formatted_webhook"})) for n in ("a", "b"))
    assert one.dedup_key != other.dedup_key


# Forms, queries, tags, words


def test_a_form_in_parts_is_read_without_its_files() -> None:
    text = (
        '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nDisk full\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nbinary\r\n'
        "--b\r\nContent-Disposition: attachment\r\n\r\nnothing\r\n--b--\r\n"
    )
    alert = only(reading(text.encode(), {"content-type": 'multipart/form-data; boundary="b"'}))
    assert (alert.title, alert.labels) == ("Disk full", {})


@pytest.mark.parametrize("media", ["multipart/form-data", "multipart/form-data; boundary=other"])
def test_what_has_no_parts_is_text(media: str) -> None:
    assert only(reading(b"--b disk full", {"content-type": media})).source == "text"
    assert forms.parse_parts(media, b"x") is None


def test_a_field_of_data_among_others_is_a_field() -> None:
    found = reading(form({"title": "Disk full", "data": '{"title": "x"}'}), {"content-type": FORM})
    assert only(found).title == "Disk full"


def test_broken_json_in_the_only_field_is_a_problem() -> None:
    (problem,) = reading(form({"data": "{oops"}), {"content-type": FORM}).problems
    assert problem.place == "data"


@pytest.mark.parametrize("query", ["", "  ", "+", "%20"])
def test_a_query_that_says_nothing_is_a_problem(query: str) -> None:
    assert reading(b"", {"x-tocsin-query": query}).problems == (Problem("body", "it is empty"),)


@pytest.mark.parametrize("name", ["token", "access_token", "API_KEY", "apikey"])
def test_a_credential_in_a_query_is_nowhere_in_what_is_read(name: str) -> None:
    assert "test-secret" not in repr(reading(b"", {"x-tocsin-query": f"{name}=test-secret&title=x"}))


def test_a_query_with_broken_characters_gives_an_alert_that_can_be_stored() -> None:
    alert = only(reading(b"", {"x-tocsin-query": "key=a\udcffb&title=%ff%00x"}))
    assert alert.dedup_key == "a?b"
    assert alert.title == "\ufffd x"


def test_tags_are_few_and_different() -> None:
    assert tags.read("a, b,,a , c:d") == ("a", "b", "c:d")
    assert tags.read([1, None, {"a": 1}, " ", "x" * 1000])[0] == "1"
    assert len(tags.read([str(number) for number in range(1000)])) == TAGS_MAX
    assert tags.read({"a": 1}) == tags.read(None) == ()
    assert dict(tags.labels(("a:b:c", ":x", "y:", "z"))) == {"a": "b:c"}


@pytest.mark.parametrize("word", ["passing", "operational", "fixed", "clear", "online", "good", "succeeded"])
def test_the_words_of_monitors_end_an_alert(word: str) -> None:
    assert words.status(word) is AlertStatus.RESOLVED


@pytest.mark.parametrize("word", ["completed", "inactive", "finished", "ended", "false", "done"])
def test_a_word_that_may_hide_a_failure_ends_nothing(word: str) -> None:
    assert words.status(word) is AlertStatus.FIRING


def test_goalerts_meta_may_be_an_object_or_nonsense() -> None:
    assert only(reading({"summary": "x", "meta": {"a": "b"}})).labels == {"a": "b"}
    assert only(reading({"summary": "x", "meta": "words"})).labels == {"meta": "words"}
