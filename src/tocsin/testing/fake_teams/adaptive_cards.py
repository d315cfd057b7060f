"""What is wrong with an Adaptive Card, by version 1.5 of its schema and by what Teams takes of it.

Sources: https://adaptivecards.io/explorer (types, their properties, which are needed) and
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference. Stricter than Teams:
an unknown property is ignored there, and a mistake here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

VERSIONS: Final = frozenset({"1.2", "1.3", "1.4", "1.5"})
SHOWN_ACTIONS_MAX: Final = 6
CHOICES_MAX: Final = 100
TITLE_MAX: Final = 80
DEPTH_MAX: Final = 12

_ELEMENT: Final = frozenset({"type", "id", "separator", "spacing", "isVisible", "height", "fallback", "requires"})
_INPUT: Final = _ELEMENT | {"label", "isRequired", "errorMessage"}
_ACTION: Final = frozenset({"type", "id", "title", "iconUrl", "style", "fallback", "tooltip", "isEnabled", "mode"})
_COLOURS: Final = frozenset({"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"})
_STYLES: Final = frozenset({"default", "emphasis", "good", "attention", "warning", "accent"})

_KNOWN: Final[dict[str, frozenset[str]]] = {
    "AdaptiveCard": frozenset(
        {"type", "$schema", "version", "body", "actions", "fallbackText", "lang", "speak", "msteams", "minHeight"}
    ),
    "TextBlock": _ELEMENT
    | {"text", "color", "fontType", "horizontalAlignment", "isSubtle", "maxLines", "size", "weight", "wrap", "style"},
    "Image": _ELEMENT | {"url", "altText", "size", "style", "width", "horizontalAlignment", "backgroundColor"},
    "FactSet": _ELEMENT | {"facts"},
    "Container": _ELEMENT | {"items", "style", "bleed", "selectAction", "verticalContentAlignment", "minHeight"},
    "ActionSet": _ELEMENT | {"actions"},
    "Input.Text": _INPUT | {"isMultiline", "maxLength", "placeholder", "regex", "style", "value"},
    "Input.ChoiceSet": _INPUT | {"choices", "isMultiSelect", "style", "value", "placeholder", "wrap"},
    "Input.Date": _INPUT | {"min", "max", "placeholder", "value"},
    "Input.Time": _INPUT | {"min", "max", "placeholder", "value"},
    "Action.Execute": _ACTION | {"verb", "data", "associatedInputs"},
    "Action.Submit": _ACTION | {"data", "associatedInputs"},
    "Action.OpenUrl": _ACTION | {"url"},
    "Action.ShowCard": _ACTION | {"card"},
}
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "TextBlock": ("text",),
    "Image": ("url", "altText"),  # The schema does without the second; people who cannot see do not.
    "FactSet": ("facts",),
    "Container": ("items",),
    "ActionSet": ("actions",),
    "Input.Text": ("id", "label"),
    "Input.ChoiceSet": ("id", "label", "choices"),
    "Input.Date": ("id", "label"),
    "Input.Time": ("id", "label"),
    "Action.Execute": ("title", "verb", "data"),
    "Action.Submit": ("title", "data"),
    "Action.OpenUrl": ("title", "url"),
    "Action.ShowCard": ("title", "card"),
}
_ENUMS: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("TextBlock", "size"): frozenset({"Default", "Small", "Medium", "Large", "ExtraLarge"}),
    ("TextBlock", "weight"): frozenset({"Default", "Lighter", "Bolder"}),
    ("TextBlock", "color"): _COLOURS,
    ("TextBlock", "style"): frozenset({"default", "heading"}),
    ("Container", "style"): _STYLES,
    ("Image", "size"): frozenset({"Auto", "Stretch", "Small", "Medium", "Large"}),
    ("Input.ChoiceSet", "style"): frozenset({"compact", "expanded", "filtered"}),
    ("Action.Execute", "style"): frozenset({"default", "positive", "destructive"}),
    ("Action.Submit", "style"): frozenset({"default", "positive", "destructive"}),
    ("Action.Execute", "mode"): frozenset({"primary", "secondary"}),
    ("Action.Execute", "associatedInputs"): frozenset({"auto", "none"}),
    ("Action.Submit", "associatedInputs"): frozenset({"auto", "none"}),
}
_KINDS: Final[dict[str, type]] = {
    "text": str,
    "title": str,
    "id": str,
    "label": str,
    "url": str,
    "verb": str,
    "value": str,
    "placeholder": str,
    "errorMessage": str,
    "fallbackText": str,
    "altText": str,
    "wrap": bool,
    "isSubtle": bool,
    "isRequired": bool,
    "isMultiline": bool,
    "isMultiSelect": bool,
    "separator": bool,
    "bleed": bool,
    "maxLength": int,
    "facts": list,
    "items": list,
    "actions": list,
    "choices": list,
    "body": list,
}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}")


def problems(card: object) -> list[str]:
    """What is wrong with a card that stands in a message, each with its place."""
    if not isinstance(card, dict):
        return ["the card is no object"]
    found = [*_node(card, "card", "AdaptiveCard", 0)]
    if card.get("version") not in VERSIONS:
        found.append(f"card: the version {card.get('version')!r} is not one that Teams shows")
    ids = [name for name in _ids(card) if name]
    found += [f"card: the id {name!r} stands twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
    return found


def _node(node: object, where: str, kind: str, depth: int) -> Iterator[str]:
    """Of one element, action or card that must be of a *kind* (`element`, `action`, or a type)."""
    if not isinstance(node, dict):
        yield f"{where}: no object"
        return
    name = node.get("type")
    if name not in _KNOWN or not _fits(str(name), kind):
        yield f"{where}: the type {name!r} does not belong there"
        return
    if depth > DEPTH_MAX:
        yield f"{where}: too deep"
        return
    yield from (f"{where}: unknown property {key!r} of {name}" for key in node.keys() - _KNOWN[name])
    yield from (f"{where}: {name} needs {key!r}" for key in _NEEDED.get(name, ()) if node.get(key) in (None, ""))
    yield from _values(node, name, where)
    yield from _special(node, name, where)
    for key, inner in (("body", "element"), ("items", "element"), ("actions", "action")):
        for number, child in enumerate(node.get(key) or ()):
            yield from _node(child, f"{where}.{key}[{number}]", inner, depth + 1)
    if name == "Action.ShowCard":
        yield from _node(node.get("card"), f"{where}.card", "AdaptiveCard", depth + 1)
    if isinstance(node.get("fallback"), dict):
        yield from _node(node["fallback"], f"{where}.fallback", "action", depth + 1)


def _fits(name: str, kind: str) -> bool:
    if kind == "action":
        return name.startswith("Action.")
    if kind == "element":
        return not name.startswith("Action.") and name != "AdaptiveCard"
    return name == kind


def _values(node: dict[str, Any], name: str, where: str) -> Iterator[str]:
    for key, value in node.items():
        kind = _KINDS.get(key)
        if kind is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            yield f"{where}: {key!r} must be of the type {kind.__name__}"
        allowed = _ENUMS.get((name, key))
        if allowed is not None and value not in allowed:
            yield f"{where}: {key!r} is {value!r}, which is none of {sorted(allowed)}"


def _special(node: dict[str, Any], name: str, where: str) -> Iterator[str]:
    """What types and names alone do not tell."""
    if name == "FactSet":
        for number, fact in enumerate(node.get("facts") or ()):
            if not isinstance(fact, dict) or set(fact) != {"title", "value"} or not all(map(str.strip, fact.values())):
                yield f"{where}.facts[{number}]: a fact is a title and a value"
    if name == "Input.ChoiceSet":
        yield from _choices(node, where)
    if name == "Input.Date" and "value" in node and not _DATE.fullmatch(str(node["value"])):
        yield f"{where}: {node['value']!r} is no date"
    if name == "Input.Time" and "value" in node and not _TIME.fullmatch(str(node["value"])):
        yield f"{where}: {node['value']!r} is no time"
    if name in {"Image", "Action.OpenUrl"} and not str(node.get("url", "")).startswith(("https://", "http://")):
        yield f"{where}: {node.get('url')!r} is no http address"
    yield from _pressed(node, name, where)


def _choices(node: dict[str, Any], where: str) -> Iterator[str]:
    choices = node.get("choices") or []
    if not 0 < len(choices) <= CHOICES_MAX:
        yield f"{where}: {len(choices)} choices"
    if any(set(choice) != {"title", "value"} for choice in choices):
        yield f"{where}: a choice is a title and a value"
    elif len({choice["value"] for choice in choices}) < len(choices):
        yield f"{where}: two choices have one value"


def _pressed(node: dict[str, Any], name: str, where: str) -> Iterator[str]:
    if name.startswith("Action.") and len(str(node.get("title", ""))) > TITLE_MAX:
        yield f"{where}: the title has more than {TITLE_MAX} characters"
    if name == "Action.Execute" and not isinstance(node.get("fallback"), dict):
        yield f"{where}: older clients need a fallback"
    if name == "ActionSet":
        shown = [each for each in node.get("actions") or () if each.get("mode") != "secondary"]
        if len(shown) > SHOWN_ACTIONS_MAX:
            yield f"{where}: more than {SHOWN_ACTIONS_MAX} actions in sight"


def _ids(node: object) -> Iterator[str]:
    """The ids of all elements."""
    if isinstance(node, dict):
        if "id" in node and "type" in node:
            yield str(node["id"])
        for key in ("body", "items", "actions", "card"):
            yield from _ids(node.get(key))
    elif isinstance(node, list):
        for each in node:
            yield from _ids(each)
