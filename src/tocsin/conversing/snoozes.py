"""The snooze choice of a page: for how long, until when, or a form that asks."""

from __future__ import annotations

import msgspec

from tocsin.conversing.wall import UTC, at_night, known_zone, next_morning
from tocsin.kernel.time import HOUR, MINUTE, Duration, Instant

FORM = "form:snooze"
"""The verb of the choice that opens a form; all others are `snooze`."""


class Snooze(msgspec.Struct, frozen=True, kw_only=True):
    """One choice: for *length* ms from when it is made, or until the instant *until*. Without both a form asks."""

    name: str
    length: Duration | None = None
    until: Instant | None = None

    @property
    def opens(self) -> bool:
        """A form must ask until when: the verb is FORM."""
        return self.length is None and self.until is None


def snoozes(now: Instant, zone: str) -> tuple[Snooze, ...]:
    """What is offered to a reader in *zone* (an IANA name; one that is unknown or empty is UTC, and said to be)."""
    where = known_zone(zone)
    morning = "This morning" if at_night(now, where) else "Tomorrow"
    clock = "9:00" if where == zone and zone != UTC else "9:00 UTC"
    return (
        Snooze(name="30 minutes", length=30 * MINUTE),
        Snooze(name="2 hours", length=2 * HOUR),
        Snooze(name=f"{morning} {clock}", until=next_morning(now, where)),
        Snooze(name="Until ..."),
    )
