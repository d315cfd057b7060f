"""Where boxes stand and ways lead, in pixels: rows of boxes placed so that ways are straight, and nothing overlaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from tocsin.asl.picture.layering import Link, Rows, rows

BESIDE: Final = 22  # Between boxes.
PASSING: Final = 13  # Beside a way that passes.
PORT: Final = 20  # Between ways at one side of a box.
EDGE: Final = 14  # Of a box, where no way begins.
GAP: Final = 22  # Between rows, at least ...
GAP_MAX: Final = 60  # ... and at most, where ways lead far to the side.
SWEEPS: Final = 14


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """A box. *beside*: room on its right for a way that leads back to it; *dot*: all ways meet in its middle."""

    width: float
    height: float
    beside: float = 0
    dot: bool = False


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """The room that a label takes on its way."""

    width: float
    height: float


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a way that leads straight down: at *x* from *top* to *bottom*. A label interrupts it."""

    x: float
    top: float
    bottom: float
    label: bool = False


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: the left upper corners of the boxes, and the stations of each way from top to bottom.

    *upwards*: by way, whether it leads up.
    """

    width: float
    height: float
    corners: tuple[tuple[float, float], ...]
    ways: tuple[tuple[Station, ...], ...]
    upwards: tuple[bool, ...]


def placed(sizes: Sequence[Size], links: Sequence[Link], labels: Sequence[Label | None], width_max: float) -> Placed:
    """Place boxes of *sizes*. *labels*: one for each link, or None. Raises layering.TooLarge."""
    found = rows([each.width + each.beside + BESIDE for each in sizes], links, width_max + BESIDE)
    return _Placing(found, sizes, links, labels, width_max).done()


class _Placing:
    def __init__(
        self,
        found: Rows,
        sizes: Sequence[Size],
        links: Sequence[Link],
        labels: Sequence[Label | None],
        width_max: float,
    ) -> None:
        self.rows = found
        self.sizes = sizes
        self.links = links
        self.labels = labels
        self.width_max = width_max
        self.window = (-math.inf, math.inf)  # Nothing is to stand outside.
        self.above: list[list[tuple[int, float]]] = [[] for _ in found.spots]
        self.below: list[list[tuple[int, float]]] = [[] for _ in found.spots]
        for link, chain in zip(links, found.chains, strict=True):
            for upper, lower in pairwise(chain):
                passing = (found.spots[upper].box is None) + (found.spots[lower].box is None)
                weight = link.weight * (1, 2, 8)[passing]
                self.below[upper].append((lower, weight))
                self.above[lower].append((upper, weight))
        self.x = [0.0] * len(found.spots)
        self.ports: dict[tuple[int, int, bool], float] = {}

    def done(self) -> Placed:
        self._spread()
        self._sweep()
        left, right = self._extent()
        if right - left > self.width_max:
            wide = max(self.width_max, *(self._least(row) for row in self.rows.rows))
            self.window = ((left + right - wide) / 2, (left + right + wide) / 2)
            self._sweep()
        self._straighten()
        self._shift()
        self._find_ports()
        tops, bottoms, height = self._heights()
        return Placed(
            width=self._extent()[1],
            height=height,
            corners=tuple((self.x[box] - size.width / 2, tops[self._row(box)]) for box, size in enumerate(self.sizes)),
            ways=tuple(self._way(at, tops, bottoms) for at in range(len(self.links))),
            upwards=tuple(at in self.rows.turned for at in range(len(self.links))),
        )

    # ── Across ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _left(self, spot: int) -> float:
        return self._half(spot)

    def _right(self, spot: int) -> float:
        box = self.rows.spots[spot].box
        return self._half(spot) + (self.sizes[box].beside if box is not None else 0)

    def _half(self, spot: int) -> float:
        what = self.rows.spots[spot]
        if what.box is not None:
            return self.sizes[what.box].width / 2
        label = self.labels[what.link] if what.label else None
        return label.width / 2 if label else 0.0

    def _apart(self, left: int, right: int) -> float:
        passing = any(self.rows.spots[each].box is None for each in (left, right))
        return self._right(left) + self._left(right) + (PASSING if passing else BESIDE)

    def _extent(self) -> tuple[float, float]:
        spots = [spot for row in self.rows.rows for spot in row]
        return min(self.x[spot] - self._left(spot) for spot in spots), max(
            self.x[spot] + self._right(spot) for spot in spots
        )

    def _least(self, row: Sequence[int]) -> float:
        """How wide a row is where all stand as near to each other as they may."""
        return self._left(row[0]) + sum(self._apart(*pair) for pair in pairwise(row)) + self._right(row[-1])

    def _sweep(self) -> None:
        for sweep in range(SWEEPS):
            both = [self.above, self.below] if sweep >= SWEEPS - 2 else []
            downwards = sweep % 2 == 0
            for row in self.rows.rows if downwards else reversed(self.rows.rows):
                self._pull(row, both or [self.above if downwards else self.below])

    def _spread(self) -> None:
        for row in self.rows.rows:
            for before, spot in pairwise(row):
                self.x[spot] = self.x[before] + self._apart(before, spot)
            middle = (self.x[row[0]] + self.x[row[-1]]) / 2
            for spot in row:
                self.x[spot] -= middle

    def _pull(self, row: Sequence[int], sides: Sequence[list[list[tuple[int, float]]]]) -> None:
        """Move what is in a row to the middle of its neighbours, as near as the others in the row let it."""
        wanted: list[float] = []
        weights: list[float] = []
        for spot in row:
            near = [each for side in sides for each in side[spot]]
            weight = sum(each for _, each in near)
            wanted.append(sum(self.x[other] * each for other, each in near) / weight if near else self.x[spot])
            weights.append(weight or 0.1)
        apart = [self._apart(before, spot) for before, spot in pairwise(row)]
        low = self.window[0] + self._left(row[0])
        high = self.window[1] - self._right(row[-1]) - sum(apart)
        for spot, x, more in zip(row, spaced(wanted, weights, apart), [*apart, 0.0], strict=True):
            self.x[spot] = min(max(x, low), high)
            low, high = low + more, high + more

    def _straighten(self) -> None:
        """Where a way passes several rows and there is room, it leads straight through all of them."""
        places = {spot: (row, at) for row in self.rows.rows for at, spot in enumerate(row)}

        def free(spot: int) -> tuple[float, float]:
            row, at = places[spot]
            low = self.window[0] + self._left(spot)
            high = self.window[1] - self._right(spot)
            if at:
                low = self.x[row[at - 1]] + self._apart(row[at - 1], spot)
            if at + 1 < len(row):
                high = self.x[row[at + 1]] - self._apart(spot, row[at + 1])
            return low, high

        for chain in self.rows.chains * 2:
            begin = 1
            while begin < len(chain) - 1:
                low, high = free(chain[begin])
                end = begin + 1
                while end < len(chain) - 1:
                    lower, higher = free(chain[end])
                    if max(low, lower) > min(high, higher):
                        break
                    low, high = max(low, lower), min(high, higher)
                    end += 1
                run = chain[begin:end]
                middle = sorted(self.x[spot] for spot in run)[len(run) // 2]
                for spot in run:
                    self.x[spot] = min(max(middle, low), high)
                begin = end

    def _shift(self) -> None:
        least, _ = self._extent()
        self.x = [x - least for x in self.x]

    def _find_ports(self) -> None:
        """Where the ways begin and end at each box: as far from each other as there is room, in order."""
        for above in (False, True):
            ends: dict[int, list[tuple[float, int]]] = {}
            for at, chain in enumerate(self.rows.chains):
                box, near = (chain[-1], chain[-2]) if above else (chain[0], chain[1])
                ends.setdefault(box, []).append((self.ports.get((near, at, False), self.x[near]), at))
            for box, found in ends.items():
                self._put_ports(box, sorted(found), above=above)

    def _put_ports(self, box: int, found: Sequence[tuple[float, int]], *, above: bool) -> None:
        size, x = self.sizes[box], self.x[box]
        free = 0.0 if size.dot else size.width - 2 * EDGE
        step = min(PORT, free / max(1, len(found) - 1))
        wanted = [min(max(near, x - free / 2), x + free / 2) for near, _ in found]
        places = spaced(wanted, [self.links[at].weight for _, at in found], [step] * (len(found) - 1))
        shift = min(0.0, x + free / 2 - places[-1]) or max(0.0, x - free / 2 - places[0])
        for (_, at), place in zip(found, places, strict=True):
            self.ports[box, at, above] = place + shift

    # ── Down ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _row(self, spot: int) -> int:
        return self._rows_of[spot]

    def _heights(self) -> tuple[list[float], list[float], float]:
        self._rows_of = {spot: at for at, row in enumerate(self.rows.rows) for spot in row}
        gaps = [float(GAP)] * len(self.rows.rows)
        for at in range(len(self.links)):
            for (spot, begin), (_, end) in pairwise(self._points(at)):
                number = self._row(spot)
                gaps[number] = max(gaps[number], min(GAP_MAX, abs(begin - end) / 4))
        tops: list[float] = []
        bottoms: list[float] = []
        y = 0.0
        for at, row in enumerate(self.rows.rows):
            tops.append(y)
            y += max(self._height(spot) for spot in row)
            bottoms.append(y)
            y += gaps[at]
        return tops, bottoms, bottoms[-1]

    def _height(self, spot: int) -> float:
        what = self.rows.spots[spot]
        if what.box is not None:
            return self.sizes[what.box].height
        label = self.labels[what.link] if what.label else None
        return label.height if label else 0.0

    def _points(self, at: int) -> list[tuple[int, float]]:
        """The spots of a way, and where it is in them."""
        chain = self.rows.chains[at]
        inner = [(spot, self.x[spot]) for spot in chain[1:-1]]
        return [
            (chain[0], self.ports[chain[0], at, False]),
            *inner,
            (chain[-1], self.ports[chain[-1], at, True]),
        ]

    def _way(self, at: int, tops: Sequence[float], bottoms: Sequence[float]) -> tuple[Station, ...]:
        stations: list[Station] = []
        for spot, x in self._points(at):
            row, what = self._row(spot), self.rows.spots[spot]
            top, bottom = tops[row], bottoms[row]
            if stations and what.box is not None:
                bottom = top
            elif what.box is not None:
                top += self._height(spot)
            stations.append(Station(x=x, top=top, bottom=bottom, label=what.label))
        return tuple(stations)


def spaced(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Places in the same order, at least *apart* from each other, as near to those *wanted* as can be.

    The sum of squares is least: by pooling neighbours that would overlap (M. Ayer and others, "An Empirical
    Distribution Function for Sampling with Incomplete Information", Annals of Mathematical Statistics 26(4), 1955).
    """
    offsets = [0.0]
    for each in apart:
        offsets.append(offsets[-1] + each)
    pools: list[tuple[float, float, int]] = []  # The mean, the weight, how many.
    for want, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, heavy, count = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, many = pools.pop()
            mean = (mean * heavy + other * more) / (heavy + more)
            heavy, count = heavy + more, count + many
        pools.append((mean, heavy, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=False)]
