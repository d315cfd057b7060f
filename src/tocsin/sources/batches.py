"""Batches: one bad item costs that item only, and no batch costs more than a bounded time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.sources.reading import Problem, Reading

ITEMS_MAX: Final = 50_000  # A body of 10 MB holds no more alerts that say anything.
PROBLEMS_MAX: Final = 100  # Nobody reads more; the rest is counted.


def each(
    items: Sequence[Json], place: str, read_item: Callable[[Json], Alert | Problem | Reading]
) -> tuple[tuple[Alert, ...], tuple[Problem, ...]]:
    """The alerts and the problems of *items*, in order. *place* is where the list stands in the body.

    The place of a problem is told inside of the item, `body` being all of it.
    """
    alerts: list[Alert] = []
    problems: list[Problem] = []
    untold = 0
    for position, item in enumerate(items[:ITEMS_MAX]):
        found = read_item(item)
        if isinstance(found, Alert):
            alerts.append(found)
            continue
        wrong = (found,) if isinstance(found, Problem) else found.problems
        if isinstance(found, Reading):
            alerts += found.alerts
        for problem in wrong:
            if len(problems) < PROBLEMS_MAX:
                problems.append(_within(f"{place}[{position}]", problem))
            else:
                untold += 1
    if untold:
        problems.append(Problem(place or "body", f"{untold} more items are wrong"))
    if len(items) > ITEMS_MAX:
        rest = len(items) - ITEMS_MAX
        problems.append(
            Problem(place or "body", f"the last {rest} of {len(items)} items were not read: send fewer at once")
        )
    return tuple(alerts), tuple(problems)


def _within(item: str, problem: Problem) -> Problem:
    return Problem(item if problem.place == "body" else f"{item}.{problem.place}", problem.message)
