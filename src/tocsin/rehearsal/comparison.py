"""Several policies on the same team, the same alerts and the same would-be answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from tocsin.rehearsal.measures import Figures, Mean, figures, mean
from tocsin.rehearsal.model import Ladder, Team
from tocsin.rehearsal.people import People
from tocsin.rehearsal.rehearse import Story, rehearse
from tocsin.rehearsal.seeing import Policy
from tocsin.rehearsal.stream import stream


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy did: its figures, and the story of each incident."""

    figures: Figures
    stories: tuple[Story, ...]


def compared(
    team: Team, policies: Mapping[str, Callable[[Ladder], Policy]], *, days: int, seed: int
) -> dict[str, Result]:
    """The results by policy, in the order of *policies*."""
    alarms, people = stream(team.alerts, days, seed), People(team, seed)
    results = {}
    for name, make in policies.items():
        stories = rehearse(people, alarms, make(team.ladder))
        results[name] = Result(figures=figures(name, stories, days), stories=tuple(stories))
    return results


def difference(one: Result, other: Result, what: Callable[[Story], float], days: int) -> Mean:
    """How much more *what* is for *one* than for *other*, incident by incident."""
    pairs = zip(one.stories, other.stories, strict=True)
    return mean(one.stories, [what(mine) - what(theirs) for mine, theirs in pairs], days)
