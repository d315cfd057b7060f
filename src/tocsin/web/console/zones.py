"""The time zones that a reader can choose from: those of the people at hand first, then all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

from tocsin.schedules.clock import is_zone

UTC: Final = "UTC"
ZONE_MAX: Final = 64  # Characters; no zone has a longer name.


def chosen(text: str, default: str) -> str:
    """The zone that *text* names, if there is one."""
    return text if text and len(text) <= ZONE_MAX and is_zone(text) else default


def near(zones: Iterable[str]) -> Sequence[str]:
    """*zones* and UTC, once each, in order."""
    return sorted({UTC, *zones})


@lru_cache(maxsize=1)
def others() -> Sequence[str]:
    """All zones that are named for a place."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
