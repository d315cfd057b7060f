"""The parts of a message and what can be pressed in it, whichever chat draws them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel.json import Json

CHOICES_MAX: Final = 100  # Slack: the options of a select.


class Tone(Enum):
    """What the colour says. A word always says it too."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"
    GOOD = "good"
    PLAIN = "plain"


class Button(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A press is a `Pressed` with *verb* and *value*. *opens*: a form answers it, so the chat prepares one at once.

    *sure*: a question that must be answered with yes before it counts. *href*: it leads there, and asks nothing of us.
    """

    verb: str
    label: str
    value: Mapping[str, Json] = {}
    style: str = ""
    """`primary`, `danger` or empty."""
    opens: bool = False
    sure: str = ""
    href: str = ""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One of several. *value* of a `Choice` comes back whole."""

    label: str
    value: Mapping[str, Json] = {}


class Choice(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One of *options* is chosen; that is a `Pressed` with *verb* and the option's value."""

    verb: str
    label: str
    options: tuple[Option, ...]
    opens: bool = False


Action: TypeAlias = Button | Choice


class Heading(msgspec.Struct, frozen=True, tag=True):
    """What it is about, in plain words."""

    text: str


class Paragraph(msgspec.Struct, frozen=True, tag=True):
    """Neutral text, its lines kept."""

    text: str


class Facts(msgspec.Struct, frozen=True, tag=True):
    """What is known, name and neutral text, in the order in which it is shown."""

    pairs: tuple[tuple[str, str], ...]


class Item(msgspec.Struct, frozen=True, tag=True):
    """One line of a list: neutral text, and what can be done about it."""

    text: str
    action: Action | None = None
    tone: Tone = Tone.PLAIN


class Aside(msgspec.Struct, frozen=True, tag=True):
    """What is of less weight: neutral texts, side by side."""

    texts: tuple[str, ...]


class Picture(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An image and what it shows, in words. *href*: a public https address; else *name* names bytes that are kept."""

    alt: str
    href: str = ""
    name: str = ""


class Actions(msgspec.Struct, frozen=True, tag=True):
    """What can be done, the likeliest first."""

    actions: tuple[Action, ...]


class Divider(msgspec.Struct, frozen=True, tag=True):
    """A line across."""


Part: TypeAlias = Heading | Paragraph | Facts | Item | Aside | Picture | Actions | Divider


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message. *summary* says the same in one or two sentences: for previews and screen readers; neutral text.

    *rings*: everybody in the room is to hear it.
    """

    summary: str
    parts: tuple[Part, ...] = ()
    tone: Tone = Tone.PLAIN
    rings: bool = False
