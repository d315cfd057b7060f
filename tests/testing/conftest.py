"""What the tests of the fake Slack over HTTP begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.testing.slack_app import App, Clock
from tocsin.testing.fake_slack import Channel, FakeSlack, Limits, User


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(app: App, clock: Clock) -> Iterator[FakeSlack]:
    with FakeSlack(limits=Limits.unlimited(), clock=clock, request_url=app.url) as slack:
        yield slack


@pytest.fixture
def ada(slack: FakeSlack) -> User:
    return slack.add_user("ada")


@pytest.fixture
def channel(slack: FakeSlack, ada: User) -> Channel:
    return slack.add_channel("alerts", [ada])


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url)
