"""Whether a long past makes Tocsin slow: accepting with a million past incidents, and with an empty database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from bench import databases, wrk
from bench.figures import Figure, Result, number, paired_ratio, spread
from bench.programs import Tocsin
from bench.wrk import Load

PAST: Final = 1_000_000
QUICK_PAST: Final = 100_000
ROUNDS: Final = 6
SECONDS: Final = 6
SHARE_MIN: Final = 0.9
CACHED_SECONDS_MAX: Final = 3 * 24 * 3600  # Later, more of it would be older than the default retention.
VERSION: Final = 1  # Of the cached database: raise it when the tables or the states change.


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    count, rounds, seconds = (QUICK_PAST, 2, 3) if quick else (PAST, ROUNDS, SECONDS)
    full = folder / "full"
    full.mkdir()
    shutil.copyfile(_cached(folder.parent, count), full / "tocsin.db")
    os.sync()  # What the copy has left in memory must not reach the disk while we measure.
    loads: dict[bool, list[Load]] = {False: [], True: []}
    for turn in range(rounds):
        for past in (True, False) if turn % 2 else (False, True):
            place = full if past else folder / f"empty-{turn}"
            place.mkdir(exist_ok=True)
            with Tocsin(place) as program:
                loads[past].append(wrk.load(program.wait(), wrk.script(f"h{turn}"), place, seconds=seconds))
            _forget_backlog(program.db)
    rates = {past: [load.rate for load in found] for past, found in loads.items()}
    ratio = paired_ratio(rates[True], rates[False])
    waits = {past: [load.p99_ms for load in found] for past, found in loads.items()}
    return Result(
        name="history",
        figures=(
            Figure(name="accepted a second, empty database", tocsin=spread(rates[False])),
            Figure(
                name=f"accepted a second, {number(count)} past incidents",
                tocsin=spread(rates[True]),
                ratio=f"{ratio:.2f}",
                target=f"at least {SHARE_MIN}",
                met=ratio >= SHARE_MIN,
            ),
            Figure(name="p99, ms, empty database", tocsin=spread(waits[False], 1)),
            Figure(name=f"p99, ms, {number(count)} past incidents", tocsin=spread(waits[True], 1)),
        ),
        notes=(
            f"Medians of {rounds} rounds of {seconds} s in turn; the ratio is the median of the ratios of neighbours.",
            f"The database with the past has {(full / 'tocsin.db').stat().st_size / 1e9:.1f} GB.",
        ),
    )


def _cached(folder: Path, count: int) -> Path:
    """A database with that many past incidents; made if there is none, or only an old one."""
    path = folder / f"past-{VERSION}-{count}.db"
    if not path.exists() or time.time() - path.stat().st_mtime > CACHED_SECONDS_MAX:
        partial = path.with_suffix(".part")
        databases.past_incidents(partial, count)
        partial.replace(path)
    return path


def _forget_backlog(db: Path) -> None:
    """So that the next round begins with nothing to do; the load was for the front door only."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("DELETE FROM backlog")
        connection.commit()
