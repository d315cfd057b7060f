"""Shifts, overrides and swaps as JSON values, for scripts: the terminal and HTTP tell them alike."""

from __future__ import annotations

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant
from tocsin.schedules.schedule import Override, Shift, Swap
from tocsin.schedules.telling import reason


def shift_document(shift: Shift) -> dict[str, Json]:
    """*who* is null in a gap."""
    return {
        "who": shift.who or None,
        "start": format_instant(shift.start),
        "until": format_instant(shift.until),
        "why": shift.why.value,
        "source": shift.source,
        "instead_of": shift.instead or None,
        "reason": reason(shift),
    }


def override_document(override: Override) -> dict[str, Json]:
    """Its fields, with times as people read them."""
    return {
        "id": override.id,
        "schedule": override.schedule,
        "who": override.who,
        "start": format_instant(override.start),
        "until": format_instant(override.until),
        "by": override.by,
    }


def swap_document(swap: Swap) -> dict[str, Json]:
    """Its fields, with times as people read them; `to` is empty while it asks anybody."""
    return {
        "id": swap.id,
        "schedule": swap.schedule,
        "by": swap.by,
        "to": swap.to,
        "start": format_instant(swap.start),
        "until": format_instant(swap.until),
        "back_start": _told(swap.back_start),
        "back_until": _told(swap.back_until),
        "accepted": swap.accepted,
    }


def _told(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)
