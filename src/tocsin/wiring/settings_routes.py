"""From settings to routes: names become teams, ladders and receivers."""

from __future__ import annotations

from tocsin.incidents.alerts import Alert, Kind, Plan, Severity
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.policy import Condition, stands_for_others
from tocsin.kernel.json import Json
from tocsin.kernel.time import Duration
from tocsin.routing.patience import Patience
from tocsin.routing.plans import OWN, Ladder, Rung, Team, Windows, everyone
from tocsin.routing.rules import Routes, Rule
from tocsin.wiring.living import Derived
from tocsin.wiring.settings import DEFAULT, Policy, Settings
from tocsin.wiring.settings_asking import SMART_POLICY, When
from tocsin.wiring.settings_integrations import LEARNED
from tocsin.wiring.settings_reader import CHANNEL_PREFIX, TEAM_PREFIX


def routes(settings: Settings) -> Routes:
    """The routes that complete *settings* (as `load` gives them) describe."""
    teams, ladders = parties(settings)
    return Routes(
        [
            Rule(
                name=route.name,
                when=route.when,
                event=route.event,
                team=teams[route.team] if route.team else None,
                ladder=ladders[route.policy] if route.policy else None,
                severity=Severity(route.severity) if route.severity else None,
                kind=Kind(route.kind) if route.kind else None,
                auto_resolve=route.auto_resolve,
                patience=patience(route.hold, route.transient_hold, flapping=None),
                group_by=route.group_by,
            )
            for route in settings.routes
        ],
        teams={name: teams[integration.team] for name, integration in settings.integrations.items()},
        fallback=teams[settings.first_team],
        groups={name: integration.group_by for name, integration in settings.integrations.items()},
        windows=Windows(
            alert=settings.windows.alert,
            notification=settings.windows.notification,
            reopen=settings.windows.reopen,
        ),
        patience={
            name: patience(None, integration.transient_hold, flapping=integration.flapping)
            for name, integration in settings.integrations.items()
        },
    )


class LiveRoutes:
    """`tocsin.wiring.addressing.Routing`, as the settings are with each alert."""

    def __init__(self, settings: Settings) -> None:
        """Of *settings* as they are, and as they become."""
        self._now = Derived(settings, routes)

    def route(self, alert: Alert, integration: str, event: Json) -> Plan:
        """See `Routes`."""
        return self._now().route(alert, integration, event)

    def matching(self, alert: Alert, integration: str, event: Json) -> Rule | None:
        """See `Routes`."""
        return self._now().matching(alert, integration, event)


def parties(settings: Settings) -> tuple[dict[str, Team], dict[str, Ladder]]:
    """All teams, and all escalation policies, by name."""
    bare = {name: _team(settings, name, None) for name in settings.teams}
    ladders = {name: _ladder(name, policy, bare) for name, policy in settings.policies.items()}
    ladders.setdefault(SMART_POLICY, Ladder(name=SMART_POLICY, rungs=(Rung((SMART_POLICY,)),)))
    teams = {name: _team(settings, name, ladders.get(team.policy or DEFAULT)) for name, team in settings.teams.items()}
    return teams, ladders


def patience(hold: Duration | None, transient_hold: str | None, *, flapping: bool | None) -> Patience:
    """What keys say; a key that does not stand there leaves it to others."""
    learns = None if transient_hold is None else transient_hold == LEARNED
    return Patience(hold=hold, transient_hold=learns, flapping=flapping)


def _team(settings: Settings, name: str, ladder: Ladder | None) -> Team:
    team = settings.teams[name]
    wants = patience(team.hold, team.transient_hold, flapping=team.flapping)
    return Team(
        name=name,
        members=team.members,
        room=team.slack is not None,
        ladder=ladder,
        patience=wants,
        group_by=team.group_by,
    )


def _ladder(name: str, policy: Policy, teams: dict[str, Team]) -> Ladder:
    rungs = [
        Rung(tuple(_receivers(step.ask, teams)), step.wait, _condition(step.when), step.acknowledgements)
        for step in policy.steps
    ]
    return Ladder(
        name=name,
        rungs=tuple(rungs),
        repeat=policy.repeat,
        everyone_delay=policy.everyone_every,
        ack_timeout=policy.ack_timeout,
        acknowledgements=policy.acknowledgements,
    )


def _condition(when: When | None) -> Condition | None:
    if when is None:
        return None
    return Condition(severities=when.severity, hours=when.hours, team=when.team, alerts=when.alerts, within=when.within)


def _receivers(targets: tuple[str, ...], teams: dict[str, Team]) -> list[str]:
    found: list[str] = []
    for target in targets:
        if target in OWN or stands_for_others(target):
            found.append(target)
        elif target.startswith(CHANNEL_PREFIX):
            team = teams[target.removeprefix(CHANNEL_PREFIX)]
            found += [room(team.name)] if team.room else []
        elif target.startswith(TEAM_PREFIX):
            found += everyone(teams[target.removeprefix(TEAM_PREFIX)])
        else:
            found.append(responder(target))
    return found
