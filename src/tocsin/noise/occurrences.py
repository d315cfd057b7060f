"""Occurrences: what one incident tells of the noise of its key."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Costs
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import Duration, Instant
from tocsin.noise.keys import Key, of, titled

HourOf = Callable[[str, Instant], HourClass | None]  # What hour it is for a receiver; None: nobody knows.

_COSTS = Costs()


class Closed(StrEnum):
    """Who closed it."""

    OPEN = "open"
    SOURCE = "source"  # It recovered.
    PERSON = "person"
    TIME = "time"  # A notification, whose time was over.


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, counted for the alert that opened it.

    *lasted*: ms until it was over. *acknowledged*: by a person. *note*: what a person wrote who closed it; *noted*:
    they wrote something before. *pages*: people and rooms that were asked; *sleep_pages*: of them in their sleep (None:
    nobody's hours are known); *weight*: what that cost, in pages at working time. *alarm*: the console's page of a
    CloudWatch alarm.
    """

    incident: str
    key: Key
    title_key: Key
    title: str
    team: str
    severity: Severity
    kind: Kind
    opened_at: Instant
    closed: Closed
    lasted: Duration
    acknowledged: bool
    noted: bool
    note: str
    solved_by: str
    fired: int
    pages: int
    sleep_pages: int | None
    weight: float
    alarm: str

    @property
    def by_itself(self) -> bool:
        """It recovered, and nobody had anything to say about it."""
        return self.closed is Closed.SOURCE and not self.noted

    @property
    def solved(self) -> bool:
        """A person closed it, and wrote what helped."""
        return self.closed is Closed.PERSON and bool(self.note)


def occurrence(name: str, state: Incident, hour_of: HourOf, *, noted: bool) -> Occurrence:
    """What the incident *name* tells; *noted*: somebody wrote a note into its timeline."""
    hours = [hour_of(receiver, state.opened_at) for receiver in state.paged]
    known = [hour for hour in hours if hour is not None]
    opener = next(iter(state.alerts))
    face = msgspec.structs.replace(state.face, dedup_key=opener, title=state.alerts[opener].title)
    return Occurrence(
        incident=name,
        key=of(face, state.integration),
        title_key=titled(face, state.integration),
        title=face.title,
        team=state.team,
        severity=state.severity,
        kind=state.kind,
        opened_at=state.opened_at,
        closed=_closed(state),
        lasted=max(0, state.resolved_at - state.opened_at) if state.resolved_at is not None else 0,
        acknowledged=bool(state.acknowledged_by),
        noted=noted,
        note=state.resolve_note,
        solved_by=state.resolved_by,
        fired=state.alerts[opener].count,
        pages=len(state.paged),
        sleep_pages=sum(hour is HourClass.SLEEP for hour in known) if known else None,
        weight=sum(_COSTS.hour(hour) for hour in known) + len(hours) - len(known),
        alarm=next((link.href for link in state.face.links if "#alarmsV2:alarm/" in link.href), ""),
    )


def may_be_noted(state: Incident) -> bool:
    """Whether a note would change what is thought of it: a person had it, and its source closed it."""
    return _closed(state) is Closed.SOURCE and bool(state.acknowledged_by)


def _closed(state: Incident) -> Closed:
    if state.status is not Status.RESOLVED:
        return Closed.OPEN
    if state.resolved_by or state.withdrawn:
        return Closed.PERSON
    return Closed.SOURCE if state.firing == 0 else Closed.TIME
