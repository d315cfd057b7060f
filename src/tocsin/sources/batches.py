"""Batches: one bad item costs that item only, and no batch costs more than a bounded time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.sources.reading import Problem

ITEMS_MAX: Final = 50_000  # A body of 10 MB holds no more alerts that say anything.
PROBLEMS_MAX: Final = 100  # Nobody reads more; the rest is counted.


def each(
    items: Sequence[Json], place: str, read_item: Callable[[Json], Alert | str]
) -> tuple[tuple[Alert, ...], tuple[Problem, ...]]:
    """The alerts of *items*, and a problem for every item that *read_item* answered with text: what is wrong with it.

    *place*: where the list stands in the body. The text may begin with a place inside of the item (`.labels: ...`).
    """
    alerts: list[Alert] = []
    problems: list[Problem] = []
    untold = 0
    for position, item in enumerate(items[:ITEMS_MAX]):
        found = read_item(item)
        if isinstance(found, Alert):
            alerts.append(found)
        elif len(problems) < PROBLEMS_MAX:
            problems.append(_problem(f"{place}[{position}]", found))
        else:
            untold += 1
    if untold:
        problems.append(Problem(place or "body", f"{untold} more items are wrong"))
    if len(items) > ITEMS_MAX:
        rest = len(items) - ITEMS_MAX
        problems.append(Problem(place or "body", f"the last {rest} of {len(items)} items were not read: send fewer at once"))
    return tuple(alerts), tuple(problems)


def _problem(place: str, told: str) -> Problem:
    if told.startswith("."):
        inside, _, message = told.partition(": ")
        return Problem(place + inside, message)
    return Problem(place, told)
