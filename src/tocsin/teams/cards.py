"""A saying drawn for Teams: an Adaptive Card, and the words for notifications and screen readers.

Sources: https://adaptivecards.io/explorer (version 1.5), and
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference for what Teams takes of
it: at most 28 kB a message (newer pages say 80), six actions in sight. A card is never refused for its size: what does
not fit is left out from the end, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, assert_never

from tocsin.incidents.telling import one_line
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.saying import text as neutral
from tocsin.saying.message import (
    Action,
    Actions,
    Aside,
    Button,
    Choice,
    Divider,
    Facts,
    Heading,
    Item,
    Paragraph,
    Part,
    Picture,
    Saying,
    Tone,
)
from tocsin.teams.activities import ACTION, CHOICE, VALUE
from tocsin.teams.markdown import address, bare, marked

CONTENT_TYPE: Final = "application/vnd.microsoft.card.adaptive"
VERSION: Final = "1.5"
MESSAGE_BYTES_MAX: Final = 28_000 - 2_000  # What is around the card needs some, too.
SUMMARY_MAX: Final = 1000
LABEL_MAX: Final = 75
SHOWN_ACTIONS_MAX: Final = 6  # Teams shows no more; the others are behind three dots.
SPREAD_MAX: Final = 6  # Options that are buttons; of more one is picked from a list.

# Colour and word: the one is seen from afar, the other by everybody. What is good has a sign that is no colour.
MARKS: Final = {
    Tone.CRITICAL: "\N{LARGE RED CIRCLE}",
    Tone.HIGH: "\N{LARGE ORANGE CIRCLE}",
    Tone.WARNING: "\N{LARGE YELLOW CIRCLE}",
    Tone.INFO: "\N{LARGE BLUE CIRCLE}",
    Tone.GOOD: "\N{WHITE HEAVY CHECK MARK}",
    Tone.PLAIN: "",
}
STYLES: Final = {
    Tone.CRITICAL: "attention",
    Tone.HIGH: "attention",
    Tone.WARNING: "warning",
    Tone.INFO: "accent",
    Tone.GOOD: "good",
    Tone.PLAIN: "default",
}
_BUTTONS: Final = {"primary": "positive", "danger": "destructive"}
_WORDLESS: Final = frozenset({Tone.GOOD, Tone.PLAIN})

Element: TypeAlias = dict[str, Any]


def message(saying: Saying) -> Element:
    """*saying* as an activity: card, and summary."""
    summary = bare(saying.summary, SUMMARY_MAX) or "(nothing)"
    drawn: Element = {
        "type": "message",
        "summary": summary,
        "attachments": [{"contentType": CONTENT_TYPE, "content": card(saying)}],
    }
    # The feed, and the telephone, tell of it as they do of a mention.
    return drawn | ({"channelData": {"notification": {"alert": True}}} if saying.rings else {})


def plain_message(saying: Saying) -> Element:
    """The same without a card: what is left where Teams does not take one."""
    return {"type": "message", "text": bare(saying.summary) or "(nothing)", "textFormat": "plain"}


def card(saying: Saying) -> Element:
    """*saying* as a card, which fits into a message."""
    parts = list(saying.parts) or [Paragraph(saying.summary)]
    hidden = 0
    while True:
        drawn = _card(parts, saying, hidden)
        if len(json.encode(drawn)) <= MESSAGE_BYTES_MAX or len(parts) <= 1:
            return drawn if len(json.encode(drawn)) <= MESSAGE_BYTES_MAX else _card([], saying, hidden + 1)
        # The last part goes first, but what can be done stays for as long as it can.
        last = next((at for at in reversed(range(1, len(parts))) if not isinstance(parts[at], Actions)), len(parts) - 1)
        del parts[last]
        hidden += 1


def body(parts: Sequence[Part], tone: Tone = Tone.PLAIN) -> list[Element]:
    """*parts* as the elements of a card; *tone* is shown at the first words."""
    drawing = _Drawing(tone)
    for part in parts:
        drawing.add(part)
    return drawing.elements


def frame(elements: Sequence[Element], fallback: str) -> Element:
    """A card of *elements*."""
    return {
        "type": "AdaptiveCard",
        "$schema": "https://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "lang": "en",
        "fallbackText": fallback,
        "body": list(elements),
        "msteams": {"width": "Full"},
    }


def text_block(text: str, **more: Any) -> Element:  # noqa: ANN401 - JSON.
    """Neutral text."""
    return {"type": "TextBlock", "text": marked(text) or " ", "wrap": True, **more}


def execute(title: str, data: Mapping[str, Json], *, verb: str, style: str = "", inputs: bool = False) -> Element:
    """A button whose press comes to us; older clients send it as a message. *inputs*: with what was filled in."""
    more: Element = {"style": _BUTTONS[style]} if style in _BUTTONS else {}
    more |= {} if inputs else {"associatedInputs": "none"}
    fallback = {"type": "Action.Submit", "title": title, "data": dict(data), **more}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": verb,
        "data": dict(data),
        **more,
        "fallback": fallback,
    }


def _card(parts: Sequence[Part], saying: Saying, hidden: int) -> Element:
    elements = body(parts, saying.tone)
    if not parts:
        elements = [text_block(one_line(bare(saying.summary), SUMMARY_MAX))]
    if hidden:
        elements.append(text_block("There is more than fits here; the console has all of it.", isSubtle=True))
    return frame(elements, bare(saying.summary, SUMMARY_MAX))


class _Drawing:
    """Elements as they are made, and what is still to be shown."""

    def __init__(self, tone: Tone) -> None:
        self.elements: list[Element] = []
        self._tone = tone
        self._separate = False
        self._numbers = 0

    def add(self, part: Part) -> None:
        match part:
            case Heading(text):
                self._toned(text, size="Large", weight="Bolder", style="heading")
            case Paragraph(text):
                self._toned(text)
            case Facts(pairs):
                if facts := [{"title": marked(name), "value": marked(told) or "-"} for name, told in pairs]:
                    self._put({"type": "FactSet", "facts": facts})
            case Item():
                self._put(self._item(part))
            case Aside(texts):
                if said := " · ".join(filter(None, texts)):
                    self._put(text_block(said, size="Small", isSubtle=True))
            case Picture():
                self._put(_picture(part))
            case Actions(actions):
                if actions:
                    self._put(self._actions(actions))
            case Divider():
                self._separate = True
            case _:
                assert_never(part)

    def _put(self, element: Element) -> None:
        self.elements.append(element | ({"separator": True} if self._separate else {}))
        self._separate = False

    def _toned(self, text: str, **more: Any) -> None:  # noqa: ANN401 - JSON.
        tone, self._tone = self._tone, Tone.PLAIN
        block = text_block(_with_mark(text, tone), **more)
        self._put(
            {"type": "Container", "style": STYLES[tone], "bleed": True, "items": [block]} if tone in _LOUD else block
        )

    def _item(self, item: Item) -> Element:
        block = text_block(_with_mark(item.text, item.tone))
        if item.action is None:
            return block
        # The button stands below its words: side by side they would be narrow on a telephone.
        return {"type": "Container", "separator": True, "items": [block, self._actions((item.action,))]}

    def _actions(self, actions: Sequence[Action]) -> Element:
        usable = [action for action in actions if _leads(action)]
        drawn = [self._action(action) for action in usable]
        for late in drawn[SHOWN_ACTIONS_MAX:]:
            late["mode"] = "secondary"
        return {"type": "ActionSet", "actions": drawn}

    def _action(self, action: Action) -> Element:
        return _button(action) if isinstance(action, Button) else self._choice(action)

    def _choice(self, choice: Choice) -> Element:
        if len(choice.options) <= SPREAD_MAX:
            shown = [
                _button(Button(verb=choice.verb, label=option.label, value=option.value, opens=choice.opens))
                for option in choice.options
            ]
            inner: Element = {"type": "AdaptiveCard", "body": [{"type": "ActionSet", "actions": shown}]}
        else:
            self._numbers += 1
            listed = [
                {"title": _label(option.label), "value": json.encode(dict(option.value)).decode()}
                for option in choice.options
            ]
            picked: Element = {
                "type": "Input.ChoiceSet",
                "id": f"{CHOICE}.{self._numbers}",
                "label": _label(choice.label),
                "choices": listed,
                "isRequired": True,
                "errorMessage": "Choose one.",
            }
            data: dict[str, Json] = {ACTION: choice.verb, VALUE: {}}
            send = _opening("OK", data) if choice.opens else execute("OK", data, verb=choice.verb, inputs=True)
            inner = {"type": "AdaptiveCard", "body": [picked, {"type": "ActionSet", "actions": [send]}]}
        return {"type": "Action.ShowCard", "title": _label(choice.label), "card": inner}


_LOUD: Final = frozenset(STYLES) - {Tone.PLAIN}


def _leads(action: Action) -> bool:
    """Whether a button that leads somewhere has a usable address; one that does not is left out."""
    return not isinstance(action, Button) or not action.href or bool(address(action.href))


def _button(button: Button) -> Element:
    title = _label(button.label)
    if button.href:
        return {"type": "Action.OpenUrl", "title": title, "url": address(button.href)}
    data: dict[str, Json] = {ACTION: button.verb, VALUE: dict(button.value)}
    pressed = _opening(title, data) if button.opens else execute(title, data, verb=button.verb, style=button.style)
    if not button.sure:
        return pressed
    question: Element = {
        "type": "AdaptiveCard",
        "body": [text_block(button.sure), {"type": "ActionSet", "actions": [pressed]}],
    }
    return {"type": "Action.ShowCard", "title": title, "card": question}


def _opening(title: str, data: Mapping[str, Json]) -> Element:
    """A button that opens a dialog: Teams asks us what stands in it."""
    return {"type": "Action.Submit", "title": title, "data": {**data, "msteams": {"type": "task/fetch"}}}


def _picture(picture: Picture) -> Element:
    where = address(picture.href) if picture.href.startswith("https://") else ""
    alt = bare(picture.alt, SUMMARY_MAX)
    if not where:
        return text_block(picture.alt, isSubtle=True)
    return {"type": "Image", "url": where, "altText": alt, "size": "Stretch"}


def _with_mark(text: str, tone: Tone) -> str:
    mark = MARKS[tone]
    if not mark:
        return text
    if tone in _WORDLESS or re.search(rf"\b{tone.value}\b", bare(text), re.IGNORECASE):
        return f"{mark} {text}"
    return f"{mark} {neutral.bold(tone.value.capitalize())} · {text}"


def _label(text: str) -> str:
    return one_line(bare(text), LABEL_MAX) or "…"
