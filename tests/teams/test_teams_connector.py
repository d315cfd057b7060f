"""Calls of the Bot Connector, and every way in which they can end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.teams.teams_world import cloud
from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel.time import HOUR, SECOND
from tocsin.posting.requests import Answer
from tocsin.teams.answers import PERMANENT, RETRY_AFTER_MAX, Failure, judged
from tocsin.teams.connector import Connector, Posted
from tocsin.teams.tokens import EARLY
from tocsin.testing.fake_teams import FakeTeams

HELLO = {"type": "message", "text": "hello"}


@dataclass
class Line:
    teams: FakeTeams
    now: int
    connector: Connector

    @property
    def channel(self) -> str:
        return "19:ops0000@thread.tacv2"


@pytest.fixture
def line() -> Iterator[Line]:
    now = int(time.time()) * SECOND
    found: Any = None
    with FakeTeams(clock=lambda: found.now / SECOND) as teams:
        teams.add_channel("ops")
        connector = Connector(cloud(teams), teams.tenant, teams.app_id, teams.password, now=lambda: int(found.now))
        found = Line(teams, now, connector)
        yield found


def test_a_thread_a_reply_and_an_update(line: Line) -> None:
    begun = line.connector.begin_thread(line.channel, HELLO)
    assert isinstance(begun, Posted)
    assert begun.conversation == f"{line.channel};messageid={begun.activity}"
    replied = line.connector.post(begun.conversation, HELLO | {"text": "reply"})
    assert isinstance(replied, Posted)
    assert line.connector.update(begun, HELLO | {"text": "news"}) is None
    assert [message.text for message in line.teams.messages(line.channel)] == ["news", "reply"]
    line.teams.assert_clean()


def test_a_chat_is_begun_by_either_id(line: Line) -> None:
    ada = line.teams.add_person("ada")
    assert line.connector.chat_with(ada.id) == line.connector.chat_with(ada.aad.upper()) == "a:ada-chat"


def test_a_token_is_kept_until_shortly_before_its_end(line: Line) -> None:
    assert line.connector.check() is None
    line.connector.begin_thread(line.channel, HELLO)
    assert line.teams.tokens == 1
    line.now += HOUR - EARLY - SECOND
    line.connector.begin_thread(line.channel, HELLO)
    assert line.teams.tokens == 1
    line.now += SECOND
    line.connector.begin_thread(line.channel, HELLO)
    assert line.teams.tokens == 2
    line.teams.assert_clean()


def test_a_token_that_lives_shortly_is_used_for_half_of_its_life(line: Line) -> None:
    line.teams.live_for(60)
    assert line.connector.check() is None
    line.now += 29 * SECOND
    assert line.connector.check() is None
    assert line.teams.tokens == 1
    line.now += SECOND
    assert line.connector.check() is None
    assert line.teams.tokens == 2


def test_a_token_that_is_not_accepted_is_renewed(line: Line) -> None:
    assert line.connector.check() is None
    line.teams.end_tokens()
    failed = line.connector.begin_thread(line.channel, HELLO)
    assert isinstance(failed, Failure)
    assert isinstance(failed.result, Postponed)
    assert isinstance(line.connector.begin_thread(line.channel, HELLO), Posted)


def test_a_wrong_password_is_said_and_never_shown(line: Line) -> None:
    wrong = Connector(cloud(line.teams), line.teams.tenant, line.teams.app_id, "other-secret", now=lambda: line.now)
    told = wrong.check()
    assert told is not None
    assert "app_password is not right" in told
    assert "other-secret" not in told + repr(wrong)
    failed = wrong.post("a:x", HELLO)
    assert isinstance(failed, Failure)
    assert isinstance(failed.result, Refused)


def test_while_nothing_answers_it_is_later(line: Line) -> None:
    line.teams.go_down()
    failed = line.connector.begin_thread(line.channel, HELLO)
    assert isinstance(failed, Failure)
    assert isinstance(failed.result, Postponed)
    line.teams.come_back()
    assert isinstance(line.connector.begin_thread(line.channel, HELLO), Posted)


def test_it_writes_to_the_service_that_activities_have_named_and_to_no_other(line: Line) -> None:
    line.connector.served_from("https://evil.example/")
    assert isinstance(line.connector.begin_thread(line.channel, HELLO), Posted)
    line.connector.served_from(f"{line.teams.url}/other/")
    assert isinstance(line.connector.begin_thread(line.channel, HELLO), Failure)
    line.connector.served_from(line.teams.service)
    assert isinstance(line.connector.begin_thread(line.channel, HELLO), Posted)


def test_names_of_conversations_cannot_lead_elsewhere(line: Line) -> None:
    line.connector.post("../../x?y#z", HELLO)
    assert line.teams.calls == ["POST /v3/conversations/..%2F..%2Fx%3Fy%23z/activities"]


@pytest.mark.parametrize("where", ["19:other@thread.tacv2", "19:ops0000@thread.tacv2"])
def test_where_the_app_is_not_installed_it_says_so(line: Line, where: str) -> None:
    line.teams.remove(line.channel)
    failed = line.connector.begin_thread(where, HELLO)
    assert isinstance(failed, Failure)
    assert failed.result == Refused(f"{PERMANENT['BotNotInConversationRoster']} (BotNotInConversationRoster)")


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (404, b"", Refused(PERMANENT["ConversationNotFound"])),
        (413, b"", Refused("the message is too large for Microsoft Teams")),
        (403, b'{"error": {"code": "New"}}', Refused("Microsoft Teams does not let the app write there (New)")),
        (403, b'{"error": 7}', Refused("Microsoft Teams does not let the app write there")),
        (403, b"{", Refused("Microsoft Teams does not let the app write there")),
        (400, b"[]", Refused("Teams does not accept the message")),
        (412, b'{"error": {"code": "a b"}}', Postponed("Microsoft Teams answered 412 (a?b)")),
        (502, b"", Postponed("Microsoft Teams answered 502")),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, result: object) -> None:
    failure = judged(Answer(status, None, body))
    assert failure is not None
    assert failure.result == result


def test_429_waits_as_long_as_it_says_within_reason() -> None:
    for wait, after in ((7 * SECOND, 7 * SECOND), (None, 5 * SECOND), (99 * HOUR, RETRY_AFTER_MAX)):
        failure = judged(Answer(429, wait, b""))
        assert failure is not None
        assert failure.limited
        assert isinstance(failure.result, Postponed)
        assert (failure.result.after, failure.result.counts) == (after, False)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"{}"])
def test_an_answer_that_cannot_be_read_is_later(line: Line, document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line.connector.check() is None
    monkeypatch.setattr("tocsin.teams.connector.request", lambda *_, **__: Answer(200, None, document))
    for failed in (
        line.connector.begin_thread(line.channel, HELLO),
        line.connector.post("a:x", HELLO),
        line.connector.chat_with("29:x"),
    ):
        assert isinstance(failed, Failure)
        assert isinstance(failed.result, Postponed)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, b"", "Microsoft's sign-in answered 503"),
        (200, b"{", "the answer of Microsoft's sign-in cannot be read"),
    ],
)
def test_a_sign_in_that_fails_is_later(
    line: Line, status: int, body: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.teams.tokens.post", lambda *_, **__: Answer(status, None, body))
    assert line.connector.check() == told
