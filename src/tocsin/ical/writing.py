"""Shifts as a calendar that people subscribe to (RFC 5545, by way of `icalendar`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import icalendar

from tocsin.kernel.time import Instant
from tocsin.schedules.schedule import Shift
from tocsin.schedules.telling import reason

PRODUCT: Final = "-//Tocsin//on call//EN"  # Who made it (RFC 5545, 3.7.3).
REFRESH: Final = timedelta(hours=1)

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def calendar(name: str, shifts: Iterable[tuple[str, Shift]], now: Instant) -> bytes:
    """A calendar called *name* of *shifts*, each with the name of its schedule; *now* is when it is written.

    An event has the same UID as long as its schedule, its beginning and its responder are the same. Gaps are left out.
    """
    made = icalendar.Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _line(name))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for schedule, shift in shifts:
        if not shift.gap:
            made.add_component(_event(schedule, shift, now))
    written: bytes = made.to_ical()
    return written


def _event(schedule: str, shift: Shift, now: Instant) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", uid(schedule, shift))
    event.add("dtstamp", _moment(now))
    event.add("dtstart", _moment(shift.start))
    event.add("dtend", _moment(shift.until))
    event.add("summary", _line(f"{shift.who} is on call: {schedule}"))
    event.add("description", _line(reason(shift)))
    event.add("transp", "TRANSPARENT")  # Who is on call can be met all the same.
    return event


def uid(schedule: str, shift: Shift) -> str:
    """The identity of a shift, whatever becomes of its end."""
    told = f"{schedule}\n{shift.start}\n{shift.who}".encode()
    return f"{hashlib.sha256(told).hexdigest()[:32]}@tocsin"


def _line(text: str) -> str:
    """*text* without control characters: whoever had a line break written as it is could add properties."""
    return _CONTROLS.sub(" ", text)


def _moment(instant: Instant) -> datetime:
    return _EPOCH + timedelta(milliseconds=instant)
