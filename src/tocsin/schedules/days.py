"""A schedule day by day, as a calendar shows it: what of the timeline lies in each day of the zone of a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from tocsin.kernel.time import DAY, Instant
from tocsin.schedules.clock import Wall, wall_clock
from tocsin.schedules.schedule import Schedule, Shift, everybody
from tocsin.schedules.timeline import needed, shifts, within
from tocsin.schedules.windows import clipped


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What of *shift* lies in one day, from *start* to *until*; *begins*, *ends*: the shift does so there."""

    start: Instant
    until: Instant
    shift: Shift
    begins: bool
    ends: bool


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day that begins, on the wall, at *wall*: who is on call, gaps as far as somebody is needed, who is absent.

    It may be empty: some zones have skipped a whole day.
    """

    wall: Wall
    start: Instant
    until: Instant
    parts: tuple[Part, ...]
    absent: tuple[str, ...]


def days(schedule: Schedule, zone: str, first: Wall, count: int) -> tuple[Day, ...]:
    """*count* days (at least one) by the clocks of *zone*, of which the first begins at *first*, a midnight."""
    # The clock of a zone is good for instants; two days are more than any wall is away from UTC.
    clock = wall_clock(zone, first - 2 * DAY, first + (count + 2) * DAY)
    edges = [clock.first(first + number * DAY) for number in range(count + 1)]
    people = dict.fromkeys((*everybody(schedule), *(override.who for override in schedule.overrides)))
    absences = {who: schedule.absences[who] for who in people if who in schedule.absences}
    timeline = list(_shown(schedule, edges[0], edges[-1]))
    return tuple(
        Day(
            wall=first + number * DAY,
            start=start,
            until=until,
            parts=tuple(_parts(timeline, start, until)),
            absent=tuple(who for who, spans in absences.items() if clipped(spans, start, until)),
        )
        for number, (start, until) in enumerate(pairwise(edges))
    )


def _shown(schedule: Schedule, start: Instant, until: Instant) -> Iterator[Shift]:
    """The timeline, a little longer than asked for, so that it is seen whether a shift begins there or went on."""
    start, until = start - 1, until + 1
    spans = needed(schedule, start, until)
    for shift in shifts(schedule, start, until):
        if shift.gap:
            yield from within(shift, spans)
        else:
            yield shift


def _parts(timeline: Sequence[Shift], start: Instant, until: Instant) -> Iterator[Part]:
    for shift in timeline:
        begins, ends = max(shift.start, start), min(shift.until, until)
        if begins < ends:
            yield Part(start=begins, until=ends, shift=shift, begins=shift.start >= start, ends=shift.until <= until)
