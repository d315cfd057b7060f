"""What was changed before something broke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from tocsin.changes.machine import ChangeMachine, Entry
from tocsin.kernel.time import HOUR, Duration, Instant

WINDOW: Final[Duration] = 2 * HOUR  # What breaks later than that after a change was hardly broken by it.
AFTER: Final[Duration] = 60_000  # A deployment may be told of a moment later than what it broke.
SHOWN_MAX: Final = 10

_MACHINE: Final = ChangeMachine()


class Row(Protocol):
    """A stored change."""

    @property
    def state(self) -> bytes:
        """As the machine wrote it."""
        ...


class Lists(Protocol):
    """The part of a store that is needed here."""

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Row]:
        """Aggregates by rank, newest first, below *before*."""
        ...


def before(lists: Lists, at: Instant) -> Sequence[Entry]:
    """The last changes within WINDOW before *at*, newest first."""
    rows = lists.listing(_MACHINE.name, live_only=False, limit=SHOWN_MAX, before=(at + AFTER, ""))
    entries = (_MACHINE.decode(row.state) for row in rows)
    return [entry for entry in entries if entry.at >= at - WINDOW]
