"""Whether choosing whom to ask disturbs less and is answered sooner: the policies on team models, on virtual time."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Final

from bench import decisions, strangers
from bench.figures import Figure, Result
from tocsin.rehearsal import team_file
from tocsin.rehearsal.comparison import Result as Outcome
from tocsin.rehearsal.comparison import compared, difference
from tocsin.rehearsal.measures import Mean, Minutes
from tocsin.rehearsal.policies import POLICIES
from tocsin.rehearsal.rehearse import Story

TEAMS: Final = Path(__file__).parent / "teams"
DAYS: Final = 200
QUICK_DAYS: Final = 50
SEED: Final = 1  # The costs and priors were settled with another one, 7.
SHARE_MAX: Final = 0.6  # Of the interruptions of `random-active`.
_COMPARED: Final = ("random-active", "ladder", "smart")


def measure(folder: Path, quick: bool) -> Result:  # noqa: ARG001, FBT001 - as all subjects are called.
    """The figures."""
    days = QUICK_DAYS if quick else DAYS
    figures: list[Figure] = []
    for path in sorted(TEAMS.glob("*.yaml")):
        figures += _team(path, days, tuple(POLICIES))
    for path in [] if quick else sorted((TEAMS / "hard").glob("*.yaml")):
        figures += _team(path, days, _COMPARED)
    figures += _strangers(days, 2 if quick else strangers.COUNT)
    return Result(
        name="whom",
        figures=(*figures, *decisions.figures()),
        notes=(
            (
                f"{days} days of each team. Interruptions are weighted (1 working, 3 off, 10 asleep), per incident; "
                "minutes are until it was acknowledged, or its source resolved it; in brackets 95 % intervals."
            ),
            "Behind a figure of `smart` stands its difference to random-active and to ladder, paired by incident.",
        ),
    )


def _team(path: Path, days: int, names: tuple[str, ...]) -> list[Figure]:
    results = compared(team_file.load(path), {name: POLICIES[name] for name in names}, days=days, seed=SEED)
    smart, active, ladder = results["smart"], results["random-active"], results["ladder"]
    figures = [
        Figure(name=f"{path.stem}, {name}: interruptions; minutes; p99", tocsin=_all(result))
        for name, result in results.items()
        if name != "smart"
    ]
    limits = _limits(active, ladder)
    cost, time = smart.figures.weighted_interruptions_per_incident, smart.figures.minutes_to_acknowledge
    apart = [[difference(smart, other, what, days) for other in (active, ladder)] for what in (_cost, _minutes)]
    return [
        *figures,
        Figure(
            name=f"{path.stem}, **smart**: interruptions",
            tocsin=f"{_interval(cost)}; {_signed(apart[0][0])}, {_signed(apart[0][1])}",
            target=f"{limits[0]:.2f}",
            met=cost.mean <= limits[0],
        ),
        Figure(
            name=f"{path.stem}, **smart**: minutes",
            tocsin=f"{_interval(time)}; {_signed(apart[1][0])}, {_signed(apart[1][1])}",
            target=f"{limits[1]:.2f}",
            met=time.mean <= limits[1],
        ),
        Figure(
            name=f"{path.stem}, **smart**: minutes, p99",
            tocsin=f"{time.p99:.1f}",
            target=f"{limits[2]:.1f}",
            met=time.p99 <= limits[2],
        ),
    ]


def _limits(active: Outcome, ladder: Outcome) -> tuple[float, float, float]:
    """The most that `smart` may come to: interruptions, minutes, and their 99th percentile."""
    costs = [each.figures.weighted_interruptions_per_incident.mean for each in (active, ladder)]
    times = [each.figures.minutes_to_acknowledge for each in (active, ladder)]
    return min(SHARE_MAX * costs[0], costs[1]), min(times[0].mean, times[1].mean), times[1].p99


def _strangers(days: int, count: int) -> list[Figure]:
    """Of so many drawn teams, how many see each target met."""
    met = [0, 0, 0]
    ratios: list[tuple[float, float]] = []
    for seed in range(strangers.FIRST, strangers.FIRST + count):
        results = compared(strangers.stranger(seed), {name: POLICIES[name] for name in _COMPARED}, days=days, seed=seed)
        smart, active, ladder = results["smart"], results["random-active"], results["ladder"]
        time = smart.figures.minutes_to_acknowledge
        ours = (smart.figures.weighted_interruptions_per_incident.mean, time.mean, time.p99)
        met = [so_far + (our <= limit) for so_far, our, limit in zip(met, ours, _limits(active, ladder), strict=True)]
        cost = ladder.figures.weighted_interruptions_per_incident.mean
        ratios.append((ours[0] / cost - 1, time.mean / ladder.figures.minutes_to_acknowledge.mean - 1))
    names = ("interruptions", "minutes", "minutes, p99")
    return [
        *(
            Figure(
                name=f"{count} drawn teams, **smart**: {name} within the limit",
                tocsin=str(number),
                target=str(count),
                met=number == count,
            )
            for name, number in zip(names, met, strict=True)
        ),
        *(
            Figure(name=f"{count} drawn teams, **smart** against ladder: {name}", tocsin=_range(values))
            for name, values in zip(names, zip(*ratios, strict=True), strict=False)
        ),
    ]


def _range(values: tuple[float, ...]) -> str:
    return f"{median(values):+.0%} ({min(values):+.0%} to {max(values):+.0%})"


def _cost(story: Story) -> float:
    return story.cost


def _minutes(story: Story) -> float:
    return story.minutes


def _all(result: Outcome) -> str:
    cost, minutes = result.figures.weighted_interruptions_per_incident, result.figures.minutes_to_acknowledge
    return f"{_interval(cost)}; {_interval(minutes)}; {minutes.p99:.1f}"


def _interval(value: Mean | Minutes) -> str:
    return f"{value.mean:.2f} [{value.low:.2f}, {value.high:.2f}]"


def _signed(value: Mean) -> str:
    return f"{value.mean:+.2f} [{value.low:+.2f}, {value.high:+.2f}]"
