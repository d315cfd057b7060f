"""Which row of a picture each box stands in, and in which order: few crossings, loops turned around, rows not too wide.

The way of K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
Transactions on Systems, Man, and Cybernetics 11(2), 1981: cycles are broken, boxes get rows, long ways get a place in
each row that they pass, and the rows are put in order by where the neighbours stand. A label is a box on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

SWEEPS: Final = 8  # Down and up; after that hardly anything changes.
SPOTS_MAX: Final = 6_000  # Places in all rows together: no workflow that a person can read has as many.


class TooLarge(Exception):
    """The picture would be larger than anybody can read."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A way between boxes. *weight*: how much it should be straight; *label*: its width, or 0 for none."""

    source: int
    target: int
    weight: float = 1
    label: float = 0


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a row: a box, or where a way passes (*box* is None; *label*: its label stands here)."""

    box: int | None = None
    link: int = -1
    label: bool = False


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of *spots* from top to bottom. *chains*: by link, its spots from top to bottom, both boxes included.

    *turned*: the links that lead upwards.
    """

    spots: tuple[Spot, ...]
    rows: tuple[tuple[int, ...], ...]
    chains: tuple[tuple[int, ...], ...]
    turned: frozenset[int]


def rows(widths: Sequence[float], links: Sequence[Link], width_max: float) -> Rows:
    """The rows of boxes that have *widths*; links from a box to itself are not here. Raises TooLarge."""
    turned = _turned(len(widths), links)
    down = [(each.target, each.source) if at in turned else (each.source, each.target) for at, each in enumerate(links)]
    ranks = _ranked(widths, links, down, width_max)
    spots, filled, chains = _spotted(ranks, links, down)
    _put_in_order(filled, chains)
    return Rows(
        spots=tuple(spots),
        rows=tuple(tuple(row) for row in filled),
        chains=tuple(tuple(chain) for chain in chains),
        turned=frozenset(turned),
    )


def _turned(count: int, links: Sequence[Link]) -> set[int]:
    """The links that lead back to where a walk from the start has come by."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for at, link in enumerate(links):
        leaving[link.source].append(at)
    found: set[int] = set()
    walking, walked = set[int](), set[int]()
    for first in range(count):
        if first in walked:
            continue
        walking.add(first)
        stack = [(first, iter(leaving[first]))]
        while stack:
            box, remaining = stack[-1]
            at = next(remaining, -1)
            if at < 0:
                stack.pop()
                walking.discard(box)
                walked.add(box)
                continue
            target = links[at].target
            if target in walking:
                found.add(at)
            elif target not in walked:
                walking.add(target)
                stack.append((target, iter(leaving[target])))
    return found


def _ranked(
    widths: Sequence[float], links: Sequence[Link], down: Sequence[tuple[int, int]], width_max: float
) -> list[int]:
    """The row of each box: below all that lead to it, and no row wider than *width_max* if it can be avoided."""
    above: list[list[int]] = [[] for _ in widths]
    below: list[list[int]] = [[] for _ in widths]
    labels = [0.0 for _ in widths]
    for at, (upper, lower) in enumerate(down):
        above[lower].append(upper)
        below[upper].append(lower)
        labels[lower] += links[at].label
    waiting = [len(each) for each in above]
    ready = [box for box in range(len(widths)) if not waiting[box]]
    ranks = [0] * len(widths)
    used: dict[int, float] = {}
    for box in ready:  # It grows while it is walked.
        need = max(widths[box], labels[box])
        rank = max((ranks[each] + 1 for each in above[box]), default=0)
        while used.get(rank, 0) and used[rank] + need > width_max:
            rank += 1
        ranks[box] = rank
        used[rank] = used.get(rank, 0) + need
        for lower in below[box]:
            waiting[lower] -= 1
            if not waiting[lower]:
                ready.append(lower)
    return ranks


def _spotted(
    ranks: Sequence[int], links: Sequence[Link], down: Sequence[tuple[int, int]]
) -> tuple[list[Spot], list[list[int]], list[list[int]]]:
    """Spots, rows of them, and chains. There is a row for labels above each row of boxes that has any."""
    labelled = {ranks[lower] for at, (_, lower) in enumerate(down) if links[at].label}
    places: dict[int, int] = {}
    count = 0
    for rank in range(max(ranks, default=0) + 1):
        count += rank in labelled
        places[rank] = count
        count += 1
    spots = [Spot(box=box) for box in range(len(ranks))]
    filled: list[list[int]] = [[] for _ in range(count)]
    for box, rank in enumerate(ranks):
        filled[places[rank]].append(box)
    chains: list[list[int]] = []
    for at, (upper, lower) in enumerate(down):
        chain = [upper]
        for row in range(places[ranks[upper]] + 1, places[ranks[lower]]):
            label = bool(links[at].label) and row == places[ranks[lower]] - 1
            filled[row].append(len(spots))
            chain.append(len(spots))
            spots.append(Spot(link=at, label=label))
            if len(spots) > SPOTS_MAX:
                raise TooLarge
        chains.append([*chain, lower])
    return spots, filled, chains


# ── The order in a row ───────────────────────────────────────────────────────────────────────────────────────────────
def _put_in_order(filled: list[list[int]], chains: Sequence[Sequence[int]]) -> None:
    """By where the neighbours stand, down and up again; the order with the fewest crossings remains."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    _follow(filled, below)
    best = [list(row) for row in filled]
    fewest = _crossings(filled, below)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        order = range(1, len(filled)) if downwards else range(len(filled) - 2, -1, -1)
        for row in order:
            beside = filled[row - 1 if downwards else row + 1]
            _by_neighbours(filled[row], beside, above if downwards else below)
        _swapped(filled, above, below)
        crossings = _crossings(filled, below)
        if crossings < fewest:
            fewest = crossings
            best = [list(row) for row in filled]
    filled[:] = best


def _follow(filled: list[list[int]], below: dict[int, list[int]]) -> None:
    """A first order: as the ways leave the boxes above."""
    for row in range(1, len(filled)):
        wanted: dict[int, int] = {}
        for spot in filled[row - 1]:
            for lower in below.get(spot, ()):
                wanted.setdefault(lower, len(wanted))
        filled[row].sort(key=lambda spot: wanted.get(spot, len(wanted)))


def _by_neighbours(row: list[int], beside: Sequence[int], neighbours: dict[int, list[int]]) -> None:
    places = {spot: at for at, spot in enumerate(beside)}
    wanted: dict[int, float] = {}
    for at, spot in enumerate(row):
        near = [places[each] for each in neighbours.get(spot, ()) if each in places]
        wanted[spot] = sum(near) / len(near) if near else float(at)
    row.sort(key=lambda spot: wanted[spot])


def _swapped(filled: list[list[int]], above: dict[int, list[int]], below: dict[int, list[int]]) -> None:
    """Two that stand side by side change places where that takes crossings away."""
    for at, row in enumerate(filled):
        upper = {spot: place for place, spot in enumerate(filled[at - 1])} if at else {}
        lower = {spot: place for place, spot in enumerate(filled[at + 1])} if at + 1 < len(filled) else {}
        for place in range(len(row) - 1):
            left, right = row[place], row[place + 1]
            now = _between(left, right, above, upper) + _between(left, right, below, lower)
            then = _between(right, left, above, upper) + _between(right, left, below, lower)
            if then < now:
                row[place], row[place + 1] = right, left


def _between(left: int, right: int, neighbours: dict[int, list[int]], places: dict[int, int]) -> int:
    """How many ways of *left* cross one of *right*."""
    ours = [places[each] for each in neighbours.get(left, ())]
    theirs = [places[each] for each in neighbours.get(right, ())]
    return sum(one > other for one in ours for other in theirs)


def _crossings(filled: Sequence[Sequence[int]], below: dict[int, list[int]]) -> int:
    total = 0
    for upper, lower in pairwise(filled):
        places = {spot: at for at, spot in enumerate(lower)}
        seen = [0] * (len(lower) + 1)  # A tree of sums (Fenwick): how many ways end left of a place.
        count = 0
        for spot in upper:
            ends = sorted(places[each] for each in below.get(spot, ()))
            for end in ends:
                total += count - _sum(seen, end + 1)
            for end in ends:
                count += 1
                at = end + 1
                while at < len(seen):
                    seen[at] += 1
                    at += at & -at
    return total


def _sum(seen: Sequence[int], at: int) -> int:
    found = 0
    while at:
        found += seen[at]
        at -= at & -at
    return found
