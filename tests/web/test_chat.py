"""Interactions of a chat by HTTP: verified, stored, acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from starlette.routing import BaseRoute

from tests.web import front
from tests.web.front import Front, Held, post
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.web import chat
from tocsin.web.chat import chat_route
from tocsin.wiring.changes import LoopIntake

NOW = 1_795_000_000_000


class Chat:
    """The route on a real store; who signs `open sesame` may come in."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self.store = SqliteStore(db)
        self.refused: list[str] = []

    def verify(self, headers: Mapping[str, str], body: bytes, now: Instant) -> str | None:
        assert (bool(body), now) == (True, NOW)
        return None if headers.get("x-signature") == "open sesame" else "the signature does not fit the body"

    def submit(self, received: Received, answer: Callable[[str | StoreUnavailableError], None]) -> None:
        try:
            answer(self.store.accept([received])[0])
        except StoreUnavailableError as problem:
            answer(problem)

    def make(self, loop: asyncio.AbstractEventLoop) -> tuple[Held, Sequence[BaseRoute]]:
        route = chat_route(
            "/slack/interactions",
            "slack",
            verify=self.verify,
            intake=LoopIntake(loop, self.submit),
            clock=lambda: NOW,
            on_refused=self.refused.append,
        )
        return Held(), [route]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Chat]:
    made = Chat(tmp_path / "tocsin.db")
    with closing(made.store):
        yield made


@pytest.fixture
def server(room: Chat) -> Iterator[Front]:
    with front.front(room.make) as running:
        yield running


def send(server: Front, body: bytes = b"payload={}", *headers: str) -> bytes:
    return server.exchange(post(body, "/slack/interactions", "connection: close", *headers))


def test_a_press_is_stored_before_it_is_acknowledged(server: Front, room: Chat) -> None:
    whole = send(server, b"payload={}", "x-signature: open sesame")
    assert whole.startswith(b"HTTP/1.1 200 ")
    assert whole.endswith(b"\r\n\r\n")
    [found] = room.store.backlog(10)
    assert (found.channel, found.key, found.head, found.body, found.received_at) == (
        "slack", "", b"", b"payload={}", NOW,
    )  # fmt: skip


def test_a_forged_press_is_refused_and_counted(server: Front, room: Chat) -> None:
    for headers in ((), ("x-signature: guessed",)):
        whole = send(server, b"payload={}", *headers)
        assert whole.startswith(b"HTTP/1.1 403 ")
        assert whole.endswith(b"refused: the signature does not fit the body\n")
    assert room.refused == ["signature"] * 2
    assert room.store.backlog(10) == []


def test_a_body_that_is_too_large_is_refused(server: Front, room: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "BODY_BYTES_MAX", 10)
    assert send(server, b"x" * 11, "x-signature: open sesame").startswith(b"HTTP/1.1 413 ")
    assert send(server, b"x" * 10, "x-signature: open sesame").startswith(b"HTTP/1.1 200 ")
    assert len(room.store.backlog(10)) == 1


def test_trouble_with_the_store_is_told_so_that_the_chat_tries_again(server: Front, room: Chat, tmp_path: Path) -> None:
    away = room.db.rename(tmp_path / "away.db")
    whole = send(server, b"payload={}", "x-signature: open sesame")
    assert whole.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5\r\n" in whole
    assert whole.endswith(b"not stored, try again\n")
    away.rename(room.db)
    assert send(server, b"payload={}", "x-signature: open sesame").startswith(b"HTTP/1.1 200 ")


def test_half_a_press_is_nothing(server: Front, room: Chat) -> None:
    with server.connect() as connection:
        connection.sendall(post(b"payload={}", "/slack/interactions", "x-signature: open sesame")[:-4])
    assert send(server, b"payload=2", "x-signature: open sesame").startswith(b"HTTP/1.1 200 ")
    assert [delivery.body for delivery in room.store.backlog(10)] == [b"payload=2"]
    assert room.refused == []


def test_only_post_is_a_press(server: Front) -> None:
    get = b"GET /slack/interactions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    assert server.exchange(get).startswith(b"HTTP/1.1 405 ")
