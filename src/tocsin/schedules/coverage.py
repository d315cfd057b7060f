"""The coverage of a schedule: how much of what is needed it covers, where its gaps are, and who carries how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tocsin.kernel.time import Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.schedule import Schedule, Shift, Why, everybody
from tocsin.schedules.timeline import needed, shifts, within
from tocsin.schedules.windows import Span, Window, common, opened


class Hours(msgspec.Struct, frozen=True):
    """When somebody works: *windows* by the clocks of *zone*; no windows: it is not known."""

    zone: str
    windows: tuple[Window, ...] = ()


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How much *who* carries: *time* on call in *shifts* shifts, *off* of it outside their working hours, if known."""

    who: str
    shifts: int
    time: Duration
    off: Duration | None


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What the timeline of a schedule is worth from *start* to *until*; *covers*: shifts that need a look."""

    start: Instant
    until: Instant
    needed: Duration
    covered: Duration
    gaps: tuple[Shift, ...]
    covers: tuple[Shift, ...]
    shares: tuple[Share, ...]


def coverage(schedule: Schedule, start: Instant, until: Instant, hours: Mapping[str, Hours]) -> Coverage:
    """The report about *schedule*; *hours* by responder. Whoever takes part is in it, also without a shift."""
    timeline = shifts(schedule, start, until)
    spans = needed(schedule, start, until)
    gaps = [gap for shift in timeline if shift.gap for gap in within(shift, spans)]
    wanted = _length(spans)
    names = dict.fromkeys((*everybody(schedule), *(shift.who for shift in timeline if shift.who)))
    return Coverage(
        start=start,
        until=until,
        needed=wanted,
        covered=wanted - sum(gap.until - gap.start for gap in gaps),
        gaps=tuple(gaps),
        covers=tuple(shift for shift in timeline if shift.why is Why.COVER),
        shares=tuple(_share(name, timeline, hours.get(name), start, until) for name in names),
    )


def _share(name: str, timeline: Sequence[Shift], hours: Hours | None, start: Instant, until: Instant) -> Share:
    spans = [(shift.start, shift.until) for shift in timeline if shift.who == name]
    off = None
    if hours and hours.windows:
        working = opened(hours.windows, wall_clock(hours.zone, start, until), start, until)
        off = _length(spans) - _length(common(spans, working))
    return Share(who=name, shifts=len(spans), time=_length(spans), off=off)


def _length(spans: Iterable[Span]) -> Duration:
    return sum(until - start for start, until in spans)
