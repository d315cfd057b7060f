"""Routing rules: the first that matches an alert decides, and without one a plan comes out all the same."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, Kind, Plan, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.routing.patience import UNDECIDED, Patience, patient
from tocsin.routing.plans import Ladder, Team, Windows, plan, turns

if TYPE_CHECKING:
    from tocsin import patterns
else:
    patterns = later("tocsin.patterns")

FIELDS = (
    "title",
    "status",
    "severity",
    "kind",
    "source",
    "integration",
    "account",
    "region",
    "resource",
    "labels",
    "description",
)
"""The fields of an alert that a rule can look at, all of them texts but `labels`, which holds texts by name."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided for the alerts that match *when* (the alert, see `document`) and *event* (the raw event).

    A pattern that is None matches everything. A decision that is None is left to the integration's team.
    *group_by*: see `tocsin.incidents.grouping`; without it the integration's counts, and then the team's.
    """

    name: str
    when: patterns.Pattern | None = None
    event: patterns.Pattern | None = None
    team: Team | None = None
    ladder: Ladder | None = None
    severity: Severity | None = None
    kind: Kind | None = None
    auto_resolve: bool = True
    patience: Patience = UNDECIDED
    group_by: tuple[str, ...] = ()


class Routes:
    """All rules, and whom it concerns when none of them says so."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        teams: Mapping[str, Team],
        fallback: Team,
        windows: Windows | None = None,
        patience: Mapping[str, Patience] | None = None,
        groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """*rules* in order; *teams*: the team of each integration; *fallback*: of all others.

        *patience*: what integrations want of theirs; a rule counts before them, and they before the team. *groups*:
        what the alerts of each integration are grouped by.
        """
        catch_all = next(
            (place for place, rule in enumerate(rules) if rule.when is None and rule.event is None), len(rules)
        )
        self._rules = (
            *rules[: catch_all + 1],
            _CATCH_ALL,
        )  # What stands behind a rule without a pattern never matches.
        self._teams = dict(teams)
        self._fallback = fallback
        self._windows = windows or Windows()
        self._patience = dict(patience or {})
        self._groups = dict(groups or {})
        self._plans: dict[tuple[int, str, int, Patience, tuple[str, ...]], Plan] = {}
        whens = {str(place): rule.when for place, rule in enumerate(self._rules) if rule.when is not None}
        events = {str(place): rule.event for place, rule in enumerate(self._rules) if rule.event is not None}
        self._whens = patterns.Matcher(whens) if whens else None
        self._events = patterns.Matcher(events) if events else None
        self._unconditional = tuple(place for place, rule in enumerate(self._rules) if rule.when is None)

    def route(self, alert: Alert, integration: str, event: Json) -> Plan:
        """The plan for *alert*, which *integration* has sent as *event* (None: it came from no JSON)."""
        place = self._place(alert, integration, event)
        rule = self._rules[place]
        team = rule.team or self._teams.get(integration, self._fallback)
        # The same alert always begins with the same person; all alerts together ask everybody equally often.
        turn = zlib.crc32(alert.dedup_key.encode("utf-8", "replace")) % turns(team, rule.ladder)
        patience = self._patience.get(integration, UNDECIDED)
        group_by = rule.group_by or self._groups.get(integration, ()) or team.group_by
        made = self._plans.get((place, team.name, turn, patience, group_by))
        if made is None:
            made = plan(
                team, rule.ladder, turn, self._windows, rule.severity, rule.kind, auto_resolve=rule.auto_resolve
            )
            made = patient(made, rule.patience, patience, team.patience)
            made = replace(made, group_by=group_by)
            self._plans[place, team.name, turn, patience, group_by] = made
        return made

    def matching(self, alert: Alert, integration: str, event: Json) -> Rule | None:
        """The rule that decides about *alert*, or None: the integration's team does."""
        rule = self._rules[self._place(alert, integration, event)]
        return None if rule is _CATCH_ALL else rule

    def _place(self, alert: Alert, integration: str, event: Json) -> int:
        candidates = self._unconditional
        if self._whens is not None:
            found = (int(name) for name in self._whens.match(document(alert, integration)))
            candidates = tuple(sorted((*candidates, *found)))
        if self._events is None:
            return candidates[0]
        seen = frozenset(self._events.match(event)) if isinstance(event, dict) else frozenset()
        return next(place for place in candidates if self._rules[place].event is None or str(place) in seen)


def document(alert: Alert, integration: str) -> dict[str, Json]:
    """The normalised alert as the JSON object that a rule's `when` is matched with; its names are FIELDS."""
    return {
        "title": alert.title,
        "status": alert.status.value,
        "severity": alert.severity.value,
        "kind": alert.kind.value,
        "source": alert.source,
        "integration": integration,
        "account": alert.account,
        "region": alert.region,
        "resource": alert.resource,
        "labels": alert.labels,
        "description": alert.description,
    }


_CATCH_ALL = Rule(name="everything else")
