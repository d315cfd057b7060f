"""Which shifts a calendar shows that people subscribe to, and when its content has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.schedule import Schedule, Shift
from tocsin.schedules.timeline import shifts

BLOCK: Final[Duration] = 28 * DAY  # Feeds begin and end at multiples of it, so that no event is another one each day.
BLOCKS: Final = 9  # One or two of the past, and seven or eight of what comes: never less than half a year.

_VERSION: Final = 1  # Of how shifts are written; another one makes all marks new.


class ShiftFeed(msgspec.Struct, frozen=True):
    """The title of a calendar, and its shifts, each with the name of its schedule."""

    title: str
    shifts: tuple[tuple[str, Shift], ...]

    def mark(self) -> str:
        """It changes when, and only when, the shifts do."""
        return hashlib.sha256(msgspec.json.encode((_VERSION, self))).hexdigest()[:32]

    def write(self, now: Instant) -> bytes:
        """The calendar (RFC 5545), written at *now*."""
        from tocsin.ical.writing import calendar  # noqa: PLC0415 - a fifth of a second, and seldom needed.

        return calendar(self.title, self.shifts, now)


def shift_feed(known: Mapping[str, Schedule], names: Sequence[str], now: Instant, who: str = "") -> ShiftFeed:
    """The shifts in the schedules *names* around *now*: all of them, or those of *who*."""
    start = now - now % BLOCK - BLOCK
    found = tuple(
        (name, shift)
        for name in names
        for shift in shifts(known[name], start, start + BLOCKS * BLOCK)
        if shift.who and who in {"", shift.who}
    )
    return ShiftFeed(f"On call: {who or ', '.join(names)}", found)
