"""The leaves of events and patterns, brought into one hashable form in which equal means equal to EventBridge."""

from __future__ import annotations

import enum
import ipaddress
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import TypeAlias

import msgspec

WHOLE_MAX = 2**53  # Up to here every integer is a double.
DIGITS_MAX = 2048  # Bits; a longer integer is written in hexadecimal, which takes linear time.
ADDRESS_MAX = 64  # Characters; no address is written with more, and nobody shall make us parse a novel.

_V4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_V6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_OCTET_MAX = 255


class Word(enum.Enum):
    """The JSON values that are neither string nor number; `FOREIGN` is a leaf that JSON cannot hold."""

    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    FOREIGN = "foreign"


class Unrounded(msgspec.Struct, frozen=True):
    """A number that no double holds exactly: it equals only itself, digit by digit, and is in no range."""

    text: str


Number: TypeAlias = float | Unrounded
Scalar: TypeAlias = str | float | Word | Unrounded


def scalar(value: object) -> Scalar:
    """The one form of a decoded leaf: 1 and 1.0 become the same, 1 and true do not."""
    if isinstance(value, str | Unrounded):
        return value
    if value is None:
        return Word.NULL
    if isinstance(value, bool):
        return Word.TRUE if value else Word.FALSE
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float) and isfinite(value):
        return value
    return Word.FOREIGN


def number(text: str) -> Number:
    """The number that the JSON *text* writes: a double where one has exactly these digits.

    Event Ruler, the engine of EventBridge, compares numbers as doubles and leaves to the comparison of texts what a
    double would round: https://github.com/aws/event-ruler (ComparableNumber).
    """
    value = float(text)
    try:
        exact = isfinite(value) and Decimal(text) == Decimal(repr(value))
    except InvalidOperation:  # An exponent beyond what even decimals hold.
        exact = False
    return value if exact else Unrounded(text)


def address(text: str) -> tuple[int, int] | None:
    """The version (4 or 6) and the number of the IP address that *text* writes, None if it is none.

    Octets are decimal also after a leading zero, and a mapped address (`::ffff:...`) is the IPv4 address, as in Java.
    """
    return _address(text) if len(text) <= ADDRESS_MAX else None


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int] | None:
    if _V4.fullmatch(text):
        octets = [int(octet) for octet in text.split(".")]
        return None if max(octets) > _OCTET_MAX else (4, int.from_bytes(bytes(octets)))
    if not _V6.fullmatch(text):
        return None
    try:
        parsed = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    return (4, int(parsed.ipv4_mapped)) if parsed.ipv4_mapped else (6, int(parsed))


def fold(text: str) -> str:
    """A form that is the same for every spelling that ignoring case could allow, and perhaps for a few more."""
    return text.upper().casefold()


def _whole(value: int) -> Number:
    if -WHOLE_MAX <= value <= WHOLE_MAX:
        return float(value)
    if value.bit_length() > DIGITS_MAX:
        return Unrounded(hex(value))
    return number(str(value))
