"""Datadog's webhooks: with our own template (docs/templates/datadog.json), templates like it, or its default payload.

The matter is a cycle: from a monitor's first trigger to its recovery. A template that does not tell it tells the
monitor and the scope; the default payload tells only a title, `[Triggered on {host:web-1}] Host is down`, whose
brackets hold the state and the scope. A renotification is a repetition as any other.

Source: "Webhooks" of Datadog's documentation, with its variables.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.bounds import digest
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

_FIRES: Final = State()
_WARNS: Final = State(severity=Severity.WARNING)
_BLIND: Final = State(severity=Severity.WARNING, said="(no data)", broken=True)
_STATES: Final = {
    "triggered": _FIRES,
    "re-triggered": _FIRES,
    "renotify": _FIRES,
    "re-notify": _FIRES,
    "warn": _WARNS,
    "re-warn": _WARNS,
    "no data": _BLIND,
    "re-no data": _BLIND,
    "recovered": State(status=AlertStatus.RESOLVED),
    "muted": State(recorded=True, said="(muted)"),
    "unmuted": State(recorded=True, said="(unmuted)"),
}
# The type of an event, where no transition is told: an event is no monitor.
_TYPES: Final = {
    "success": State(status=AlertStatus.RESOLVED),
    "info": State(severity=Severity.INFO, kind=Kind.NOTIFICATION),
    "warning": _WARNS,
    "error": _FIRES,
}

_SHAPE: Final = Shape(  # Names without case and underscores: templates have them all.
    source="datadog",
    titles=("title", "eventtitle", "alerttitle"),
    keys=(("cyclekey",), ("alertcyclekey",), ("alertid", "scope"), ("alertid",)),
    group=("alertid", "scope"),
    state=("transition", "alerttransition"),
    states=_STATES,
    severity=("priority", "alertpriority", "severity"),
    levels={"normal": Severity.HIGH, "low": Severity.INFO},
    descriptions=("body", "textonlymsg", "eventmsg"),
    resource=("host", "hostname", "scope", "alertscope"),
    time=("lastupdated", "date"),
    tags=("tags",),
    labels=(
        ("monitor", "alertid"),
        ("scope", "scope"),
        ("metric", "metric"),
        ("query", "query"),
        ("transition", "transition"),
        ("organisation", "org.name"),
        ("organisation", "orgname"),
    ),
    links=(("Datadog", "link"), ("Datadog", "url")),
)

_TITLE_MAX: Final = 1000  # Characters of a title that are looked at.
_BRACKET: Final = re.compile(r"\[([^\[\]]{1,300})\]\s*")
_PRIORITY: Final = re.compile(r"p[1-5]")
_UNSET: Final = re.compile(r"\$[A-Z{]")  # At the beginning: what Datadog does not know it leaves as it is.


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What one event tells."""
    given = shapes.folded(value)
    fields = {name: item for name, item in given.items() if not (type(item) is str and _UNSET.match(item))}
    title, word, scope = _parted(shapes.first(fields, _SHAPE.titles)[:_TITLE_MAX])
    fields["transition"] = shapes.first(fields, _SHAPE.state) or word
    fields["scope"] = shapes.first(fields, ("scope", "alertscope")) or scope
    if not shapes.known(_SHAPE, fields) and title:
        # An event's own id names no matter; what it is aggregated by does, or its title without the state.
        fields["cyclekey"] = shapes.first(fields, ("aggregkey",)) or digest(
            shapes.first(fields, ("org.id",)), title, fields["scope"]
        )
    kind = shapes.first(fields, ("alerttype", "type")).lower()
    return shapes.read(
        _SHAPE, fields, hints, event=value, state=None if fields["transition"] else _TYPES.get(kind), title=title
    )


def _parted(title: str) -> tuple[str, str, str]:
    """The name, the word for the state and the scope in a title; the last two are empty if it has none."""
    word = scope = ""
    rest = title
    while found := _BRACKET.match(rest):
        inner, _, place = found[1].partition(" on ")
        told = inner.strip().lower()
        if told in _STATES:
            word, scope = told, place.strip().strip("{}")
        elif not _PRIORITY.fullmatch(told):
            break
        rest = rest[found.end() :]
    return rest.strip() or title, word, scope
