"""The parts of the care for a chat that no story needs: other versions' records, a store that is away, other ways."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import Delivery, Outgoing, Received, Way
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.ladder import PAGE
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.slack.answers import judged
from tocsin.slack.health import SlackHealth
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import chat_care
from tocsin.wiring.chat_care import ChatCare
from tocsin.wiring.settings_file import parse

NOW: Instant = 1_795_000_000_000
SLACK, MAIL = Way("slack", "U0ADA"), Way("mail", "ada@example.com")
SETTINGS = parse(b"responders: {ada: {slack: U0ADA}}\nteams: {ops: {members: [ada]}}", {}).settings


def effect(name: str = "1/0", *, attempts: int = 0, method: int = 0, kind: str = PAGE) -> Outgoing:
    return Outgoing(
        id=name, aggregate="1", machine="incident", receiver="responder:ada", kind=kind, facts={"rung": 0},
        coalesce="", urgent=True, created_at=NOW, not_before=NOW, attempts=attempts, method=method,
    )  # fmt: skip


def away(_: Sequence[Received]) -> None:
    raise StoreUnavailableError("the disk is full")


def caring(health: SlackHealth, store: MemoryStore | None = None) -> ChatCare:
    kept = store or MemoryStore()
    return ChatCare(lambda: SETTINGS, kept, lambda: NOW, kept.accept, health, look=lambda: None)


def test_an_effect_keeps_the_order_of_ways_in_which_it_was_begun() -> None:
    health = SlackHealth(lambda: NOW)
    care = caring(health)
    assert care.preferred(effect("a"), (SLACK, MAIL)) == (SLACK, MAIL)
    health.heard("U0ADA", judged(200, "user_disabled", ""))
    assert care.preferred(effect("a"), (SLACK, MAIL)) == (SLACK, MAIL), "the same try, asked once more"
    assert care.preferred(effect("b"), (SLACK, MAIL)) == (MAIL, SLACK)
    assert care.preferred(effect("a", attempts=1), (SLACK, MAIL)) == (MAIL, SLACK), "not again by what fails"
    assert care.preferred(effect("c", method=1), (SLACK, MAIL)) == (SLACK, MAIL), "one way was given up already"
    health.heard("U0ADA", {"ok": True})
    assert care.preferred(effect("b", method=1), (SLACK, MAIL)) == (MAIL, SLACK)
    assert care.preferred(effect("b", method=1), (SLACK, Way("sns", "1"))) == (SLACK, Way("sns", "1"))
    assert care.preferred(effect("d"), (SLACK,)) == (SLACK,)


def test_only_the_newest_orders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_care, "ORDERS_MAX", 1)
    health = SlackHealth(lambda: NOW)
    care = caring(health)
    health.heard("U0ADA", judged(200, "user_disabled", ""))
    for name in "ab":
        assert care.preferred(effect(name), (SLACK, MAIL)) == (MAIL, SLACK)
    health.member("U0ADA")
    assert [care.preferred(effect(name), (SLACK, MAIL))[0] for name in "ba"] == [MAIL, SLACK]


def test_what_is_known_needs_no_alert_and_the_rest_does() -> None:
    health = SlackHealth(lambda: NOW)
    care = caring(health)
    failure = Failure(outgoing=effect(), transport="slack", address="U0ADA", error="gone", final=True)
    report = care.report(failure, NOW)
    assert report is not None
    assert "quiet" not in json.decode(report.body)
    health.heard("U0ADA", judged(200, "user_disabled", ""))
    report = care.report(failure, NOW)
    assert report is not None
    assert json.decode(report.body)["quiet"] is True
    shown = Failure(outgoing=effect(kind="show"), transport="slack", address="U0ADA", error="gone", final=True)
    assert care.report(shown, NOW) is None


def test_a_store_that_is_away_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    health = SlackHealth(lambda: NOW)
    store = MemoryStore()
    care = ChatCare(lambda: SETTINGS, store, lambda: NOW, away, health, look=lambda: None)
    health.heard("U0ADA", judged(200, "user_disabled", ""))
    with caplog.at_level(logging.WARNING):
        care.go_round()
    assert "the trouble of a chat cannot be told" in caplog.text
    assert chat_care.known(store) == {}
    caring(health, store).go_round()
    assert [told.code for told in chat_care.known(store).values()] == ["user_disabled"]
    assert len(store.backlog(10)) == 1


def test_a_stranger_and_a_record_of_another_version_concern_nobody() -> None:
    health, store = SlackHealth(lambda: NOW), MemoryStore()
    store.put_record(chat_care.RECORD, "old", {"is": "other"})
    health.heard("U0STRANGER", judged(200, "user_disabled", ""))
    care = caring(health, store)
    care.go_round()
    assert (chat_care.known(store), list(store.backlog(10)), care.sentences()) == ({}, [], ())


def test_what_is_no_notice_is_said_so() -> None:
    broken = Delivery(id="1", received_at=NOW, channel=chat_care.CHANNEL, key="", head=b"", body=b"[]")
    assert chat_care.interpret(broken).outcome.startswith("no notice")


def test_without_a_chat_there_is_nothing_to_care_for() -> None:
    store = MemoryStore()
    care = chat_care.caring([], lambda: SETTINGS, store, lambda: NOW, accept=store.accept, url="")
    care.go_round()
    assert (care.sentences(), care.figures()) == ((), {})
