"""A second opinion on schedules: minute by minute, step by step, with nothing in common but the words.

It walks through time in steps of a minute. `Model.reached` is the latest time that the clock on the wall has shown, and
whatever happens at a certain time happens when that is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.kernel.time import DAY, MINUTE, Instant
from tocsin.schedules.clock import moment_of
from tocsin.schedules.schedule import Absent, Holidays, Layer, Schedule
from tocsin.schedules.windows import Span, Window


class _Walk:
    """One layer on its way through time."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.zone = ZoneInfo(layer.zone)
        self.reached = datetime(1970, 1, 1)  # noqa: DTZ001 - what the wall shows has no zone.
        self.number = -1
        self.order: list[str] = []
        self.waiting = list(layer.rotation.crews)
        self.guest = False  # Somebody has taken the rest of a turn, and has their own next.

    def step(self, instant: Instant) -> None:
        """A minute has begun."""
        shown = datetime.fromtimestamp(instant // 1000, UTC).astimezone(self.zone).replace(tzinfo=None)
        if shown <= self.reached:
            return
        self.reached = shown
        # What the clock jumps over happens in its order; changes of the crew before turns at the same time.
        while True:
            turn = self.following()
            change = moment_of(self.waiting[0].since) if self.waiting else None
            if change is not None and change <= min(shown, turn):
                self.change()
            elif turn <= shown:
                self.next_turn()
            else:
                return

    def following(self) -> datetime:
        """When the next turn begins."""
        rotation = self.layer.rotation
        start = moment_of(rotation.start)
        number = self.number + 1
        if not rotation.months:
            return start + number * timedelta(milliseconds=rotation.length)
        month = start.month - 1 + number * rotation.months
        year, month = start.year + month // 12, month % 12 + 1
        day = start.day
        while True:
            try:
                return start.replace(year=year, month=month, day=day)
            except ValueError:
                day -= 1

    def next_turn(self) -> None:
        self.number += 1
        if self.number == 0 or not self.order:
            return
        if self.guest:
            self.guest = False
            return
        self.order.append(self.order.pop(0))

    def change(self) -> None:
        """Another crew: who has the turn keeps it if they are in it."""
        crew = list(self.waiting.pop(0).responders)
        if self.number < 0:
            self.order = crew
            return
        heir = next((name for name in self.order if name in crew), None)
        kept = bool(self.order) and heir == self.order[0]
        place = crew.index(heir) if heir else 0
        if not kept:
            self.guest = True
        self.order = crew[place:] + crew[:place]

    def open(self, instant: Instant, holidays: tuple[Span, ...]) -> bool:
        layer = self.layer
        if layer.until is not None and self.reached >= moment_of(layer.until):
            return False
        free = any(start <= instant < until for start, until in holidays)
        if layer.holidays is Holidays.OFF and free:
            return False
        if layer.holidays is Holidays.ONLY and not free:
            return False
        return not layer.only or any(_is_open(window, self.reached) for window in layer.only)


def _is_open(window: Window, at: datetime) -> bool:
    """Whether the window is open when the clock shows *at*."""
    for back in range(9):
        midnight = datetime(at.year, at.month, at.day) - timedelta(days=back)  # noqa: DTZ001 - as above.
        if midnight.weekday() == window.day:
            since = at - midnight
            if timedelta(milliseconds=window.start) <= since < timedelta(milliseconds=window.end):
                return True
    return False


def timeline(schedule: Schedule, start: Instant, until: Instant) -> Iterator[tuple[Instant, str]]:
    """Who is on call in each minute from *start* to *until* (empty: nobody)."""
    walks = [_Walk(layer) for layer in schedule.layers]
    begin = min([start, *(layer.rotation.start for layer in schedule.layers)]) - 2 * DAY
    for instant in range(begin - begin % MINUTE, until, MINUTE):
        for walk in walks:
            walk.step(instant)
        if instant >= start:
            yield instant, _who(schedule, walks, instant)


def _who(schedule: Schedule, walks: list[_Walk], instant: Instant) -> str:
    for override in reversed(schedule.overrides):
        if override.start <= instant < override.until:
            return override.who
    for walk in reversed(walks):
        if walk.number < 0 or not walk.order or not walk.open(instant, schedule.holidays):
            continue
        holder = who = walk.order[0]
        for swap in schedule.swaps:
            if not swap.accepted or swap.schedule != schedule.name:
                continue
            if who == swap.by and swap.start <= instant < swap.until:
                who = swap.to
            elif who == swap.to and swap.back_start is not None and swap.back_until is not None:
                who = swap.by if swap.back_start <= instant < swap.back_until else who
        if who != holder:
            return who
        there = [name for name in walk.order if not _absent(schedule, name, instant)]
        if there and (there[0] == holder or walk.layer.absent is Absent.NEXT):
            return there[0]
    return ""


def _absent(schedule: Schedule, name: str, instant: Instant) -> bool:
    return any(start <= instant < until for start, until in schedule.absences.get(name, ()))
