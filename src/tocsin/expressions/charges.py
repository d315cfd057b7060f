"""What the functions of an expression cost beside the walk through their arguments and their result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.expressions.metering import CHARACTERS_A_STEP, ENTRIES_A_STEP, Meter

WORD_MAX: Final = 200  # Characters of a picture, and of a time: functions read them with patterns of their own.
NUMBER_MAX: Final = 1_000_000  # Of what is written in words or in Roman digits.


def charge(function: str, args: Sequence[Any], meter: Meter) -> None:
    """Charge what *function* will do with *args*; raises Exhausted."""
    charged = _CHARGES.get(function)
    if charged is not None:
        charged(args, meter)


def _joined(args: Sequence[Any], meter: Meter) -> None:
    strings = args[0] or []
    between = args[1] if len(args) > 1 and args[1] else ""
    meter.fits(sum(map(len, strings)) + len(strings) * len(between))


def _padded(args: Sequence[Any], meter: Meter) -> None:
    meter.fits(abs(args[1] or 0))


def _longer(args: Sequence[Any], meter: Meter) -> None:
    """What becomes up to three times as long."""
    meter.fits(3 * len(args[0] or "") if isinstance(args[0], str) else 0)


def _replaced(args: Sequence[Any], meter: Meter) -> None:
    """A plain text is looked for and copied again after each place where it stands."""
    text, pattern, replacement = args[:3]
    if isinstance(text, str):
        meter.fits(len(text))
        if isinstance(pattern, str) and pattern:
            count = text.count(pattern)
            meter.fits(count * len(replacement) if isinstance(replacement, str) else 0)
            meter.spend(count + count * len(text) // (2 * CHARACTERS_A_STEP))


def _told_apart(args: Sequence[Any], meter: Meter) -> None:
    """Each is compared with all that are kept."""
    if isinstance(args[0], list):
        meter.spend(len(args[0]) ** 2 // ENTRIES_A_STEP)


def _short(args: Sequence[Any], meter: Meter) -> None:
    """Pictures and times are read by patterns of the library's own."""
    if any(isinstance(arg, str) and len(arg) > WORD_MAX for arg in args):
        meter.stop(f"a picture, a number or a time of more than {WORD_MAX} characters")


def _small(args: Sequence[Any], meter: Meter) -> None:
    """A number that is written out must not be written for ever."""
    _short(args, meter)
    if any(isinstance(arg, int | float) and abs(arg) > NUMBER_MAX for arg in args):
        meter.stop(f"a number beyond {NUMBER_MAX}")


_CHARGES: Final[dict[str, Callable[[Sequence[Any], Meter], None]]] = {
    "base64encode": _longer,
    "distinct": _told_apart,
    "encodeUrl": _longer,
    "encodeUrlComponent": _longer,
    "formatBase": _short,
    "formatInteger": _small,
    "formatNumber": _short,
    "fromMillis": _short,
    "join": _joined,
    "pad": _padded,
    "parseInteger": _short,
    "replace": _replaced,
    "round": _short,
    "toMillis": _short,
}
