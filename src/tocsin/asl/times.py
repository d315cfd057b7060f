"""Timestamps as Step Functions reads and writes them: ISO 8601 with an offset (RFC 3339)."""

from __future__ import annotations

import re
from typing import Final

from tocsin.kernel.time import Instant, format_instant, parse_instant

_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)


def timestamp(text: str) -> Instant | None:
    """The instant of *text*, or None."""
    return parse_instant(text) if _TIMESTAMP.fullmatch(text) else None


def is_timestamp(text: str) -> bool:
    """Whether *text* is a timestamp."""
    return timestamp(text) is not None


def written(instant: Instant) -> str:
    """As the context object shows instants."""
    return format_instant(instant)
