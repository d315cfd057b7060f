"""Runs that go on where they were, after a crash behind every single write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executions.durable_cases import CASES, FUNCTIONS, Case
from tests.executions.durable_world import World, outcome
from tocsin import asl
from tocsin.executions import machine as executions
from tocsin.kernel.json import Json


@pytest.mark.parametrize("way", ["deliveries", "answers", "direct"])
@pytest.mark.parametrize("name", CASES)
def test_a_run_with_a_crash_after_every_write_ends_as_the_one_without(name: str, way: str, quick_folder: Path) -> None:
    case = CASES[name]
    found = [played(case, quick_folder / f"{life}.db", life, way=way) for life in (None, 1)]
    expected = asl.run(asl.parse(case.definition), case.given, functions=FUNCTIONS)
    assert found[0] == found[1]
    assert found[0][0] == (expected.status, expected.output, expected.error, expected.cause)
    assert found[0][1] == sorted(event["type"] for event in expected.history)


def played(case: Case, path: Path, life: int | None, *, way: str = "answers") -> tuple[Json, list[str]]:
    world = World(path, FUNCTIONS)
    world.quick, world.direct = way != "deliveries", way == "direct"
    run = world.start(case.definition, case.given)
    world.play(life)
    found = (
        outcome(world.run(run)),
        sorted(event["type"] for event in world.history(run)),
    )
    assert len(set(world.calls)) <= len(world.calls) <= 2 * len(set(world.calls))  # At least once, seldom twice.
    world.close()
    return found


@pytest.mark.parametrize("events_max", [1, 4])
def test_a_run_that_goes_on_in_small_bites_ends_the_same(
    events_max: int, quick_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executions, "EVENTS_MAX", events_max)
    for name, case in CASES.items():
        found = played(case, quick_folder / f"{name.replace(' ', '-')}.db", None)
        expected = asl.run(asl.parse(case.definition), case.given, functions=FUNCTIONS)
        assert found[0] == (expected.status, expected.output, expected.error, expected.cause), name
        assert found[1] == sorted(event["type"] for event in expected.history), name


def test_a_loop_without_end_is_many_commits_and_fails_at_its_25000th_event(quick_folder: Path) -> None:
    world = World(quick_folder / "tocsin.db")
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}
    run = world.start(loop)
    world.play()
    assert outcome(world.run(run))[:3] == ("FAILED", None, "States.Runtime")
    assert world.store.load([run])[run].version > 90
    assert len(world.history(run)) == len(asl.run(asl.parse(loop)).history)
    world.close()
