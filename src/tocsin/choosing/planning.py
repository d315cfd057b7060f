"""The plan that costs least: whom to ask now, whom later, and when, if nobody answers.

Time until the deadline is a grid. A plan puts people on it; its expected cost is what the interruptions cost that will
be made, each with the chance that nobody has answered by then, and the minutes without an answer. Beyond the grid the
whole team is asked. A plan is built by inserting the one page, of one person at one time, that saves most, until none
saves anything: that is enough, since only its first move is made before everything is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, prod
from operator import itemgetter
from typing import Final

import msgspec

from tocsin.choosing.history import Curve
from tocsin.kernel.time import MINUTE, SECOND, Duration

POINTS: Final = 12  # Of the grid: more plans nothing better.
STEP_MIN: Final[Duration] = 20 * SECOND
STEP_MAX: Final[Duration] = 5 * MINUTE  # A deadline that is far away is planned as if it were an hour away.
PAGES_MAX: Final = 4  # Of a plan, beside the first: what comes later is planned later.
MARGIN: Final = 0.97  # What is chosen because it looks best looks better than it is.
TRIES_MAX: Final = 3
_PLACES: Final = (0, 1, 2, 3, 4, 6, 8, 10)  # Where pages may be inserted.


class Option(msgspec.Struct, frozen=True):
    """Somebody who may be asked: what that costs, and how soon they would answer."""

    name: str
    cost: float
    curve: Curve


class Crowd(msgspec.Struct, frozen=True):
    """What asking the whole team costs, and how many minutes it then takes, asked again and again."""

    cost: float
    minutes: float


class Outlook(msgspec.Struct, frozen=True):
    """What a plan is expected to come to: interruptions, weighted, and minutes without an answer."""

    disturbance: float
    minutes: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask now, in which time to go on, and what is to be expected."""

    now: tuple[str, ...]
    wait: Duration
    outlook: Outlook


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be planned.

    *options*: those who may be asked. *waiting*: whose answer is awaited, and for how many minutes it was. *plain*:
    whom the plain ladder would ask, and in how many ms. *must*: somebody has to be asked now.
    """

    options: tuple[Option, ...]
    waiting: tuple[tuple[Curve, float], ...]
    plain: tuple[tuple[Option, Duration], ...]
    crowd: Crowd
    remaining: Duration
    must: bool


def planned(prospect: Prospect, minute: float, *, bounded: bool) -> Plan:
    """The best plan, with a minute at the price of *minute*.

    *bounded*: neither more interruptions nor more minutes are to be expected of it than of the plain ladder; to that
    end minutes come to count for less, or for more.
    """
    time = _Time(prospect.remaining)
    rows = [(option, time.row(option.curve)) for option in prospect.options]
    waiting = [prod(column) for column in zip(*(time.row(*page) for page in prospect.waiting), strict=True)]
    plan = _best(prospect, time, rows, waiting, minute)
    if not bounded:
        return plan
    limit = _plain(prospect, time, waiting)
    for _ in range(TRIES_MAX):
        if plan.outlook.disturbance > MARGIN * limit.disturbance:
            minute /= 3
        elif plan.outlook.minutes > limit.minutes:
            minute *= 2
        else:
            break
        plan = _best(prospect, time, rows, waiting, minute)
    return plan


class _Time:
    """The grid: so many points, *step* ms apart."""

    def __init__(self, remaining: Duration) -> None:
        self.step = min(max(STEP_MIN, remaining // POINTS), STEP_MAX)
        self.points = min(max(1, remaining // self.step), POINTS)

    def row(self, curve: Curve, age: float = 0.0) -> list[float]:
        """The chance in each step that no answer comes, of somebody who was asked *age* minutes before its first."""
        marks = [curve.hazard(age + point * self.step / MINUTE) for point in range(self.points + 1)]
        return [exp(before - after) for before, after in pairwise(marks)]


def _plain(prospect: Prospect, time: _Time, waiting: list[float]) -> Outlook:
    """What is to be expected of the plain ladder."""
    pages = _Pages(prospect.crowd, time, waiting, 0.0)
    for option, after in prospect.plain:
        pages.insert(time.row(option.curve), min(after // time.step, time.points - 1), option.cost)
    return pages.outlook()


def _best(
    prospect: Prospect, time: _Time, rows: list[tuple[Option, list[float]]], waiting: list[float], minute: float
) -> Plan:
    pages = _Pages(prospect.crowd, time, waiting, minute)
    chosen: dict[str, int] = {}
    best = pages.whole()
    for turn in range(PAGES_MAX + 1):
        forced = prospect.must and turn == 0
        places = [0] if forced else [place for place in _PLACES if place < time.points]
        before = [pages.before(place) for place in places]
        tries = [
            (pages.cost(row, place, option.cost, *paid), place, option, row)
            for option, row in rows
            if option.name not in chosen
            for place, paid in zip(places, before, strict=True)
        ]
        found = min(tries, key=itemgetter(0), default=None)
        if found is None or (found[0] >= best and not forced):
            break
        best, place, option, row = found
        pages.insert(row, place, option.cost)
        chosen[option.name] = place
    later = [place for place in chosen.values() if place]
    return Plan(
        now=tuple(name for name, place in chosen.items() if place == 0),
        wait=min(min(later, default=time.points) * time.step, prospect.remaining),
        outlook=pages.outlook(),
    )


class _Pages:
    """The pages that are planned: the chance in each step that no answer comes, and what is paid at its beginning."""

    def __init__(self, crowd: Crowd, time: _Time, waiting: list[float], minute: float) -> None:
        self._time = time
        self._silent = list(waiting) or [1.0] * time.points
        self._paid = [0.0] * time.points
        self._half = minute * time.step / MINUTE / 2  # What is lost until the middle of a step.
        self._crowd = crowd
        self._end = crowd.cost + minute * crowd.minutes

    def cost(self, row: Sequence[float], place: int, price: float, total: float = 0.0, alive: float = 1.0) -> float:
        """Of the plan, with one page more at *place*; *total* and *alive*: what is paid `before` it."""
        half = self._half
        total += price * alive
        for silent, paid, more in zip(self._silent[place:], self._paid[place:], row, strict=False):
            after = alive * silent * more
            total += paid * alive + half * (alive + after)
            alive = after
        return total + alive * self._end

    def before(self, place: int) -> tuple[float, float]:
        """What is expected to be paid before *place*, and the chance that no answer has come by then."""
        total, alive, half = 0.0, 1.0, self._half
        for silent, paid in zip(self._silent[:place], self._paid, strict=False):
            after = alive * silent
            total += paid * alive + half * (alive + after)
            alive = after
        return total, alive

    def whole(self) -> float:
        """The cost of the plan as it is."""
        total, alive = self.before(self._time.points)
        return total + alive * self._end

    def outlook(self) -> Outlook:
        """What it is expected to come to."""
        alive, disturbance, minutes, half = 1.0, 0.0, 0.0, self._time.step / MINUTE / 2
        for silent, paid in zip(self._silent, self._paid, strict=True):
            after = alive * silent
            disturbance += paid * alive
            minutes += half * (alive + after)
            alive = after
        return Outlook(disturbance + alive * self._crowd.cost, minutes + alive * self._crowd.minutes)

    def insert(self, row: Sequence[float], place: int, price: float) -> None:
        """Put one page more on it."""
        self._paid[place] += price
        for point, more in zip(range(place, self._time.points), row, strict=False):
            self._silent[point] *= more
