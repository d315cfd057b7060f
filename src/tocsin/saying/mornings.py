"""When "tomorrow morning" is, for who presses a button."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.saying.buttons import MORNING_HOUR

DAY_BEGINS: Final[Duration] = 4 * HOUR  # For people, a day ends when they go to bed.


def morning(now: Instant, zone: str) -> Instant:
    """Tomorrow at MORNING_HOUR in *zone* (an IANA name; UTC if it is none).

    Who is still awake at three means the morning that comes.
    """
    try:
        there = ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):  # A zone that this machine does not know.
        there = ZoneInfo("UTC")
    today = datetime.fromtimestamp((now - DAY_BEGINS) / SECOND, there).date()
    return round(datetime.combine(today + timedelta(days=1), time(MORNING_HOUR), there).timestamp()) * SECOND
