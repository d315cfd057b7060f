"""Chats, as far as the settings ask for them: Slack by socket, by HTTP, or both."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.wiring.serving import until
from tocsin.engine.ports import Received
from tocsin.incidents.commands import Command
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.settings_file import parse
from tocsin.wiring.transports import Chat, connect

NOW: Instant = 1_795_000_000_000
URL = "https://bell.example"
PRESS = {
    "type": "block_actions",
    "user": {"id": "U0ADA"},
    "actions": [{"action_id": "tocsin:acknowledge", "value": '{"i": "12", "r": 0}'}],
}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


def connected(slack: FakeSlack, *keys: str, heard: list[Received] | None = None) -> Chat:
    values = {"app_token": slack.app_token, "signing_secret": "test-secret"}
    more = "".join(f', {key}: "{values[key]}"' for key in keys)
    text = f'responders: {{ada: {{slack: U0ADA}}}}\nslack: {{bot_token: "{slack.bot_token}"{more}}}\n'
    accept = (lambda _: None) if heard is None else heard.append
    [chat] = connect(parse(text.encode(), {}).settings, URL, lambda: NOW, accept, slack_api=slack.base_url)
    return chat


def test_without_slack_in_the_settings_there_is_no_chat() -> None:
    assert connect(parse(b"", {}).settings, URL, lambda: NOW, lambda _: None) == []


def test_a_press_is_a_command_of_the_responder(slack: FakeSlack) -> None:
    chat = connected(slack, "signing_secret")
    try:
        body = urlencode({"payload": json.encode(PRESS).decode()}).encode()
        assert chat.commands(body, NOW) == (Command(verb="acknowledge", incident="12", by="ada", rung=0),)
        assert "is not known" in str(chat.commands(json.encode(PRESS | {"type": "hello"}), NOW))
        assert (chat.channel, chat.transport.name) == ("slack", "slack")
    finally:
        chat.close()


def test_with_a_signing_secret_requests_are_verified(slack: FakeSlack) -> None:
    chat = connected(slack, "signing_secret")
    try:
        assert chat.verify is not None
        stamp = str(NOW // SECOND)
        mac = hmac.new(b"test-secret", f"v0:{stamp}:".encode() + b"body", hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mac}"}
        assert chat.verify(headers, b"body", NOW) is None
        assert chat.verify(headers, b"other", NOW) == "the signature does not fit the body"
        chat.start()
        chat.stop()
    finally:
        chat.close()


def test_with_an_app_token_presses_come_by_a_socket(slack: FakeSlack) -> None:
    heard: list[Received] = []
    chat = connected(slack, "app_token", heard=heard)
    try:
        assert chat.verify is None
        chat.start()
        until(lambda: slack.sockets)
        chat.stop()
    finally:
        chat.close()
