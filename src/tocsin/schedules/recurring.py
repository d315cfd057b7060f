"""What comes again: when windows of the week are open next, by the clocks of a zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.clock import is_zone, wall_clock
from tocsin.schedules.windows import WEEK, Span, Window, opened, parse_window

AHEAD: Final[Duration] = 3 * WEEK * DAY  # A clock that is put forward may leave one turn out, never two.


def next_turn(every: Sequence[str], zone: str, now: Instant) -> Span | None:
    """When one of the windows *every* is open next: the turn that *now* lies in, from now on, or the one after it.

    None when there is no such time: windows or a zone that nobody can read.
    """
    if not is_zone(zone):
        return None
    windows = windows_of(every)
    return next(iter(opened(windows, wall_clock(zone, now, now + AHEAD), now, now + AHEAD)), None)


def windows_of(every: Sequence[str]) -> tuple[Window, ...]:
    """The windows of texts; one that means none adds nothing."""
    return tuple(window for text in every for window in parse_window(text) or ())


def never_closed(every: Sequence[str]) -> bool:
    """Whether there is no time outside of the windows *every*."""
    return opened(windows_of(every), wall_clock("UTC", 0, AHEAD), 0, AHEAD) == [(0, AHEAD)]
