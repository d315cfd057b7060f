"""The whole way with Teams: an alert, a card, a page, a press, and what everybody sees then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teams.teams_world import World, world
from tocsin.testing.fake_teams import FakeTeams


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with FakeTeams() as teams, world(tmp_path, teams) as made:
        yield made


def test_an_alert_is_a_card_in_the_channel_and_a_page_and_a_press_changes_both(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    card = here.shown(here.channel, "Disk full")
    assert "Asking Ada" in card.text
    assert here.teams.messages(here.bo) == []
    heard = here.teams.press(here.ada, page, "Acknowledge")
    assert (heard.status, heard.document["statusCode"]) == (200, 200)
    assert heard.told.startswith("Taken.")
    here.follows(card, "Ada is on it")
    here.follows(page, "is on it")
    assert "Resolve" in card.titles
    here.teams.press(here.bo, card, "Resolve")
    here.follows(card, "Bo resolved it")
    here.follows(page, "Bo resolved it")
    assert "Resolve" not in card.titles
    here.teams.assert_clean()
