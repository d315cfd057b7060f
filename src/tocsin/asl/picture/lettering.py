"""How wide words are, and where their lines break: estimated, so that broad fonts fit too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

MORE: Final = "…"
LINE_HEIGHT: Final = 1.4  # Of the size of its letters.

_NARROW: Final = dict.fromkeys(" !'(),./:;I[]ijlt|f-", 0.36) | dict.fromkeys('r"{}*', 0.44)
_BROAD: Final = {"m": 0.98, "w": 0.83, "M": 0.88, "W": 1.0, "@": 1.0, "%": 0.96, "…": 1.0}
_BOLD: Final = 1.1
_WORD: Final = re.compile(r"\S*\s*")
_PIECE: Final = re.compile(
    r"\s+|[^\s._:/,\-A-Z]*[._:/,\-]+|[A-Z]+[^\s._:/,\-A-Z]*[._:/,\-]*|[^\s._:/,\-A-Z]+[._:/,\-]*"
)
_HIDDEN: Final = {0xFFFE, 0xFFFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How many pixels *text* takes at most, in letters of *size* pixels."""
    return sum(map(_em, text)) * size * (_BOLD if bold else 1)


def wrapped(text: str, pixels: float, size: float, *, lines_max: int, bold: bool = False) -> tuple[str, ...]:
    """*text* in lines that fit into *pixels*; what does not fit into *lines_max* of them ends with an ellipsis."""
    lines = [""]
    for piece in _pieces(harmless(text).strip(), pixels, size, bold=bold):
        together = lines[-1] + piece
        if width(together.rstrip(), size, bold=bold) <= pixels:
            lines[-1] = together
        else:
            lines.append(piece.lstrip())
    lines = [line.rstrip() for line in lines if line.strip()]
    if len(lines) > lines_max:
        last = lines[lines_max - 1]
        while last and width(last + MORE, size, bold=bold) > pixels:
            last = last[:-1]
        lines = [*lines[: lines_max - 1], last + MORE]
    return tuple(lines)


def harmless(text: str) -> str:
    """Without what no XML may hold, and what would turn the direction of the letters around it."""
    return "".join(
        letter if letter.isprintable() and ord(letter) not in _HIDDEN else " " if letter.isspace() else "\ufffd"
        for letter in text
    )


def _pieces(text: str, pixels: float, size: float, *, bold: bool) -> Iterator[str]:
    """Where a line may break: between words, and in a word only if it is too long, in names where their parts meet."""
    for word in _WORD.findall(text):
        if width(word.rstrip(), size, bold=bold) <= pixels:
            yield word
            continue
        for piece in _PIECE.findall(word):
            begin = 0
            for end in range(1, len(piece) + 1):
                if width(piece[begin:end].rstrip(), size, bold=bold) > pixels:
                    yield piece[begin : end - 1]
                    begin = end - 1
            yield piece[begin:]


def _em(letter: str) -> float:
    if letter in _NARROW:
        return _NARROW[letter]
    if letter in _BROAD:
        return _BROAD[letter]
    if letter.isascii():
        return 0.74 if letter.isupper() else 0.63
    return 1.05 if unicodedata.east_asian_width(letter) in "WF" else 0.75
