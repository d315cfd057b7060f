"""The lives of alerts as monitoring services tell them: one row a sender."""

from __future__ import annotations

from collections.abc import Callable

from tests.sources import monitoring_bodies as bodies
from tests.sources.living import Life, Said, Step, Tell
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant, format_instant

Make = Callable[[Instant], Json]


def as_json(make: Make) -> Tell:
    return lambda at: Said(make(at))


def as_form(make: Make) -> Tell:
    return lambda at: Said(bodies.form(make(at)), {"content-type": bodies.FORM})


def as_query(make: Make) -> Tell:
    return lambda at: Said(b"", {"x-tocsin-query": bodies.form(make(at)).decode()})


def seconds(at: Instant) -> int:
    return at // 1000


def kuma_time(at: Instant) -> str:
    return format_instant(at).replace("T", " ").removesuffix("Z")


def cycle(at: Instant) -> str:
    """The number of what happens between the first word and the all-clear: what fires again has another one."""
    minute = (at - bodies.AT * 1000) // MINUTE
    return "501" if minute < 12 else "502" if minute < 20 else "503"


def datadog(transition: str, at: Instant, **more: Json) -> Json:
    return bodies.datadog(transition, cycle_key=cycle(at), last_updated=str(at), date=str(at), **more)


def datadog_default(state: str, at: Instant, priority: str = "P2") -> Json:
    title = f"[{priority}] [{state} on {{host:web-1}}] Load of web-1 is high"
    return bodies.datadog_default(state, last_updated=str(at), date=str(at), title=title)


def kuma(status: int, at: Instant, said: str = "getaddrinfo ENOTFOUND shop.example") -> Json:
    told = bodies.kuma(status, kuma_time(at))
    return {**told, "heartbeat": {**told["heartbeat"], "msg": said}}


def statuspage(status: str, at: Instant, **more: Json) -> Json:
    return bodies.statuspage_incident(status, updated_at=format_instant(at), **more)


def component(status: str, at: Instant) -> Json:
    told = bodies.statuspage_component(status)
    return {**told, "component_update": {**told["component_update"], "created_at": format_instant(at)}}


def zabbix(value: str, at: Instant, **more: Json) -> Json:
    """A trigger that fires again has a new problem: its event has another number, and its recovery repeats that."""
    event = cycle(at)
    recovery = {"event_recovery_timestamp": str(seconds(at))} if value == "0" else {"event_timestamp": str(seconds(at))}
    return bodies.zabbix(value, event, **{**recovery, **more})


def nagios(kind: str, at: Instant, **more: Json) -> Json:
    return bodies.nagios(kind, TIMET=str(seconds(at)), **more)


def blind(name: str, status: str) -> Tell:
    return as_json(lambda _: bodies.grafana_blind(name, status))


MONITORING: tuple[Life, ...] = (
    Life(
        name="grafana-no-data",
        source="grafana",
        fires=blind("DatasourceNoData", "firing"),
        changes=as_json(lambda _: bodies.grafana_blind(annotations={"Error": "connection refused"})),
        resolves=blind("DatasourceNoData", "resolved"),
    ),
    Life(
        name="grafana-legacy",
        source="grafana",
        fires=as_json(lambda _: bodies.grafana_legacy()),
        changes=as_json(lambda _: bodies.grafana_legacy(message="The load is very high.")),
        resolves=as_json(lambda _: bodies.grafana_legacy("ok", evalMatches=[])),
        more=(Step(5, "has no data", Said(bodies.grafana_legacy("no_data", evalMatches=[])), frozenset({"repeated"})),),
    ),
    Life(
        name="oncall",
        source="oncall",
        fires=as_json(lambda _: bodies.formatted()),
        changes=as_json(lambda _: bodies.formatted(message="Nobody can pay, still.")),
        resolves=as_json(lambda _: bodies.formatted("ok")),
    ),
    Life(
        name="incident-io",
        source="incident.io",
        fires=as_json(lambda _: bodies.incident_io()),
        changes=as_json(lambda _: bodies.incident_io(metadata={"team": "shop", "severity": "critical"})),
        resolves=as_json(lambda _: bodies.incident_io("resolved")),
    ),
    Life(
        name="datadog",
        source="datadog",
        fires=as_json(lambda at: datadog("Triggered", at, priority="P3")),
        changes=as_json(lambda at: datadog("Re-Triggered", at, priority="P1")),
        resolves=as_json(lambda at: datadog("Recovered", at)),
        timed=True,
        more=(
            Step(4, "has no data", Said(datadog("No Data", bodies.AT * 1000 + 4 * MINUTE)), frozenset({"repeated"})),
            Step(5, "is muted", Said(datadog("Muted", bodies.AT * 1000 + 5 * MINUTE))),
        ),
    ),
    Life(
        name="datadog-default",
        source="datadog",
        fires=as_json(lambda at: datadog_default("Triggered", at)),
        changes=as_json(lambda at: datadog_default("Renotify", at)),
        resolves=as_json(lambda at: datadog_default("Recovered", at)),
        timed=True,
    ),
    Life(
        name="newrelic-issue",
        source="newrelic",
        fires=as_json(lambda at: bodies.newrelic(updated=at, priority="HIGH")),
        changes=as_json(lambda at: bodies.newrelic(updated=at, trigger="INCIDENT_ADDED", totalIncidents=2)),
        acknowledges=as_json(lambda at: bodies.newrelic("ACKNOWLEDGED", at)),
        resolves=as_json(lambda at: bodies.newrelic("CLOSED", at)),
        timed=True,
    ),
    Life(
        name="newrelic-incident",
        source="newrelic",
        fires=as_json(lambda at: bodies.newrelic_incident(timestamp=at)),
        changes=as_json(lambda at: bodies.newrelic_incident(timestamp=at, severity="CRITICAL")),
        acknowledges=as_json(lambda at: bodies.newrelic_incident("acknowledged", timestamp=at)),
        resolves=as_json(lambda at: bodies.newrelic_incident("closed", timestamp=at)),
        timed=True,
    ),
    Life(
        name="uptimerobot",
        source="uptimerobot",
        fires=as_query(lambda at: bodies.uptimerobot(alertDateTime=seconds(at))),
        changes=as_form(lambda at: bodies.uptimerobot(alertDateTime=seconds(at), alertDetails="HTTP 502")),
        resolves=as_query(lambda at: bodies.uptimerobot(2, alertDateTime=seconds(at), alertDuration="60")),
        timed=True,
        more=(
            Step(33, "its certificate ends soon", Said(bodies.uptimerobot(3)), frozenset({"opened"})),
            Step(34, "the monitor is up, which is not about that", Said(bodies.uptimerobot(2))),
        ),
    ),
    Life(
        name="uptime-kuma",
        source="uptime-kuma",
        fires=as_json(lambda at: kuma(0, at)),
        changes=as_json(lambda at: kuma(0, at, "Request failed with status code 503")),
        resolves=as_json(lambda at: kuma(1, at, "200 - OK")),
        timed=True,
        more=(Step(5, "is pending", Said(kuma(2, bodies.AT * 1000))),),
    ),
    Life(
        name="pingdom",
        source="pingdom",
        fires=as_json(lambda at: bodies.pingdom("DOWN", seconds(at), importance_level="LOW")),
        changes=as_json(lambda at: bodies.pingdom("DOWN", seconds(at))),
        resolves=as_json(lambda at: bodies.pingdom("UP", seconds(at), previous_state="DOWN")),
        timed=True,
        more=(Step(5, "is paused", Said(bodies.pingdom("PAUSED"))),),
    ),
    Life(
        name="statuscake",
        source="statuscake",
        fires=as_form(lambda _: bodies.statuscake()),
        changes=as_form(lambda _: bodies.statuscake(StatusCode="502")),
        resolves=as_form(lambda _: bodies.statuscake("Up", StatusCode="200")),
    ),
    Life(
        name="site24x7",
        source="site24x7",
        fires=as_json(lambda at: bodies.site24x7("TROUBLE", INCIDENT_TIME_ISO=format_instant(at))),
        changes=as_json(lambda at: bodies.site24x7("CRITICAL", INCIDENT_TIME_ISO=format_instant(at))),
        resolves=as_json(lambda at: bodies.site24x7("UP", INCIDENT_TIME_ISO=format_instant(at))),
        timed=True,
    ),
    Life(
        name="healthchecks",
        source="healthchecks",
        fires=as_json(lambda _: bodies.healthchecks()),
        changes=as_json(lambda _: {**bodies.healthchecks(), "n_pings": 13, "desc": "The nightly backup, again."}),
        resolves=as_json(lambda _: bodies.healthchecks("up")),
    ),
    Life(
        name="statuspage-incident",
        source="statuspage",
        fires=as_json(lambda at: statuspage("investigating", at)),
        changes=as_json(lambda at: statuspage("identified", at, impact="critical")),
        resolves=as_json(lambda at: statuspage("resolved", at, impact="none")),
        timed=True,
        more=(Step(9, "is watched", Said(statuspage("monitoring", bodies.AT * 1000 + 9 * MINUTE))),),
    ),
    Life(
        name="statuspage-component",
        source="statuspage",
        fires=as_json(lambda at: component("degraded_performance", at)),
        changes=as_json(lambda at: component("major_outage", at)),
        resolves=as_json(lambda at: component("operational", at)),
        timed=True,
    ),
    Life(
        name="zabbix",
        source="zabbix",
        fires=as_json(lambda at: zabbix("1", at)),
        changes=as_json(lambda at: zabbix("1", at, event_nseverity="5")),
        acknowledges=as_json(lambda at: zabbix("1", at, event_update_status="1", event_update_action="acknowledged")),
        resolves=as_json(lambda at: zabbix("0", at)),
        timed=True,
    ),
    Life(
        name="sensu",
        source="sensu",
        fires=as_json(lambda at: bodies.sensu(1, seconds(at))),
        changes=as_json(lambda at: bodies.sensu(2, seconds(at))),
        resolves=as_json(lambda at: bodies.sensu(0, seconds(at))),
        timed=True,
    ),
    Life(
        name="nagios",
        source="nagios",
        fires=as_form(lambda at: nagios("PROBLEM", at)),
        changes=as_form(lambda at: nagios("PROBLEM", at, SERVICESTATE="CRITICAL")),
        acknowledges=as_form(lambda at: nagios("ACKNOWLEDGEMENT", at, NOTIFICATIONCOMMENT="Mine")),
        resolves=as_form(lambda at: nagios("RECOVERY", at)),
        timed=True,
        more=(Step(5, "downtime starts", Said(nagios("DOWNTIMESTART", bodies.AT * 1000))),),
    ),
    Life(
        name="prtg",
        source="prtg",
        fires=as_form(lambda _: bodies.prtg("Warning")),
        changes=as_form(lambda _: bodies.prtg("Down")),
        acknowledges=as_form(lambda _: bodies.prtg("Down (Acknowledged)")),
        resolves=as_form(lambda _: bodies.prtg("Down ended (now: Up)")),
    ),
    Life(
        name="kapacitor",
        source="kapacitor",
        fires=as_json(lambda at: bodies.kapacitor("WARNING", format_instant(at))),
        changes=as_json(lambda at: bodies.kapacitor("CRITICAL", format_instant(at))),
        resolves=as_json(lambda at: bodies.kapacitor("OK", format_instant(at))),
        timed=True,
    ),
)
