"""Who is meant by the names in an Opsgenie request: people, teams and escalation policies of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from tocsin.incidents.alerts import Plan
from tocsin.incidents.ladder import responder
from tocsin.routing.plans import OWN_TEAM, Ladder, Team, Windows, everyone, plan
from tocsin.sources.opsgenie import Party
from tocsin.wiring.living import Derived
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import parties

Found = TypeVar("Found")


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    teams: Mapping[str, Team]
    policies: Mapping[str, Ladder]
    people: Mapping[str, str]
    own: Mapping[str, Team]
    fallback: Team


class Names:
    """Looks names up: exactly, and else without regard to capitals."""

    def __init__(self, settings: Settings) -> None:
        """Of *settings* as they are whenever somebody is looked up."""
        self._now = Derived(settings, _index)

    def person(self, *names: str) -> str:
        """The responder whose id, e-mail address or display name is among *names*, or nothing."""
        return _first(self._now().people, names) or ""

    def team(self, *names: str) -> Team | None:
        """The team that is called so."""
        return _first(self._now().teams, names)

    def receivers(self, found: Party, integration: str) -> tuple[str, ...]:
        """Who is to be asked; nobody for a name that is not known.

        Its kind decides where a name means several things. A policy stands for its first step.
        """
        person, team, ladder = (
            self.person(*found.names),
            self.team(*found.names),
            _first(self._now().policies, found.names),
        )
        if person and found.kind in {"", "user"}:
            return (responder(person),)
        if ladder and (found.kind == "escalation" or not team):
            own = self._team_of(integration)
            asked = ladder.rungs[0].ask
            return tuple(dict.fromkeys(each for name in asked for each in _expanded(name, own)))
        if team:
            return everyone(team)
        return (responder(person),) if person else ()

    def plan(self, found: Party, integration: str) -> Plan | None:
        """The plan that an escalation policy or a team stands for; a policy's names no team, as it moves nothing."""
        ladder, team = _first(self._now().policies, found.names), self.team(*found.names)
        if ladder and (found.kind != "team" or not team):
            return _without_team(plan(self._team_of(integration), ladder, 0, Windows()))
        return plan(team, None, 0, Windows()) if team else None

    def _team_of(self, integration: str) -> Team:
        now = self._now()
        return now.own.get(integration, now.fallback)


def _index(settings: Settings) -> _Index:
    """Everything by its names."""
    teams, ladders = parties(settings)
    people = settings.responders.items()
    return _Index(
        teams=_by_name(teams.items()),
        policies=_by_name(ladders.items()),
        people=_by_name(
            [
                *((name, name) for name, _ in people),
                *((person.email, name) for name, person in people if person.email),
                *((person.name, name) for name, person in people if person.name),
            ]
        ),
        own={name: teams[found.team] for name, found in settings.integrations.items()},
        fallback=teams[settings.first_team],
    )


def _expanded(name: str, own: Team) -> tuple[str, ...]:
    return everyone(own) if name == OWN_TEAM else (name,)


def _without_team(made: Plan) -> Plan:
    return msgspec.structs.replace(made, team="")


def _by_name(pairs: Iterable[tuple[str, Found]]) -> Mapping[str, Found]:
    """By name as it is written, and by name in lower case; the first of equal ones counts."""
    found: dict[str, Found] = {}
    known = list(pairs)
    for name, value in known:
        found.setdefault(name, value)
    for name, value in known:
        found.setdefault(name.lower(), value)
    return found


def _first(known: Mapping[str, Found], names: Iterable[str]) -> Found | None:
    for name in names:
        for spelling in (name, name.lower()):
            if spelling in known:
                return known[spelling]
    return None
