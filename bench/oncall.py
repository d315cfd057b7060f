"""How long it takes to say who is on call: the month of a schedule of ten layers, and who it is at one moment."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.figures import Figure, Result, spread
from tocsin.kernel.time import DAY, HOUR, Instant, parse_instant
from tocsin.schedules.rotation import Crew, Rotation
from tocsin.schedules.schedule import Layer, Override, Schedule, Swap
from tocsin.schedules.timeline import next_on_call, on_call, shifts
from tocsin.schedules.windows import Window, parse_window

MONTH_MS_MAX: Final = 10.0
LAYERS: Final = 10
PEOPLE: Final = tuple(f"p{number}" for number in range(30))
ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo")
ROUNDS: Final = 200
QUICK_ROUNDS: Final = 20


def measure(folder: Path, quick: bool) -> Result:  # noqa: ARG001, FBT001 - as all subjects are called.
    """The figures."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    begin = parse_instant("2026-03-15T00:00Z") or 0  # Most clocks of the north change within the month that follows.
    schedule = _schedule(begin)
    until = begin + 31 * DAY
    month = _spent(lambda place: len(shifts(schedule, begin + place * HOUR, until + place * HOUR)), rounds)
    moment = _spent(lambda place: on_call(schedule, begin + place * HOUR), rounds)
    following = _spent(lambda place: next_on_call(schedule, begin + place * HOUR), rounds)
    return Result(
        name="oncall",
        figures=(
            _figure("a month, ms", month, MONTH_MS_MAX),
            _figure("who it is at one moment, ms", moment),
            _figure("who is next, ms", following),
        ),
        notes=(
            (
                f"{LAYERS} layers in {len(ZONES)} time zones, each with turns of its own length and with hours of its "
                f"own; {len(schedule.overrides)} overrides, {len(schedule.swaps)} swaps, {len(schedule.absences)} "
                f"people with absences; {len(shifts(schedule, begin, until))} shifts come of it. "
                f"{rounds} rounds, each at another hour."
            ),
        ),
    )


def _schedule(begin: Instant) -> Schedule:
    """Ten layers, each of which leaves something to those below it."""
    start = begin - 400 * DAY
    layers = tuple(
        Layer(
            name=f"{number}",
            zone=ZONES[number % len(ZONES)],
            rotation=Rotation(
                start=start + number * HOUR,
                length=(8 * HOUR, 12 * HOUR, DAY, 7 * DAY)[number % 4],
                crews=(
                    Crew(0, PEOPLE[number * 3 % 30 :][:6]),
                    Crew(begin + number * DAY, PEOPLE[number * 2 % 30 :][:7]),
                ),
            ),
            only=_window(f"mon-sat {8 + number:02}:00-{12 + number:02}:00") if number else (),
        )
        for number in range(LAYERS)
    )
    overrides = tuple(
        Override(
            id=f"o{number}",
            schedule="ops",
            by=PEOPLE[number],
            who=PEOPLE[number],
            start=begin + number * 3 * DAY,
            until=begin + number * 3 * DAY + 5 * HOUR,
        )
        for number in range(10)
    )
    swaps = tuple(
        Swap(
            id=f"s{number}",
            schedule="ops",
            by=PEOPLE[number],
            to=PEOPLE[number + 1],
            start=begin + number * 2 * DAY,
            until=begin + (number * 2 + 1) * DAY,
            accepted=True,
        )
        for number in range(10)
    )
    absences = {name: ((begin + place * DAY, begin + (place + 3) * DAY),) for place, name in enumerate(PEOPLE[:15])}
    return Schedule(name="ops", zone=ZONES[0], layers=layers, overrides=overrides, swaps=swaps, absences=absences)


def _window(text: str) -> tuple[Window, ...]:
    found = parse_window(text)
    assert found, text
    return found


def _spent(work: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds for each of *rounds*; the first, in which caches are filled, counts too."""
    spent = []
    for place in range(rounds):
        began = clock.perf_counter()
        work(place)
        spent.append((clock.perf_counter() - began) * 1000)
    return spent


def _figure(name: str, spent: Sequence[float], most: float | None = None) -> Figure:
    middle = sorted(spent)[len(spent) // 2]
    return Figure(
        name=name,
        tocsin=spread(spent, 2),
        target=f"below {most:.0f}" if most else "",
        met=middle < most if most else None,
    )
