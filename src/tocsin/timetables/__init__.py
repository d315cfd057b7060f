"""EventBridge timetables: `rate()`, `cron()` and `at()`, and when they are due next.

    >>> timetable = parse("cron(0 9 ? * MON-FRI *)", zone="Europe/Berlin")
    >>> timetable.next_after(1_700_000_000_000)
    1700035200000

Instants are milliseconds since 1970 UTC. The language is Amazon's:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

from tocsin.timetables.refusal import TimetableError
from tocsin.timetables.timetable import Service, Timetable, parse

__all__ = ["Service", "Timetable", "TimetableError", "parse"]
