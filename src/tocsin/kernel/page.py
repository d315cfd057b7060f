"""A designed page that an announcement may carry beside its lines: who can draw it does, everybody else has the lines.

It is JSON: a saying (`tocsin.saying.document`), and for each of its pictures, by name, the chart that it shows
(`tocsin.charts.chart`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.kernel.json import Json

PAGE: Final = "page"  # The fact of an effect.


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A saying, and the charts of its pictures by name."""

    saying: Json = None
    charts: dict[str, Json] = {}

    def facts(self) -> dict[str, Json]:
        """As an effect carries it beside the facts of an announcement."""
        return {PAGE: {"saying": self.saying, "charts": self.charts}} if self.saying is not None else {}


def page_of(facts: Mapping[str, Json]) -> Page:
    """The page that *facts* carry; an empty one where there is none. Total."""
    try:
        return msgspec.convert(facts.get(PAGE) or {}, Page)
    except msgspec.ValidationError:
        return Page()
