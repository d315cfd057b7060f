"""The final timeline of a schedule: all its layers, overrides, swaps and absences, one upon another."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.rotation import Turn, turns
from tocsin.schedules.schedule import Absent, Holidays, Layer, Schedule, Shift, Swap, Why
from tocsin.schedules.windows import Span, clipped, common, inverted, opened

AHEAD: Final[Duration] = 400 * DAY  # How far ahead the next one is looked for: what is yearly comes round.

_FIRST_LOOK: Final[Duration] = 2 * DAY  # Most turns end sooner.
_FURTHER: Final = 6  # How much longer each further look is.


def on_call(schedule: Schedule, instant: Instant) -> Shift:
    """Who is on call at *instant*, and why; the shift is only as long as that."""
    return shifts(schedule, instant, instant + 1)[0]


def next_on_call(schedule: Schedule, instant: Instant) -> Shift | None:
    """The next shift of somebody else than who is on call at *instant*; None when none begins within AHEAD."""
    now = on_call(schedule, instant).who
    start, length = instant, _FIRST_LOOK
    while start < instant + AHEAD:
        until = min(start + length, instant + AHEAD)
        for shift in shifts(schedule, start, until):
            if shift.who not in {"", now}:
                return replace(shift, until=current(schedule, shift.start, until).until)
        start, length = until, length * _FURTHER
    return None


def current(schedule: Schedule, instant: Instant, known: Instant | None = None) -> Shift:
    """The shift at *instant* from then to its end, however far away that is (AHEAD at most).

    *known*: an instant after it that may be a good guess.
    """
    until = max(known or 0, instant + _FIRST_LOOK)
    while True:
        shift = shifts(schedule, instant, min(until, instant + AHEAD))[0]
        if shift.until < until or until >= instant + AHEAD:
            return shift
        until = instant + (until - instant) * _FURTHER


def gaps(schedule: Schedule, start: Instant, until: Instant) -> list[Shift]:
    """When nobody is on call though somebody is needed."""
    spans = needed(schedule, start, until)
    return [gap for shift in shifts(schedule, start, until) if shift.gap for gap in within(shift, spans)]


def within(shift: Shift, spans: Sequence[Span]) -> Iterator[Shift]:
    """What of *shift* lies in *spans*."""
    for start, until in common([(shift.start, shift.until)], spans):
        yield replace(shift, start=start, until=until)


def needed(schedule: Schedule, start: Instant, until: Instant) -> list[Span]:
    """When somebody must be on call."""
    if not schedule.needed:
        return [(start, until)] if start < until else []
    return opened(schedule.needed, wall_clock(schedule.zone, start, until), start, until)


def shifts(schedule: Schedule, start: Instant, until: Instant) -> list[Shift]:
    """The timeline from *start* to *until*, without holes: when nobody is on call, that is a shift, too."""
    if start >= until:
        return []
    hidden: list[Shift] = []
    found = _overridden(schedule, start, until)
    for layer in reversed(schedule.layers):
        bare = inverted([(shift.start, shift.until) for shift in found], start, until)
        if not bare:
            break
        planned = _layer(schedule, layer, bare)
        found = _upon(found, [shift for shift in planned if shift.who])
        hidden = _upon(hidden, [shift for shift in planned if not shift.who])
    nobody = [Shift(start=start, until=until, who="", why=Why.NOBODY)]
    return _joined(_upon(_upon(found, hidden), nobody))


def _overridden(schedule: Schedule, start: Instant, until: Instant) -> list[Shift]:
    found: list[Shift] = []
    for each in reversed(schedule.overrides):
        begins, ends = max(each.start, start), min(each.until, until)
        if begins < ends:
            found = _upon(found, [Shift(start=begins, until=ends, who=each.who, why=Why.OVERRIDE, source=each.id)])
    return found


def _layer(schedule: Schedule, layer: Layer, bare: Sequence[Span]) -> list[Shift]:
    """What one layer says in the spans *bare*."""
    start, until = bare[0][0], bare[-1][1]
    clock = wall_clock(layer.zone, start, until)
    spans = bare
    if layer.until is not None:
        spans = clipped(spans, start, clock.first(layer.until))
    if layer.only:
        spans = common(spans, opened(layer.only, clock, start, until))
    if layer.holidays is Holidays.OFF:
        spans = common(spans, inverted(schedule.holidays, start, until))
    elif layer.holidays is Holidays.ONLY:
        spans = common(spans, schedule.holidays)
    swaps = [swap for swap in schedule.swaps if swap.accepted]
    edges = sorted(_edges(schedule, layer, swaps))
    return [
        shift for turn in turns(layer.rotation, clock, spans) for shift in _split(schedule, layer, swaps, edges, turn)
    ]


def _edges(schedule: Schedule, layer: Layer, swaps: Iterable[Swap]) -> set[Instant]:
    """When a swap or an absence of somebody concerned begins or ends."""
    found: set[Instant] = set()
    for swap in swaps:
        found |= {edge for edge in (swap.start, swap.until, swap.back_start, swap.back_until) if edge is not None}
    for crew in layer.rotation.crews:
        for name in crew.responders:
            found |= {edge for span in schedule.absences.get(name, ()) for edge in span}
    return found


def _split(
    schedule: Schedule, layer: Layer, swaps: Sequence[Swap], edges: Sequence[Instant], turn: Turn
) -> Iterator[Shift]:
    inside = edges[bisect_right(edges, turn.start) : bisect_left(edges, turn.until)]
    for start, until in pairwise((turn.start, *inside, turn.until)):
        yield _shift(schedule, layer, swaps, Turn(start, until, turn.order))


def _shift(schedule: Schedule, layer: Layer, swaps: Sequence[Swap], turn: Turn) -> Shift:
    """Who takes a turn, in which nothing changes."""
    start, until = turn.start, turn.until
    if not turn.order:
        return Shift(start=start, until=until, who="", why=Why.EMPTY, source=layer.name)
    holder = turn.order[0]
    who, swap = _swapped(swaps, schedule.name, holder, start)
    if who != holder:
        return Shift(start=start, until=until, who=who, why=Why.SWAP, source=swap, instead=holder)
    if not _absent(schedule, holder, start):
        return Shift(start=start, until=until, who=holder, why=Why.LAYER, source=layer.name)
    if layer.absent is Absent.NEXT:
        cover = next((name for name in turn.order if not _absent(schedule, name, start)), "")
        if cover:
            return Shift(start=start, until=until, who=cover, why=Why.COVER, source=layer.name, instead=holder)
    return Shift(start=start, until=until, who="", why=Why.ABSENT, source=layer.name, instead=holder)


def _swapped(swaps: Sequence[Swap], schedule: str, who: str, at: Instant) -> tuple[str, str]:
    """Who has the turn of *who* after all swaps, and the last of those that moved it."""
    by = ""
    for swap in swaps:
        if swap.schedule != schedule:
            continue
        if who == swap.by and swap.start <= at < swap.until:
            who, by = swap.to, swap.id
        elif who == swap.to and swap.back_start is not None and swap.back_start <= at < (swap.back_until or 0):
            who, by = swap.by, swap.id
    return who, by


def _absent(schedule: Schedule, name: str, at: Instant) -> bool:
    spans = schedule.absences.get(name, ())
    place = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return place >= 0 and at < spans[place][1]


def _upon(above: list[Shift], below: list[Shift]) -> list[Shift]:
    """*above*, and what of *below* it leaves bare; both are in order and do not overlap, nor does the result."""
    if not above or not below:
        return above or below
    found: list[Shift] = []
    place = 0
    for shift in below:
        start = shift.start
        while place < len(above) and above[place].until <= start:
            found.append(above[place])
            place += 1
        while place < len(above) and above[place].start < shift.until:
            top = above[place]
            if start < top.start:
                found.append(replace(shift, start=start, until=top.start))
            start = top.until
            if start > shift.until:
                break  # It lies above the next one, too.
            found.append(top)
            place += 1
        if start < shift.until:
            found.append(shift if start == shift.start else replace(shift, start=start))
    return found + above[place:]


def _joined(found: Sequence[Shift]) -> list[Shift]:
    """Neighbours that differ only by their times, made one."""
    joined: list[Shift] = []
    for shift in found:
        last = joined[-1] if joined else None
        if last and (last.who, last.why, last.source, last.instead) == (
            shift.who,
            shift.why,
            shift.source,
            shift.instead,
        ):
            joined[-1] = replace(last, until=shift.until)
        else:
            joined.append(shift)
    return joined
