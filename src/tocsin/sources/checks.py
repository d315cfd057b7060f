"""Those who run checks inside: Zabbix, Sensu, Nagios and Icinga, PRTG, Kapacitor.

A problem of Zabbix is the matter and has an id that its recovery repeats; what it belongs to is its trigger, so that a
trigger which flaps is one incident. Of the others the check on its host is the matter.

Sources: "Webhook" and "Supported macros" of Zabbix's documentation; "Events reference" of Sensu Go's; "Standard macros"
of Nagios' and "Runtime macros" of Icinga's; "Placeholders for notifications" of PRTG's manual; "Post event handler" of
Kapacitor's.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

_OVER: Final = State(status=AlertStatus.RESOLVED)
_ACKNOWLEDGED: Final = State(status=AlertStatus.ACKNOWLEDGED)
_WARNING: Final = State(severity=Severity.WARNING)
_CRITICAL: Final = State(severity=Severity.CRITICAL)
_RECORDED: Final = State(recorded=True)

_ZABBIX: Final = Shape(  # Names without case and underscores: everybody writes a template of their own.
    source="zabbix",
    titles=("eventname", "triggername", "trigger", "alertsubject", "subject", "title"),
    keys=(("eventid",), ("triggerid", "host"), ("triggerid",), ("hostname", "trigger")),
    group=("triggerid",),
    state=("eventvalue", "triggervalue", "eventstatus", "triggerstatus", "status", "state"),
    states={"1": State(), "problem": State(), "0": _OVER, "ok": _OVER, "resolved": _OVER},
    severity=("eventnseverity", "triggernseverity", "nseverity", "eventseverity", "triggerseverity", "severity"),
    levels={
        "0": Severity.INFO,
        "not classified": Severity.INFO,
        "1": Severity.INFO,
        "2": Severity.WARNING,
        "3": Severity.WARNING,
        "4": Severity.HIGH,
        "5": Severity.CRITICAL,
    },
    descriptions=("triggerdescription", "alertmessage", "message", "eventopdata", "opdata", "item"),
    resource=("hostname", "host", "hosthost"),
    time=("eventrecoverytimestamp", "eventupdatetimestamp", "eventtimestamp"),
    tags=("eventtags", "tags"),
    labels=(
        ("host", "hostname"),
        ("host", "host"),
        ("ip", "hostip"),
        ("group", "hostgroup"),
        ("severity", "severity"),
        ("severity", "eventseverity"),
        ("trigger", "triggerid"),
        ("event", "eventid"),
        ("update", "eventupdatemessage"),
    ),
    links=(("Zabbix", "link"), ("Zabbix", "eventurl"), ("Zabbix", "url"), ("Trigger", "triggerurl")),
)

_SENSU: Final = Shape(
    source="sensu",
    titles=("check.metadata.name", "check.name"),
    keys=(
        ("entity.metadata.namespace", "entity.metadata.name", "check.metadata.name"),
        ("entity.metadata.name", "check.metadata.name"),
        ("client.name", "check.name"),
    ),
    state=("check.status",),
    states={"0": _OVER, "1": _WARNING, "2": _CRITICAL},
    descriptions=("check.output", "check.notification"),
    resource=("entity.metadata.name", "client.name"),
    time=("timestamp", "check.issued"),
    labels=(
        ("entity", "entity.metadata.name"),
        ("entity", "client.name"),
        ("namespace", "entity.metadata.namespace"),
        ("check", "check.metadata.name"),
        ("check", "check.name"),
        ("state", "check.state"),
        ("occurrences", "check.occurrences"),
        ("proxy", "check.proxy_entity_name"),
    ),
    links=(("Runbook", "check.metadata.annotations.runbook"), ("Runbook", "check.metadata.annotations.runbook_url")),
)

_NAGIOS: Final = Shape(  # Names without case, underscores and the program's own beginning.
    source="nagios",
    titles=("servicedesc", "servicename", "servicedisplayname"),
    keys=(("hostname", "servicedesc"), ("hostname", "servicename"), ("hostname",)),
    state=("notificationtype",),
    states={
        "problem": State(),
        "recovery": _OVER,
        "acknowledgement": _ACKNOWLEDGED,
        "custom": State(severity=Severity.INFO, kind=Kind.NOTIFICATION),
        "flappingstart": _RECORDED,
        "flappingstop": _RECORDED,
        "flappingend": _RECORDED,
        "flappingdisabled": _RECORDED,
        "downtimestart": _RECORDED,
        "downtimeend": _RECORDED,
        "downtimecancelled": _RECORDED,
        "downtimeremoved": _RECORDED,
    },
    severity=("servicestate", "hoststate"),
    levels={
        "down": Severity.CRITICAL,
        "unreachable": Severity.HIGH,
        "unknown": Severity.WARNING,
    },
    descriptions=("serviceoutput", "longserviceoutput", "hostoutput", "notificationcomment"),
    resource=("hostname",),
    time=("timet",),
    labels=(
        ("host", "hostname"),
        ("address", "hostaddress"),
        ("service", "servicedesc"),
        ("service", "servicename"),
        ("state", "servicestate"),
        ("state", "hoststate"),
        ("by", "notificationauthor"),
    ),
    links=(("Notes", "servicenotesurl"), ("Notes", "hostnotesurl"), ("Action", "serviceactionurl")),
)

_PRTG: Final = Shape(  # Names without case and underscores.
    source="prtg",
    titles=("name", "sensor", "sensorname"),
    keys=(("sensorid",),),
    state=("status", "laststatus", "state"),
    states={
        "down": State(severity=Severity.CRITICAL),
        "down (partial)": State(),
        "down (acknowledged)": _ACKNOWLEDGED,
        "warning": _WARNING,
        "unusual": _WARNING,
        "up": _OVER,
        "paused": _RECORDED,
        "unknown": State(severity=Severity.WARNING, said="is not known", broken=True),
    },
    descriptions=("message", "lastmessage"),
    resource=("device", "host"),
    labels=(("device", "device"), ("group", "group"), ("probe", "probe"), ("sensor", "sensorid"), ("down", "down")),
    links=(("Sensor", "linksensor"), ("Device", "linkdevice")),
)

_KAPACITOR: Final = Shape(
    source="kapacitor",
    titles=("message", "id"),
    keys=(("id",),),
    state=("level",),
    states={"ok": _OVER, "info": State(severity=Severity.INFO), "warning": _WARNING, "critical": _CRITICAL},
    descriptions=("details",),
    time=("time",),
    labels=(("alert", "id"), ("level", "level"), ("before", "previousLevel")),
)

_PROGRAM: Final = re.compile(r"(nagios|icinga)_?", re.IGNORECASE)
_NOW: Final = re.compile(r"\(now: ([^()]{1,40})\)")  # PRTG: "Down ended (now: Up)".


def read_zabbix(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A problem, its recovery or an update of it; an update that acknowledges does so here.

    None for the shape of Grafana OnCall's formatted webhook, which its documentation has Zabbix send.
    """
    if "alert_uid" in value:
        return None
    fields = shapes.folded(value)
    state = None
    if shapes.first(fields, ("eventupdatestatus",)) == "1":
        done = shapes.first(fields, ("eventupdateaction",)).lower()
        state = _ACKNOWLEDGED if "acknowledged" in done.replace("unacknowledged", "") else None
    return shapes.read(_ZABBIX, fields, hints, event=value, state=state)


def read_sensu(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The result of a check; None for an event that has only metrics."""
    title = _title(shapes.first(value, _SENSU.titles), shapes.first(value, _SENSU.resource))
    return shapes.read(_SENSU, value, hints, title=title) if title else None


def read_nagios(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A notification of Nagios or Icinga, made of their macros."""
    fields = shapes.folded({_PROGRAM.sub("", name, count=1): item for name, item in value.items()})
    host, state = shapes.first(fields, _NAGIOS.resource), shapes.first(fields, ("hoststate",))
    title = _title(shapes.first(fields, _NAGIOS.titles), host) or (
        f"{host} is {state.lower()}" if host and state else host
    )
    return shapes.read(_NAGIOS, fields, hints, event=value, title=title)


def read_prtg(value: dict[str, Json], hints: Hints) -> Reading | None:
    """A change of a sensor's state, usually a form that somebody has put together from placeholders."""
    fields = shapes.folded(value)
    ended = _NOW.search(shapes.first(fields, _PRTG.state)[:200])
    if ended:
        fields["status"] = ended[1]
    title = _title(shapes.first(fields, _PRTG.titles), shapes.first(fields, _PRTG.resource))
    return shapes.read(_PRTG, fields, hints, event=value, title=title)


def read_kapacitor(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An event of an alert node."""
    return shapes.read(_KAPACITOR, value, hints)


def _title(check: str, place: str) -> str:
    return f"{check} on {place}" if check and place else check
