"""Sets of characters, and the tests for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

Spans: TypeAlias = tuple[tuple[int, int], ...]  # Code points, both ends included.
CharTest: TypeAlias = Callable[[str], bool]

LAST: Final = 0x10FFFF
DIGIT: Final[Spans] = ((48, 57),)
WORD: Final[Spans] = ((48, 57), (65, 90), (95, 95), (97, 122))
NAMED: Final[dict[str, Spans]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "digit": DIGIT,
    "lower": ((97, 122),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
WORDS: Final = frozenset(chr(point) for first, last in WORD for point in range(first, last + 1))


def one_of(spans: Spans, *, other: bool = False, fold: bool = False) -> CharTest:
    """The test for a character in *spans* (*other*: in none of them); *fold*: its other case will do too."""
    if fold:
        return lambda char: any(_within(spans, ord(case)) for case in _cases(char)) is not other
    if len(spans) == 1 and spans[0][0] == spans[0][1] and not other:
        return chr(spans[0][0]).__eq__
    return lambda char: _within(spans, ord(char)) is not other


def others(spans: Spans) -> Spans:
    """All code points that are in none of *spans*, which are in order."""
    begins = [0, *(last + 1 for _, last in spans)]
    ends = [*(first - 1 for first, _ in spans), LAST]
    return tuple(zip(begins, ends, strict=True))


def folded(char: str) -> Spans:
    """*char* in all its cases."""
    return tuple((ord(case), ord(case)) for case in _cases(char))


def _within(spans: Spans, point: int) -> bool:
    for first, last in spans:  # noqa: SIM110 - `any` takes three times as long, for each character of a text.
        if first <= point <= last:
            return True
    return False


def _cases(char: str) -> tuple[str, ...]:
    """Those that are one character: that of ß is none."""
    return tuple(case for case in dict.fromkeys((char, char.lower(), char.upper())) if len(case) == 1)
