"""Any JSON object: the names that most senders use mean what they mean there, and everything else is shown.

How repetitions are found, best first: the key that the sender asks for (header `X-Alert-Key`, or a field such as
`dedup_key` or `id`); else the title, with the service or host that it is about; else, without a title, the value of the
only field, or the set of the field names. The last two are marbot's rule (help page "generic integration"); a title
counts for more here, since two alerts with different titles that merge for their equal shape would be one alert lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.sources import bounds, tags, words
from tocsin.sources.reading import Hints, Problem, Reading

FIELDS_MAX: Final = 1000  # Of a flattened object: enough for the set of names to tell shapes apart.
SHOWN_MAX: Final = 6  # Fields in the description when nobody wrote one.

_TITLES: Final = ("title", "summary", "subject", "message", "text", "name")
_DESCRIPTIONS: Final = ("description", "details", "body", "message", "text")
_STATUSES: Final = ("status", "state", "event_action", "action")
_KEYS: Final = (
    "dedup_key",
    "dedup",
    "deduplication_key",
    "alias",
    "fingerprint",
    "incident_key",
    "alert_uid",
    "key",
    "id",
)
_SEVERITIES: Final = ("severity", "priority", "level")
_RESOURCES: Final = ("resource", "host", "service", "source")
_LINKS: Final = ("url", "link", "href", "source_url")
_TIMES: Final = ("timestamp", "time", "occurred_at")
_TOLD: Final = frozenset((*_SEVERITIES, *_STATUSES, *_KEYS, "kind"))  # What is told, or meant, in another way.
_MADE: Final = "json:"  # How a key begins that the sender has not given.
_HIDDEN: Final = "(hidden)"  # In the place of a credential: that it came is told, and what it is is not.
_LABELS: Final = ("labels", "tags", "details", "meta")


def read(value: dict[str, Json], hints: Hints, source: str = "json") -> Reading:
    """One alert, or a problem when the object is empty."""
    found = alert(value, hints, source)
    if isinstance(found, str):
        return Reading(source=source, problems=(Problem("body", found),), event=value)
    return Reading(source=source, alerts=(found,), event=value)


def alert(value: dict[str, Json], hints: Hints, source: str = "json") -> Alert | str:
    """The alert that *value* tells of, or what is wrong with it."""
    value = _unwrapped(value)
    fields = {name.lower(): item for name, item in value.items()}
    own_title, titled_by = _first(fields, _TITLES)
    description, described_by = _first(fields, _DESCRIPTIONS, but=titled_by)
    leaves = _flat(value)
    if not leaves and not hints.title:
        return "the object says nothing"
    resource, _ = _first(fields, _RESOURCES)
    title = hints.title or own_title or _title(leaves)
    own_tags = tags.read(fields.get("tags"))
    shown = leaves.items() if described_by or not titled_by else _without(leaves, {titled_by, *_TOLD})
    return Alert(
        status=words.status(_first_value(fields, _STATUSES)),
        title=bounds.title(title),
        description=_description(description or (own_title if hints.title else ""), list(shown)),
        dedup_key=_key(fields, hints, own_title, resource, leaves),
        source=source,
        severity=words.severity(_first_value(fields, _SEVERITIES)),
        kind=words.kind(fields.get("kind")),
        account=bounds.line(_first(fields, ("account", "account_id"))[0], bounds.NAME_MAX),
        region=bounds.line(_first(fields, ("region",))[0], bounds.NAME_MAX),
        resource=bounds.line(resource, bounds.LABEL_MAX),
        labels=bounds.labels(_label_pairs(leaves, {titled_by, described_by, "tags" if own_tags else ""})),
        tags=own_tags,
        links=bounds.links(("Link", fields[name]) for name in _LINKS if name in fields),
        occurred_at=bounds.instant(_first_value(fields, _TIMES)),
    )


def keyed(found: Alert, mapped: Alert) -> Alert:
    """*mapped*, with the key that its own title and resource give, where that of *found* was made from its words."""
    if not found.dedup_key.startswith(_MADE) or found.title == mapped.title:
        return mapped
    return replace(mapped, dedup_key=f"{_MADE}{bounds.digest(mapped.title, mapped.resource)}")


def named_key(fields: dict[str, Json]) -> str:
    """The key that the sender gave in *fields* (names in lower case); empty if none."""
    return _first(fields, _KEYS)[0]


def _unwrapped(value: dict[str, Json]) -> dict[str, Json]:
    """The object itself where an envelope of one name holds it, as in `{"alert": {...}}`."""
    while len(value) == 1:
        (inner,) = value.values()
        if not isinstance(inner, dict) or not inner:
            break
        value = inner
    return value


def _first(fields: dict[str, Json], names: tuple[str, ...], *, but: str = "") -> tuple[str, str]:
    """The text of the first of *names* that says something, and the name; two empty texts if there is none."""
    for name in names:
        item = fields.get(name)
        if item is not None and name != but and type(item) in bounds.WRITTEN:
            text = bounds.said(item)
            if text and not text.isspace():
                return text, name
    return "", ""


def _first_value(fields: dict[str, Json], names: tuple[str, ...]) -> Json:
    for name in names:
        item = fields.get(name)
        if item is not None:
            return item
    return None


def _flat(value: dict[str, Json]) -> dict[str, Json]:
    """The first leaves of *value* by dotted name; a list is one leaf, since its length must not change the names."""
    found: dict[str, Json] = {}
    for name, item in _leaves(value):
        found[name] = item
        if len(found) == FIELDS_MAX:
            break
    return found


def _leaves(value: dict[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """A name is cut as it grows: otherwise long names in deep objects would cost the square of the body."""
    for name, item in value.items():
        path = (prefix + name)[: bounds.NAME_MAX]
        if type(item) is dict:
            yield from _leaves(item, path + ".")
        else:
            yield path, _HIDDEN if name.lower() in bounds.CREDENTIALS else item


def _without(leaves: dict[str, Json], names: set[str]) -> list[tuple[str, Json]]:
    return [(name, item) for name, item in leaves.items() if name.lower() not in names]


def _title(leaves: dict[str, Json]) -> str:
    """The value of the only field, else the first three fields."""
    if len(leaves) == 1:
        (only,) = leaves.values()
        return bounds.said(only) or next(iter(leaves))
    return ", ".join(_row(name, item) for name, item in list(leaves.items())[:3])


def _description(told: str, leaves: list[tuple[str, Json]]) -> str:
    """What the sender wrote, else the first six fields."""
    if told:
        return bounds.prose(told)
    return bounds.prose("\n".join(_row(name, item) for name, item in leaves[:SHOWN_MAX]))


def _row(name: str, item: Json) -> str:
    return f"{name}: {bounds.line(bounds.said(item), bounds.LABEL_MAX)}"


def _key(fields: dict[str, Json], hints: Hints, own_title: str, resource: str, leaves: dict[str, Json]) -> str:
    explicit = hints.key or named_key(fields)
    if explicit:
        return bounds.key(explicit)
    if own_title:
        return f"{_MADE}{bounds.digest(hints.topic, hints.title, own_title, resource)}"
    if len(leaves) == 1:
        return f"{_MADE}{bounds.digest(hints.topic, hints.title, *map(bounds.said, leaves.values()))}"
    return f"{_MADE}{bounds.digest(hints.topic, hints.title, *sorted(leaves))}"


def _label_pairs(leaves: dict[str, Json], taken: set[str]) -> Iterator[tuple[str, Json]]:
    """All leaves but the title and the description; those of an object of labels under their own names."""
    for name, item in leaves.items():
        if "." not in name:
            if name.lower() == "meta" and isinstance(item, str) and "=" in item:
                yield from _meta(item)
            elif name.lower() not in taken:
                yield name, item
            continue
        owner, _, rest = name.partition(".")
        yield (rest if owner.lower() in _LABELS else name), item


def _meta(text: str) -> Iterator[tuple[str, str]]:
    """GoAlert's `meta=name=value`; of a form that has several, they stand behind each other."""
    for pair in text[: bounds.LINK_MAX].split(", "):
        name, _, value = pair.partition("=")
        yield name, value
