"""Bodies as monitoring services write them, with invented names."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

from tests.sources.bodies import grafana_group, grafana_member
from tocsin.kernel.json import Json

FORM = "application/x-www-form-urlencoded"
TEMPLATES = Path(__file__).parents[2] / "docs" / "templates"
AT = 1_700_000_000  # 2023-11-14T22:13:20Z, in seconds.


def form(fields: Json) -> bytes:
    return urlencode(fields).encode()


def grafana_blind(name: str = "DatasourceNoData", status: str = "firing", **more: Json) -> Json:
    """What Grafana says of a rule that sees nothing."""
    labels = {
        "alertname": name,
        "rulename": "HighLoad",
        "grafana_folder": "ops",
        "datasource_uid": "P1",
        "ref_id": "A",
        "severity": "critical",
    }
    member = grafana_member(status)
    return grafana_group(
        {**member, "labels": labels, "annotations": {"Error": "timeout"}, "fingerprint": "f1", "values": None, **more}
    )


def grafana_legacy(state: str = "alerting", **more: Json) -> dict[str, Json]:
    return {
        "title": f"[{state.title()}] Load of db-1",
        "ruleId": 7,
        "ruleName": "Load of db-1",
        "ruleUrl": "http://grafana.example:3000/d/abc?viewPanel=2",
        "state": state,
        "message": "The load is high.",
        "imageUrl": "https://grafana.example/render.png",
        "orgId": 1,
        "dashboardId": 3,
        "panelId": 2,
        "tags": {"severity": "critical", "team": "ops"},
        "evalMatches": [{"value": 12.5, "metric": "load1", "tags": {"host": "db-1"}}],
        **more,
    }


def formatted(state: str = "alerting", **more: Json) -> dict[str, Json]:
    """The formatted webhook of Grafana OnCall."""
    return {
        "alert_uid": "08d6891a",
        "title": "The shop is down",
        "image_url": "https://grafana.example/shop.png",
        "state": state,
        "link_to_upstream_details": "https://status.example/shop",
        "message": "Nobody can pay.",
        **more,
    }


def incident_io(status: str = "firing", **more: Json) -> dict[str, Json]:
    return {
        "title": "Queue is long",
        "status": status,
        "deduplication_key": "queue-7",
        "description": "5,000 orders wait.",
        "source_url": "https://queues.example/7",
        "metadata": {"team": "shop", "severity": "warning"},
        **more,
    }


def datadog(transition: str = "Triggered", **more: Json) -> dict[str, Json]:
    """Our template, filled in."""
    given = {
        "$ID": "2200000000000000001",
        "$ALERT_ID": "1234",
        "$ALERT_CYCLE_KEY": "9223372036854775807",
        "$AGGREG_KEY": "9bd4ac313a4d1e8fae2482df7b77628",
        "$ALERT_TRANSITION": transition,
        "$ALERT_PRIORITY": "P1",
        "$ALERT_TYPE": {"Recovered": "success", "Warn": "warning"}.get(transition, "error"),
        "$EVENT_TITLE": f"[{transition} on {{host:web-1}}] Load of web-1 is high",
        "$TEXT_ONLY_MSG": "The load is above 10.",
        "$LINK": "https://app.datadoghq.com/event/event?id=1",
        "$ALERT_SCOPE": "host:web-1,env:prod",
        "$TAGS": "env:prod,host:web-1,monitor,team:shop",
        "$HOSTNAME": "web-1",
        "$DATE": str(AT * 1000),
        "$LAST_UPDATED": str(AT * 1000),
        "$ORG_ID": "11",
        "$ORG_NAME": "Shop",
        "$ALERT_METRIC": "system.load.1",
        "$ALERT_QUERY": "avg(last_1m):avg:system.load.1{*} by {host} > 10",
    }
    template = json.loads((TEMPLATES / "datadog.json").read_text(encoding="utf-8"))
    return {**{name: given[variable] for name, variable in template.items()}, **more}


def datadog_default(state: str = "Triggered", **more: Json) -> dict[str, Json]:
    """What Datadog posts without a template."""
    return {
        "body": "The load is above 10.\n@webhook-tocsin",
        "last_updated": str(AT * 1000),
        "event_type": "metric_alert_monitor",
        "title": f"[P2] [{state} on {{host:web-1}}] Load of web-1 is high",
        "date": str(AT * 1000),
        "org": {"id": "11", "name": "Shop"},
        "id": "2200000000000000001",
        **more,
    }


def newrelic(state: str = "ACTIVATED", updated: int = AT * 1000, **more: Json) -> dict[str, Json]:
    return {
        "id": "c5faa7e6",
        "issueUrl": "https://radar-api.service.newrelic.com/accounts/1/issues/c5faa7e6",
        "title": "shop query result is > 1.0 for 1 minutes on 'Low storage'",
        "priority": "CRITICAL",
        "impactedEntities": ["shop", "shop-db"],
        "totalIncidents": 1,
        "state": state,
        "trigger": "STATE_CHANGE",
        "isCorrelated": False,
        "createdAt": AT * 1000 - 1000,
        "updatedAt": updated,
        "sources": ["newrelic"],
        "alertPolicyNames": ["Golden signals"],
        "alertConditionNames": ["Low storage"],
        "workflowName": "shop",
        **more,
    }


def newrelic_incident(state: str = "open", **more: Json) -> dict[str, Json]:
    """What the older notification channels post."""
    return {
        "account_name": "Shop",
        "condition_name": "Server down",
        "current_state": state,
        "details": "Monitor failed for location San Francisco",
        "event_type": "INCIDENT",
        "incident_id": 1234,
        "incident_url": "https://alerts.newrelic.com/accounts/1/incidents/1234",
        "owner": "",
        "policy_name": "Shop",
        "runbook_url": "https://wiki.example/runbooks/server",
        "severity": "WARNING",
        "targets": [{"name": "synthetic", "product": "SYNTHETICS", "labels": {"period": "5"}}],
        "timestamp": AT * 1000,
        **more,
    }


def uptimerobot(kind: int = 1, **more: Json) -> dict[str, Json]:
    return {
        "monitorID": "77",
        "monitorURL": "https://shop.example",
        "monitorFriendlyName": "Shop",
        "alertType": str(kind),
        "alertTypeFriendlyName": {1: "Down", 2: "Up", 3: "SSL expiry"}[kind],
        "alertDetails": "HTTP 503",
        "alertDuration": "*alertDuration*",
        "alertDateTime": str(AT),
        "monitorAlertContacts": "ops",
        "sslExpiryDate": "*sslExpiryDate*",
        "sslExpiryDaysLeft": "$sslExpiryDaysLeft",
        **more,
    }


def uptimerobot_snake(kind: int = 1) -> dict[str, Json]:
    return {
        "monitor_url": "https://shop.example",
        "monitor_friendly_name": "Shop",
        "alert_type": str(kind),
        "alert_type_friendly_name": {1: "Down", 2: "Up", 3: "SSL expiry"}[kind],
        "alert_details": "HTTP 503",
        "alert_friendly_duration": "*alertFriendlyDuration*",
    }


def kuma(status: int = 0, time: str = "2023-11-14 22:13:20.000", **more: Json) -> dict[str, Json]:
    return {
        "heartbeat": {
            "monitorID": 29,
            "status": status,
            "time": time,
            "msg": "getaddrinfo ENOTFOUND shop.example",
            "important": True,
            "duration": 0,
        },
        "monitor": {
            "id": 29,
            "name": "Shop",
            "description": None,
            "pathName": "Web / Shop",
            "url": "https://shop.example",
            "hostname": None,
            "type": "http",
        },
        "msg": "[Shop] [Down] getaddrinfo ENOTFOUND shop.example",
        **more,
    }


def kuma_query(status: int = 0) -> str:
    """The same as a query, where GET is chosen."""
    return urlencode({name: item if isinstance(item, str) else json.dumps(item) for name, item in kuma(status).items()})


def kuma_parts() -> bytes:
    """The same as a form in parts."""
    head = 'Content-Disposition: form-data; name="data"'
    return f"--edge\r\n{head}\r\n\r\n{json.dumps(kuma())}\r\n--edge--\r\n".encode()


def pingdom(state: str = "DOWN", at: int = AT, **more: Json) -> dict[str, Json]:
    return {
        "check_id": 2048467,
        "check_name": "Shop",
        "check_type": "HTTP",
        "check_params": {"full_url": "https://shop.example/", "hostname": "shop.example", "port": 443},
        "tags": ["shop"],
        "previous_state": "UP",
        "current_state": state,
        "importance_level": "HIGH",
        "state_changed_timestamp": at,
        "state_changed_utc_time": "2023-11-14T22:13:20",
        "long_description": "Non-recoverable failure in name resolution",
        "description": "DNS error",
        "first_probe": {"ip": "192.0.2.1", "location": "Amsterdam"},
        "second_probe": {"ip": "192.0.2.2", "location": "Calgary"},
        **more,
    }


def statuscake(status: str = "Down", **more: Json) -> dict[str, Json]:
    return {
        "Token": "test-token",
        "Status": status,
        "StatusCode": "503",
        "URL": "https://shop.example",
        "IP": "192.0.2.1",
        "Tags": "shop,web",
        "Checkrate": "300",
        "Name": "Shop",
        "TestID": "7",
        **more,
    }


def site24x7(status: str = "DOWN", **more: Json) -> dict[str, Json]:
    return {
        "MONITORNAME": "Shop",
        "MONITORURL": "https://shop.example",
        "MONITORID": "100000",
        "MONITORTYPE": "URL",
        "STATUS": status,
        "INCIDENT_REASON": "Host unavailable",
        "INCIDENT_TIME": "November 14, 2023 10:13 PM UTC",
        "INCIDENT_TIME_ISO": "2023-11-14T22:13:20+0000",
        "FAILED_LOCATIONS": "Berlin",
        "MONITOR_DASHBOARD_LINK": "https://www.site24x7.example/app/client#/home/monitors/1",
        "TAGS": ["env:prod"],
        **more,
    }


def healthchecks(status: str = "down") -> dict[str, Json]:
    return {
        "name": "Backup",
        "slug": "backup",
        "tags": "prod db",
        "desc": "The nightly backup.",
        "grace": 3600,
        "n_pings": 12,
        "status": status,
        "started": False,
        "last_ping": "2023-11-13T22:00:00+00:00",
        "next_ping": "2023-11-14T22:00:00+00:00",
        "unique_key": "a6c7b0a8",
        "timeout": 86400,
    }


def statuspage_incident(status: str = "investigating", **more: Json) -> dict[str, Json]:
    return {
        "meta": {"generated_at": "2023-11-14T22:13:21.000Z"},
        "page": {"id": "jb7j", "status_indicator": "major", "status_description": "Partial system outage"},
        "incident": {
            "id": "z3lc",
            "name": "Payments are slow",
            "status": status,
            "impact": "major",
            "shortlink": "https://stspg.example/z3lc",
            "created_at": "2023-11-14T22:00:00.000Z",
            "updated_at": "2023-11-14T22:13:20.000Z",
            "incident_updates": [{"status": status, "body": "We are looking."}, {"status": "x", "body": "Older."}],
            "components": [{"name": "API", "status": "partial_outage"}, {"name": "Web"}],
            **more,
        },
    }


def statuspage_component(status: str = "major_outage") -> dict[str, Json]:
    return {
        "meta": {"generated_at": "2023-11-14T22:13:21.000Z"},
        "page": {"id": "jb7j", "status_indicator": "major", "status_description": "Partial system outage"},
        "component": {"id": "sqm6", "name": "Database", "status": status, "description": None},
        "component_update": {
            "component_id": "sqm6",
            "old_status": "operational",
            "new_status": status,
            "created_at": "2023-11-14T22:13:20.000Z",
        },
    }


def zabbix(value: str = "1", event: str = "501", **more: Json) -> dict[str, Json]:
    """Our template, filled in as Zabbix fills it: what does not exist stays as it is, or is `*UNKNOWN*`."""
    given = {
        "{EVENT.ID}": event,
        "{EVENT.NAME}": "Disk of db-1 is full",
        "{EVENT.VALUE}": value,
        "{EVENT.NSEVERITY}": "4",
        "{EVENT.SEVERITY}": "High",
        "{EVENT.OPDATA}": "97 %",
        "{EVENT.TAGS}": "service:db, scope:capacity",
        "{EVENT.TIMESTAMP}": str(AT),
        "{EVENT.UPDATE.STATUS}": "0",
        "{TRIGGER.ID}": "99",
        "{TRIGGER.DESCRIPTION}": "Free space is below 5 %.",
        "{TRIGGER.URL}": "*UNKNOWN*",
        "{HOST.NAME}": "db-1",
        "{HOST.IP}": "192.0.2.7",
        "{ALERT.SUBJECT}": "Problem: Disk of db-1 is full",
        "{ALERT.MESSAGE}": "Problem started at 22:13:20",
        "{$ZABBIX.URL}/tr_events.php?triggerid={TRIGGER.ID}&eventid={EVENT.ID}": (
            f"https://zabbix.example/tr_events.php?triggerid=99&eventid={event}"
        ),
        **({"{EVENT.RECOVERY.TIMESTAMP}": str(AT + 60)} if value == "0" else {}),
    }
    template = json.loads((TEMPLATES / "zabbix.json").read_text(encoding="utf-8"))
    return {**{name: given.get(macro, macro) for name, macro in template.items()}, **more}


def sensu(status: int = 2, at: int = AT, **more: Json) -> dict[str, Json]:
    return {
        "timestamp": at,
        "entity": {"entity_class": "agent", "metadata": {"name": "db-1", "namespace": "prod"}},
        "check": {
            "metadata": {"name": "disk", "annotations": {"runbook": "https://wiki.example/runbooks/disk"}},
            "status": status,
            "state": "failing" if status else "passing",
            "output": "CheckDisk CRITICAL: 97 % used\n",
            "occurrences": 3,
            "issued": at,
        },
        "id": "3a5948f3",
        **more,
    }


def nagios(kind: str = "PROBLEM", **more: Json) -> dict[str, Json]:
    return {
        "NOTIFICATIONTYPE": kind,
        "HOSTNAME": "db-1",
        "HOSTADDRESS": "192.0.2.7",
        "SERVICEDESC": "disk",
        "SERVICESTATE": "OK" if kind == "RECOVERY" else "WARNING",
        "SERVICEOUTPUT": "DISK WARNING - 97 % used",
        "TIMET": str(AT),
        **more,
    }


def prtg(status: str = "Down", **more: Json) -> dict[str, Json]:
    return {
        "sensorid": "2044",
        "sensor": "Ping",
        "device": "db-1",
        "status": status,
        "message": "Request timed out",
        "linksensor": "https://prtg.example/sensor.htm?id=2044",
        "down": "%down",
        **more,
    }


def kapacitor(level: str = "CRITICAL", at: str = "2023-11-14T22:13:20Z") -> dict[str, Json]:
    return {
        "id": "cpu:host=db-1",
        "message": "cpu:host=db-1 is high",
        "details": "The idle time is below 10 %.",
        "time": at,
        "duration": 0,
        "level": level,
        "previousLevel": "OK",
        "data": {"series": [{"name": "cpu", "tags": {"host": "db-1"}, "values": [[at, 9.5]]}]},
        "recoverable": True,
    }


REAL = (
    grafana_blind(),
    grafana_legacy(),
    formatted(),
    incident_io(),
    datadog(),
    datadog_default(),
    newrelic(),
    newrelic_incident(),
    uptimerobot(),
    uptimerobot_snake(),
    kuma(),
    kuma(heartbeat=None, monitor=None),
    pingdom(),
    statuscake(),
    site24x7(),
    healthchecks(),
    statuspage_incident(),
    statuspage_component(),
    zabbix(),
    sensu(),
    nagios(),
    prtg(),
    kapacitor(),
)
