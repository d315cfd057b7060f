"""What an event pattern can ask of one value; a closed union of frozen values that can answer."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import msgspec

from tocsin.patterns.scalars import Scalar, address


class Same(msgspec.Struct, frozen=True):
    """Is this string, number, true, false or null."""

    value: Scalar

    def holds(self, value: Scalar) -> bool:
        """Whether *value* is the same."""
        return value == self.value


class Prefix(msgspec.Struct, frozen=True):
    """Is a string that starts so."""

    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether *value* starts so."""
        return isinstance(value, str) and value.startswith(self.text)


class Suffix(msgspec.Struct, frozen=True):
    """Is a string that ends so."""

    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether *value* ends so."""
        return isinstance(value, str) and value.endswith(self.text)


class SameFold(msgspec.Struct, frozen=True):
    """Is this string, whatever the case of its letters."""

    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether *value* is a spelling of the text."""
        return isinstance(value, str) and _spelled(_spellings(self.text), value) == len(value)


class PrefixFold(msgspec.Struct, frozen=True):
    """Is a string that starts so, whatever the case of its letters."""

    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether *value* starts with a spelling of the text."""
        return isinstance(value, str) and _spelled(_spellings(self.text), value) is not None


class SuffixFold(msgspec.Struct, frozen=True):
    """Is a string that ends so, whatever the case of its letters."""

    text: str

    def holds(self, value: Scalar) -> bool:
        """Whether *value* ends with a spelling of the text."""
        return isinstance(value, str) and _spelled(_backwards(self.text), value[::-1]) is not None


class Wildcard(msgspec.Struct, frozen=True):
    """Is a string made of *parts* with anything between them: one part more than there are stars."""

    parts: tuple[str, ...]

    def holds(self, value: Scalar) -> bool:
        """Whether *value* fits, in one pass: the leftmost place for each part is always good enough."""
        if not isinstance(value, str):
            return False
        head, *middle, tail = self.parts
        at, end = len(head), len(value) - len(tail)
        if at > end or not value.startswith(head) or not value.endswith(tail):
            return False
        for part in middle:
            found = value.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


class Within(msgspec.Struct, frozen=True):
    """Is an IP address of this network: without its last *shift* bits it is *network*."""

    version: int
    network: int
    shift: int

    def holds(self, value: Scalar) -> bool:
        """Whether *value* is such an address."""
        found = address(value) if isinstance(value, str) else None
        return found is not None and found[0] == self.version and found[1] >> self.shift == self.network


class Between(msgspec.Struct, frozen=True, kw_only=True):
    """Is a number between the two; a bound that is open is itself outside."""

    low: float = float("-inf")
    high: float = float("inf")
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: Scalar) -> bool:
        """Whether *value* is such a number."""
        if not isinstance(value, float):
            return False
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)


class Exists(msgspec.Struct, frozen=True):
    """Is there at all, null included."""

    def holds(self, value: Scalar) -> bool:  # noqa: ARG002 - Any value will do.
        """It does: somebody has asked with it."""
        return True


Unwanted: TypeAlias = Same | Prefix | Suffix | SameFold | Wildcard


class AnythingBut(msgspec.Struct, frozen=True):
    """Is there, and is none of these; a value of another type is none of these."""

    unwanted: tuple[Unwanted, ...]

    def holds(self, value: Scalar) -> bool:
        """Whether *value* is none of these."""
        return not any(condition.holds(value) for condition in self.unwanted)


Condition: TypeAlias = (
    Same | Prefix | Suffix | SameFold | PrefixFold | SuffixFold | Wildcard | Within | Between | Exists | AnythingBut
)


# The lower or the upper form of each character counts, nothing else: "ß" is spelled "ß" or "SS", but not "ss". So does
# Event Ruler. No form of a character is the beginning or the end of its other form, so one look ahead decides.
@lru_cache(maxsize=4096)
def _spellings(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((character.lower(), character.upper()) for character in text)


@lru_cache(maxsize=4096)
def _backwards(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((lower[::-1], upper[::-1]) for lower, upper in reversed(_spellings(text)))


def _spelled(spellings: tuple[tuple[str, str], ...], value: str) -> int | None:
    at = 0
    for lower, upper in spellings:
        if value.startswith(lower, at):
            at += len(lower)
        elif value.startswith(upper, at):
            at += len(upper)
        else:
            return None
    return at
