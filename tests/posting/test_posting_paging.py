"""Pages that wait together are one message; all else needs none."""

from __future__ import annotations

import logging

import pytest

from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.posting.paging import Message, Paging

URL = "https://tocsin.example"


def page(name: str = "inc-1", state: object = None) -> Job:
    return job("page", ADA, state or incident(), None, name, why="You are the first to be asked.")


class Sent:
    """Takes messages, and answers what it is told to."""

    def __init__(self, result: DeliveryResult | Exception | None = None) -> None:
        self.result = result or Delivered()
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> DeliveryResult:
        self.messages.append(message)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def deliver(send: Sent, *jobs: Job, url: str = URL) -> list[DeliveryResult]:
    return list(Paging(now=lambda: NOW, names=SETTING.names, url=url).deliver("an SMS", jobs, send))


def test_pages_that_wait_together_are_one_message() -> None:
    send = Sent(Postponed("later"))
    assert deliver(send, page("inc-1"), page("inc-2")) == [Postponed("later")] * 2
    (message,) = send.messages
    assert "2 incidents ask you at once" in message.told.headline
    assert not message.quiet


def test_what_asks_nobody_is_done_without_a_message() -> None:
    send = Sent()
    assert deliver(send, job("show", ADA, incident(), None, "inc-1")) == [Delivered()]
    assert send.messages == []


def test_what_is_no_incident_has_no_words() -> None:
    assert deliver(Sent(), page(state="heartbeat")) == [Refused("an SMS can tell of incidents only")]


def test_the_token_tells_the_same_pages_from_others() -> None:
    send = Sent()
    deliver(send, page("inc-1"), page("inc-2"))
    deliver(send, page("inc-2"), page("inc-1"))
    deliver(send, page("inc-1"))
    deliver(send, page("inc-1"), url="https://other.example")
    first, again, alone, elsewhere = (message.token for message in send.messages)
    assert first == again
    assert len({first, alone, elsewhere}) == 3
    assert all(len(token) == 64 for token in (first, alone))


def test_a_mistake_of_ours_costs_an_attempt_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = deliver(Sent(ValueError("test-secret")), page())
    assert found == [Postponed("internal error, see the log")]
    assert "an SMS failed here: ValueError" in caplog.text
    assert "test-secret" not in caplog.text
