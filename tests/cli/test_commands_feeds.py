"""`tocsin feed` and `tocsin token`: made and shown once, listed by their last characters, revoked."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.tokens import API, FEED, subject_of

CONFIG = """
server: {url: "https://bell.example/"}
responders: {ada: , bo: }
teams: {ops: {members: [ada, bo]}}
schedules: {ops: {layers: [{responders: [ada, bo], start: 2026-01-05 09:00, rotate: daily}]}}
"""


@pytest.fixture(autouse=True)
def _configured(terminal: Terminal) -> None:
    terminal.configure(CONFIG)
    terminal.make_database()


def stands_for(terminal: Terminal, kind: str, secret: str) -> str:
    with closing(SqliteStore(terminal.db)) as store:
        return subject_of(store, kind, secret)


@pytest.mark.parametrize(
    ("words", "subject"), [(("--schedule", "ops"), "schedule:ops"), (("--responder", "ada"), "responder:ada")]
)
def test_a_calendar_address_is_made_listed_and_revoked(
    terminal: Terminal, words: tuple[str, ...], subject: str
) -> None:
    said = terminal.type("feed", "make", *words)
    url = said.out.splitlines()[0]
    assert url.startswith("https://bell.example/calendars/")
    assert "This is shown once." in said.out
    secret = url.rpartition("/")[2].removesuffix(".ics")
    assert stands_for(terminal, FEED, secret) == subject
    assert f"…{secret[-4:]}" in terminal.type("feed").out
    assert secret not in terminal.type("feed").out
    [listed] = terminal.type("feed", "list", "--json").document
    assert (listed["subject"], listed["hint"]) == (subject, secret[-4:])
    said = terminal.type("feed", "revoke", *words, "--hint", secret[-4:])
    assert said.out == f"revoked: …{secret[-4:]} opens nothing any more\n"
    assert stands_for(terminal, FEED, secret) == ""
    assert terminal.type("feed").out.startswith("no addresses yet; `tocsin feed make")


def test_a_token_is_made_listed_and_revoked(terminal: Terminal) -> None:
    made = terminal.type("token", "make", "--responder", "ada", "--json").document
    assert made["subject"] == "responder:ada"
    assert stands_for(terminal, API, made["token"]) == "responder:ada"
    assert "responder ada" in terminal.type("token").out
    revoked = terminal.type("token", "revoke", "--responder", "ada", "--hint", made["token"][-4:], "--json").document
    assert revoked == {"subject": "responder:ada", "revoked": made["token"][-4:]}
    assert stands_for(terminal, API, made["token"]) == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("feed", "make"), "say whose calendar"),
        (("feed", "make", "--schedule", "ops", "--responder", "ada"), "say whose calendar"),
        (("feed", "make", "--schedule", "op"), 'there is no schedule "op"; did you mean "ops"?'),
        (("feed", "make", "--responder", "eve"), 'there is no responder "eve"'),
        (("feed", "revoke", "--schedule", "ops"), "there is no feed for schedule:ops; say which with --hint"),
        (("token", "make"), "say for whom it acts"),
        (("token", "make", "--responder", "eve"), 'there is no responder "eve"'),
        (
            ("token", "revoke", "--responder", "ada", "--hint", "x"),
            "there is no token for responder:ada that ends with x",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(terminal: Terminal, words: tuple[str, ...], message: str) -> None:
    said = terminal.type(*words)
    assert said.code == 1
    assert message in said.err
