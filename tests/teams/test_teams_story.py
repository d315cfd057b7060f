"""The whole way with Teams where people see nothing: forged, late and lost presses. The rest: teams.conversation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teams.teams_world import World, world
from tests.wiring.serving import ask, until
from tocsin.errors import StoreUnavailableError
from tocsin.testing.fake_teams import FakeTeams
from tocsin.testing.fake_teams.signing import Forge


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with FakeTeams() as teams, world(tmp_path, teams) as made:
        yield made


def test_a_snooze_counts_from_the_press_and_a_late_press_does_no_harm(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    former = dict(page.action("Escalate"))
    assert here.teams.press(here.ada, page, "2 hours").status == 200
    here.follows(page, "Ada snoozed it until")
    here.teams.press(here.ada, page, "Resolve")
    here.follows(page, "Ada resolved it")
    late = here.teams.activity(here.ada, page.conversation, type="message", value=former["data"])
    assert here.teams.send(late).status == 200
    until(lambda: here.runtime.store.health(here.runtime.clock()).backlog == 0)
    assert "Ada resolved it" in page.text
    here.teams.assert_clean()


@pytest.mark.parametrize("forge", ["no token", "public key as secret", "another audience"])
def test_a_forged_press_is_refused_and_changes_nothing(here: World, forge: Forge) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    heard = here.teams.press(here.ada, page, "Acknowledge", forge=forge)
    assert heard.status == 403
    assert heard.text.startswith("refused: ")
    assert here.teams.press(here.bo, page, "Acknowledge").status == 200
    here.follows(page, "Bo has had it")
    assert b'tocsin_deliveries_refused_total{why="signature"} 1.0' in ask(f"{here.url}/metrics")[1]


def test_a_press_that_cannot_be_stored_is_not_taken(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    here.alert()
    page = here.shown(here.ada, "Disk full")
    monkeypatch.setattr(here.runtime.store, "accept", refuse)
    assert here.teams.press(here.ada, page, "Acknowledge").status == 503
    monkeypatch.undo()
    assert here.teams.press(here.ada, page, "Acknowledge").status == 200
    here.follows(page, "You are on it")


def test_what_is_too_large_is_not_read(here: World) -> None:
    assert ask(f"{here.url}/teams/messages", b"x" * (1024 * 1024 + 1))[0] == 413
    assert ask(f"{here.url}/teams/messages")[0] in {404, 405}
