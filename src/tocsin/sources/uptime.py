"""Those who watch from outside whether something answers: UptimeRobot, Uptime Kuma, Pingdom, StatusCake, Site24x7.

A monitor is the matter: its id is the key, or what the sender has instead. What a monitor says of a certificate is a
matter of its own, which the monitor's "up" does not end.

Sources: "Webhook" of UptimeRobot's help; `server/notification-providers/webhook.js` of Uptime Kuma; "Webhooks" of
Pingdom's help; "How to use the web hook URL" of StatusCake's knowledge base; "Incident parameters" of Site24x7's help;
"Check status" (`$JSON` of a webhook) of Healthchecks' documentation.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.bounds import digest, said
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

_DOWN: Final = State(said="is down")
_UP: Final = State(status=AlertStatus.RESOLVED, said="is up")
_CERTIFICATE: Final = State(severity=Severity.WARNING, said="has a certificate that expires soon", part="certificate")
_PAUSED: Final = State(recorded=True, said="is paused")
_MAINTENANCE: Final = State(recorded=True, said="is under maintenance")

_UPTIMEROBOT: Final = Shape(  # Names without case and underscores: templates have them all.
    source="uptimerobot",
    titles=("monitorfriendlyname", "monitorname", "monitorurl"),
    keys=(("monitorid",), ("monitorurl",), ("monitorfriendlyname",)),
    state=("alerttype", "alerttypefriendlyname"),
    states={"1": _DOWN, "down": _DOWN, "2": _UP, "up": _UP, "3": _CERTIFICATE},
    descriptions=("alertdetails", "friendlymessage"),
    resource=("monitorurl",),
    time=("alertdatetime",),
    tags=("monitortags", "tags"),
    labels=(
        ("monitor", "monitorid"),
        ("group", "monitorgroup"),
        ("contacts", "monitoralertcontacts"),
        ("duration", "alertduration"),
        ("certificate expires", "sslexpirydate"),
        ("days left", "sslexpirydaysleft"),
    ),
    links=(("Dashboard", "dashboardurl"), ("Monitor", "monitorurl")),
)

_KUMA: Final = Shape(
    source="uptime-kuma",
    titles=("monitor.name", "monitor.url"),
    keys=(("monitor.id",), ("heartbeat.monitorID",), ("monitor.name",)),
    state=("heartbeat.status",),
    states={
        "0": _DOWN,
        "1": _UP,
        "2": State(recorded=True, said="is pending"),
        "3": _MAINTENANCE,
    },
    descriptions=("heartbeat.msg", "monitor.description"),
    resource=("monitor.url", "monitor.hostname"),
    time=("heartbeat.time",),
    labels=(("type", "monitor.type"), ("path", "monitor.pathName"), ("ping", "heartbeat.ping")),
    links=(("Monitor", "monitor.url"),),
)

_PINGDOM: Final = Shape(
    source="pingdom",
    titles=("check_name", "check_params.full_url", "check_params.hostname"),
    keys=(("check_id",), ("check_name",)),
    state=("current_state",),
    states={
        "down": _DOWN,
        "failing": State(said="fails"),
        "up": _UP,
        "success": State(status=AlertStatus.RESOLVED, said="succeeds"),
        "paused": _PAUSED,
    },
    severity=("importance_level",),
    levels={"low": Severity.WARNING},
    descriptions=("description", "long_description", "custom_message"),
    resource=("check_params.full_url", "check_params.hostname"),
    time=("state_changed_timestamp", "state_changed_utc_time"),
    tags=("tags",),
    labels=(
        ("type", "check_type"),
        ("importance", "importance_level"),
        ("before", "previous_state"),
        ("seen from", "first_probe.location"),
        ("and from", "second_probe.location"),
    ),
    links=(("Checked", "check_params.full_url"),),
)

_STATUSCAKE: Final = Shape(  # Its field `Token` is a credential and never shown.
    source="statuscake",
    titles=("name", "url"),
    keys=(("testid",), ("name", "url"), ("url",), ("name",)),
    state=("status",),
    states={"down": _DOWN, "up": _UP},
    resource=("url",),
    tags=("tags",),
    labels=(("code", "statuscode"), ("ip", "ip"), ("check rate", "checkrate"), ("contact group", "contactgroup")),
    links=(("Checked", "url"),),
)

_SITE24X7: Final = Shape(
    source="site24x7",
    titles=("monitorname", "displayname"),
    keys=(("monitorid",), ("monitorname",)),
    state=("status",),
    states={
        "down": _DOWN,
        "critical": State(severity=Severity.CRITICAL, said="is critical"),
        "trouble": State(severity=Severity.WARNING, said="is in trouble"),
        "up": _UP,
        "suspended": _PAUSED,
        "maintenance": _MAINTENANCE,
    },
    descriptions=("incidentreason", "incidentdetails"),
    resource=("monitorurl", "monitorname"),
    time=("incidenttimeiso",),
    tags=("tags",),
    labels=(
        ("type", "monitortype"),
        ("group", "monitorgroupname"),
        ("failed from", "failedlocations"),
        ("duration", "outageduration"),
    ),
    links=(("Dashboard", "monitordashboardlink"), ("Root cause", "rcalink"), ("Checked", "monitorurl")),
)

_HEALTHCHECKS: Final = Shape(
    source="healthchecks",
    titles=("name", "slug"),
    keys=(("unique_key",), ("uuid",), ("code",), ("slug",), ("name",)),
    state=("status",),
    states={
        "down": _DOWN,
        "grace": State(recorded=True, said="is late"),
        "up": _UP,
        "new": State(recorded=True, said="is new"),
        "started": State(recorded=True, said="has started"),
        "paused": _PAUSED,
    },
    descriptions=("desc",),
    tags=("tags",),
    time=("now",),  # When the check was last seen is not when its silence was noticed.
    labels=(("last seen", "last_ping"), ("pings", "n_pings")),
)

_NUMBER: Final = re.compile(r"\d+")


def read_uptimerobot(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An alert of UptimeRobot, by query, form or JSON."""
    return shapes.read(_UPTIMEROBOT, shapes.folded(value), hints, event=value)


def read_kuma(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A heartbeat of Uptime Kuma; a message alone is about a certificate, or a test."""
    fields = {name: _opened(value.get(name)) for name in ("heartbeat", "monitor")}
    if any(fields.values()):
        return shapes.read(_KUMA, fields, hints, event=value)
    told = said(value.get("msg"))
    if not told.strip():
        return None
    # The days that are left differ from message to message, the matter does not.
    hints = replace(hints, key=hints.key or f"uptime-kuma:{digest(_NUMBER.sub('', told))}")
    return shapes.read(_KUMA, value, hints, state=State(severity=Severity.WARNING), title=told)


def read_pingdom(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A change of a check's state in Pingdom."""
    return shapes.read(_PINGDOM, value, hints)


def read_statuscake(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A change of a test's state in StatusCake, usually a form."""
    return shapes.read(_STATUSCAKE, shapes.folded(value), hints, event=value)


def read_site24x7(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A change of a monitor's state in Site24x7."""
    return shapes.read(_SITE24X7, shapes.folded(value), hints, event=value)


def read_healthchecks(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What Healthchecks puts in the place of `$JSON`."""
    tags = value.get("tags")  # A text with blanks between them.
    fields = {**value, "tags": tags.split() if isinstance(tags, str) else tags}
    return shapes.read(_HEALTHCHECKS, fields, hints, event=value)


def _opened(value: Json) -> dict[str, Json]:
    """The object itself; in a query or a form it is written as JSON."""
    if isinstance(value, str):
        try:
            value = json.decode(value)
        except json.JsonError:
            return {}
    return value if isinstance(value, dict) else {}
