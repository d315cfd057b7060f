"""Tables that find, for one value, everything filed under a condition that the value fulfils, without trying each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from tocsin.patterns.conditions import Between, Within
from tocsin.patterns.scalars import address

GRAMS = (8, 4, 2, 1)  # How many characters of a part are looked up at every place of a text: the most that it has.

T = TypeVar("T")


class Starts(Generic[T]):
    """Finds what is filed under a beginning of a text: by halving, since the beginnings of a text sort next to it."""

    __slots__ = ("filed", "shorter", "texts")

    def __init__(self, filed: Sequence[tuple[str, T]]) -> None:
        """File the second of each pair under the first."""
        ordered = sorted(filed, key=lambda pair: pair[0])
        self.texts = [text for text, _ in ordered]
        self.filed = [item for _, item in ordered]
        # By place: the place of the next shorter text with which this one begins, or -1.
        self.shorter: list[int] = []
        open_places: list[int] = []
        for place, text in enumerate(self.texts):
            while open_places and not text.startswith(self.texts[open_places[-1]]):
                open_places.pop()
            self.shorter.append(open_places[-1] if open_places else -1)
            open_places.append(place)

    def find(self, value: str) -> Iterator[T]:
        """Everything filed under a text with which *value* begins."""
        # Whatever sorts between a beginning of *value* and *value* begins with that beginning as well.
        place = bisect_right(self.texts, value) - 1
        while place >= 0 and not value.startswith(self.texts[place]):
            place = self.shorter[place]
        while place >= 0:
            yield self.filed[place]
            place = self.shorter[place]


class Parts(Generic[T]):
    """Finds what is filed under a part of a text: only parts with some rare characters of the text are tried."""

    __slots__ = ("filed",)

    def __init__(self, filed: Sequence[tuple[str, T]]) -> None:
        """File the second of each pair under the first, which is not empty."""
        grams = [_grams(text, next(length for length in GRAMS if length <= len(text))) for text, _ in filed]
        common = Counter(gram for of_text in grams for gram in of_text)
        self.filed: dict[int, dict[str, list[tuple[str, T]]]] = {}
        for of_text, pair in zip(grams, filed, strict=True):
            rarest = min(of_text, key=lambda gram: (common[gram], gram))
            self.filed.setdefault(len(rarest), {}).setdefault(rarest, []).append(pair)

    def find(self, value: str) -> Iterator[T]:
        """Everything filed under a part of *value*."""
        for length, filed in self.filed.items():
            for gram in _grams(value, length) & filed.keys():
                for text, item in filed[gram]:
                    if text in value:
                        yield item


class Ranges(Generic[T]):
    """Finds what is filed under a range around a number, its bounds included even where they are open.

    A centred interval tree (de Berg and others, Computational Geometry, 10.1): the ranges around *centre* are here,
    those below and above it in the two branches.
    """

    __slots__ = ("above", "below", "by_high", "by_low", "centre", "highs", "lows")

    def __init__(self, filed: Sequence[tuple[Between, T]]) -> None:
        """File the second of each pair under the first; there must be one."""
        # A range is never open on both sides, so there is a bound to halve at.
        bounds = sorted(bound for range_, _ in filed for bound in (range_.low, range_.high) if abs(bound) != _INFINITE)
        self.centre = bounds[len(bounds) // 2]
        below = [pair for pair in filed if pair[0].high < self.centre]
        above = [pair for pair in filed if pair[0].low > self.centre]
        here = [pair for pair in filed if pair[0].low <= self.centre <= pair[0].high]
        self.by_low = sorted(here, key=lambda pair: pair[0].low)
        self.by_high = sorted(here, key=lambda pair: pair[0].high)
        self.lows = [range_.low for range_, _ in self.by_low]
        self.highs = [range_.high for range_, _ in self.by_high]
        self.below: Ranges[T] | None = Ranges(below) if below else None
        self.above: Ranges[T] | None = Ranges(above) if above else None

    def find(self, value: float) -> Iterator[T]:
        """Everything filed under a range that *value* is in or at the bound of."""
        tree: Ranges[T] | None = self
        while tree is not None:
            if value < tree.centre:
                around, tree = tree.by_low[: bisect_right(tree.lows, value)], tree.below
            else:
                around, tree = tree.by_high[bisect_left(tree.highs, value) :], tree.above
            for _, item in around:
                yield item


class Networks(Generic[T]):
    """Finds what is filed under a network of an IP address: one look for each length of a mask."""

    __slots__ = ("filed",)

    def __init__(self, filed: Sequence[tuple[Within, T]]) -> None:
        """File the second of each pair under the first."""
        self.filed: dict[tuple[int, int], dict[int, T]] = {}
        for within, item in filed:
            self.filed.setdefault((within.version, within.shift), {})[within.network] = item

    def find(self, value: str) -> Iterator[T]:
        """Everything filed under a network of the address *value*, nothing if it is none."""
        found = address(value) if self.filed else None
        if found is None:
            return
        for (version, shift), filed in self.filed.items():
            if version == found[0] and found[1] >> shift in filed:
                yield filed[found[1] >> shift]


_INFINITE = float("inf")


def _grams(text: str, length: int) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}
