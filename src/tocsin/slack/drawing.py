"""A saying drawn for Slack: blocks within every limit, and the text for previews and screen readers.

Source of the limits: https://docs.slack.dev/reference/block-kit. What is too long is split or cut, what is too much is
counted, and what Slack would refuse is left out: a message always comes of it, whatever stood in the saying.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, assert_never

from tocsin.incidents import telling
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.saying import text as neutral
from tocsin.saying.message import (
    CHOICES_MAX,
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
from tocsin.slack.mrkdwn import (
    CHANNEL_MENTION,
    LABEL_MAX,
    address,
    bare,
    lines_within,
    markup,
    plain,
    spoken,
)

ACTION: Final = "tocsin:"  # An action id is this, the verb, and `:` and a number where the verb is there already.
OPENS: Final = "_"  # In what an element carries: a form answers it. It is taken out before anybody sees it.
MESSAGE_BLOCKS_MAX: Final = 50
SPOKEN_MAX: Final = 3000  # Slack advises against a text of more than 4000 characters.

_SECTION_MAX: Final = 2900
_SECTIONS_MAX: Final = 4  # Of one paragraph: who wants to read more reads it in the console.
_FIELD_MAX: Final = 1900
_FIELDS_MAX: Final = 10
_HEADER_MAX: Final = 150
_CONTEXT_MAX: Final = 10
_ELEMENTS_MAX: Final = 25
_OVERFLOW_MAX: Final = 5
_VALUE_MAX: Final = 2000
_OPTION_VALUE_MAX: Final = 150
_HREF_MAX: Final = 3000
_ALT_MAX: Final = 1900
_PLACEHOLDER_MAX: Final = 150
_SURE_MAX: Final = 300
_CONFIRM_MAX: Final = 30
_ID_MAX: Final = 200

_SURE_TITLE: Final = "Are you sure?"
_STYLES: Final = frozenset({"primary", "danger"})
_NUMBERED: Final = re.compile(r":[0-9]+\Z")

# Colour and word: the one is seen from afar, the other by everybody. What is good has a sign that is no colour.
MARKS: Final = {
    Tone.CRITICAL: "\N{LARGE RED CIRCLE}",
    Tone.HIGH: "\N{LARGE ORANGE CIRCLE}",
    Tone.WARNING: "\N{LARGE YELLOW CIRCLE}",
    Tone.INFO: "\N{LARGE BLUE CIRCLE}",
    Tone.GOOD: "\N{WHITE HEAVY CHECK MARK}",
    Tone.PLAIN: "",
}
_WORDLESS: Final = frozenset({Tone.GOOD, Tone.PLAIN})

Block: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack is given. *text* is for notification previews and screen readers; it says the same in short."""

    text: str
    blocks: tuple[Block, ...]


def draw(saying: Saying, *, files: Mapping[str, str] | None = None) -> Message:
    """*saying* as a message. *files*: ids of files that Slack has, by the name of a picture."""
    mention = f"{CHANNEL_MENTION} " if saying.rings else ""
    blocks = draw_parts(saying.parts, tone=saying.tone, rings=saying.rings, files=files)
    return Message(mention + (spoken(saying.summary, SPOKEN_MAX) or "(nothing)"), blocks)


def draw_parts(
    parts: Sequence[Part],
    *,
    tone: Tone = Tone.PLAIN,
    rings: bool = False,
    most: int = MESSAGE_BLOCKS_MAX,
    files: Mapping[str, str] | None = None,
) -> tuple[Block, ...]:
    """*parts* as at most *most* blocks; *tone* is shown at the first words, *rings* mentions everybody in the room."""
    drawing = _Drawing(tone=tone, rings=rings, files=files or {})
    for part in parts:
        drawing.add(part)
    return _within(drawing.finished(), most)


def unpictured(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """*blocks* without the images, which Slack fetches itself: it refuses a message if it cannot."""
    return tuple(block for block in blocks if block["type"] != "image")


def verb_of(action_id: str) -> str:
    """The verb that an action id stands for; empty where it is none of ours."""
    return _NUMBERED.sub("", action_id.removeprefix(ACTION)) if action_id.startswith(ACTION) else ""


@dataclass(slots=True)
class _Drawing:
    """Blocks as they are made, and what is still to be said or must stay unique."""

    tone: Tone
    rings: bool
    files: Mapping[str, str]
    blocks: list[Block] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def add(self, part: Part) -> None:
        match part:
            case Heading(text):
                self._heading(text)
            case Paragraph(text):
                self._paragraph(text)
            case Facts(pairs):
                self._facts(pairs)
            case Item():
                self._item(part)
            case Aside(texts):
                self._aside(texts)
            case Picture():
                self._picture(part)
            case Actions(actions):
                self._actions(actions)
            case Divider():
                self.blocks.append({"type": "divider"})
            case _:
                assert_never(part)

    def finished(self) -> list[Block]:
        """All blocks. Who is to ring is mentioned by a line of its own, where no paragraph has done it."""
        if self.rings:
            self.blocks.insert(1 if self.blocks else 0, section(CHANNEL_MENTION))
            self.rings = False
        return self.blocks

    # ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _heading(self, text: str) -> None:
        shown = self._toned(text)
        words = bare(shown)
        if not words.strip():
            return
        # A header is plain text: it knows no links and no times, and is read out as a heading.
        if words == shown and len(words) <= _HEADER_MAX:
            self.blocks.append({"type": "header", "text": plain(words)})
        else:
            self.blocks.append(section(lines_within(shown, _SECTION_MAX, 1, strong=True)[0]))

    def _paragraph(self, text: str) -> None:
        chunks = lines_within(self._toned(text), _SECTION_MAX, _SECTIONS_MAX)
        if chunks and self.rings:
            chunks[0] = f"{CHANNEL_MENTION} {chunks[0]}"
            self.rings = False
        self.blocks += [section(chunk) for chunk in chunks]

    def _facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        fields = [
            markup(f"*{spoken(name, LABEL_MAX)}*\n{lines_within(value, _FIELD_MAX, 1)[0]}")
            for name, value in pairs
            if bare(name).strip() and bare(value).strip()
        ]
        self.blocks += [{"type": "section", "fields": some} for some in _split(fields, _FIELDS_MAX)]

    def _item(self, item: Item) -> None:
        words = toned(item.text, item.tone)
        chunks = lines_within(words, _SECTION_MAX, 1)
        if not chunks:
            return
        block = section(chunks[0])
        element = self._element(item.action, beside=bare(item.text)) if item.action else None
        self.blocks.append(block | ({"accessory": element} if element else {}))

    def _aside(self, texts: Sequence[str]) -> None:
        elements = [markup(chunks[0]) for text in texts if (chunks := lines_within(text, _SECTION_MAX, 1))]
        self.blocks += [{"type": "context", "elements": some} for some in _split(elements, _CONTEXT_MAX)]

    def _toned(self, text: str) -> str:
        """*text* with the tone, if it is the first to be said."""
        if not bare(text).strip():
            return text
        tone, self.tone = self.tone, Tone.PLAIN
        return toned(text, tone)

    # ── Pictures and actions ─────────────────────────────────────────────────────────────────────────────────────────
    def _picture(self, picture: Picture) -> None:
        alt = telling.one_line(bare(picture.alt), _ALT_MAX) or "picture"
        block = {"type": "image", "alt_text": alt}
        if href := address(picture.href, _HREF_MAX) if picture.href.startswith("https://") else "":
            self.blocks.append(block | {"image_url": href})
        elif picture.name in self.files:
            self.blocks.append(block | {"slack_file": {"id": self.files[picture.name]}})
        else:
            self._aside((picture.alt,))

    def _actions(self, actions: Sequence[Action]) -> None:
        elements = [element for action in actions if (element := self._element(action))]
        self.blocks += [{"type": "actions", "elements": some} for some in _split(elements, _ELEMENTS_MAX)]

    def _element(self, action: Action, *, beside: str = "") -> Block | None:
        """*action* as an element; *beside* the words of an item. None: it cannot be drawn."""
        match action:
            case Button():
                return self._button(action, beside)
            case Choice():
                return self._choice(action, beside)
        assert_never(action)

    def _button(self, button: Button, beside: str) -> Block | None:
        carried = _carried(button.value, opens=button.opens)
        value = json.encode(carried).decode() if carried else ""
        if len(value) > _VALUE_MAX:
            return None
        label = _label(button.label)
        element: Block = {"type": "button", "action_id": self._id(button.verb), "text": plain(label)}
        if value:
            element["value"] = value
        if button.style in _STYLES:
            element["style"] = button.style
        if href := address(button.href, _HREF_MAX):
            element["url"] = href
        if button.sure:
            element["confirm"] = _confirm(button.sure, label, button.style)
        if beside:  # Ten buttons of one name are one button to who does not see where they stand.
            element["accessibility_label"] = telling.one_line(f"{label}: {beside}", LABEL_MAX)
        return element

    def _choice(self, choice: Choice, beside: str) -> Block | None:
        options = [
            {"text": plain(_label(option.label)), "value": value}
            for option in choice.options
            if len(value := json.encode(_carried(option.value, opens=choice.opens)).decode()) <= _OPTION_VALUE_MAX
        ][:CHOICES_MAX]
        if not options:
            return None
        name = self._id(choice.verb)
        if beside and len(options) <= _OVERFLOW_MAX:
            return {"type": "overflow", "action_id": name, "options": options}
        placeholder = plain(telling.one_line(bare(choice.label), _PLACEHOLDER_MAX) or "Choose")
        return {"type": "static_select", "action_id": name, "placeholder": placeholder, "options": options}

    def _id(self, verb: str) -> str:
        name = first = f"{ACTION}{verb[:_ID_MAX]}"
        number = 0
        while name in self.ids:
            number += 1
            name = f"{first}:{number}"
        self.ids.add(name)
        return name


def toned(text: str, tone: Tone) -> str:
    """*text* (neutral) with the colour of *tone*, and with its word where the text does not say it."""
    mark = MARKS[tone]
    if not mark:
        return text
    if tone in _WORDLESS or re.search(rf"\b{tone.value}\b", bare(text), re.IGNORECASE):
        return f"{mark} {text}"
    return f"{mark} {neutral.bold(tone.value.capitalize())} · {text}"


def section(text: str) -> Block:
    """*text*, which is mark-up, as a block."""
    return {"type": "section", "text": markup(text)}


def _carried(value: Mapping[str, Json], *, opens: bool) -> Mapping[str, Json]:
    return {**value, OPENS: 1} if opens else value


def _label(text: str) -> str:
    return telling.one_line(bare(text), LABEL_MAX) or "…"


def _confirm(question: str, label: str, style: str) -> Block:
    dialog = {
        "title": plain(_SURE_TITLE),
        "text": plain(telling.one_line(bare(question), _SURE_MAX) or _SURE_TITLE),
        "confirm": plain(telling.one_line(label, _CONFIRM_MAX)),
        "deny": plain("Cancel"),
    }
    return dialog | ({"style": "danger"} if style == "danger" else {})


def _split(items: Sequence[Block], most: int) -> list[list[Block]]:
    return [list(items[at : at + most]) for at in range(0, len(items), most)]


def _within(blocks: list[Block], most: int) -> tuple[Block, ...]:
    """At most *most* blocks; what can be done at the end stays."""
    if len(blocks) <= most:
        return tuple(blocks)
    last = blocks[-1:] if blocks[-1]["type"] == "actions" else []
    kept = blocks[: most - 1 - len(last)]
    return (*kept, {"type": "context", "elements": [markup("There is more than fits in here.")]}, *last)
