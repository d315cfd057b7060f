"""Pages for a telephone: what fits into an SMS, and what a voice says.

Source of the limits: 3GPP TS 23.038 (the default alphabet) and TS 23.040 (a part of a long message holds 153 characters
of that alphabet, or 67 of any other).
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.telling import Told

PARTS_MAX: Final = 2  # A title and a link; each part is paid for, and some carriers lose long messages.
PART_SEPTETS: Final = 153
PART_UNITS: Final = 67

_ALPHABET: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€")  # These take two places.
_PLAIN: Final = str.maketrans(
    {
        "\u00a0": " ",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
    }
)  # Typography alone must not make a message one of the other kind, which holds less than half.


def sms(told: Told) -> str:
    """What *told* says in PARTS_MAX parts of an SMS: its headline, cut if need be, and the whole link."""
    headline = told.headline.translate(_PLAIN)
    whole = f"{headline}\n{told.link}"
    if fits(whole):
        return whole
    low, high = 0, len(headline)
    while low < high:  # The longest beginning that fits.
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(_cut(headline, middle, told.link)) else (low, middle - 1)
    return _cut(headline, low, told.link)


def fits(text: str) -> bool:
    """Whether *text* fits into PARTS_MAX parts."""
    if all(char in _ALPHABET or char in _EXTENDED for char in text):
        return sum(2 if char in _EXTENDED else 1 for char in text) <= PARTS_MAX * PART_SEPTETS
    return len(text.encode("utf-16-be")) // 2 <= PARTS_MAX * PART_UNITS


def speech(told: Told) -> str:
    """What a voice says: who calls, how bad it is, what has happened, and where to answer."""
    severity = told.severity.value
    what = told.headline.removeprefix(f"[{severity}] ").removesuffix(" — asks you")
    return f"This is Tocsin with a page. {severity}: {what}. Please answer in the console."


def _cut(headline: str, length: int, link: str) -> str:
    return f"{headline[:length].rstrip()}...\n{link}"
