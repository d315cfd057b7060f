"""Inhibition: while one alert fires, others that follow from it ask nobody.

A rule names a *source* and a *target* by matchers, and labels that must be *equal* in both (a label that neither has is
equal). So far it is Alertmanager's ("inhibit_rule" in the configuration page of its documentation). What is stricter
here keeps somebody asked whatever the rules say:

- Rules have an order. A rule mutes only alerts that are no source of it or of a rule above it. Along a chain of
  inhibitions the rules therefore go down, so there is no circle, and at its head stands an alert that nothing inhibits.
- A critical alert is not muted, unless its rule says so.
- A source mutes for a limited time from the beginning of its incident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, Severity
from tocsin.incidents.marks import Marks
from tocsin.incidents.matchers import Matcher, match_all
from tocsin.incidents.silences import BY_MAX, WHY_MAX, Mute, MuteKind, labels
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, Duration, Instant

AT_MOST: Final[Duration] = 12 * HOUR  # Whoever has not mended the cause until then hears of the rest.

_PREFIX: Final = "inhibit/"
_DIGEST_BYTES: Final = 8


class Inhibition(msgspec.Struct, frozen=True, kw_only=True):
    """While an alert that fits all of *source* fires, those that fit all of *target* ask nobody; see the module.

    *name* is unique among the rules. *at_most*: how long a source mutes, from the beginning of its incident.
    *critical*: critical alerts are muted too.
    """

    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    at_most: Duration = AT_MOST
    critical: bool = False

    def mark(self, known: Mapping[str, str]) -> str:
        """What a source and a target with the labels *known* have in common."""
        # Another rule under the same name is another mark: what it muted before a new configuration is free.
        parts = [
            [str(each) for each in self.source],
            [str(each) for each in self.target],
            [[name, known.get(name, "")] for name in self.equal],
        ]
        return f"{_PREFIX}{self.name}/{hashlib.blake2s(json.encode(parts), digest_size=_DIGEST_BYTES).hexdigest()}"

    def mute(self, mark: str, cause: str, opened_at: Instant) -> Mute:
        """What a target remembers: *cause* is the title of the source, whose incident began at *opened_at*."""
        until = opened_at + self.at_most
        return Mute(
            silence=mark, by=cause[:BY_MAX], until=until, why=f"rule {self.name}"[:WHY_MAX], kind=MuteKind.INHIBITION
        )


def marks(alert: Alert, severity: Severity, integration: str, rules: Sequence[Inhibition]) -> Marks | None:
    """The marks of *alert*, which came under *integration* and is taken for *severity*; None: it has none."""
    known = {**labels(alert, integration), "severity": severity.value}
    mutes: list[str] = []
    mutable: list[str] = []
    for rule in rules:
        if match_all(rule.source, known):
            mutes.append(rule.mark(known))
        elif not mutes and match_all(rule.target, known) and (rule.critical or severity is not Severity.CRITICAL):
            mutable.append(rule.mark(known))
    return Marks(tuple(mutes), tuple(mutable)) if mutes or mutable else None


def rule_of(mark: str) -> str:
    """The name of the rule that made *mark*; empty if none did."""
    return mark.removeprefix(_PREFIX).rpartition("/")[0] if mark.startswith(_PREFIX) else ""
