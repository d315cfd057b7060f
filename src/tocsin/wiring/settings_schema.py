"""The JSON Schema of `tocsin.yaml`, made from the table of keys, for editors that check while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, TypeAlias, assert_never

from tocsin.kernel.time import Duration, format_duration
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_kinds import (
    NAME,
    Choice,
    Entry,
    Flag,
    Formula,
    Kind,
    Many,
    Named,
    Network,
    PatternOf,
    Ref,
    Section,
    Span,
    Text,
    Url,
    Whole,
    entries,
)

PUBLISHED: Final = Path(__file__).with_name("tocsin.schema.json")
"""The generated text as it is shipped; a test holds that it is the newest."""

_Schema: TypeAlias = dict[str, Any]

_ENVIRONMENT: Final = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
_NETWORK: Final = "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
_DURATION: Final = r"\s*([0-9]{1,9}\s*(ms|min|s|m|h|d|w)\s*)+"


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> _Schema:
    """The schema (draft 2020-12). It knows no dangling names, and wants texts to be written as texts."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tocsin.yaml",
        "description": "The configuration of Tocsin. Every text may hold ${NAME}, which is read from the environment.",
        **_of(Section(Settings)),
    }


def _of(kind: Kind) -> _Schema:
    match kind:
        case Section():
            return _section(kind)
        case Named():
            names: _Schema = {"pattern": f"^({NAME.pattern})$"}
            if kind.reserved:
                names["not"] = {"enum": list(kind.reserved)}
            return {"type": "object", "propertyNames": names, "additionalProperties": _or_null(_of(kind.of))}
        case Many():
            many = {"type": "array", "items": _of(kind.of), **({"minItems": kind.least} if kind.least else {})}
            return {"anyOf": [_of(kind.of), many]} if kind.single else many
        case PatternOf():
            return {"type": "object", "minProperties": 1}
        case Formula():
            return {"anyOf": [{"type": "string", "minLength": 1}, {"type": "boolean"}, {"type": "number"}]}
        case Flag():
            return _or_environment({"type": "boolean"})
        case Whole():
            return _or_environment({"type": "integer", "minimum": kind.least, "maximum": kind.most})
        case _:
            return _text(kind)


def _text(kind: Text | Span | Choice | Url | Network | Ref) -> _Schema:
    match kind:
        case Choice():
            return _or_environment({"enum": list(kind.words)})
        case Span():
            return _or_environment({"type": "string", "pattern": f"^{_DURATION}$"})
        case Url():
            return _or_environment({"type": "string", "pattern": "^https?://"})
        case Network():
            return _or_environment({"type": "string", "pattern": _NETWORK})
        case Ref():
            return {"type": "string", "minLength": 1}
        case Text():
            if not kind.shape:
                return {"type": "string", "minLength": 1, "maxLength": kind.most}
            shaped = _or_environment({"type": "string", "pattern": f"^({kind.shape})$"})
            return {"anyOf": [*shaped["anyOf"], {"type": "integer"}]} if kind.digits else shaped
    assert_never(kind)


def _section(kind: Section) -> _Schema:
    known = entries(kind.struct)
    required = [entry.name for entry in known.values() if entry.required]
    whole: _Schema = {
        "type": "object",
        "additionalProperties": False,
        **({"required": required} if required else {}),
        "properties": {entry.name: _described(entry) for entry in known.values()},
    }
    return {"anyOf": [_of(known[kind.short].key.kind), whole]} if kind.short else whole


def _described(entry: Entry) -> _Schema:
    value = _of(entry.key.kind)
    default = default_text(entry)
    return {
        "description": entry.key.meaning,
        **({"default": default} if default is not None else {}),
        **(value if entry.required else _or_null(value)),
    }


def default_text(entry: Entry) -> str | int | bool | None:
    """The default as one would write it; None where the absence itself is the default, or the key is required."""
    default = entry.default
    if isinstance(entry.key.kind, Span) and not entry.required and default is not None:
        assert isinstance(default, int)
        return span_text(default)
    return default if isinstance(default, bool | int) or (isinstance(default, str) and default) else None


def span_text(duration: Duration) -> str:
    """A duration as one would write it."""
    return format_duration(duration).replace(" ", "")


def _or_environment(value: _Schema) -> _Schema:
    return {"anyOf": [value, {"type": "string", "pattern": _ENVIRONMENT}]}


def _or_null(value: _Schema) -> _Schema:
    """An optional key may stand without a value: everything below it is commented out."""
    if "anyOf" in value:
        return {"anyOf": [*value["anyOf"], {"type": "null"}]}
    return {**value, "type": [value["type"], "null"]}
