"""The silences there are, and what they mute at this moment; read for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, assert_never

import msgspec

from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silences import Phase
from tocsin.kernel.time import Instant, format_instant

SHOWN_MAX: Final = 2000  # Silences of one list, those that are over included.
PAGE: Final = 500  # Incidents read at a time.

_MACHINE: Final = SilenceMachine()
_INCIDENTS: Final = IncidentMachine()


class Row(Protocol):
    """A stored aggregate."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def state(self) -> bytes:
        """As its machine wrote it."""


class Lists(Protocol):
    """The part of a store that is needed here."""

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Row]:
        """Aggregates, newest first. Raises StoreUnavailableError."""


class Muted(msgspec.Struct, frozen=True):
    """An open incident with an alert that a silence mutes."""

    incident: str
    title: str


def listed(store: Lists, *, live_only: bool, now: Instant) -> list[Silencing]:
    """Those that cover something now, those to come, and then those that are over, newest first."""
    rows = store.listing(_MACHINE.name, live_only=live_only, limit=SHOWN_MAX)
    return sorted((_MACHINE.decode(row.state) for row in rows), key=lambda state: _rank(state, now))


def muted(store: Lists) -> dict[str, list[Muted]]:
    """By silence, the open incidents with an alert that it mutes; newest first."""
    found: dict[str, list[Muted]] = {}
    before: tuple[Instant, str] | None = None
    while True:
        rows = store.listing(_INCIDENTS.name, live_only=True, limit=PAGE, before=before)
        for row in rows:
            incident = _INCIDENTS.decode(row.state)
            before = (incident.opened_at, row.id)
            for name in dict.fromkeys(line.mute.silence for line in incident.alerts.values() if line.mute):
                found.setdefault(name, []).append(Muted(row.id, incident.face.title))
        if len(rows) < PAGE:
            return found


def phase(state: Silencing, now: Instant) -> Phase:
    """Where it stands at *now*, also if its machine has not acted on that yet."""
    return Phase.EXPIRED if state.phase is Phase.EXPIRED else state.silence.phase(now)


def document(state: Silencing, under: Sequence[Muted], now: Instant) -> dict[str, Any]:
    """A silence for programs; *under*: what it mutes."""
    silence = state.silence
    return {
        "id": silence.id,
        "state": phase(state, now).value,
        "matchers": [str(matcher) for matcher in silence.matchers],
        "team": silence.team or None,
        "integration": silence.integration or None,
        "starts_at": format_instant(silence.starts_at),
        "ends_at": format_instant(silence.ends_at),
        "every": list(silence.every) or None,
        "zone": silence.zone or None,
        "last_at": format_instant(silence.last) if silence.last else None,
        "by": silence.created_by,
        "why": silence.comment,
        "maintenance": silence.maintenance,
        "name": silence.name or None,
        "held_back": state.count,
        "mutes": [{"incident": each.incident, "title": each.title} for each in under],
    }


def _rank(state: Silencing, now: Instant) -> tuple[int, Instant]:
    silence, stands = state.silence, phase(state, now)
    match stands:
        case Phase.ACTIVE:
            return 0, silence.ends_at
        case Phase.PENDING:
            return 1, silence.starts_at
        case Phase.EXPIRED:
            return 2, -silence.ends_at
    assert_never(stands)
