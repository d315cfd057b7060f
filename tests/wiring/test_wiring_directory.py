"""How receivers are reached, and what the console calls them, as the configuration says."""

from __future__ import annotations

import pytest

from tocsin.engine.ports import Way
from tocsin.incidents.ladder import responder, room
from tocsin.wiring.directory import SettingsDirectory, SettingsRoster
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

PEOPLE = """
responders:
  ada: {name: Ada Lovelace, slack: U0ADA, ntfy: "https://ntfy.example/ada", email: ada@example.com}
  bo: {email: bo@example.com}
teams: {ops: {members: [ada, bo], slack: C0OPS}, quiet: {members: [bo]}}
integrations: {prod: {team: ops}}
"""
SLACK = "slack: {bot_token: test-token, signing_secret: test-secret}\n"
MAIL = "mail: {smtp: 'mail.example:587', from: tocsin@example.com}\n"

IN_SLACK, BY_PUSH, BY_MAIL = (
    Way("slack", "U0ADA"),
    Way("ntfy", "https://ntfy.example/ada"),
    Way("mail", "ada@example.com"),
)


def settings(more: str = "") -> Settings:
    return parse((PEOPLE + more).encode(), {}).settings


@pytest.mark.parametrize(
    ("more", "ways"),
    [
        ("", [BY_PUSH]),
        (SLACK, [IN_SLACK, BY_PUSH]),
        (MAIL, [BY_PUSH, BY_MAIL]),
        (SLACK + MAIL, [IN_SLACK, BY_PUSH, BY_MAIL]),
    ],
)
def test_a_person_is_reached_by_what_is_set_up_best_way_first(more: str, ways: list[Way]) -> None:
    assert list(SettingsDirectory(settings(more)).ways(responder("ada"))) == ways


def test_a_room_is_reached_in_slack_only() -> None:
    assert list(SettingsDirectory(settings(SLACK)).ways(room("ops"))) == [Way("slack", "C0OPS")]
    assert list(SettingsDirectory(settings(SLACK)).ways(room("quiet"))) == []
    assert list(SettingsDirectory(settings(MAIL)).ways(room("ops"))) == []


def test_who_is_not_configured_has_no_way() -> None:
    assert list(SettingsDirectory(settings(SLACK)).ways(responder("zoe"))) == []


def test_the_roster_names_people_teams_and_integrations() -> None:
    roster = SettingsRoster(settings())
    assert roster.responders() == {"ada": "Ada Lovelace", "bo": "bo"}
    assert roster.teams() == {"ops": ("ada", "bo"), "quiet": ("bo",)}
    assert roster.integrations() == {"default": "ops", "prod": "ops"}
