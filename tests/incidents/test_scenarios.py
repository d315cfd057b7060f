"""Every scenario file holds on every runtime: what follows is exactly what it says, no page more and no page less."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.incidents.stages import Stage
from tocsin.incidents.reasons import Reason
from tocsin.testing.scenario import parse, play

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.scenario"))
UPDATE = os.environ.get("UPDATE") == "1"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("stage", ["memory", "sqlite", "aws"], indirect=True)
def test_the_scenario_holds(stage: Stage, path: Path) -> None:
    told = path.read_text(encoding="utf-8")
    scenario = parse(told)
    with stage(scenario) as runtime:
        played = play(scenario, runtime)
    if UPDATE:
        path.write_text(played, encoding="utf-8")
        told = played
    assert played.splitlines() == told.splitlines(), "UPDATE=1 rewrites the file; read the difference"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_begins_with_its_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")


def test_the_scenarios_show_every_reason() -> None:
    told = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    right = "\n".join(line.partition("  ")[2] for line in told.splitlines())
    assert [reason for reason in Reason if reason not in right] == []
