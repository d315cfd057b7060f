"""The plan that costs least: whom to ask now, whom later, and when, if nobody answers.

Time until the deadline is a grid. A plan puts people on it; its expected cost is what the interruptions cost that will
be made, each with the chance that nobody has answered by then, and the minutes without an answer. Beyond the grid the
whole team is asked. A plan is built by inserting the one page, of one person at one time, that saves most, until none
saves anything: that is enough, since only its first move is made before everything is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Final

import msgspec

from tocsin.choosing.history import Curve
from tocsin.kernel.time import MINUTE, SECOND, Duration

POINTS: Final = 12  # Of the grid: more plans nothing better.
STEP_MIN: Final[Duration] = 20 * SECOND
PAGES_MAX: Final = 4  # Of a plan, beside the first: what comes later is planned later.
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


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask now, in which time to go on, and what it is expected to cost."""

    now: tuple[str, ...]
    wait: Duration
    cost: float


def planned(
    options: Sequence[Option],
    open_pages: Sequence[tuple[Curve, float]],
    crowd: Crowd,
    minute: float,
    remaining: Duration,
    *,
    must: bool,
) -> Plan:
    """The best plan. *open_pages*: who was asked before, and for how many minutes; *minute*: the cost of one.

    *must*: somebody has to be asked now.
    """
    step = max(STEP_MIN, remaining // POINTS)
    points = max(1, remaining // step)
    grid = _Grid(points, step / MINUTE, crowd, minute, [_steps(curve, age, step, points) for curve, age in open_pages])
    rows = [(option, _steps(option.curve, 0.0, step, points)) for option in options]
    chosen: list[tuple[int, Option]] = []
    best = grid.cost()
    for turn in range(PAGES_MAX + 1):
        places = [0] if must and turn == 0 else [place for place in _PLACES if place < points]
        taken = {option.name for _, option in chosen}
        tries = [
            (grid.cost(row, place, option.cost), place, option, row)
            for option, row in rows
            if option.name not in taken
            for place in places
        ]
        if not tries:
            break
        found = min(tries, key=lambda each: each[0])
        if found[0] >= best and not (must and turn == 0):
            break
        best, place, option, row = found
        grid.insert(row, place, option.cost)
        chosen.append((place, option))
    later = [place for place, _ in chosen if place]
    return Plan(
        now=tuple(option.name for place, option in chosen if place == 0),
        wait=min(min(later, default=points) * step, remaining),
        cost=best,
    )


class _Grid:
    """The pages that are planned: the hazard in each step, and what is paid at its beginning."""

    def __init__(self, points: int, step: float, crowd: Crowd, minute: float, rows: Sequence[Sequence[float]]) -> None:
        self._hazards = [sum(column) for column in zip(*rows, strict=True)] or [0.0] * points
        self._paid = [0.0] * points
        self._delay = minute * step
        self._end = crowd.cost + minute * crowd.minutes

    def cost(self, row: Sequence[float] = (), place: int = 0, price: float = 0.0) -> float:
        """Of the plan, with one page more."""
        total, alive, delay = 0.0, 1.0, self._delay / 2
        for hazard, paid in zip(self._hazards[:place], self._paid, strict=False):
            after = alive * exp(-hazard)
            total += paid * alive + delay * (alive + after)
            alive = after
        total += price * alive
        if not row:
            row = [0.0] * len(self._hazards)
        for hazard, paid, more in zip(self._hazards[place:], self._paid[place:], row, strict=False):
            after = alive * exp(-hazard - more)
            total += paid * alive + delay * (alive + after)
            alive = after
        return total + alive * self._end

    def insert(self, row: Sequence[float], place: int, price: float) -> None:
        self._paid[place] += price
        for point, more in zip(range(place, len(self._hazards)), row, strict=False):
            self._hazards[point] += more


def _steps(curve: Curve, age: float, step: Duration, points: int) -> list[float]:
    """The hazard in each step of the grid, for somebody who was asked *age* minutes ago."""
    marks = [curve.hazard(age + point * step / MINUTE) for point in range(points + 1)]
    return [after - before for before, after in zip(marks, marks[1:], strict=False)]
