"""Trouble on request: what a client sees, and what the fake has stored meanwhile."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tocsin.testing.fake_slack import Channel, FakeSlack, Limits


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(limits=Limits.unlimited()) as slack:
        yield slack


@pytest.fixture
def channel(slack: FakeSlack) -> Channel:
    return slack.add_channel("alerts")


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    # The SDK would try again by itself, once, after a lost connection.
    return WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[])


def test_a_method_fails_as_often_as_was_asked_for(slack: FakeSlack, channel: Channel, client: WebClient) -> None:
    slack.fail("chat.postMessage", "internal_error", times=2)
    slack.fail("chat.postMessage", "fatal_error")
    for error in ("internal_error", "internal_error", "fatal_error"):
        with pytest.raises(SlackApiError, match=error):
            client.chat_postMessage(channel=channel.id, text="x")
    client.chat_postMessage(channel=channel.id, text="x")
    assert [call.error for call in slack.calls] == ["internal_error", "internal_error", "fatal_error", None]
    assert slack.errors == ()


def test_a_rate_limit_can_be_asked_for(slack: FakeSlack, channel: Channel, client: WebClient) -> None:
    slack.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=channel.id, text="x")
    assert refused.value.response.headers["Retry-After"] == "7"
    assert slack.messages(channel) == ()
    assert slack.errors == ()


def test_a_lost_answer_hides_a_stored_message(slack: FakeSlack, channel: Channel, client: WebClient) -> None:
    slack.lose_answer("chat.postMessage")
    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel=channel.id, text="x")
    assert [message.text for message in slack.messages(channel)] == ["x"]


def test_a_slow_answer_hides_a_stored_message(slack: FakeSlack, channel: Channel) -> None:
    slack.delay(30)
    client = WebClient(slack.bot_token, base_url=slack.base_url, timeout=1, retry_handlers=[])
    client.timeout = 0.05  # type: ignore[assignment]  # The SDK hands it on to the socket, which takes fractions.
    with pytest.raises((TimeoutError, urllib.error.URLError)):
        client.chat_postMessage(channel=channel.id, text="x")
    assert len(slack.messages(channel)) == 1


def test_a_delay_delays(slack: FakeSlack, client: WebClient) -> None:
    slack.delay(0.05)
    start = time.monotonic()
    client.auth_test()
    assert time.monotonic() - start >= 0.05


def test_an_outage_refuses_connections_until_it_ends(slack: FakeSlack, channel: Channel, client: WebClient) -> None:
    slack.down()
    slack.down()
    with pytest.raises(urllib.error.URLError, match="refused"):
        client.chat_postMessage(channel=channel.id, text="x")
    slack.up()
    client.chat_postMessage(channel=channel.id, text="y")
    assert [message.text for message in slack.messages(channel)] == ["y"]


def test_an_unavailable_service_says_so(slack: FakeSlack, channel: Channel, client: WebClient) -> None:
    slack.down("unavailable")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=channel.id, text="x")
    assert refused.value.response.status_code == 503
    slack.up()
    client.chat_postMessage(channel=channel.id, text="y")
    assert len(slack.messages(channel)) == 1


def test_it_can_be_stopped_during_an_outage() -> None:
    with FakeSlack() as slack:
        slack.down()
    assert slack.calls == ()
