"""Timelines that people can read: a schedule as it stands in tocsin.yaml, and all that follows; UPDATE=1 rewrites it.

Above the line of dashes stand the schedule and what people have agreed on, in times by the clock of the schedule; below
it, from when to when, and every shift between.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from tocsin.kernel.time import DAY, Instant, format_duration
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.schedules.schedule import Override, Schedule, Swap
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import shifts
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_schedules import parse_wall

FILES = sorted((Path(__file__).parent / "stories").glob("*.schedule"))
LINE = "---\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_story_holds(path: Path) -> None:
    told = path.read_text(encoding="utf-8")
    head, _, below = told.partition(LINE)
    period = below.partition("\n")[0]
    played = f"{head}{LINE}{period}\n" + "".join(f"{line}\n" for line in play(head, period))
    if os.environ.get("UPDATE"):
        path.write_text(played, encoding="utf-8")
        told = played
    assert played.splitlines() == told.splitlines(), "UPDATE=1 rewrites the file; read the difference"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_story_begins_with_its_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")


def play(head: str, period: str) -> list[str]:
    """Every shift, a line each."""
    schedule = read(head)
    _, start, _, until = period.split("  ")
    found = shifts(schedule, at(schedule, start), at(schedule, until))
    clock = wall_clock(schedule.zone, found[0].start, found[-1].until)
    lines = []
    for shift in found:
        shown = moment_of(clock.shown(shift.start))
        offset = timedelta(milliseconds=clock.shown(shift.start) - shift.start)
        length = format_duration(shift.until - shift.start)
        lines.append(f"{shown:%a %Y-%m-%d %H:%M} ({hours(offset)})  {length:<7}  {shift.who or '-':<4} {reason(shift)}")
    return lines


def hours(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def read(head: str) -> Schedule:
    found: dict[str, Any] = yaml.load(head, yaml.BaseLoader)  # noqa: S506 - every word is a text, as in tocsin.yaml.
    file = {"responders": dict.fromkeys(("ada", "bo", "cy", "dee")), "schedules": {"ops": found["schedule"]}}
    schedule = schedules(parse(yaml.safe_dump(file).encode(), {}).settings, None)["ops"]
    spans = {
        name: tuple((at(schedule, start), at(schedule, until)) for start, until in given)
        for name, given in found.get("absences", {}).items()
    }
    overrides = [
        Override(id=f"{n}", schedule="ops", who=who, start=at(schedule, start), until=at(schedule, until))
        for n, (who, start, until) in enumerate(found.get("overrides", []), 1)
    ]
    swaps = [
        Swap(
            id=f"{n}", schedule="ops", by=by, to=to, start=at(schedule, start), until=at(schedule, until), accepted=True
        )
        for n, (by, to, start, until) in enumerate(found.get("swaps", []), 1)
    ]
    holidays = tuple((at(schedule, start), at(schedule, until)) for start, until in found.get("holidays", []))
    return replace(schedule, absences=spans, overrides=tuple(overrides), swaps=tuple(swaps), holidays=holidays)


def at(schedule: Schedule, text: str) -> Instant:
    wall = parse_wall(text)
    assert wall is not None, text
    return wall_clock(schedule.zone, wall - DAY, wall + DAY).first(wall)
