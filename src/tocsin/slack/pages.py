"""Designed pages in Slack: an announcement that carries a saying is drawn as one, first without its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.kernel.json import Json
from tocsin.kernel.page import page_of
from tocsin.saying.document import saying_of
from tocsin.saying.message import Picture, Saying
from tocsin.slack.drawing import Message, draw
from tocsin.slack.illustrating import Wanted

PICTURES_MAX: Final = 5

DrawsChart: TypeAlias = Callable[[Json], bytes | None]
"""A chart as a picture; None for what is none."""


def no_charts(chart: Json) -> bytes | None:  # noqa: ARG001 - the type's.
    """For those who have nobody that draws."""
    return None


class PageMessage(msgspec.Struct, frozen=True):
    """A saying, and the charts of its pictures by name."""

    saying: Saying
    charts: Mapping[str, Json] = {}

    def message(self, files: Mapping[str, str] | None = None) -> Message:
        """As Slack is given it; a picture that is not among *files* is left out, for the figures are told in words."""
        known = files or {}
        parts = tuple(
            part for part in self.saying.parts if not isinstance(part, Picture) or part.href or part.name in known
        )
        return draw(replace(self.saying, parts=parts), files=known)

    def wanted(self, drawn: DrawsChart) -> Sequence[Wanted]:
        """The pictures that it would have."""
        named = [part for part in self.saying.parts if isinstance(part, Picture) and part.name in self.charts]
        return [Wanted(part.name, part.alt, partial(drawn, self.charts[part.name])) for part in named[:PICTURES_MAX]]


def page_message(facts: Mapping[str, Json]) -> PageMessage | None:
    """The page that an announcement carries, or None: then its lines are shown."""
    page = page_of(facts)
    saying = saying_of(page.saying)
    return PageMessage(saying, page.charts) if saying is not None and saying.parts else None
