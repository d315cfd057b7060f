"""Alerts as Prometheus posts them to Alertmanager's API v2: an array of labels, annotations and times.

Identity is the set of labels that say something. An alert whose endsAt has passed is resolved; without one it fires.
What comes over that API itself (`posted`) also expires: who sends there repeats for as long as it fires.
Source: the OpenAPI document of Alertmanager, api/v2/openapi.yaml, `postableAlert`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.sources import bounds, labelled
from tocsin.sources.batches import each
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "prometheus"

_FIELDS: Final = frozenset(
    {"labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint", "status", "receivers", "updatedAt"}
)


RESOLVE_TIMEOUT: Final[Duration] = 5 * MINUTE  # As Alertmanager: until then an alert without an end is repeated.
SENDER: Final = "prometheus"  # Who sends alerts that do not tell where they come from.
SENDER_MAX: Final = 200  # Characters.

_ZERO: Final = "0001-01-01T00:00:00"  # No time, as Go writes it.
_ORIGIN: Final = re.compile(r"(https?)://(?:[^/?#@\s]*@)?([^/?#@\s]+)", re.IGNORECASE)


def posted(value: Json, received_at: Instant) -> Reading:
    """All alerts of an array that was posted to the API, by its rules. Total."""
    if not isinstance(value, list):
        return Reading(source=SOURCE, problems=(Problem("body", "this is not an array of alerts"),), event=value)
    hints = Hints(received_at=received_at)

    def read_item(item: Json) -> Alert | Problem:
        if not isinstance(item, dict):
            return Problem("body", f"{bounds.quoted(item)} is not an object")
        return _posted(item, hints)

    found, problems = each(value, "alerts", read_item)
    return Reading(source=SOURCE, alerts=found, problems=problems, event=value)


def fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's name of an alert: the FNV-1a hash (64 bits) of its sorted labels, 16 hexadecimal digits.

    Source: `LabelSet.Fingerprint` in github.com/prometheus/common; G. Fowler et al., "The FNV Hash".
    """
    found = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in b"\xff".join((name.encode(), labels[name].encode(), b"")):
            found = (found ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"


def _posted(value: dict[str, Json], hints: Hints) -> Alert | Problem:
    found = alert(value, hints)
    if isinstance(found, Problem):
        return found
    times: dict[str, Instant | None] = {}
    for name in ("startsAt", "endsAt"):
        told = value.get(name)
        absent = told in (None, "") or (isinstance(told, str) and told.startswith(_ZERO))
        times[name] = None if absent else bounds.instant(told)
        if not absent and times[name] is None:
            return Problem(name, f"{bounds.quoted(told)} is no time like 2026-01-05T10:00:00Z")
    start, end = times["startsAt"], times["endsAt"]
    if start is not None and end is not None and end < start:
        return Problem("endsAt", f"start time must be before end time: {bounds.quoted(value.get('endsAt'))}")
    end = hints.received_at + RESOLVE_TIMEOUT if end is None else end
    annotations = value.get("annotations") or {}
    return msgspec.structs.replace(
        found,
        annotations=bounds.labels(annotations.items()),
        began_at=min(hints.received_at, end) if start is None else start,
        expires_at=end if found.status is AlertStatus.FIRING else None,
        sender=_sender(value.get("generatorURL")),
    )


def _sender(generator: Json) -> str:
    """Who says it: scheme and host of where it was generated."""
    found = _ORIGIN.match(generator) if isinstance(generator, str) else None
    return f"{found[1]}://{found[2][:SENDER_MAX]}".lower() if found else SENDER


def is_alert(value: dict[str, Json]) -> bool:
    """Whether *value* has this shape: nothing but its fields, or labels with an alert's name."""
    labels = value.get("labels")
    if isinstance(labels, dict) and "alertname" in labels:
        return True
    return "labels" in value and value.keys() <= _FIELDS


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """One alert, or what is wrong with it; None when it is of another shape."""
    if not is_alert(value):
        return None
    found = alert(value, hints)
    if isinstance(found, Alert):
        return Reading(source=SOURCE, alerts=(found,), event=value)
    return Reading(source=SOURCE, problems=(found,), event=value)


def alert(value: dict[str, Json], hints: Hints) -> Alert | Problem:
    """The alert, or what is wrong with it."""
    labels, annotations = value.get("labels"), value.get("annotations") or {}
    if not isinstance(labels, dict):
        return Problem("labels", f"{bounds.quoted(labels)} is not an object")
    if not isinstance(annotations, dict):
        return Problem("annotations", f"{bounds.quoted(annotations)} is not an object")
    if labelled.nameless(labels):
        return Problem("labels", "no label has a value: nothing tells this alert from another")
    ended = bounds.instant(value.get("endsAt"))
    resolved = ended is not None and ended <= hints.received_at
    return labelled.alert(
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        labels=labels,
        annotations=annotations,
        dedup_key=f"prometheus:{labelled.identity(labels)}",
        source=SOURCE,
        links=(("Source", value.get("generatorURL")),),
    )
