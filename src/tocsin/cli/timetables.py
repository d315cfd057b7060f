"""`tocsin timetable next`: when an expression of EventBridge is due."""

from __future__ import annotations

import argparse
from itertools import islice

from tocsin import timetables
from tocsin.cli.printing import plain, say, say_json
from tocsin.errors import TocsinError
from tocsin.kernel.time import SECOND, Instant, format_instant, parse_instant
from tocsin.timetables.wall import shown, zone_of
from tocsin.wiring.clock import SystemClock


def timetable(given: argparse.Namespace) -> int:
    """1 when it is due never again. Raises TocsinError (a TimetableError too)."""
    parsed = timetables.parse(given.expression, zone=given.zone)
    after = SystemClock()() if given.after == "now" else parse_instant(given.after)
    if after is None:
        raise TocsinError("time-invalid", f"--after {given.after!r} is no time like 2027-01-31T09:00Z")
    found = list(islice(parsed.upcoming(after), given.count))
    if given.json:
        say_json([{"at": at, "utc": format_instant(at), "local": _local(given.zone, at)} for at in found])
    else:
        for at in found:
            say(f"{_local(given.zone, at)}\n")
        if not found:
            say(f"{plain(given.expression)} is due never again\n")
    return int(not found)


def _local(zone: str, at: Instant) -> str:
    wall = shown(zone_of(zone), at)
    return f"{wall:%a} {wall.isoformat(sep=' ', timespec='seconds' if at % (60 * SECOND) else 'minutes')} {zone}"
