"""The lives of alerts of monitoring services, one story a sender."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sources import monitoring_bodies as bodies
from tests.sources.bodies import grafana_group, grafana_member, member
from tocsin.kernel.json import Json

Step = tuple[str, Json, Mapping[str, str]]


def step(told: str, body: Json, **headers: str) -> Step:
    return told, body, {name.replace("_", "-"): value for name, value in headers.items()}


def form(told: str, fields: Json) -> Step:
    return step(told, bodies.form(fields), content_type=bodies.FORM)


def query(told: str, text: str, **headers: str) -> Step:
    return step(told, b"", x_tocsin_query=text, **headers)


MONITORING_STORY: dict[str, list[Step]] = {
    "grafana_blind": [
        step("a rule has no data", bodies.grafana_blind()),
        step("has data again", bodies.grafana_blind(status="resolved")),
        step("a rule fails", bodies.grafana_blind("DatasourceError")),
        step(
            "values without their text, and no annotation",
            grafana_group({**grafana_member(), "valueString": "", "annotations": {}}),
        ),
        step("sent again", {**grafana_group(member()), "notification_reason": "repeat interval elapsed"}),
        step("nothing in it", grafana_group()),
    ],
    "grafana_legacy": [
        step("fires", bodies.grafana_legacy()),
        step("loses its data", bodies.grafana_legacy("no_data", evalMatches=[])),
        step("is over", bodies.grafana_legacy("ok", evalMatches=[])),
        step("fires once more, late", bodies.grafana_legacy()),
        step("is paused", bodies.grafana_legacy("paused")),
        step("is pending", bodies.grafana_legacy("pending")),
        step("without an organisation", bodies.grafana_legacy(orgId=None, tags=None)),
    ],
    "oncall": [
        step("fires", bodies.formatted()),
        step("again", bodies.formatted(message="Nobody can pay, still.")),
        step("is over", bodies.formatted("ok")),
        step("by its address", bodies.formatted(), x_tocsin_form="formatted_webhook"),
        step("Zabbix sends it", bodies.formatted(), x_tocsin_form="zabbix"),
        step("a title alone, by its address", {"title": "Disk full", "state": "OK"}, x_tocsin_form="formatted_webhook"),
        step("an address that says nothing", {"title": "Disk full"}, x_tocsin_form="webhook"),
        step("for incident.io", bodies.incident_io()),
        step("over, for incident.io", bodies.incident_io("resolved")),
    ],
    "datadog": [
        step("fires", bodies.datadog()),
        step("again", bodies.datadog("Re-Triggered", last_updated=str(bodies.AT * 1000 + 60_000))),
        step("reminds", bodies.datadog("Renotify")),
        step("warns", bodies.datadog("Warn")),
        step("has no data", bodies.datadog("No Data")),
        step("is muted", bodies.datadog("Muted")),
        step("recovers", bodies.datadog("Recovered", last_updated=str(bodies.AT * 1000 + 120_000))),
        step("the first once more, late", bodies.datadog()),
        step("without a cycle", bodies.datadog(cycle_key="$ALERT_CYCLE_KEY", date=bodies.AT, last_updated=None)),
        step(
            "not a monitor",
            bodies.datadog(
                "",
                alert_id="$ALERT_ID",
                cycle_key="$ALERT_CYCLE_KEY",
                scope="$ALERT_SCOPE",
                title="A deployment",
                type="info",
                priority="normal",
            ),
        ),
        step("without a template", bodies.datadog_default()),
        step("recovers, without a template", bodies.datadog_default("Recovered")),
        step(
            "somebody else's template",
            {
                "alertId": "1234",
                "alertTransition": "Triggered",
                "alertType": "error",
                "title": "Load is high",
                "hostname": "web-1",
                "tags": "env:prod",
                "eventMsg": "Look.",
            },
        ),
        form("as a form", bodies.datadog("Warn")),
    ],
    "newrelic": [
        step("is created", bodies.newrelic("CREATED")),
        step("fires", bodies.newrelic()),
        step("worsens", bodies.newrelic(trigger="INCIDENT_ADDED", totalIncidents=2, updated=bodies.AT * 1000 + 1)),
        step("is acknowledged there", bodies.newrelic("ACKNOWLEDGED")),
        step("is closed", bodies.newrelic("CLOSED", bodies.AT * 1000 + 60_000)),
        step("the first once more, late", bodies.newrelic()),
        step("an incident opens", bodies.newrelic_incident()),
        step("is acknowledged", bodies.newrelic_incident("acknowledged")),
        step("closes", bodies.newrelic_incident("closed", timestamp=bodies.AT * 1000 + 60_000)),
        step("a test", bodies.newrelic_incident("test", incident_id=0, event_type="NOTIFICATION", severity="INFO")),
        step("by its address", bodies.newrelic_incident(), x_tocsin_form="newrelic"),
        step("a template with its own names", {"issueId": "7", "state": "activated", "condition_name": "Low storage"}),
    ],
    "uptimerobot": [
        query("down", bodies.form(bodies.uptimerobot()).decode()),
        query("up", bodies.form(bodies.uptimerobot(2, alertDateTime=bodies.AT + 60, alertDuration="60")).decode()),
        query("down once more, late", bodies.form(bodies.uptimerobot()).decode()),
        form("down, as a form", bodies.uptimerobot()),
        step("down, as JSON", bodies.uptimerobot()),
        step("its certificate", bodies.uptimerobot(3, sslExpiryDaysLeft="7")),
        step("in another spelling", bodies.uptimerobot_snake()),
        step("up, in another spelling", bodies.uptimerobot_snake(2)),
    ],
    "uptime_kuma": [
        step("down", bodies.kuma()),
        step("up", bodies.kuma(1, "2023-11-14 22:14:20.000")),
        step("down once more, late", bodies.kuma()),
        step("pending", bodies.kuma(2)),
        step("maintenance", bodies.kuma(3)),
        query("down, as a query", bodies.kuma_query()),
        step("down, as a form in parts", bodies.kuma_parts(), content_type="multipart/form-data; boundary=edge"),
        step("a certificate", {"heartbeat": None, "monitor": None, "msg": "[Shop] certificate expires in 14 days"}),
        step("in 7 days", {"heartbeat": None, "monitor": None, "msg": "[Shop] certificate expires in 7 days"}),
    ],
    "pingdom": [
        step("down", bodies.pingdom()),
        step("up", bodies.pingdom("UP", bodies.AT + 60, previous_state="DOWN")),
        step("down once more, late", bodies.pingdom()),
        step("of low importance", bodies.pingdom(importance_level="LOW")),
        step("a transaction", bodies.pingdom("FAILING", check_type="TRANSACTION", check_params={})),
        step("succeeds", bodies.pingdom("SUCCESS", check_type="TRANSACTION", check_params={})),
        step("paused", bodies.pingdom("PAUSED")),
    ],
    "statuscake": [
        form("down", bodies.statuscake()),
        form("up", bodies.statuscake("Up", StatusCode="200")),
        step("as JSON, without an id", {"Name": "Shop", "Status": "DOWN", "StatusCode": 0, "URL": "https://x.example"}),
        query("as a query", "URL=https%3A%2F%2Fshop.example&Token=test-token&Name=Shop&Status=Up"),
    ],
    "site24x7": [
        step("down", bodies.site24x7()),
        step("up", bodies.site24x7("UP", INCIDENT_TIME_ISO="2023-11-14T22:14:20+0000")),
        step("down once more, late", bodies.site24x7()),
        step("in trouble", bodies.site24x7("TROUBLE")),
        step("critical", bodies.site24x7("CRITICAL")),
        form("as a form", {**bodies.site24x7(), "TAGS": "env:prod"}),
    ],
    "healthchecks": [
        step("down", bodies.healthchecks()),
        step("up", bodies.healthchecks("up")),
        step("late", bodies.healthchecks("grace")),
        step(
            "a template",
            {"name": "Backup", "status": "down", "code": "7", "now": "2023-11-14T22:13:20+00:00", "tags": ["prod"]},
            x_tocsin_form="healthchecks",
        ),
    ],
    "statuspage": [
        step("is looked into", bodies.statuspage_incident()),
        step("is watched", bodies.statuspage_incident("monitoring", updated_at="2023-11-14T22:14:20.000Z")),
        step("is over", bodies.statuspage_incident("resolved", updated_at="2023-11-14T22:15:20.000Z", impact="none")),
        step("the first once more, late", bodies.statuspage_incident()),
        step("the report", bodies.statuspage_incident("postmortem", updated_at="2023-11-15T22:15:20.000Z")),
        step("planned", bodies.statuspage_incident("scheduled", impact="maintenance", incident_updates=[])),
        step("a component is out", bodies.statuspage_component()),
        step("is degraded", bodies.statuspage_component("degraded_performance")),
        step("works", bodies.statuspage_component("operational")),
        step("is maintained", bodies.statuspage_component("under_maintenance")),
    ],
    "zabbix": [
        step("a problem", bodies.zabbix()),
        step(
            "is acknowledged there",
            bodies.zabbix(
                event_update_status="1", event_update_action="acknowledged, commented", event_update_message="Mine"
            ),
        ),
        step("is not any more", bodies.zabbix(event_update_status="1", event_update_action="unacknowledged")),
        step("recovers", bodies.zabbix("0")),
        step("the problem once more, late", bodies.zabbix()),
        step("another problem of the same trigger", bodies.zabbix(event="502", event_timestamp=str(bodies.AT + 90))),
        step(
            "a template of somebody else's",
            {
                "hostname": "db-1",
                "item": "Free space is 3 %",
                "trigger": "Disk is full",
                "severity": "Disaster",
                "status": "PROBLEM",
                "link": "https://zabbix.example/tr_events.php?triggerid=99",
            },
        ),
        step(
            "over, of somebody else's",
            {
                "hostname": "db-1",
                "item": "Free space is 30 %",
                "trigger": "Disk is full",
                "severity": "Disaster",
                "status": "OK",
            },
        ),
    ],
    "sensu": [
        step("is critical", bodies.sensu()),
        step("warns", bodies.sensu(1, bodies.AT + 30)),
        step("passes", bodies.sensu(0, bodies.AT + 60)),
        step("critical once more, late", bodies.sensu()),
        step("is not known", bodies.sensu(3)),
        step(
            "an old one",
            {
                "client": {"name": "db-1"},
                "check": {"name": "disk", "status": 2, "output": "full", "issued": bodies.AT},
                "action": "create",
            },
        ),
    ],
    "nagios": [
        form("a problem", bodies.nagios()),
        form("is acknowledged", bodies.nagios("ACKNOWLEDGEMENT", NOTIFICATIONCOMMENT="Mine", NOTIFICATIONAUTHOR="ada")),
        form("recovers", bodies.nagios("RECOVERY", TIMET=str(bodies.AT + 60))),
        form("the problem once more, late", bodies.nagios()),
        form("downtime", bodies.nagios("DOWNTIMESTART")),
        form(
            "a host",
            {
                "NAGIOS_NOTIFICATIONTYPE": "PROBLEM",
                "NAGIOS_HOSTNAME": "db-1",
                "NAGIOS_HOSTSTATE": "DOWN",
                "NAGIOS_HOSTOUTPUT": "no answer",
            },
        ),
        step(
            "Icinga",
            {
                "notification_type": "PROBLEM",
                "host_name": "db-1",
                "service_name": "disk",
                "service_state": "UNKNOWN",
            },
        ),
    ],
    "prtg": [
        form("down", bodies.prtg()),
        form("is acknowledged", bodies.prtg("Down (Acknowledged)")),
        form("warns", bodies.prtg("Warning")),
        form("up", bodies.prtg("Down ended (now: Up)")),
        form("is not known", bodies.prtg("Unknown")),
        form("paused", bodies.prtg("Paused")),
    ],
    "kapacitor": [
        step("critical", bodies.kapacitor()),
        step("warns", bodies.kapacitor("WARNING", "2023-11-14T22:13:50Z")),
        step("is over", bodies.kapacitor("OK", "2023-11-14T22:14:20Z")),
        step("critical once more, late", bodies.kapacitor()),
    ],
    "query": [
        query("fires", "message=Disk%20full&host=db-1&severity=critical"),
        query("over", "message=Disk%20full&host=db-1&state=ok"),
        query("text", "disk%20full+on%20db-1"),
        query("a credential in it", "token=test-secret&summary=Disk+full"),
        query("nothing but a credential", "token=test-secret"),
        query("a key in the header", "summary=Disk+full", x_alert_key="disk-7"),
        query("GoAlert", "summary=Disk+full&details=97+%25&dedup=disk-7&meta=env=prod&meta=host=db-1"),
        query("closed, as GoAlert", "summary=Disk+full&action=close&dedup=disk-7"),
        step("the body counts", {"title": "Disk full"}, x_tocsin_query="title=other"),
    ],
    "generic_union": [
        step("tags", {"title": "Disk full", "tags": ["env:prod", "db"], "meta": {"rack": "7"}}),
        step("tags as a text", {"title": "Disk full", "tags": "env:prod, db"}),
        step("tags as an object", {"title": "Disk full", "tags": {"env": "prod"}}),
        step("an identity of OnCall", {"name": "Disk full", "alert_uid": "u-7", "state": "ok"}),
        step("a time as a text", {"title": "Disk full", "timestamp": "1700000000"}),
    ],
}
