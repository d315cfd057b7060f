"""Where an event says what: places in JSON, and templates that are filled from them.

A place is a path of names with dots: `userIdentity.arn`. A number is an item of a list, `*` all items of a list or all
values of an object. `a|b`: what stands at a, else at b. `a+b`: each text at a with each at b. Beside the detail there
are `@type`, `@region`, `@account`, `@arn` (the first resource), `@resource` (its name), `@word` (the outcome that has
decided), `@outcome` (the same for people), `@said` (what the sign says of it, if it does) and `@counts`.

A template is text with places in braces. What stands in brackets is left out if one of its places says nothing.
`!` behind a place converts: `!short` is the name in an ARN, `!name` the last part of anything with slashes or colons,
`!parent` the part before; `!path` keeps slashes and colons in an address, `!twice` quotes twice; `!plain` tells a word
such as `TIMED_OUT` as people would. In what people read every ARN is told by its name, in an address only on request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Final, TypeAlias
from urllib.parse import quote

import msgspec

from tocsin.incidents.alerts import DESCRIPTION_MAX
from tocsin.kernel.json import Json
from tocsin.sources import arns
from tocsin.sources.bounds import WRITTEN, said

WIDTH_MAX: Final = 50  # Texts of one place: no type of event has more that matter.
MISSING: Final = "?"  # In a title, what the event should have said.

Scene: TypeAlias = Mapping[str, Json]

_PIECES: Final = re.compile(r"\{([^{}]+)\}|\[([^\[\]]+)\]")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SCALARS: Final = (*WRITTEN, bool)
_NOTHING: Final = ("", "null", "NULL")  # Some services write a null as text.
_PARTS: Final = re.compile(r"[:/]")
_ADDRESS: Final = re.compile(r"https?://[^\s#]+#(\S+)")


class _Slot(msgspec.Struct, frozen=True):
    """Places in a template, each with its conversion; the first that says something counts."""

    options: tuple[tuple[str, str], ...]


_Piece: TypeAlias = "str | _Slot | tuple[str | _Slot, ...]"


def texts(scene: Scene, place: str) -> list[str]:
    """What stands at *place*, each scalar as text; blank text and the word null say nothing."""
    for joined in _options(place):
        found = [_at(scene, steps) for steps in joined]
        if all(found):
            return found[0] if len(found) == 1 else [" ".join(words) for words in islice(product(*found), WIDTH_MAX)]
    return []


def text(scene: Scene, place: str) -> str:
    """The first text at *place*; empty if there is none."""
    return next(iter(texts(scene, place)), "")


def value(scene: Scene, place: str) -> Json:
    """The value at a place without alternatives; None if there is none."""
    return next(iter(_values(scene, tuple(place.split(".")))), None)


def numbers(scene: Scene, place: str) -> list[float]:
    """The numbers at a place without alternatives."""
    return [item for item in _values(scene, tuple(place.split("."))) if type(item) in (int, float)]


def title(scene: Scene, template: str) -> str:
    """The template for people: ARNs are told by their names, what is missing by a question mark."""
    return _filled(scene, template, _for_people) or MISSING


def page(scene: Scene, template: str) -> str:
    """The template for an address: every text quoted; empty if one is missing."""
    filled = _filled(scene, template, _for_address, missing="")
    return filled or ""


def identity(scene: Scene, told: str) -> str:
    """All that stands at a place with conversions, in an order that does not depend on the event's."""
    for place, conversion in _slot(told).options:
        found = texts(scene, place)
        if found:
            return ",".join(sorted(short(item) if conversion == "short" else item for item in found))
    return ""


def plain(word: str) -> str:
    """A word of AWS as people would write it: `TIMED_OUT` is timed out, `CacheNodeReplaced` cache node replaced."""
    told = _CAMEL.sub(" ", word) if " " not in word else word
    return told.replace("_", " ").lower()


def short(told: str) -> str:
    """The name in an ARN; any other text as it is."""
    arn = arns.parse(told)
    return arn.name if arn else told


def word(told: str) -> str:
    """An outcome: the text itself, or what an address in its place points to (`...#RDS-EVENT-0049`)."""
    found = _ADDRESS.fullmatch(told)
    return found.group(1) if found else told


def _filled(scene: Scene, template: str, tell: Callable[[str, str], str], missing: str | None = MISSING) -> str:
    told: list[str] = []
    for piece in _pieces(template):
        if isinstance(piece, str):
            told.append(piece)
        elif isinstance(piece, _Slot):
            found = _said(scene, piece, tell)
            if not found and not missing:
                return ""
            told.append(found or MISSING)
        else:
            parts = [part if isinstance(part, str) else _said(scene, part, tell) for part in piece]
            told.append("".join(parts) if all(parts) else "")
    return "".join(told)


def _said(scene: Scene, slot: _Slot, tell: Callable[[str, str], str]) -> str:
    for place, conversion in slot.options:
        found = text(scene, place)
        if found:
            return tell(found, conversion)
    return ""


def _for_people(told: str, conversion: str) -> str:
    if conversion == "plain":
        return plain(told)
    return _part(told, -2) if conversion == "parent" else short(_part(told, -1) if conversion == "name" else told)


def _for_address(told: str, conversion: str) -> str:
    if conversion == "path":
        return quote(told, safe="/:", errors="replace")
    if conversion in {"name", "parent"}:
        told = _part(told, -1 if conversion == "name" else -2)
    if conversion == "short":
        told = short(told)
    quoted = quote(told, safe="", errors="replace")
    return quote(quoted, safe="") if conversion == "twice" else quoted


def _part(told: str, place: int) -> str:
    parts = [part for part in _PARTS.split(told) if part]
    return parts[place] if len(parts) >= -place else told


@lru_cache(maxsize=4096)
def _options(place: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple(tuple(path.split(".")) for path in option.split("+")) for option in place.split("|"))


@lru_cache(maxsize=2048)
def _pieces(template: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    end = 0
    for found in _PIECES.finditer(template):
        pieces += [template[end : found.start()]] if found.start() > end else []
        end = found.end()
        slot, group = found.groups()
        pieces.append(_slot(slot) if slot else tuple(p for p in _pieces(group) if not isinstance(p, tuple)))
    return (*pieces, template[end:]) if end < len(template) else tuple(pieces)


@lru_cache(maxsize=4096)
def _slot(told: str) -> _Slot:
    options = (option.partition("!") for option in told.split("|"))
    return _Slot(tuple((place, conversion) for place, _, conversion in options))


def _at(scene: Scene, steps: tuple[str, ...]) -> list[str]:
    found = [said(item)[:DESCRIPTION_MAX] for item in _values(scene, steps) if type(item) in _SCALARS]
    return [told for told in found if told not in _NOTHING and not told.isspace()]


def _values(scene: Scene, steps: tuple[str, ...]) -> list[Json]:
    values: list[Json] = [scene]
    for step in steps:
        inner: list[Json] = []
        for item in values:
            if isinstance(item, dict):
                inner += islice(item.values(), WIDTH_MAX) if step == "*" else [item[step]] if step in item else []
            elif isinstance(item, list):
                inner += item[:WIDTH_MAX] if step == "*" else item[int(step) :][:1] if step.isdigit() else []
        values = inner[:WIDTH_MAX]
    return values
