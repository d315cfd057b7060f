"""What can stand in a configuration file: the kinds of values, and what a key is. A table of these drives the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, get_args, get_type_hints

import msgspec

from tocsin.kernel.time import DAY, SECOND, Duration


class Secret:
    """A text that no log, no message and no representation shows; `reveal` gives it to the one who needs it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hide *text*."""
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One line of at most *most* characters; *what* says in words what *shape*, a regular expression, wants.

    *digits*: it looks like a number, and an editor should let it be written as one. *check* knows what no expression
    can say: what is wrong with a text (empty: nothing), and what was probably meant.
    """

    most: int = 1000
    shape: str = ""
    what: str = "a text"
    digits: bool = False
    check: Callable[[str], tuple[str, str]] | None = None


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A whole number, both limits included."""

    least: int
    most: int


class Flag(msgspec.Struct, frozen=True):
    """True or false."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A duration as `parse_duration` reads it; the limits are ms, both included."""

    least: Duration = SECOND
    most: Duration = 30 * DAY


class Choice(msgspec.Struct, frozen=True):
    """One of *words*."""

    words: tuple[str, ...]


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """An http or https address; *plain*: without a query."""

    plain: bool = False


class Network(msgspec.Struct, frozen=True):
    """An IPv4 or IPv6 network as `192.0.2.0/24`, or one address."""


class Ref(msgspec.Struct, frozen=True):
    """The name of something that is declared elsewhere: `team`, `policy`, or `target` (a responder, or a team)."""

    to: str


class PatternOf(msgspec.Struct, frozen=True):
    """An EventBridge event pattern over the normalised `alert`, or over the raw `event`."""

    subject: str


class Formula(msgspec.Struct, frozen=True):
    """An expression in JSONata over the event of a sender; it is code, and the environment is not filled in."""


class Many(msgspec.Struct, frozen=True, kw_only=True):
    """A list; *single*: one alone may stand without brackets. *least*: how many there must be at least."""

    of: Kind
    least: int = 0
    single: bool = False


class Named(msgspec.Struct, frozen=True):
    """A mapping from names that the author chooses; *word* is what one is called, *reserved* what none may be."""

    word: str
    of: Kind
    reserved: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """A mapping with fixed keys: those of *struct*, whose fields are annotated with `Key`.

    *check* says what is wrong between them (`needs ...`), or nothing. *short*: the key that a text alone stands for.
    """

    struct: type[msgspec.Struct]
    check: Callable[[Any], str] | None = None
    short: str = ""


Kind: TypeAlias = (
    Text | Whole | Flag | Span | Choice | Url | Network | Ref | PatternOf | Formula | Many | Named | Section
)


class Key(msgspec.Struct, frozen=True):
    """A key of a section: its kind, what it is for, and how it is spelled when Python has that word for itself.

    *secret*: its value is never shown, and becomes a `Secret`. *unique*: no two sections may have the same.
    """

    kind: Kind
    meaning: str
    called: str = ""
    secret: bool = False
    unique: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is read: its spelling in the file, the struct's field, its default (msgspec.NODEFAULT: required)."""

    name: str
    field: str
    key: Key
    default: object

    @property
    def required(self) -> bool:
        """Whether it must stand in the file."""
        return self.default is msgspec.NODEFAULT


NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
"""What the author may call things: the names go into URLs, receivers and logs."""

_ENTRIES: Final[dict[type[msgspec.Struct], dict[str, Entry]]] = {}


def entries(struct: type[msgspec.Struct]) -> dict[str, Entry]:
    """The keys of a section by their spelling, in the order of the struct."""
    if struct not in _ENTRIES:
        hints = get_type_hints(struct, include_extras=True)
        found = [
            Entry(name=key.called or field.name, field=field.name, key=key, default=_default(field))
            for field in msgspec.structs.fields(struct)
            for key in _keys(hints[field.name])
        ]
        _ENTRIES[struct] = {entry.name: entry for entry in found}
    return _ENTRIES[struct]


def holds_secret(kind: Kind) -> bool:
    """Whether a secret can stand inside, so that nothing of it may be shown when it is malformed."""
    match kind:
        case Many() | Named():
            return holds_secret(kind.of)
        case Section():
            return any(entry.key.secret or holds_secret(entry.key.kind) for entry in entries(kind.struct).values())
        case _:
            return False


def _keys(hint: Any) -> list[Key]:  # noqa: ANN401 - whatever stands in an annotation.
    return [part for part in get_args(hint) if isinstance(part, Key)]


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
