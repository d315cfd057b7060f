"""How many alerts a second are accepted, side by side with Alertmanager, and whether all of them are decided later."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from bench import wrk
from bench.figures import Figure, Result, number, paired_ratio, spread
from bench.programs import Alertmanager, Tocsin, counted, tocsin_json
from bench.wrk import Load

BATCH: Final = 100
ROUNDS: Final = 10
SECONDS: Final = 4
DRAIN_SECONDS_MAX: Final = 300.0
DRAIN_ALERTS: Final = 40_000  # Of the round that is followed to its end.
LOOK_SECONDS: Final = 0.25

ACCEPTED: Final = "SELECT COUNT(*) FROM deliveries WHERE channel = 'in'"
WAITING: Final = "SELECT COUNT(*) FROM backlog"
TOLD_OF_ITSELF: Final = "SELECT COUNT(*) FROM deliveries WHERE channel = 'self'"


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a load. *lost*: alerts that were answered with 2xx and are in no incident."""

    accepted: int
    lost: int
    waiting: int
    seconds: float
    healthy: bool

    @property
    def rate(self) -> float:
        """Alerts decided a second, from the end of the load to the end of the backlog."""
        return self.accepted / self.seconds


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds, seconds = (2, 3) if quick else (ROUNDS, SECONDS)
    single = _compared(folder / "one", each=1, rounds=rounds, seconds=seconds)
    batched = _compared(folder / "batch", each=BATCH, rounds=rounds, seconds=seconds)
    drains = [_drained(folder / f"drain-{each}", each) for each in (1, BATCH)]
    return Result(
        name="intake",
        figures=(
            *_figures("one alert a request", single, each=1, least=1.0),
            *_figures(f"{BATCH} alerts a request", batched, each=BATCH, least=2.5),
            *(
                Figure(
                    name=f"{what}: accepted, then lost",
                    tocsin=f"{number(drain.accepted)}, {number(drain.lost)}",
                    target="0 lost",
                    met=drain.lost == 0 and drain.healthy and not drain.waiting,
                )
                for what, drain in zip(("one alert a request", f"{BATCH} alerts a request"), drains, strict=True)
            ),
            *(
                Figure(name=f"{what}: decided a second after the load", tocsin=number(drain.rate))
                for what, drain in zip(("one alert a request", f"{BATCH} alerts a request"), drains, strict=True)
            ),
        ),
        notes=(
            f"Medians of {rounds} rounds of {seconds} s, each with fresh processes, in turn (A B, B A, ...).",
            "In brackets the range; the ratio is the median of the ratios of neighbours.",
        ),
    )


def drained(
    folder: Path,
    program: Tocsin,
    load: Load,
    *,
    each: int,
    began: float,
    before_stop: Callable[[], None] = lambda: None,
) -> Drained:
    """Wait until the backlog is empty (bounded), stop the server, and look for what was accepted."""
    while counted(program.db, WAITING) and time.monotonic() - began < DRAIN_SECONDS_MAX:
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - began
    before_stop()
    program.stop()
    waiting = counted(program.db, WAITING)
    own = counted(program.db, TOLD_OF_ITSELF)  # Of a delivery that failed Tocsin makes an alert itself.
    found = sum(incident["alerts"] for incident in tocsin_json(folder, "incidents", "--all")) - own
    stored = counted(program.db, ACCEPTED) * each
    # What is stored and was not answered, since the load ended just then, may be there; nothing else may be missing.
    answered = load.accepted * each
    return Drained(
        accepted=answered,
        lost=max(0, answered - stored, stored - found),
        waiting=waiting,
        seconds=seconds,
        healthy=tocsin_json(folder, "doctor")["ok"],
    )


def _compared(folder: Path, *, each: int, rounds: int, seconds: int) -> tuple[list[Load], list[Load]]:
    """Ours and theirs."""
    ours: list[Load] = []
    theirs: list[Load] = []
    sides: list[tuple[list[Load], Callable[[Path], Tocsin | Alertmanager]]] = [(ours, Tocsin), (theirs, Alertmanager)]
    for turn in range(rounds):
        for loads, start in sides if turn % 2 else sides[::-1]:
            place = folder / f"{turn}-{start.__name__}"
            place.mkdir(parents=True)
            lua = wrk.script(f"r{turn}", each=each)
            with start(place) as program:
                loads.append(wrk.load(program.wait(), lua, place, seconds=seconds))
    return ours, theirs


def _drained(folder: Path, each: int) -> Drained:
    folder.mkdir()
    with Tocsin(folder) as program:
        url = program.wait()
        last = DRAIN_ALERTS // each
        lua = wrk.script("d", each=each, last=last)
        load = wrk.load_until(url, lua, folder, lambda: counted(program.db, ACCEPTED) >= last)
        return drained(folder, program, load, each=each, began=time.monotonic())


def _figures(what: str, loads: tuple[list[Load], list[Load]], *, each: int, least: float) -> tuple[Figure, ...]:
    rates = [[load.rate * each for load in side] for side in loads]
    waits = [[load.p99_ms for load in side] for side in loads]
    failures = [sum(load.refused + load.broken + load.late for load in side) for side in loads]
    ratio = paired_ratio(*rates)
    slower = paired_ratio(*waits)
    return (
        Figure(
            name=f"{what}: accepted alerts a second",
            tocsin=spread(rates[0]),
            other=spread(rates[1]),
            ratio=f"{ratio:.2f}",
            target=f"at least {least:.1f}",
            met=ratio >= least and not failures[0],
        ),
        Figure(
            name=f"{what}: p99, ms",
            tocsin=spread(waits[0], 1),
            other=spread(waits[1], 1),
            ratio=f"{slower:.2f}",
            target="at most 1.0",
            met=slower <= 1.0,
        ),
        Figure(
            name=f"{what}: requests that failed",
            tocsin=str(failures[0]),
            other=str(failures[1]),
        ),
    )
