"""Senders whose bodies differ in their names only: a `Shape` says what is where, and one function reads them all.

A name is a path: `check.metadata.name` looks into objects. Of several names the first that says something counts. What
a sender has left of its own template (`$ALERT_ID`, `*monitorURL*`, `{EVENT.ID}`) says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds, tags, words
from tocsin.sources.reading import Hints, Reading

Names: TypeAlias = tuple[str, ...]

BROKEN: Final = "monitoring broken"  # The class of alerts that tell of blindness, not of the thing itself.

_PLACEHOLDER: Final = re.compile(r"\*\w+\*|\$\{?[A-Za-z_]\w*\}?|\{\$?[A-Z][\w.#$]*\}|%[a-z]+|\|[A-Z]+\|", re.ASCII)
_PLACEHOLDER_MAX: Final = 60  # Characters; no sender has a longer name for a value.


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender's word for a state means.

    *severity* None: as bad as the sender says elsewhere. *said*: what the title says after the name. *part*: of the
    same thing, with a key of its own. *recorded*: True is for the record only and no alert.
    *broken*: the monitoring itself does not see.
    """

    status: AlertStatus = AlertStatus.FIRING
    severity: Severity | None = None
    kind: Kind = Kind.ALERT
    said: str = ""
    part: str = ""
    recorded: bool = False
    broken: bool = False


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bodies of *source* say what.

    *keys*: the ways to know the matter, the best first; all names of one must say something. *group*: names that
    together tell what the matter belongs to. *state* names the field, *states* what its words mean (in lower case);
    other words mean what they mean everywhere. *levels*: the same for *severity*. *labels* and *links* are pairs of
    what people read and a name.
    """

    source: str
    titles: Names
    keys: tuple[Names, ...]
    group: Names = ()
    state: Names = ()
    states: Mapping[str, State] = {}
    severity: Names = ()
    levels: Mapping[str, Severity] = {}
    descriptions: Names = ()
    resource: Names = ()
    time: Names = ()
    tags: Names = ()
    labels: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def read(
    shape: Shape,
    value: dict[str, Json],
    hints: Hints,
    *,
    event: Json = None,
    state: State | None = None,
    title: str = "",
    description: str = "",
    labels: Iterable[tuple[str, Json]] = (),
) -> Reading | None:
    """The alert, or the fact, of a body of *shape*; None when it has neither a title nor a key, so another's.

    *event*: the raw body, where *value* was made of it. *state*, *title*, *description* and *labels*: what a reader has
    found by itself; the first two count before what the shape finds, the others beside it.
    """
    event = value if event is None else event
    told, matter = title or first(value, shape.titles), known(shape, value)
    if not told and not matter:
        return None
    state = state or _state(shape, value)
    title = " ".join(part for part in (told or f"{shape.source} {matter}", state.said) if part)
    if state.recorded:
        word = "" if state.said else f" ({bounds.line(first(value, shape.state), bounds.NAME_MAX)})"
        return Reading(source=shape.source, event=event, fact=f"For the record only: {bounds.title(title)}{word}")
    own_tags = tags.read(at(value, shape.tags))
    alert = Alert(
        status=state.status,
        title=bounds.title(title),
        description=bounds.paragraphs(*(first(value, (name,)) for name in shape.descriptions), description),
        dedup_key=_key(shape, hints, matter or bounds.digest(hints.topic, told), state.part),
        group_key=_group(shape, value),
        source=shape.source,
        severity=state.severity or _severity(shape, value),
        kind=state.kind,
        resource=bounds.line(first(value, shape.resource), bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                *((name, first(value, (path,))) for name, path in shape.labels),
                *labels,
                *tags.labels(own_tags),
                ("class", BROKEN if state.broken else ""),
            )
        ),
        tags=own_tags,
        links=bounds.links((text, at(value, (path,))) for text, path in shape.links),
        occurred_at=bounds.instant(at(value, shape.time)),
    )
    return Reading(source=shape.source, alerts=(alert,), event=event)


def known(shape: Shape, value: dict[str, Json]) -> str:
    """What names the matter of *value*, empty if nothing does."""
    for names in shape.keys:
        parts = [first(value, (name,)) for name in names]
        if all(parts):
            return ":".join(parts)
    return ""


def first(value: dict[str, Json], names: Names) -> str:
    """The text of the first of *names* that says something; of a list its items, of an object its JSON."""
    found = at(value, names)
    if type(found) is list:
        return ", ".join(map(bounds.said, found[: bounds.LINKS_MAX]))
    return bounds.said(found)


def at(value: dict[str, Json], names: Names) -> Json:
    """What the first of *names* that says something holds, None if there is none."""
    for name in names:
        found = _walked(value, name) if "." in name else value.get(name)
        if found is None or found in ("", [], {}):
            continue
        if type(found) is str and (found.isspace() or is_placeholder(found)):
            continue
        return found
    return None


def _walked(value: Json, path: str) -> Json:
    for step in path.split("."):
        value = value.get(step) if type(value) is dict else None
    return value


def is_placeholder(text: str) -> bool:
    """Whether *text* is the name of a value that its sender has not put in."""
    return len(text) <= _PLACEHOLDER_MAX and _PLACEHOLDER.fullmatch(text.strip()) is not None


def folded(value: dict[str, Json]) -> dict[str, Json]:
    """*value* by names without case and underscores: `alert_type`, `alertType` and `ALERTTYPE` are one name."""
    return {name.replace("_", "").lower(): item for name, item in value.items()}


def _state(shape: Shape, value: dict[str, Json]) -> State:
    """What the state of *value* means."""
    word = first(value, shape.state).strip().lower()
    return shape.states.get(word) or State(status=words.status(word))


def _key(shape: Shape, hints: Hints, matter: str, part: str) -> str:
    return bounds.key(":".join(filter(None, (hints.key or f"{shape.source}:{matter}", part))))


def _group(shape: Shape, value: dict[str, Json]) -> str:
    parts = [first(value, (name,)) for name in shape.group]
    return bounds.key(f"{shape.source}:group:{':'.join(parts)}") if parts and all(parts) else ""


def _severity(shape: Shape, value: dict[str, Json]) -> Severity:
    word = at(value, shape.severity)
    return shape.levels.get(bounds.said(word).strip().lower()) or words.severity(word)
