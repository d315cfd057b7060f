"""The judge that is a table of our own: Slack's limits as we have read them, and what must be unique.

It is written apart from the fake's, from the same pages: https://docs.slack.dev/reference/block-kit. Two readings that
agree are better than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tocsin.slack.drawing import Message

BLOCKS_MAX: Final = {"message": 50, "modal": 100, "home": 100}
TEXT_MAX: Final = {
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("context", "elements"): 3000,
    ("button", "text"): 75,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("image", "title"): 2000,
}
PLACEHOLDER_MAX: Final = 150
STRING_MAX: Final = {
    "action_id": 255,
    "block_id": 255,
    "callback_id": 255,
    "private_metadata": 3000,
    "alt_text": 2000,
    "image_url": 3000,
    "url": 3000,
    "accessibility_label": 75,
    "external_id": 255,
}
ITEMS_MAX: Final = {
    ("section", "fields"): 10,
    ("actions", "elements"): 25,
    ("context", "elements"): 10,
    ("overflow", "options"): 5,
    ("static_select", "options"): 100,
    ("multi_static_select", "options"): 100,
    ("radio_buttons", "options"): 10,
    ("checkboxes", "options"): 10,
}
VALUE_MAX: Final = {"button": 2000, "option": 150}
FALLBACK_MAX: Final = 4000


def problems(payload: Message | dict[str, Any]) -> list[str]:
    """What is wrong with *payload*, each with its place."""
    if isinstance(payload, Message):
        said = [] if 0 < len(payload.text) <= FALLBACK_MAX else ["text: too long, or none"]
        return said + _of_blocks("message", list(payload.blocks))
    surface = payload["type"]
    return [
        *_of_blocks(surface, payload["blocks"]),
        *_texts(surface, payload, surface),
        *_strings(payload, surface),
        *([] if "submit" in payload or not _inputs(payload) else [f"{surface}: inputs, and no submit"]),
    ]


def _of_blocks(surface: str, blocks: list[Any]) -> list[str]:
    found = [] if len(blocks) <= BLOCKS_MAX[surface] else [f"{len(blocks)} blocks"]
    names: dict[tuple[str, str], str] = {}
    for place, kind, value in _walk(blocks, "blocks"):
        found += [*_texts(kind, value, place), *_strings(value, place), *_values(kind, value, place)]
        for (owner, key), most in ITEMS_MAX.items():
            if kind == owner and key in value and not 0 < len(value[key]) <= most:
                found.append(f"{place}.{key}: {len(value[key])} items")
        for key in ("action_id", "block_id"):
            if key in value and names.setdefault((key, value[key]), place) != place:
                found.append(f"{place}.{key}: {value[key]!r} is also at {names[key, value[key]]}")
        if kind == "section" and not {"text", "fields"} & value.keys():
            found.append(f"{place}: neither text nor fields")
    return found


def _walk(value: Any, place: str, kind: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:  # noqa: ANN401 - any JSON.
    """Everything that has keys, with its place, and what it is."""
    if isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{place}[{number}]", kind)
    elif isinstance(value, dict):
        yield place, str(value.get("type", kind)), value
        for key, inner in value.items():
            yield from _walk(inner, f"{place}.{key}", "option" if key == "options" else str(key))


def _texts(kind: str, value: dict[str, Any], place: str) -> list[str]:
    found: list[str] = []
    for key, inner in value.items():
        most = PLACEHOLDER_MAX if key == "placeholder" else TEXT_MAX.get((kind, key))
        texts = [one for one in (inner if isinstance(inner, list | tuple) else [inner]) if isinstance(one, dict)]
        sizes = [len(one["text"]) for one in texts if "text" in one]
        found += [f"{place}.{key}: {size} characters" for size in sizes if most and not 0 < size <= most]
    return found


def _strings(value: dict[str, Any], place: str) -> list[str]:
    return [
        f"{place}.{key}: {len(value[key])} characters"
        for key, most in STRING_MAX.items()
        if (key in value and not (key == "private_metadata" or value[key])) or len(value.get(key, "")) > most
    ]


def _values(kind: str, value: dict[str, Any], place: str) -> list[str]:
    most = VALUE_MAX.get(kind)
    return [f"{place}.value: too long"] if most and len(value.get("value", "")) > most else []


def _inputs(view: dict[str, Any]) -> list[Any]:
    return [block for block in view["blocks"] if block["type"] == "input"]
