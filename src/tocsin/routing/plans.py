"""From a team and a ladder to the plan that an incident keeps: names become receivers."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import Kind, Plan, Severity
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.policy import ALL, CHOSEN, MEMBERS, NEXT, SCHEDULE, Condition, Policy, Step
from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration
from tocsin.routing.patience import UNDECIDED, Patience

OWN_TEAM: Final = "team"  # As a target: everyone of the team that the incident belongs to.
OWN_CHANNEL: Final = "channel"  # As a target: the room of that team.
OWN_CHOSEN: Final = {prefix.removesuffix(":"): prefix for prefix in CHOSEN}  # As targets: of that team.
OWN: Final = (OWN_TEAM, OWN_CHANNEL, *OWN_CHOSEN)
BUILT_IN: Final = "built-in"  # The name of the policy of a team that has chosen none.
CROWD_MIN: Final = 51  # Members of a team whose room stands for everyone: nobody sends so many direct messages.


class Rung(msgspec.Struct, frozen=True):
    """Ask *ask* (targets, or those of OWN), then wait *wait* ms; *when* and *acknowledgements* as in `Step`."""

    ask: tuple[str, ...]
    wait: Duration = 5 * MINUTE
    when: Condition | None = None
    acknowledgements: int = 0


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation policy that does not know yet for which team it is used; the fields are those of `Policy`."""

    name: str
    rungs: tuple[Rung, ...]
    repeat: int = 0
    everyone_delay: Duration = 15 * MINUTE
    ack_timeout: Duration = HOUR
    acknowledgements: int = 1


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A team as routing sees it: *members* are responders; *room*: it has a place where all of them read.

    *ladder* None: one member, then another, then everyone. *group_by*: see `tocsin.incidents.grouping`.
    """

    name: str
    members: tuple[str, ...] = ()
    room: bool = False
    ladder: Ladder | None = None
    patience: Patience = UNDECIDED
    group_by: tuple[str, ...] = ()


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """How long alerts merge, in ms; see `Plan`."""

    alert: Duration = 7 * DAY
    notification: Duration = MINUTE
    reopen: Duration = 5 * MINUTE


def turns(team: Team, ladder: Ladder | None) -> int:
    """How many plans differ only by who is asked first: the built-in ladder begins with each member in turn."""
    return 1 if ladder or team.ladder else max(1, len(team.members))


def plan(  # noqa: PLR0917 - each has its own type.
    team: Team,
    ladder: Ladder | None,
    turn: int,
    windows: Windows,
    severity: Severity | None = None,
    kind: Kind | None = None,
    *,
    auto_resolve: bool = True,
) -> Plan:
    """The plan of *team*; *ladder* None takes the team's own, or else the built-in one beginning with member *turn*."""
    chosen = ladder or team.ladder
    return Plan(
        team=team.name,
        policy=_resolved(chosen, team) if chosen else _built_in(team, turn),
        severity=severity,
        kind=kind,
        auto_resolve=auto_resolve,
        alert_window=windows.alert,
        notification_window=windows.notification,
        reopen_window=windows.reopen,
    )


def everyone(team: Team) -> tuple[str, ...]:
    """The receivers that reach the whole team: its members, and its room.

    The room alone when there are no members, or a crowd of them: one message there, which mentions them all.
    """
    members = tuple(responder(name) for name in dict.fromkeys(team.members))
    if team.room and len(members) >= CROWD_MIN:
        return (room(team.name),)
    return (*members, room(team.name)) if team.room or not members else members


def _built_in(team: Team, turn: int) -> Policy:
    """One member, then another, then everyone; a team without members asks its room."""
    members = tuple(dict.fromkeys(team.members))
    start = turn % max(1, len(members))
    order = (members[start:] + members[:start])[:2]
    targets: list[tuple[str, ...]] = [(responder(name),) for name in order]
    return Policy(
        name=BUILT_IN, steps=tuple(Step(each) for each in targets or [everyone(team)]), everyone=everyone(team)
    )


def _resolved(ladder: Ladder, team: Team) -> Policy:
    steps = tuple(Step(_receivers(rung, team), rung.wait, rung.when, rung.acknowledgements) for rung in ladder.rungs)
    return Policy(
        name=ladder.name,
        steps=steps,
        everyone=everyone(team) if team.members else _all_asked(steps, team),
        repeat=ladder.repeat,
        everyone_delay=ladder.everyone_delay,
        ack_timeout=ladder.ack_timeout,
        acknowledgements=ladder.acknowledgements,
    )


def _receivers(rung: Rung, team: Team) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for target in rung.ask:
        found.update(dict.fromkeys(_own(target, team) if target in OWN else (target,)))
    return tuple(found)


def _own(target: str, team: Team) -> tuple[str, ...]:
    """Whom one of OWN means for *team*; a room where nobody reads is not asked."""
    if target == OWN_TEAM:
        return everyone(team)
    if target == OWN_CHANNEL:
        return (room(team.name),) if team.room else ()
    return (f"{OWN_CHOSEN[target]}{team.name}",)


def _always(target: str) -> str:
    """A schedule may have nobody on call; all who take turns in it are there always, as are all of a team."""
    if target.startswith(CHOSEN):
        source = target.partition(":")[2]
        return f"{source}{ALL}" if source.startswith(SCHEDULE) else f"{MEMBERS}{source}"
    return target.removesuffix(NEXT) + ALL if target.startswith(SCHEDULE) else target


def _all_asked(steps: tuple[Step, ...], team: Team) -> tuple[str, ...]:
    """Everyone, for a team without members: all whom the ladder names, since its room alone may reach nobody."""
    named = [_always(target) for step in steps for target in step.targets]
    return tuple(dict.fromkeys((*named, *(everyone(team) if team.room or not named else ()))))
