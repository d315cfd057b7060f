"""The app manifest."""

from __future__ import annotations

import pytest

from tocsin.errors import TocsinError
from tocsin.slack.manifest import manifest


def test_socket_mode_needs_no_address() -> None:
    made = manifest("Tocsin")
    assert made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert made["display_information"]["name"] == made["features"]["bot_user"]["display_name"] == "Tocsin"


def test_over_http_slack_is_told_where_to_send_clicks() -> None:
    made = manifest("Tocsin", socket_mode=False, url="https://tocsin.example/slack/interactions")
    assert not made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"]["request_url"] == "https://tocsin.example/slack/interactions"


def test_the_app_asks_for_no_right_to_read_what_people_write() -> None:
    scopes = manifest("Tocsin")["oauth_config"]["scopes"]
    assert scopes == {"bot": ["channels:read", "chat:write", "dnd:read", "groups:read", "im:write", "users:read"]}


@pytest.mark.parametrize("name", ["", "x" * 36])
def test_a_name_that_slack_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(TocsinError, match="1 to 35 characters"):
        manifest(name)


@pytest.mark.parametrize("url", ["", "http://tocsin.example/"])
def test_over_http_slack_needs_an_https_address(url: str) -> None:
    with pytest.raises(TocsinError, match="public https address"):
        manifest("Tocsin", socket_mode=False, url=url)
