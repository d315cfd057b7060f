"""The formats of monitoring services, and how each is recognised: rows for the tables of `formats`."""

from __future__ import annotations

from typing import Final

from tocsin.sources import (
    alertmanager,
    checks,
    datadog,
    grafana_legacy,
    newrelic,
    oncall,
    pagerduty,
    statuspage,
    uptime,
)
from tocsin.sources.reading import Reader

# The words are those of Grafana OnCall's addresses, where it has one. Its `webhook`, `elastalert`, `fabric`, `manual`,
# `maintenance`, `direct_paging` and `inbound_email` have no shape of their own, and `amazon_sns` is seen by itself.
BY_FORM: Final[dict[str, Reader]] = {
    "alertmanager": alertmanager.read,
    "alertmanager_v2": alertmanager.read,
    "legacy_alertmanager": alertmanager.read,
    "grafana": grafana_legacy.read,
    "grafana_alerting": alertmanager.read,
    "legacy_grafana_alerting": alertmanager.read,
    "adaptive_grafana_alerting": alertmanager.read,
    "formatted_webhook": oncall.read_formatted,
    "incidentio": oncall.read_incident_io,
    "pagerduty": pagerduty.read,
    "datadog": datadog.read,
    "newrelic": newrelic.read,
    "uptimerobot": uptime.read_uptimerobot,
    "uptimekuma": uptime.read_kuma,
    "pingdom": uptime.read_pingdom,
    "statuscake": uptime.read_statuscake,
    "site24x7": uptime.read_site24x7,
    "healthchecks": uptime.read_healthchecks,
    "statuspage": statuspage.read,
    "zabbix": checks.read_zabbix,
    "sensu": checks.read_sensu,
    "nagios": checks.read_nagios,
    "icinga": checks.read_nagios,
    "prtg": checks.read_prtg,
    "kapacitor": checks.read_kapacitor,
}

BY_NAMES: Final[tuple[tuple[frozenset[str], Reader], ...]] = tuple(
    (frozenset(names.split()), reader)
    for reader, rows in (
        (uptime.read_kuma, ("heartbeat monitor",)),
        (uptime.read_pingdom, ("check_id current_state",)),
        (uptime.read_healthchecks, ("n_pings last_ping status",)),
        (
            uptime.read_uptimerobot,
            (
                "alertType monitorID",
                "alertType monitorURL",
                "alertType monitorFriendlyName",
                "alert_type monitor_id",
                "alert_type monitor_url",
                "alert_type monitor_friendly_name",
            ),
        ),
        (uptime.read_site24x7, ("MONITORNAME STATUS", "MONITOR_NAME STATUS")),
        (uptime.read_statuscake, ("Status StatusCode URL", "Status Name URL", "Status Name Token")),
        (statuspage.read, ("page incident", "page component")),
        (grafana_legacy.read, ("ruleId ruleUrl state", "ruleId ruleName state")),
        (oncall.read_formatted, ("alert_uid title", "alert_uid state")),
        (oncall.read_incident_io, ("deduplication_key title status",)),
        (
            datadog.read,
            (
                "transition alert_id",
                "transition cycle_key",
                "alert_transition",
                "alertTransition",
                "event_type last_updated org",
            ),
        ),
        (newrelic.read_issue, ("issueId state", "issueUrl state", "issueId issueUrl")),
        (newrelic.read_incident, ("incident_id current_state",)),
        (
            checks.read_zabbix,
            (
                "event_id event_value",
                "event_id trigger_id",
                "eventid triggerid",
                "eventId triggerId",
                "trigger_id status host",
                "trigger item hostname",
            ),
        ),
        (checks.read_sensu, ("entity check", "client check")),
        (
            checks.read_nagios,
            (
                "NOTIFICATIONTYPE HOSTNAME",
                "notificationtype hostname",
                "notification_type host_name",
                "NAGIOS_NOTIFICATIONTYPE NAGIOS_HOSTNAME",
            ),
        ),
        (checks.read_prtg, ("sensorid status", "sensorid laststatus")),
        (checks.read_kapacitor, ("id level previousLevel", "id level data duration")),
    )
    for names in rows
)
