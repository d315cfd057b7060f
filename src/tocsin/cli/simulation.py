"""`tocsin simulate`: policies on virtual time, as a table, as JSON, as a picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from tocsin.cli.printing import say, say_json, table
from tocsin.errors import TocsinError
from tocsin.rehearsal import policy_file, team_file
from tocsin.rehearsal.comparison import compared
from tocsin.rehearsal.measures import Figures, Mean
from tocsin.rehearsal.model import Ladder, Team
from tocsin.rehearsal.picture import picture
from tocsin.rehearsal.policies import POLICIES
from tocsin.rehearsal.seeing import Policy
from tocsin.wiring.settings_problems import nearest

Maker = Callable[[Ladder], Policy]

_HEAD: Final = ("POLICY", "INCIDENTS", "INTERRUPTIONS", "MINUTES", "P50", "P99", "SLEEP/WEEK", "NEVER")


def run(given: argparse.Namespace) -> int:
    """`tocsin simulate`. Raises SettingsError for a team or a policy that is not valid, TocsinError `no-policy`."""
    team = team_file.load(given.team)
    policies = dict(_policy(word, team) for word in given.policy.split(",") if word)
    if not policies:
        raise TocsinError("no-policy", "--policy names none")
    results = compared(team, policies, days=given.days, seed=given.seed)
    found = [result.figures for result in results.values()]
    if given.picture is not None:
        title = f"{given.team.stem}: {given.days} days, seed {given.seed}"
        given.picture.write_text(picture(found, title), encoding="utf-8")
    if given.json:
        say_json([msgspec.to_builtins(_rounded(each)) for each in found])
        return 0
    for line in table(_HEAD, map(_cells, found), right=frozenset(range(1, len(_HEAD) - 1))):
        say(line)
    say("\nInterruptions of an incident are weighted: 1 in working time, 3 off work, 10 at night. [95 % intervals]\n")
    return 0


def _policy(word: str, team: Team) -> tuple[str, Maker]:
    """What *word* stands for: a policy that is built in, or one in a file."""
    if word in POLICIES:
        return word, POLICIES[word]
    path = Path(word)
    if path.suffix not in {".yaml", ".yml"} and not path.exists():
        near = nearest(word, POLICIES)
        meant = f'; did you mean "{near}"?' if near else f"; there are {', '.join(POLICIES)}, or a file"
        raise TocsinError("no-policy", f'there is no policy "{word}"{meant}')
    return path.stem, partial(_written, policy_file.load(path, tuple(team.responders)))


def _written(steps: policy_file.Steps, _: Ladder) -> Policy:
    return policy_file.Written(steps)


def _cells(each: Figures) -> tuple[str, ...]:
    time = each.minutes_to_acknowledge
    return (
        each.policy,
        str(each.incidents),
        _interval(each.weighted_interruptions_per_incident),
        _interval(Mean(time.mean, time.low, time.high)),
        f"{time.p50:.1f}",
        f"{time.p99:.1f}",
        f"{each.sleep_pages_per_week:.1f}",
        str(each.never_acknowledged),
    )


def _interval(value: Mean) -> str:
    return f"{value.mean:.2f} [{value.low:.2f}, {value.high:.2f}]"


def _rounded(value: Any) -> Any:  # noqa: ANN401 - any struct of figures.
    """With the digits that mean something."""
    return msgspec.structs.replace(
        value,
        **{
            field: _rounded(inner) if isinstance(inner, msgspec.Struct) else round(inner, 4)
            for field, inner in msgspec.structs.asdict(value).items()
            if isinstance(inner, (msgspec.Struct, float))
        },
    )
