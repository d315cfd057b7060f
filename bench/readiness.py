"""How soon a server is back that was stopped with a hundred thousand open incidents."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from statistics import median
from typing import Final

from bench import databases
from bench.figures import Figure, Result, number, spread
from bench.programs import Tocsin, post, tocsin_json
from bench.traffic import webhook

OPEN: Final = 100_000
ROUNDS: Final = 5
READY_SECONDS_MAX: Final = 2.0


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds = 2 if quick else ROUNDS
    figures: list[Figure] = []
    for what, overdue in (("next actions due within 15 minutes", False), ("all next actions overdue", True)):
        made = folder / f"{overdue}.db"
        databases.open_incidents(made, OPEN, overdue=overdue)
        starts = [_started(folder / f"{overdue}-{turn}", made) for turn in range(rounds)]
        ready, accepted = [list(values) for values in zip(*starts, strict=True)]
        figures += [
            _timed(f"{what}: ready, s", ready),
            _timed(f"{what}: first alert accepted, s", accepted),
        ]
    place = folder / "list"
    place.mkdir()
    shutil.copyfile(folder / "False.db", place / "tocsin.db")
    began = time.monotonic()
    listed = len(tocsin_json(place, "incidents"))
    seconds = time.monotonic() - began
    figures += [Figure(name=f"`tocsin incidents --json` of {number(listed)}, s", tocsin=number(seconds, 1))]
    return Result(
        name="readiness",
        figures=tuple(figures),
        notes=(f"Medians of {rounds} starts on fresh copies, counted from the start of the process.",),
    )


def _started(folder: Path, made: Path) -> tuple[float, float]:
    """Seconds from the start of the process to the ready file, and to the first 202."""
    folder.mkdir()
    shutil.copyfile(made, folder / "tocsin.db")
    with Tocsin(folder) as program:
        url = program.wait()
        ready = time.monotonic() - program.started_at
        status = post(url, webhook("first", 1))
        accepted = time.monotonic() - program.started_at
    if status != 202:
        raise RuntimeError(f"the first alert was answered with {status}")
    return ready, accepted


def _timed(name: str, seconds: list[float]) -> Figure:
    return Figure(
        name=name,
        tocsin=spread(seconds, 2),
        target=f"at most {READY_SECONDS_MAX:.0f}",
        met=median(seconds) <= READY_SECONDS_MAX,
    )
