"""Conditions of steps: whether the incident, the team and the hour are as a step wants them."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.asking.knowledge import Knowledge, Person, is_open
from tocsin.choosing.hours import HourClass
from tocsin.incidents.policy import Condition
from tocsin.incidents.whom import Case
from tocsin.kernel.time import Instant
from tocsin.schedules.windows import parse_window


def fulfilled(condition: Condition, case: Case, knows: Knowledge) -> bool:
    """Whether the step counts; the hours of people leave out people, see `at_such_hours`."""
    if condition.severities and case.severity not in condition.severities:
        return False
    if condition.alerts and _came(condition, case) < condition.alerts:
        return False
    return not condition.team or (condition.team == HourClass.WORKING) is team_works(case.plan.team, case.now, knows)


def at_such_hours(hours: Sequence[str], name: str, now: Instant, knows: Knowledge) -> bool:
    """Whether for *name* it is one of *hours* now."""
    if knows.hours(name, now) in hours:
        return True
    zone = (knows.people.get(name) or Person()).zone
    return any(is_open(parse_window(text) or (), zone, now) for text in hours)


def team_works(team: str, now: Instant, knows: Knowledge) -> bool:
    """Whether it is working time for one member at least."""
    return any(knows.hours(name, now) is HourClass.WORKING for name in knows.teams.get(team, ()))


def _came(condition: Condition, case: Case) -> int:
    """How many alerts count."""
    return sum(not condition.within or at > case.now - condition.within for at in case.fired)
