"""What the fake Teams knows: people, messages, and what a bot has answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

JsonObject = dict[str, Any]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the tenant. *id* is Teams's, *aad* that of the directory."""

    name: str
    id: str
    aad: str
    zone: str


class Message(msgspec.Struct, kw_only=True):
    """A message of the bot as it stands now. *history*: what it was before."""

    id: str
    conversation: str
    activity: JsonObject
    history: list[JsonObject]

    @property
    def card(self) -> JsonObject:
        """Its card, or nothing."""
        for attachment in self.activity.get("attachments", ()):
            content: JsonObject = attachment["content"]
            return content
        return {}

    @property
    def text(self) -> str:
        """Everything that can be read in it, line by line."""
        return "\n".join([self.activity.get("text", ""), *texts(self.card)])

    @property
    def titles(self) -> list[str]:
        """The titles of its buttons, those behind others included."""
        return [str(action.get("title", "")) for action in actions(self.card)]

    def action(self, title: str) -> JsonObject:
        """The action with this title."""
        found = next((action for action in actions(self.card) if action.get("title") == title), None)
        assert found is not None, f"no button {title!r} among {self.titles}"
        return found


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot has answered to an activity."""

    status: int
    document: Any
    text: str

    @property
    def told(self) -> str:
        """The text that is shown to who pressed."""
        document = self.document if isinstance(self.document, dict) else {}
        task = document.get("task") or {}
        return str(document.get("value", "") or task.get("value", ""))


def texts(node: object) -> Iterator[str]:
    """All texts in a card, in order; not those of its buttons."""
    if isinstance(node, dict):
        if node.get("type") == "FactSet":
            yield from (f"{fact['title']}: {fact['value']}" for fact in node["facts"])
        elif node.get("type") == "TextBlock":
            yield str(node["text"])
        for name in ("body", "items", "columns", "card"):
            yield from texts(node.get(name))
    elif isinstance(node, list):
        for each in node:
            yield from texts(each)


def actions(node: object) -> Iterator[JsonObject]:
    """All actions in a card, and in the cards that they show; not the fallbacks."""
    if isinstance(node, dict):
        if str(node.get("type", "")).startswith("Action."):
            yield node
        for name in ("body", "items", "columns", "card", "actions"):
            yield from actions(node.get(name))
    elif isinstance(node, list):
        for each in node:
            yield from actions(each)
