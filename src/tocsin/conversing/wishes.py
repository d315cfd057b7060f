"""What somebody wants, as a chat understood it: words, a press, a form, an opened page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks. *user*: the id in the chat. *zone*: their IANA time zone, or empty where the chat does not say.

    *responder*: who that is for us, or `slack:name` for who is not in the configuration.
    """

    chat: str
    user: str
    responder: str
    zone: str = ""
    name: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where they speak. *channel*: its id; *thread*: the message whose thread it is, or empty; *direct*: with us alone.

    *incident*: which one the thread, or the pressed message, is about, as far as the chat knows.
    """

    channel: str
    thread: str = ""
    direct: bool = False
    incident: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Words after a slash command or a mention. *opens*: a form can be opened at once (Slack: not after a mention)."""

    by: Speaker
    place: Place
    text: str
    at: Instant
    opens: bool = True


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """A button, or an option, with what it carries; shortcuts are this too (`raise`)."""

    by: Speaker
    place: Place
    verb: str
    value: Mapping[str, Json]
    at: Instant


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was sent. *values*: by field name: text, an option's id, an instant in ms, or several ids."""

    by: Speaker
    place: Place
    form: str
    values: Mapping[str, str | Instant | Sequence[str] | None]
    facts: Mapping[str, Json]
    at: Instant


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody looks at the bot's own page (Slack: the home tab)."""

    by: Speaker
    at: Instant


Wish: TypeAlias = Said | Pressed | Filled | Opened
