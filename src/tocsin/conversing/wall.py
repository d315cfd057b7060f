"""Times as the reader's own clock shows them: for labels and choices, which hold no marks."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.time import Instant
from tocsin.schedules.clock import is_zone, moment_of, wall_clock

UTC: Final = "UTC"


def known_zone(*names: str) -> str:
    """The first of *names* that is a time zone; UTC if none is."""
    return next((name for name in names if is_zone(name)), UTC)


def written(at: Instant, zone: str) -> str:
    """`Mon 5 Jan 09:00`; *zone* is one that is known."""
    shown = moment_of(wall_clock(zone, at, at).shown(at))
    return f"{shown:%a} {shown.day} {shown:%b %H:%M}"


def written_span(start: Instant, until: Instant, zone: str) -> str:
    """`Mon 5 Jan 09:00 to 17:00`, or with the other day."""
    begin, end = written(start, zone), written(until, zone)
    day, clock = end.rsplit(" ", 1)
    return f"{begin} to {clock}" if begin.startswith(f"{day} ") else f"{begin} to {end}"
