"""Instants and durations: integer milliseconds, read from and written to the forms that people and senders use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Instant: TypeAlias = int  # Milliseconds since 1970-01-01T00:00Z.
Duration: TypeAlias = int  # Milliseconds.

SECOND: Final[Duration] = 1000
MINUTE: Final[Duration] = 60 * SECOND
HOUR: Final[Duration] = 60 * MINUTE
DAY: Final[Duration] = 24 * HOUR

INSTANT_MAX: Final[Instant] = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the last that ISO 8601 writes plainly.
DURATION_MAX: Final[Duration] = 3660 * DAY  # Ten years: longer is a slip of the keyboard.

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_PART: Final = re.compile(r"([0-9]{1,9})\s*(ms|min|s|m|h|d|w)\s*")
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(60|[0-5]\d)(?:[.,](\d{1,9}))?)?\s*"
    r"(?:([Zz]|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
    re.ASCII,
)


def parse_duration(text: str) -> Duration | None:
    """Milliseconds of `90s`, `30m`, `1h30m`, `2d`, `1w`; None when *text* is not a duration."""
    text = text.strip().lower()
    total, end = 0, 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            return None
        total += int(part[1]) * _UNITS[part[2]]
        end = part.end()
    return total if text and total <= DURATION_MAX else None


def format_duration(duration: Duration) -> str:
    """The two largest units of *duration* in words as short as `1h 30m`; below a second, `0s`."""
    seconds = max(0, duration) // SECOND
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return " ".join(parts[:2]) or "0s"


def parse_instant(text: str) -> Instant | None:
    """The instant of an ISO 8601 date and time (RFC 3339, also AWS's `+0000` and a missing zone, read as UTC).

    None when *text* is no such thing. Fractions beyond milliseconds are cut; a leap second is the second before it.
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute = (int(part) for part in found.group(1, 2, 3, 4, 5))
    try:
        moment = datetime(year, month, day, hour, minute, min(int(found[6] or 0), 59), tzinfo=UTC)
    except ValueError:
        return None
    millis = int((found[7] or "0")[:3].ljust(3, "0"))
    offset = 0
    if found[9]:
        offset = (int(found[10]) * HOUR + int(found[11]) * MINUTE) * (1 if found[9] == "+" else -1)
    instant = (moment - _EPOCH) // timedelta(milliseconds=1) + millis - offset
    return instant if 0 <= instant <= INSTANT_MAX else None


def format_instant(instant: Instant) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=min(max(instant, 0), INSTANT_MAX))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
