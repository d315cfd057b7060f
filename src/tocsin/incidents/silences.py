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
from tocsin.kernel.time import Instant

MATCHERS_MAX: Final = 64  # As many as an alert has labels.
BY_MAX: Final = 100  # Characters of who has made it.
WHY_MAX: Final = 500  # Characters of its comment.


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

    *created_by* and *comment* are what its author says; *updated_at*: when it was set last. *spares_critical*: what is
    critical asks all the same.
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

    def phase(self, now: Instant) -> Phase:
        """Where it stands at *now*."""
        if now >= self.ends_at:
            return Phase.EXPIRED
        return Phase.ACTIVE if now >= self.starts_at else Phase.PENDING

    def matches(self, alert: Alert, integration: str) -> bool:
        """Whether it is about *alert*, which came under *integration*."""
        if self.spares_critical and alert.severity is Severity.CRITICAL:
            return False
        return self.integration in {"", integration} and match_all(self.matchers, labels(alert, integration))

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
    """What somebody wants: *make* (or change) a silence, *end* the one of this id; both when one replaces the other."""

    make: Silence | None = None
    end: str = ""


def silenced_by(alert: Alert, integration: str, silences: Iterable[Silence], now: Instant) -> Silence | None:
    """Of the silences that cover *alert* at *now* the one that ends last."""
    found = [each for each in silences if each.phase(now) is Phase.ACTIVE and each.matches(alert, integration)]
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
