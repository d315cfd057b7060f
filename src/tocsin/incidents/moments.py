"""Instants in the lines of a timeline: stored in UTC to the millisecond, and shown as each place shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from tocsin.kernel.time import Instant, parse_instant

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # As `format_instant` writes them.


def moments(story: str) -> Iterator[tuple[str, Instant | None]]:
    """*story* in pieces, each with the instant that follows it; None after the last."""
    begin = 0
    for found in _WRITTEN.finditer(story):
        instant = parse_instant(found[0])
        if instant is not None:
            yield story[begin : found.start()], instant
            begin = found.end()
    yield story[begin:], None


def legible(story: str, when: Callable[[Instant], str]) -> str:
    """*story* with its instants as *when* writes them."""
    return "".join(text if at is None else f"{text}{when(at)}" for text, at in moments(story))
