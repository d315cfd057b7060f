"""An announcement: what only informs, as the facts of an effect and as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.kernel.json import Json

ANNOUNCE: Final = "announce"  # The kind of an effect that tells `title` and `lines` to its receiver, and asks nothing.
KEPT: Final = "kept"  # A fact of one: it will be replaced, so where it stands is remembered.
REPLACES: Final = (
    "replaces"  # A fact of one: it stands in place of the kept one to the same receiver, where that can be.
)
SILENTLY: Final = "silently"  # The value of REPLACES where nobody needs to hear it; otherwise it is told anew, too.
LINES_MAX: Final = 60
OFFERS_MAX: Final = 5  # More buttons in one message are none that anybody reads.


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be answered at once, where there are buttons: a press means *verb* with *value*.

    *style*: `primary`, `danger` or empty. *opens*: a form answers the press.
    """

    verb: str
    label: str
    value: Mapping[str, Json] = {}
    style: str = ""
    opens: bool = False


class Announcement(msgspec.Struct, frozen=True):
    """A title and lines below it, all of them foreign text: whoever shows them makes them harmless.

    *offers*: what can be pressed; ways that know no buttons leave them out, so that the lines must say enough.
    """

    title: str
    lines: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()

    def facts(self) -> dict[str, Json]:
        """As an effect carries it."""
        offers: dict[str, Json] = {"actions": msgspec.to_builtins(self.offers)} if self.offers else {}
        return {"title": self.title, "lines": list(self.lines), **offers}

    def text(self) -> str:
        """In plain text."""
        return "\n".join((self.title, *(f"- {line}" for line in self.lines))) + "\n"


def announcement(facts: Mapping[str, Json]) -> Announcement:
    """The inverse of `Announcement.facts`, at most LINES_MAX lines; what is no such thing says as much as it can."""
    lines = facts.get("lines")
    told = [str(line) for line in lines] if isinstance(lines, list | tuple) else []
    hidden = len(told) - LINES_MAX
    shown = [*told[: LINES_MAX - 1], f"and {hidden + 1} more"] if hidden > 0 else told
    return Announcement(str(facts.get("title") or "Announcement"), tuple(shown), _offers(facts.get("actions")))


def _offers(found: Json) -> tuple[Offer, ...]:
    try:
        return msgspec.convert(found or (), tuple[Offer, ...])[:OFFERS_MAX]
    except msgspec.ValidationError:
        return ()
