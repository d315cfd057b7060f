"""Announcements in plain text: for ways that have no mark-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import Told, clean
from tocsin.kernel.json import Json

HEADLINE_MAX: Final = 200
TEXT_MAX: Final = 20_000


def announced(told: Sequence[Mapping[str, Json]], url: str) -> Told:
    """The facts of announcements (at least one, each a `title` with `lines` below it); *url* is the console's."""
    texts = ["\n".join((_line(facts.get("title")), *map(_line, _lines(facts)))) for facts in told]
    headline = _line(told[0].get("title"))[:HEADLINE_MAX] or "Tocsin"
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    body = "\n\n".join(texts)[:TEXT_MAX]
    return Told(headline=headline + more, text=f"{body}\n\n{url}/\n", link=f"{url}/", severity=Severity.INFO)


def _lines(facts: Mapping[str, Json]) -> Sequence[Json]:
    lines = facts.get("lines")
    return lines if isinstance(lines, list) else ()


def _line(text: Json) -> str:
    return " ".join(clean(str(text or "")).split())
