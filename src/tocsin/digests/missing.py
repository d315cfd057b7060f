"""What was missed, and what is open: lists for people, the worst of each first."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from tocsin.digests.episode import Episode
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant


class How(StrEnum):
    """How an alert was missed."""

    OPEN = "everyone was asked, nobody has answered yet"
    LATE = "answered only after everyone had been asked"
    ENDED = "ended by itself before anybody answered"


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A missed alert. *at*: since when it counts as one."""

    incident: str
    title: str
    team: str
    severity: Severity
    opened_at: Instant
    at: Instant
    how: How
    answered_by: str = ""


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that is not over. *who* has it, or has snoozed it; *until*: the end of a snooze or a silence."""

    incident: str
    title: str
    team: str
    severity: Severity
    status: Status
    opened_at: Instant
    who: str = ""
    until: Instant | None = None

    @property
    def silenced(self) -> bool:
        """It asks nobody because of a silence."""
        return self.status is Status.SNOOZED and not self.who


def missed(episodes: Iterable[Episode], since: Instant, until: Instant) -> list[Missed]:
    """What was missed from *since* to *until* (excluded), the newest first."""
    found = [
        Missed(
            incident=each.id,
            title=each.face.title,
            team=each.team,
            severity=each.severity,
            opened_at=each.opened_at,
            at=each.missed_at,
            how=_how(each),
            answered_by=each.answered_by,
        )
        for each in episodes
        if each.missed_at is not None and since <= each.missed_at < until
    ]
    return sorted(found, key=lambda each: (-each.at, each.incident))


def still_open(episodes: Iterable[Episode]) -> list[Open]:
    """What is not over and asks for a human sooner or later: the worst first, then the oldest."""
    found = [
        Open(
            incident=each.id,
            title=each.face.title,
            team=each.team,
            severity=each.severity,
            status=each.status,
            opened_at=each.opened_at,
            who=each.assignee,
            until=each.snoozed_until,
        )
        for each in episodes
        if each.live and each.kind is Kind.ALERT
    ]
    return sorted(found, key=lambda each: (-each.severity.weight, each.opened_at, each.incident))


def _how(episode: Episode) -> How:
    if episode.answered_at is not None:
        return How.LATE
    return How.OPEN if episode.live else How.ENDED
