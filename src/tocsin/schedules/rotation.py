"""Rotations: whose turn it is, when turns change hands, and what happens when people come and go.

A rotation counts its turns from its start. Every turn is as long as the others by the clock on the wall (or by the
calendar: months), and the next one begins in the moment in which it ends.

Who takes part may change from a certain time on; nobody else's turn moves because of it. Whoever has the turn at that
time keeps it, and is followed by whoever stands behind them in the new list. Who has the turn and is not in the new
list gives it up at once: the next of the old list who is in the new one takes the rest of it, and then a turn of their
own, which is the one that they would have had anyway.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.schedules.clock import YEAR_LAST, Wall, WallClock, moment_of, wall_of
from tocsin.schedules.windows import Span

WEEKLY: Final[Duration] = 7 * DAY

_MONTHS: Final = 12


class Crew(msgspec.Struct, frozen=True):
    """Who takes part from *since* on, in the order of their turns."""

    since: Wall
    responders: tuple[str, ...]


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """Turns from *start* on: each *months* long if that is positive, otherwise *length* ms.

    Turns by the month change hands on the day of the month of *start*, or on the last one of a shorter month. *crews*
    are in order; the first is there from the beginning.
    """

    start: Wall
    length: Duration = WEEKLY
    months: int = 0
    crews: tuple[Crew, ...] = ()

    def hand_over(self, number: int) -> Wall:
        """When the turn *number* begins, counted from 0."""
        if not self.months:
            return self.start + number * self.length
        first = moment_of(self.start)
        years, month = divmod(first.month - 1 + number * self.months, _MONTHS)
        year = min(first.year + years, YEAR_LAST)
        day = min(first.day, monthrange(year, month + 1)[1])
        return wall_of(first.replace(year=year, month=month + 1, day=day))

    def turn(self, wall: Wall) -> int:
        """The number of the turn at *wall*; negative before the start."""
        if not self.months:
            return (wall - self.start) // self.length
        first, at = moment_of(self.start), moment_of(min(wall, _LAST))
        number = ((at.year - first.year) * _MONTHS + at.month - first.month) // self.months
        return number if self.hand_over(number) <= wall else number - 1


class Turn(msgspec.Struct, frozen=True):
    """From *start* to *until* it is the turn of the first of *order*; the others would follow. Nobody: it is empty."""

    start: Instant
    until: Instant
    order: tuple[str, ...]


class _Era(msgspec.Struct, frozen=True):
    """A crew at work: in the turn *number*, or before, it is the turn of *place*."""

    since: Wall
    responders: tuple[str, ...]
    number: int
    place: int

    def at(self, number: int) -> int:
        """The place whose turn the turn *number* is."""
        return (self.place + max(0, number - self.number)) % max(1, len(self.responders))

    def order(self, number: int) -> tuple[str, ...]:
        """Whose turn the turn *number* is, and who would follow."""
        place = self.at(number)
        return self.responders[place:] + self.responders[:place]


def turns(rotation: Rotation, clock: WallClock, spans: Iterable[Span]) -> list[Turn]:
    """Whose turn it is in *spans*, by *clock*. Turns that last no time are left out."""
    eras = _eras(rotation)
    return [turn for start, until in spans for turn in _turns(rotation, eras, clock, start, until)] if eras else []


def _turns(
    rotation: Rotation, eras: Sequence[_Era], clock: WallClock, start: Instant, until: Instant
) -> Iterator[Turn]:
    begins = max(start, clock.first(rotation.start))
    wall = max(clock.reading(start), rotation.start)
    number = rotation.turn(wall)
    place = bisect_right(eras, wall, key=lambda era: era.since) - 1
    while begins < until:
        hand_over = rotation.hand_over(number + 1)
        change = eras[place + 1].since if place + 1 < len(eras) else hand_over
        ends = min(clock.first(min(hand_over, change)), until)
        if begins < ends:
            yield Turn(begins, ends, eras[place].order(number))
        if hand_over <= wall:
            return  # The last year that a calendar has.
        begins = max(begins, ends)
        wall = min(hand_over, change)
        number += wall == hand_over
        place += place + 1 < len(eras) and wall == change


def _eras(rotation: Rotation) -> list[_Era]:
    found: list[_Era] = []
    for crew in rotation.crews:
        if not found or crew.since <= rotation.start:
            found = [_Era(rotation.start, crew.responders, 0, 0)]
        else:
            found.append(_following(found[-1], crew, rotation.turn(crew.since - 1)))
    return found


def _following(era: _Era, crew: Crew, number: int) -> _Era:
    """The era of *crew*, which comes in the turn *number* of *era*, or at its end."""
    order = era.order(number)
    if order and order[0] in crew.responders:
        place = _place(crew.responders, order[0], era.at(number))
        # Who has taken the rest of a turn still has their own before them.
        return _Era(crew.since, crew.responders, max(number, era.number), place)
    heir = next((name for name in order[1:] if name in crew.responders), None)
    return _Era(crew.since, crew.responders, number + 1, crew.responders.index(heir) if heir else 0)


def _place(responders: Sequence[str], name: str, place: int) -> int:
    """Where *name* stands; of several places the one where it stood before."""
    return place if responders[place : place + 1] == (name,) else responders.index(name)


_LAST: Final[Wall] = wall_of(datetime(YEAR_LAST, 12, 31))  # noqa: DTZ001 - a clock on a wall has no zone.
