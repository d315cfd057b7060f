"""What the bot answers to a wish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import msgspec

from tocsin.conversing.wishes import Wish
from tocsin.saying.forms import Form
from tocsin.saying.message import Saying


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Something to read. *private*: for who asked only; otherwise it concerns the room.

    *replaces*: it stands in place of the message whose button was pressed, where the chat can do that: a question that
    is answered loses its buttons.

    *about*: what the question is about, where others may answer it elsewhere; *settles*: it is answered, and what was
    asked in a room about it says so, too.
    """

    saying: Saying
    private: bool = True
    replaces: bool = False
    about: str = ""
    settles: bool = False


class Ask(msgspec.Struct, frozen=True):
    """A form, in place of the loading view that the chat has opened."""

    form: Form


class Corrections(msgspec.Struct, frozen=True):
    """A form cannot be taken: what is wrong, by field name. It stays open."""

    errors: Mapping[str, str]


class Home(msgspec.Struct, frozen=True):
    """The bot's own page, as it is now for who looks."""

    saying: Saying


class Nothing(msgspec.Struct, frozen=True):
    """What is to be seen is seen elsewhere (the incident's own message changes)."""


Reply: TypeAlias = Answer | Ask | Corrections | Home | Nothing


class Concierge(Protocol):
    """Answers wishes. Blocks on the store; called on a thread."""

    def answer(self, wish: Wish) -> Reply:
        """The reply. What changes anything is stored durably before this returns. Raises StoreUnavailableError."""
        ...
