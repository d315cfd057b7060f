"""A question in Teams: a card with buttons, a press, the run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approvals.asking_world import asking
from tests.teams.teams_world import World, world
from tests.wiring.serving import until
from tocsin.kernel.time import SECOND
from tocsin.testing.fake_teams import FakeTeams
from tocsin.wiring import runs, workflows


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with FakeTeams() as teams, world(tmp_path, teams) as made:
        yield made


def test_a_press_in_teams_answers(here: World) -> None:
    runtime = here.runtime
    kept = runtime.automation.definitions.keep("deploy", json.dumps(asking()))
    [delivery] = runtime.store.accept([workflows.ordered(workflows.start("deploy", kept, {}), runtime.clock())])
    runtime.wake()
    card = here.shown(here.channel, "May it go on?")
    assert card.titles[:2] == ["Approve", "Reject"]
    here.shown(here.bo, "May it go on?")
    heard = here.teams.press(here.bo, card, "Approve")
    assert heard.status == 200

    def output() -> object:
        run = runs.find(runtime.store, f"run-{delivery}")
        return run and run.execution.output

    until(output)
    told = output()
    assert isinstance(told, dict)
    assert told["by"] == ["bo"]
    here.jump(6 * SECOND)
    here.shown(here.channel, "Bo said 'Approve'")
    here.teams.assert_clean()
