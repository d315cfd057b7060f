"""What the books in memory need of an incident, read from its stored state at a fraction of the cost of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Aggregates, Commit
from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant

PAGE: Final = 500  # Incidents read at a time.


class Line(msgspec.Struct, frozen=True):
    """As `AlertLine`."""

    title: str
    status: AlertStatus
    mute: Mute | None = None
    marks: Marks | None = None

    @property
    def fires(self) -> bool:
        """It has not recovered."""
        return self.status is not AlertStatus.RESOLVED


class TeamOf(msgspec.Struct, frozen=True):
    """As `Plan`."""

    team: str


class Glimpse(msgspec.Struct, frozen=True):
    """As `Incident`."""

    plan: TeamOf
    status: Status
    kind: Kind
    alerts: dict[str, Line]
    count: int
    opened_at: Instant
    integration: str = ""

    @property
    def live(self) -> bool:
        """It is not over."""
        return self.status is not Status.RESOLVED


class Sight(msgspec.Struct, frozen=True):
    """The incident *name* as it is now; *new*: it was not there before; *state*: all of it, if that is needed."""

    name: str
    incident: Glimpse
    new: bool
    state: bytes


_DECODER: Final = msgspec.json.Decoder(Glimpse)


def glimpse(state: bytes) -> Glimpse:
    """The parts of a stored state."""
    return _DECODER.decode(state)


def sights(commits: Sequence[Commit]) -> list[Sight]:
    """The incidents among *commits*."""
    return [
        Sight(commit.aggregate, glimpse(commit.state), commit.expected == 0, commit.state)
        for commit in commits
        if commit.machine == IncidentMachine.name
    ]


def stored(store: Aggregates, *, live_only: bool, matters: Callable[[bytes], bool] = lambda _: True) -> Iterator[Sight]:
    """The incidents that *store* has, newest first, as far as their state *matters*. Raises StoreUnavailableError."""
    before: tuple[Instant, str] | None = None
    while True:
        rows = store.listing(IncidentMachine.name, live_only=live_only, limit=PAGE, before=before)
        for row in rows:
            if matters(row.state):
                yield Sight(row.id, glimpse(row.state), new=True, state=row.state)
        if len(rows) < PAGE:
            return
        before = (glimpse(rows[-1].state).opened_at, rows[-1].id)
