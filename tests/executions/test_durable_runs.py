"""Runs that go on where they were, after a crash behind every single write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executions.durable_cases import CASES, FUNCTIONS, Case
from tests.executions.durable_world import World, outcome
from tocsin import asl
from tocsin.kernel.json import Json


@pytest.mark.parametrize("name", CASES)
def test_a_run_with_a_crash_after_every_write_ends_as_the_one_without(name: str, quick_folder: Path) -> None:
    case = CASES[name]
    found = [played(case, quick_folder / f"{life}.db", life) for life in (None, 1)]
    expected = asl.run(asl.parse(case.definition), case.given, functions=FUNCTIONS)
    assert found[0] == found[1]
    assert found[0][0] == (expected.status, expected.output, expected.error, expected.cause)
    assert found[0][1] == sorted(event["type"] for event in expected.history)


def played(case: Case, path: Path, life: int | None) -> tuple[Json, list[str]]:
    world = World(path, FUNCTIONS)
    run = world.start(case.definition, case.given)
    world.play(life)
    found = (
        outcome(world.run(run)),
        sorted(event["type"] for event in world.history(run)),
    )
    assert len(set(world.calls)) <= len(world.calls) <= 2 * len(set(world.calls))  # At least once, seldom twice.
    world.close()
    return found
