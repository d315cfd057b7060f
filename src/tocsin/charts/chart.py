"""A chart as figures: what is drawn, and what it says to who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, format_duration

BARS_MAX: Final = 14
SERIES_MAX: Final = 4

COUNT: Final = "count"  # Units of values: whole numbers, or ms.
TIME: Final = "time"

_ALT_MAX: Final = 900  # Slack takes 1000 for a file.


class Series(msgspec.Struct, frozen=True):
    """One value for each label of the chart. *tone*: which colour; the name always says it too."""

    name: str
    tone: str
    values: tuple[int, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Bars, one for each of *labels*; several *series* stand upon each other.

    *lying*: bars from left to right, for labels that are names. *unit*: COUNT or TIME.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = COUNT
    lying: bool = False

    @property
    def totals(self) -> tuple[int, ...]:
        """The length of each bar."""
        return tuple(sum(values) for values in zip(*(each.values for each in self.series), strict=True))


def document(chart: Chart) -> Json:
    """As JSON."""
    return json.decode(json.encode(chart))


def chart_of(found: Json) -> Chart | None:
    """The inverse of `document`; None for what is none, or would be no picture. Total."""
    try:
        chart = msgspec.convert(found, Chart)
    except msgspec.ValidationError:
        return None
    whole = all(len(each.values) == len(chart.labels) for each in chart.series)
    few = 0 < len(chart.labels) <= BARS_MAX and 0 < len(chart.series) <= SERIES_MAX
    return chart if whole and few and all(value >= 0 for each in chart.series for value in each.values) else None


def alt(chart: Chart) -> str:
    """What the picture shows, in words: every figure of it."""
    said = f"{chart.title}. {'; '.join(_bars(chart))}."
    return said if len(said) <= _ALT_MAX else f"{said[: _ALT_MAX - 1]}…"


def value_words(value: int, unit: str) -> str:
    """A value as it stands at its bar: `12`, or `4m 30s`; no time at all is none that was taken."""
    if unit != TIME:
        return str(value)
    return format_duration(value if value < 10 * MINUTE else value - value % MINUTE) if value >= SECOND else "none"


def _bars(chart: Chart) -> Iterator[str]:
    for place, (label, total) in enumerate(zip(chart.labels, chart.totals, strict=True)):
        parts = [
            f"{value_words(each.values[place], chart.unit)} {each.name}" for each in chart.series if each.values[place]
        ]
        detail = f" ({', '.join(parts)})" if len(chart.series) > 1 and parts else ""
        yield f"{label}: {value_words(total, chart.unit)}{detail}"
