"""Silences: alerts with certain labels ask nobody for a while, because somebody has said so, and why.

A silence mutes pages, never knowledge: what it covers opens an incident that can be seen, and that asks as soon as the
silence is over while the alert still fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, Severity
from tocsin.incidents.matchers import Matcher, match_all
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant

MATCHERS_MAX: Final = 64  # As many as an alert has labels.
BY_MAX: Final = 100  # Characters of who has made it.
WHY_MAX: Final = 500  # Characters of its comment.
SPAN_MAX: Final[Duration] = 30 * DAY  # Nothing is silenced for ever: what shall last longer is said again.
REMIND: Final[Duration] = 15 * MINUTE  # So long before its end it is told what will ask again.
REMIND_PART: Final = 4  # And never more than this part of its length before: a short one is reminded of later.


class Phase(StrEnum):
    """Where a silence stands, in Alertmanager's words."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class MuteKind(StrEnum):
    """What mutes: a person, another alert that fires, or a storm."""

    SILENCE = "silence"
    INHIBITION = "inhibition"
    STORM = "storm"


class Mute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a muted alert remembers of its silence: its id, who, until when, why, and whether it spares emergencies.

    Of an inhibition or a storm *silence* is the mark (see `marks`), *by* the alert that mutes.
    """

    silence: str
    by: str
    until: Instant
    why: str = ""
    spares_critical: bool = False
    kind: MuteKind = MuteKind.SILENCE


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """From *starts_at* until *ends_at* the alerts of *integration* (empty: of all) that fit all *matchers* ask nobody.

    *created_by* and *comment* are what its author says; *updated_at*: when it was set last. *team*: only alerts that
    concern it. *every*: windows of the week, by the clocks of *zone*, in each of which it covers anew, from one time to
    the next in *starts_at* and *ends_at*; until *last*, if that is set. *remind*: so long before an end it is told what
    will ask again, to the receivers *tell*, or to the rooms concerned. *maintenance*: begin and end are told too.
    *name*: its name in the configuration, if it stands there. *spares_critical*: what is critical asks all the same.
    """

    id: str
    integration: str
    matchers: tuple[Matcher, ...]
    starts_at: Instant
    ends_at: Instant
    created_by: str = ""
    comment: str = ""
    updated_at: Instant = 0
    spares_critical: bool = False
    team: str = ""
    every: tuple[str, ...] = ()
    zone: str = ""
    last: Instant | None = None
    remind: Duration = 0
    tell: tuple[str, ...] = ()
    maintenance: bool = False
    name: str = ""

    def phase(self, now: Instant) -> Phase:
        """Where it stands at *now*."""
        if now >= self.ends_at:
            return Phase.EXPIRED
        return Phase.ACTIVE if now >= self.starts_at else Phase.PENDING

    def concerns(self, integration: str, team: str) -> bool:
        """Whether it can be about anything that came under *integration* and concerns *team*."""
        return self.integration in {"", integration} and self.team in {"", team}

    def matches(self, alert: Alert, integration: str, team: str = "") -> bool:
        """Whether it is about *alert*, which came under *integration* and concerns *team*."""
        if self.spares_critical and alert.severity is Severity.CRITICAL:
            return False
        return self.concerns(integration, team) and match_all(self.matchers, labels(alert, integration))

    def matches_key(self, dedup_key: str, integration: str, team: str) -> bool:
        """Whether it is about the alert of which only this is known; False when it asks for more."""
        known = {"dedup_key": dedup_key, "integration": integration}
        asks = {matcher.name for matcher in self.matchers}
        return asks <= set(known) and self.concerns(integration, team) and match_all(self.matchers, known)

    @property
    def remind_at(self) -> Instant:
        """When its end is near; its end itself if nobody wants to be reminded."""
        return self.ends_at - min(self.remind, (self.ends_at - self.starts_at) // REMIND_PART)

    def mute(self) -> Mute:
        """What an alert that it covers remembers of it."""
        return Mute(
            silence=self.id,
            by=self.created_by[:BY_MAX],
            until=self.ends_at,
            why=self.comment[:WHY_MAX],
            spares_critical=self.spares_critical,
        )


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants: *make* (or change) a silence, *end* the one of this id; both when one replaces the other.

    *for_good*: one that comes again does not, any more. *planned*: those that the configuration wants to be there.
    """

    make: Silence | None = None
    end: str = ""
    for_good: bool = False
    planned: tuple[Silence, ...] = ()


def silenced_by(
    alert: Alert, integration: str, silences: Iterable[Silence], now: Instant, team: str = ""
) -> Silence | None:
    """Of the silences that cover *alert* at *now* the one that ends last."""
    found = [each for each in silences if each.phase(now) is Phase.ACTIVE and each.matches(alert, integration, team)]
    return max(found, key=lambda each: each.ends_at, default=None)


def labels(alert: Alert, integration: str) -> Mapping[str, str]:
    """What matchers see of *alert*: its labels, and what else is known of it under names that no label has."""
    known = {
        "alertname": alert.title,
        "severity": alert.severity.value,
        "source": alert.source,
        "integration": integration,
        "account": alert.account,
        "region": alert.region,
        "resource": alert.resource,
        "title": alert.title,
        "dedup_key": alert.dedup_key,
    }
    return {**{name: value for name, value in known.items() if value}, **alert.labels}


def covers_all(matchers: Iterable[Matcher]) -> bool:
    """Whether *matchers* want nothing of any label, and so would silence everything."""
    return match_all(matchers, {})
