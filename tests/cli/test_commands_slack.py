"""`tocsin slack check` in a terminal, and commands that know the rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tests.wiring.room_world import guest, room
from tocsin.slack.manifest import scopes
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.settings_file import SLACK_VARIABLES, parse


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    with FakeSlack(scopes=scopes()) as fake:
        for name in SLACK_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SLACK_BOT_TOKEN", fake.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", fake.app_token)
        monkeypatch.setenv("TOCSIN_SLACK_API", fake.base_url)
        yield fake


def make_room(terminal: Terminal) -> None:
    with closing(SqliteStore(terminal.db)) as store:
        book = RoomBook(parse(b"", {}).settings, store)
        book.put(guest("U0ADA", "ada"), room("U0ADA"))


def test_with_two_tokens_and_no_file_all_is_well(terminal: Terminal, slack: FakeSlack) -> None:
    slack.add_channel("ops", [slack.add_user("ada")])
    said = terminal.type("slack", "check")
    assert said.code == 0, said
    assert said.out.endswith("\nAll is well.\n")
    assert "✓ channels: the bot is in #ops\n" in said.out


def test_what_stands_in_the_way_is_a_failure(terminal: Terminal, slack: FakeSlack) -> None:
    slack.revoke()
    said = terminal.type("slack", "check")
    assert said.code == 1
    assert "✗ bot token" in said.out
    assert said.out.endswith("\n2 things to put right.\n")


@pytest.mark.usefixtures("slack")
def test_what_is_only_worse_is_none(terminal: Terminal) -> None:
    said = terminal.type("slack", "check")
    assert said.code == 0
    assert "! channels: the bot is in none\n    Invite it" in said.out
    assert said.out.endswith("\n1 thing to put right.\n")


def test_scripts_read_it_too(terminal: Terminal, slack: FakeSlack) -> None:
    slack.add_channel("ops", [slack.add_user("ada")])
    found = terminal.type("slack", "check", "--json").document
    assert {"about": "channels", "grade": "good", "found": "the bot is in #ops", "remedy": ""} in found


@pytest.mark.usefixtures("slack")
def test_rooms_that_were_made_are_looked_at(terminal: Terminal) -> None:
    make_room(terminal)
    found = terminal.type("slack", "check", "--json").document
    assert {each["about"] for each in found} >= {"room of team ops", "responder ada"}


@pytest.mark.parametrize(("url", "grade"), [("https://bell.example.com", "good"), ("http://127.0.0.1:1", "bad")])
def test_by_http_slack_must_reach_the_server(terminal: Terminal, slack: FakeSlack, url: str, grade: str) -> None:
    slack_keys = f'slack: {{bot_token: "{slack.bot_token}", signing_secret: test-secret}}'
    terminal.configure(f"server: {{url: {url}}}\n{slack_keys}\n")
    found = terminal.type("slack", "check", "--json").document
    assert [each["grade"] for each in found if each["about"] == "signing secret"] == [grade]


def test_by_http_an_address_of_this_machine_is_none(terminal: Terminal, slack: FakeSlack) -> None:
    terminal.configure(f'slack: {{bot_token: "{slack.bot_token}", signing_secret: test-secret}}')
    terminal.make_database()
    assert "cannot reach" in terminal.type("slack", "check").out


def test_without_slack_there_is_nothing_to_check(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SLACK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    said = terminal.type("slack", "check")
    assert (said.code, "SLACK_BOT_TOKEN" in said.err) == (1, True)


@pytest.mark.parametrize("tokens", [{"SLACK_BOT_TOKEN": "xapp-test"}, {"SLACK_BOT_TOKEN": "test"}])
def test_tokens_that_cannot_be_right_are_told_by_name(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]
) -> None:
    for name in SLACK_VARIABLES:
        monkeypatch.setenv(name, tokens.get(name, ""))
    said = terminal.type("slack", "check")
    assert said.code == 1
    assert "the environment is not valid" in said.err


def test_commands_know_the_rooms(terminal: Terminal) -> None:
    make_room(terminal)
    said = terminal.type("keys", "rotate", "ops")
    assert (said.code, "/v1/in/" in said.out) == (0, True)
    assert "ops" in terminal.type("keys").out


@pytest.mark.parametrize("url", ["bell.example.com", "https://bell.example.com?x=1", " "])
def test_an_address_that_is_none_is_refused(terminal: Terminal, url: str) -> None:
    said = terminal.type("serve", "--url", url)
    assert said.code == 1
    assert "--url" in said.err
