"""What was measured, as values: percentiles, figures with their targets, and the tables they stand in. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table. *met* None: there is no target, the figure is told for information."""

    name: str
    tocsin: str
    other: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """In one word."""
        return "" if self.met is None else ("met" if self.met else "**missed**")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one subject found: its table, and sentences that belong to it. *peer*: what Tocsin is compared with."""

    name: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    peer: str = "Alertmanager"

    @property
    def missed(self) -> int:
        """How many targets."""
        return sum(figure.met is False for figure in self.figures)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of *values* that is not exceeded by *share* (0 to 1] of them: the nearest-rank definition."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, no percentile")
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of neighbours in time: what slows the machine for a minute slows both of them."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def spread(values: Sequence[float], digits: int = 0) -> str:
    """A median with the range around it: `7,100 (6,900 to 7,400)`; of one value that value."""
    middle = number(median(values), digits)
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values), digits)} to {number(max(values), digits)})"


def number(value: float, digits: int = 0) -> str:
    """With thousands separated."""
    return f"{value:,.{digits}f}"


def _rows(result: Result) -> list[tuple[str, ...]]:
    """The table's rows with their head, without the columns in which nothing stands."""
    head = ("", "Tocsin", result.peer, "ratio", "target", "")
    rows = [head, *((f.name, f.tocsin, f.other, f.ratio, f.target, f.verdict) for f in result.figures)]
    used = [column for column in range(len(head)) if any(row[column] for row in rows[1:])]
    return [tuple(row[column] for column in used) for row in rows]


def markdown(result: Result) -> str:
    """The table in Markdown, without a final newline."""
    head, *rows = _rows(result)
    rule = tuple("---" if column == 0 else "--:" for column in range(len(head)))
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def text(result: Result) -> str:
    """The table for a terminal, without a final newline."""
    rows = [[cell.replace("**", "") for cell in row] for row in _rows(result)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)
