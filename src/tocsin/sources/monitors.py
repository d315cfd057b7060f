"""The formats of monitoring services, and how each is recognised: rows for the tables of `formats`."""

from __future__ import annotations

from typing import Final

from tocsin.sources.reading import Reader, reader

# The words are those of Grafana OnCall's addresses, where it has one. Its `webhook`, `elastalert`, `fabric`, `manual`,
# `maintenance`, `direct_paging` and `inbound_email` have no shape of their own, and `amazon_sns` is seen by itself.
BY_FORM: Final[dict[str, Reader]] = {
    "alertmanager": reader("alertmanager.read"),
    "alertmanager_v2": reader("alertmanager.read"),
    "legacy_alertmanager": reader("alertmanager.read"),
    "grafana": reader("grafana_legacy.read"),
    "grafana_alerting": reader("alertmanager.read"),
    "legacy_grafana_alerting": reader("alertmanager.read"),
    "adaptive_grafana_alerting": reader("alertmanager.read"),
    "formatted_webhook": reader("oncall.read_formatted"),
    "incidentio": reader("oncall.read_incident_io"),
    "pagerduty": reader("pagerduty.read"),
    "datadog": reader("datadog.read"),
    "newrelic": reader("newrelic.read"),
    "uptimerobot": reader("uptime.read_uptimerobot"),
    "uptimekuma": reader("uptime.read_kuma"),
    "pingdom": reader("uptime.read_pingdom"),
    "statuscake": reader("uptime.read_statuscake"),
    "site24x7": reader("uptime.read_site24x7"),
    "healthchecks": reader("uptime.read_healthchecks"),
    "statuspage": reader("statuspage.read"),
    "zabbix": reader("checks.read_zabbix"),
    "sensu": reader("checks.read_sensu"),
    "nagios": reader("checks.read_nagios"),
    "icinga": reader("checks.read_nagios"),
    "prtg": reader("checks.read_prtg"),
    "kapacitor": reader("checks.read_kapacitor"),
}

BY_NAMES: Final[tuple[tuple[frozenset[str], Reader], ...]] = tuple(
    (frozenset(names.split()), found)
    for found, rows in (
        (reader("uptime.read_kuma"), ("heartbeat monitor",)),
        (reader("uptime.read_pingdom"), ("check_id current_state",)),
        (reader("uptime.read_healthchecks"), ("n_pings last_ping status",)),
        (
            reader("uptime.read_uptimerobot"),
            (
                "alertType monitorID",
                "alertType monitorURL",
                "alertType monitorFriendlyName",
                "alert_type monitor_id",
                "alert_type monitor_url",
                "alert_type monitor_friendly_name",
            ),
        ),
        (reader("uptime.read_site24x7"), ("MONITORNAME STATUS", "MONITOR_NAME STATUS")),
        (reader("uptime.read_statuscake"), ("Status StatusCode URL", "Status Name URL", "Status Name Token")),
        (reader("statuspage.read"), ("page incident", "page component")),
        (reader("grafana_legacy.read"), ("ruleId ruleUrl state", "ruleId ruleName state")),
        (reader("oncall.read_formatted"), ("alert_uid title", "alert_uid state")),
        (reader("oncall.read_incident_io"), ("deduplication_key title status",)),
        (
            reader("datadog.read"),
            (
                "transition alert_id",
                "transition cycle_key",
                "alert_transition",
                "alertTransition",
                "event_type last_updated org",
            ),
        ),
        (reader("newrelic.read_issue"), ("issueId state", "issueUrl state", "issueId issueUrl")),
        (reader("newrelic.read_incident"), ("incident_id current_state",)),
        (
            reader("checks.read_zabbix"),
            (
                "event_id event_value",
                "event_id trigger_id",
                "eventid triggerid",
                "eventId triggerId",
                "trigger_id status host",
                "trigger item hostname",
            ),
        ),
        (reader("checks.read_sensu"), ("entity check", "client check")),
        (
            reader("checks.read_nagios"),
            (
                "NOTIFICATIONTYPE HOSTNAME",
                "notificationtype hostname",
                "notification_type host_name",
                "NAGIOS_NOTIFICATIONTYPE NAGIOS_HOSTNAME",
            ),
        ),
        (reader("checks.read_prtg"), ("sensorid status", "sensorid laststatus")),
        (reader("checks.read_kapacitor"), ("id level previousLevel", "id level data duration")),
    )
    for names in rows
)
