"""What an expression may give for each field of an alert, and what becomes of it: lenient where it is plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Link, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds, words
from tocsin.sources.bounds import said

ITEMS_MAX: Final = 100  # Of a list that becomes one text.


class NotSo(ValueError):
    """The value cannot be that of the field; the text says why."""


def _title(value: Json) -> str | None:
    return bounds.line(_line(value, "a title")) or None


def _description(value: Json) -> str:
    if isinstance(value, dict):
        return bounds.prose("\n".join(f"{name}: {said(item)}" for name, item in list(value.items())[:ITEMS_MAX]))
    if isinstance(value, list):
        return bounds.prose("\n".join(said(item) for item in value[:ITEMS_MAX]))
    return bounds.prose(said(value))


def _status(value: Json) -> AlertStatus:
    """As everywhere, every word that does not end it means that it fires; true fires, and false is over."""
    if isinstance(value, bool):
        return AlertStatus.FIRING if value else AlertStatus.RESOLVED
    return words.status(_scalar(value, "a status"))


def _severity(value: Json) -> Severity:
    return words.severity(_scalar(value, "a severity"))


def _kind(value: Json) -> Kind:
    try:
        return Kind(said(_scalar(value, "a kind")).strip().lower())
    except ValueError:
        raise NotSo(f"{bounds.quoted(value)} is neither {Kind.ALERT} nor {Kind.NOTIFICATION}") from None


def _key(value: Json) -> str | None:
    told = said(_scalar(value, "a key")).strip()
    return bounds.key(told) if told else None


def _group(value: Json) -> str:
    return bounds.key(said(_scalar(value, "a key")).strip())


def _place(value: Json) -> str:
    return bounds.line(_line(value, "a resource"), bounds.LABEL_MAX)


def _name(value: Json) -> str:
    return bounds.line(said(_scalar(value, "an account or a region")), bounds.NAME_MAX)


def _links(value: Json) -> tuple[Link, ...]:
    """An address, an object of addresses by their texts, or a list of addresses and of `{text, href}`."""
    if isinstance(value, dict) and "href" not in value:
        return bounds.links(value.items())
    items = value if isinstance(value, list) else [value]
    pairs = [(said(item.get("text")), item.get("href")) if isinstance(item, dict) else ("", item) for item in items]
    found = bounds.links(pairs)
    if not found and any(href for _, href in pairs):
        raise NotSo(f"{bounds.quoted(value)} has no address that begins with http:// or https://")
    return found


def _labels(value: Json) -> dict[str, str]:
    if not isinstance(value, dict):
        raise NotSo(f"{bounds.quoted(value)} is no object of labels by their names")
    return bounds.labels(value.items())


def _tags(value: Json) -> tuple[str, ...]:
    return bounds.tags(value if isinstance(value, list) else [value])


def _moment(value: Json) -> Instant:
    found = bounds.instant(value)
    if found is None:
        raise NotSo(f"{bounds.quoted(value)} is no time: ISO 8601, or seconds or milliseconds since 1970")
    return found


def _line(value: Json, what: str) -> str:
    """A text, or a list of texts, since a path that finds several things gives one."""
    if isinstance(value, list):
        return ", ".join(said(_scalar(item, what)) for item in value[:ITEMS_MAX])
    return said(_scalar(value, what))


def _scalar(value: Json, what: str) -> Json:
    if isinstance(value, list | dict):
        raise NotSo(f"{bounds.quoted(value)} is not {what}")
    return value


FIELDS: Final[dict[str, Callable[[Json], object]]] = {
    "title": _title,
    "description": _description,
    "status": _status,
    "severity": _severity,
    "kind": _kind,
    "dedup_key": _key,
    "group_key": _group,
    "resource": _place,
    "account": _name,
    "region": _name,
    "links": _links,
    "labels": _labels,
    "tags": _tags,
    "occurred_at": _moment,
}
"""The fields that a mapping can say, and how each is read; None: the ordinary value stays."""
