"""Forms: what a chat asks for at once, in a modal or a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.message import Option, Part


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Something to write. *most* characters."""

    name: str
    label: str
    hint: str = ""
    initial: str = ""
    most: int = 1000
    lines: bool = False
    optional: bool = False


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """One of *options*, by its value's `id`. *initial*: such an id, or empty."""

    name: str
    label: str
    options: tuple[Option, ...]
    hint: str = ""
    initial: str = ""
    optional: bool = False


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """A date and a time, in the reader's own zone; comes back as an instant in ms."""

    name: str
    label: str
    hint: str = ""
    initial: Instant | None = None
    optional: bool = False


class Ticks(msgspec.Struct, frozen=True, kw_only=True):
    """Any of *options*, by their values' `id`."""

    name: str
    label: str
    options: tuple[Option, ...]
    hint: str = ""
    initial: tuple[str, ...] = ()
    optional: bool = True


Field: TypeAlias = Words | Pick | Moments | Ticks


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Sent, it is a `Filled` with *name*, the values by field, and *facts* as they are here.

    *title*: at most 24 characters. *intro*: what stands above the fields.
    """

    name: str
    title: str
    submit: str
    fields: tuple[Field, ...]
    intro: tuple[Part, ...] = ()
    facts: Mapping[str, Json] = {}
