"""The app manifest."""

from __future__ import annotations

import pytest
import yaml

from tocsin.cli import slack_arguments
from tocsin.cli.main import main
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.slack.manifest import EXTRAS, in_yaml, manifest, scopes
from tocsin.slack.payloads import SHORTCUTS


def test_socket_mode_needs_no_address() -> None:
    made = manifest("Tocsin")
    assert made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert "request_url" not in made["settings"]["event_subscriptions"]
    assert "url" not in made["features"]["slash_commands"][0]
    assert made["display_information"]["name"] == made["features"]["bot_user"]["display_name"] == "Tocsin"


def test_over_http_slack_is_told_where_to_send_what() -> None:
    made = manifest("Tocsin", socket_mode=False, url="https://tocsin.example/")
    assert not made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"]["request_url"] == "https://tocsin.example/slack/interactions"
    assert made["settings"]["event_subscriptions"]["request_url"] == "https://tocsin.example/slack/events"
    assert made["features"]["slash_commands"][0]["url"] == "https://tocsin.example/slack/commands"


def test_the_app_reads_only_what_is_said_to_it() -> None:
    asked = set(manifest("Tocsin")["oauth_config"]["scopes"]["bot"])
    assert {scope for scope in asked if scope.endswith(":history")} == {"im:history"}
    assert not {"channels:history", "groups:history", "users:read.email", "chat:write.public"} & asked


def test_what_can_be_done_without_can_be_left_out() -> None:
    asked = manifest("Tocsin", without=list(EXTRAS))["oauth_config"]["scopes"]["bot"]
    assert asked == [
        "app_mentions:read",
        "channels:read",
        "chat:write",
        "commands",
        "dnd:read",
        "groups:read",
        "im:history",
        "im:write",
        "users:read",
    ]


def test_every_shortcut_has_a_verb_and_fits() -> None:
    made = manifest("Tocsin")["features"]["shortcuts"]
    assert {each["callback_id"] for each in made} == SHORTCUTS
    assert all(len(each["name"]) <= 24 and len(each["description"]) <= 150 for each in made)


def test_in_yaml_every_scope_stands_with_its_use() -> None:
    text = in_yaml(manifest("Tocsin"))
    assert yaml.safe_load(text) == manifest("Tocsin")
    for scope, use in scopes().items():
        assert f"- {scope}  # {use}\n" in text


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "manifest", "--name", "Bell", "--without", "topic"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == manifest("Bell", without=["topic"])
    assert main(["slack", "manifest", "--url", "https://tocsin.example", "--json"]) == 0
    assert json.decode(capsys.readouterr().out) == manifest("Tocsin", socket_mode=False, url="https://tocsin.example")
    assert main(["slack", "manifest", "--url", "tocsin.example"]) == 1
    assert "public https address" in capsys.readouterr().err
    assert tuple(EXTRAS) == slack_arguments.EXTRAS


@pytest.mark.parametrize("name", ["", "x" * 36])
def test_a_name_that_slack_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(TocsinError, match="1 to 35 characters"):
        manifest(name)


@pytest.mark.parametrize("url", ["", "http://tocsin.example/"])
def test_over_http_slack_needs_an_https_address(url: str) -> None:
    with pytest.raises(TocsinError, match="public https address"):
        manifest("Tocsin", socket_mode=False, url=url)
