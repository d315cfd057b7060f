"""Neutral text: words with marks that each chat draws in its own way, and that foreign words cannot contain.

A text is a plain `str`, so that sentences are put together as sentences are. What is more than words stands in it as a
mark made of private-use characters: a moment (shown in each reader's own time), bold, code, a link. `telling.clean`
takes those characters out of everything that strangers wrote, so that no alert can forge a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel.time import Instant

_MOMENT, _BOLD, _CODE, _LINK, _LABEL, _END = (chr(0xE000 + number) for number in range(6))
_MARK: Final = re.compile(
    f"{_MOMENT}(?P<at>-?[0-9]{{1,18}}){_END}"
    f"|{_LINK}(?P<href>[^{_LABEL}{_END}]*){_LABEL}(?P<label>[^{_LINK}]*?){_END}"
    f"|{_BOLD}(?P<bold>[^{_BOLD}]*?){_END}"
    f"|{_CODE}(?P<code>[^{_CODE}]*?){_END}"
)
_STRAY: Final = re.compile(f"[{_MOMENT}-{_END}]")


class Words(msgspec.Struct, frozen=True):
    """Some words, and how they are to be drawn. *href* is empty, or where they lead."""

    text: str
    bold: bool = False
    code: bool = False
    href: str = ""


class Moment(msgspec.Struct, frozen=True):
    """An instant, to be shown in the reader's own time."""

    at: Instant


Piece: TypeAlias = Words | Moment


def moment(at: Instant) -> str:
    """A mark for *at*, as a `Telling` writes instants."""
    return f"{_MOMENT}{at}{_END}"


def bold(text: str) -> str:
    """*text*, which holds no other mark, to be seen first."""
    return f"{_BOLD}{text}{_END}" if text else ""


def code(text: str) -> str:
    """*text*, which holds no other mark, as something to type or to copy."""
    return f"{_CODE}{text}{_END}" if text else ""


def link(href: str, label: str) -> str:
    """*label*, which holds no other mark, leading to *href*; alone where there is no address."""
    return f"{_LINK}{_STRAY.sub('', href)}{_LABEL}{label}{_END}" if href else label


def pieces(text: str) -> Iterator[Piece]:
    """*text* taken apart. Total: a mark that is not whole is left out, its words stay."""
    at = 0
    for found in _MARK.finditer(text):
        if before := _STRAY.sub("", text[at : found.start()]):
            yield Words(before)
        at = found.end()
        if found["at"] is not None:
            yield Moment(int(found["at"]))
        elif found["href"] is not None:
            yield Words(_STRAY.sub("", found["label"]), href=_STRAY.sub("", found["href"]))
        elif found["bold"] is not None:
            yield Words(_STRAY.sub("", found["bold"]), bold=True)
        else:
            yield Words(_STRAY.sub("", found["code"]), code=True)
    if rest := _STRAY.sub("", text[at:]):
        yield Words(rest)
