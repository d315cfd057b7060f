"""An episode: of an incident's state only what figures need, read from the same JSON, so that many are read quickly."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.ladder import responder
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant


class Face(msgspec.Struct, frozen=True):
    """Of the alert that is shown."""

    title: str
    dedup_key: str


class Belonging(msgspec.Struct, frozen=True):
    """Of the plan."""

    team: str


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. The fields mean what they mean in `tocsin.incidents.state.Incident`; *id* is its name."""

    id: str = ""
    plan: Belonging
    status: Status
    kind: Kind
    severity: Severity
    face: Face
    count: int
    opened_at: Instant
    assignee: str = ""
    acknowledged_by: str = ""
    acknowledged_at: Instant | None = None
    snoozed_until: Instant | None = None
    resolved_by: str = ""
    resolved_at: Instant | None = None
    integration: str = ""
    withdrawn: bool = False
    paged: tuple[str, ...] = ()
    asked_at: tuple[tuple[str, Instant], ...] = ()
    asked_more: int = 0
    answered_by: str = ""
    answered_at: Instant | None = None
    unanswered_at: Instant | None = None

    @property
    def team(self) -> str:
        """The team that it belongs to."""
        return self.plan.team

    @property
    def live(self) -> bool:
        """It is not over."""
        return self.status is not Status.RESOLVED

    @property
    def key(self) -> str:
        """What it has in common with the others of its alert."""
        return f"{self.integration}/{self.face.dedup_key}"

    @property
    def missed_at(self) -> Instant | None:
        """Since when it counts as missed: see `docs/digests.md`.

        Either its whole ladder was walked and nobody had answered, or it was asked about and ended by itself first.
        """
        if self.kind is not Kind.ALERT or self.withdrawn:
            return None
        if self.unanswered_at is not None:
            return self.unanswered_at
        unanswered = self.answered_at is None and not self.resolved_by
        return self.resolved_at if unanswered and self.paged else None


_DECODER: Final = msgspec.json.Decoder(Episode)
_PERSON: Final = responder("")


def episode(name: str, state: bytes) -> Episode:
    """The episode of the incident *name*, whose state is *state*; of one that an older version wrote, what it knew."""
    found = _DECODER.decode(state)
    if found.answered_at is None and found.acknowledged_at is not None:
        return replace(found, id=name, answered_at=found.acknowledged_at, answered_by=found.acknowledged_by)
    return replace(found, id=name)


def person(receiver: str) -> str:
    """The responder that a receiver stands for, or empty for a room."""
    return receiver.removeprefix(_PERSON) if receiver.startswith(_PERSON) else ""
