"""What Microsoft Teams shows, as lines of text: a card in a channel or a chat, and a dialog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Element = dict[str, Any]

_MOMENT = re.compile(r"\{\{DATE\((\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ, SHORT\)\}\} \{\{TIME\([^)]*\)\}\}")
_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\([^)]*\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_ESCAPED = re.compile(r"\\(.)")


def message_lines(activity: Element) -> list[str]:
    """A message as its readers see it; the words of the notification only where there is nothing else."""
    cards = [each["content"] for each in activity.get("attachments", ())]
    return [line for card in cards for line in card_lines(card)] or marked(activity.get("text", "")).splitlines()


def card_lines(card: Element) -> list[str]:
    """A card from top to bottom."""
    return [line.rstrip() for element in card["body"] for line in _element(element)]


def marked(text: str) -> str:
    """Markdown as it is shown: links as `label↗`, moments in UTC."""
    text = _MOMENT.sub(r"\1 \2 UTC", text)
    text = _LINK.sub(r"\1↗", text)
    text = _STRONG.sub(r"*\1*", text)
    return _ESCAPED.sub(r"\1", text).replace("\n\n", "\n").replace("\N{WORD JOINER}", "")


def _element(element: Element) -> Iterator[str]:
    match element["type"]:
        case "TextBlock":
            text = marked(element["text"])
            heading = element.get("style") == "heading"
            aside = "~ " if element.get("isSubtle") else ""
            yield from (f"== {line} ==" if heading else f"{aside}{line}" for line in text.splitlines())
        case "FactSet":
            yield from (f"*{marked(fact['title'])}* {marked(fact['value'])}" for fact in element["facts"])
        case "Container":
            for inner in element["items"]:
                yield from _element(inner)
        case "ActionSet":
            yield from _actions(element["actions"])
        case "Image":
            yield f"(image: {element['altText']})"
        case kind:
            assert kind.startswith("Input."), f"nobody has said how {kind} is drawn"
            yield _input(element)


def _actions(actions: Sequence[Element]) -> Iterator[str]:
    yield " ".join(_button(action) for action in actions)
    for action in actions:
        if action["type"] == "Action.ShowCard":
            yield from (f"  {action['title']} v: {line}" for line in card_lines(action["card"]))


def _button(action: Element) -> str:
    more = {"Action.ShowCard": " v", "Action.OpenUrl": "↗"}.get(action["type"], "")
    return f"[{action['title']}{more}]"


def _input(element: Element) -> str:
    optional = "" if element.get("isRequired") else " (optional)"
    choices = {choice["value"]: choice["title"] for choice in element.get("choices", ())}
    chosen = choices.get(element.get("value", ""), element.get("value", ""))
    shown = chosen or element.get("placeholder") or "____"
    listed = f" v: {' | '.join(choices.values())}" if choices else ""
    return f"{element['label']}{optional}: [{shown}{listed}]"
