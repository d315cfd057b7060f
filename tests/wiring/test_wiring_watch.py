"""Law 12 held by the process itself: what is wrong, in a sentence; a watchman outside hears while all is well."""

from __future__ import annotations

import http.server
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.wiring.serving import until
from tocsin.engine.ports import Health
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import HOUR, MINUTE, SECOND
from tocsin.wiring import watch
from tocsin.wiring.watch import Heartbeat, trouble

NOW = 1_795_000_000_000
WELL = Health(
    backlog=0,
    oldest_backlog_at=None,
    oldest_due_at=None,
    pending=0,
    oldest_pending_at=None,
    live={"incident": 3},
    broken=(),
)


def health(**more: object) -> Health:
    return Health(**({name: getattr(WELL, name) for name in WELL.__struct_fields__} | more))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, ""),
        ({"broken": ("7",)}, "1 incident owes a next action without having one, first 7"),
        ({"broken": ("7", "9")}, "2 incidents owe a next action without having one, first 7"),
        ({"oldest_backlog_at": NOW - MINUTE}, ""),
        ({"oldest_backlog_at": NOW - MINUTE - 1}, "a delivery has waited 1m to be handled"),
        ({"oldest_due_at": NOW - HOUR}, "a timer is overdue by 1h"),
        ({"oldest_pending_at": NOW - 15 * MINUTE}, ""),
        ({"oldest_pending_at": NOW - 16 * MINUTE}, "a page or message has waited 16m to leave"),
        (
            {"broken": ("7",), "oldest_due_at": NOW - 2 * HOUR},
            "1 incident owes a next action without having one, first 7; a timer is overdue by 2h",
        ),
    ],
)
def test_what_is_wrong_is_a_sentence(found: dict[str, object], told: str) -> None:
    assert trouble(health(**found), NOW) == told


class Watchman(http.server.ThreadingHTTPServer):
    """Counts who comes by; answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: list[str] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/very-secret"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Watchman

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def watchman(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watchman]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Watchman() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_beat_gets_through_while_all_is_well(watchman: Watchman) -> None:
    assert Heartbeat(watchman.url, MINUTE, lambda: "").beat()
    assert watchman.paths == ["/very-secret"]


def test_there_is_no_beat_while_the_invariant_is_broken(watchman: Watchman, caplog: pytest.LogCaptureFixture) -> None:
    assert not Heartbeat(watchman.url, MINUTE, lambda: "a timer is overdue by 1h").beat()
    assert watchman.paths == []
    assert caplog.messages == ["no heartbeat: the invariant does not hold"]
    assert getattr(caplog.records[0], "problem", "") == "a timer is overdue by 1h"


def test_there_is_no_beat_while_the_store_is_away(watchman: Watchman) -> None:
    def away() -> str:
        raise StoreUnavailableError("disk I/O error")

    assert not Heartbeat(watchman.url, MINUTE, away).beat()
    assert watchman.paths == []


def test_beats_begin_again_when_the_trouble_is_over(watchman: Watchman) -> None:
    told = iter(["wrong", ""])
    heartbeat = Heartbeat(watchman.url, MINUTE, lambda: next(told))
    assert [heartbeat.beat(), heartbeat.beat()] == [False, True]
    assert len(watchman.paths) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_another_answer_than_2xx_is_no_beat_and_no_redirect_is_followed(
    watchman: Watchman, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    watchman.status = status
    assert not Heartbeat(watchman.url, MINUTE, lambda: "").beat()
    assert watchman.paths == ["/very-secret"]
    assert getattr(caplog.records[0], "problem", "") == f"HTTP {status}"
    assert "very-secret" not in caplog.text


def test_nobody_there_is_no_beat(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/very-secret"
    assert not Heartbeat(url, MINUTE, lambda: "").beat()
    assert getattr(caplog.records[0], "problem", "") == "ConnectionRefusedError"


def test_what_does_not_speak_http_is_no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def babble() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 this is mail\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        assert not Heartbeat(f"http://127.0.0.1:{listener.getsockname()[1]}/", MINUTE, lambda: "").beat()
        thread.join()


def test_the_heart_beats_at_once_and_again_until_it_is_stopped(
    watchman: Watchman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "STOP_SECONDS", 30)
    heartbeat = Heartbeat(watchman.url, SECOND // 100, lambda: "")
    heartbeat.start()
    until(lambda: len(watchman.paths) >= 3)
    heartbeat.stop()
    count = len(watchman.paths)
    assert not heartbeat._rounds.running
    assert len(watchman.paths) == count


def test_the_heart_outlives_a_stumble(watchman: Watchman, caplog: pytest.LogCaptureFixture) -> None:
    troubles = [ValueError("our bug")]

    def check() -> str:
        if troubles:
            raise troubles.pop()
        return ""

    heartbeat = Heartbeat(watchman.url, SECOND // 100, check)
    heartbeat.start()
    until(lambda: watchman.paths)
    heartbeat.stop()
    assert "heartbeat stumbled; it goes on" in caplog.messages
    assert caplog.records[0].levelno == logging.ERROR


def test_a_watchman_who_does_not_answer_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "STOP_SECONDS", 0.01)
    reached, answered = threading.Event(), threading.Event()

    def slow(_: str) -> None:
        reached.set()
        answered.wait(30)

    heartbeat = Heartbeat("http://watchman.example/", MINUTE, lambda: "", slow)
    heartbeat.start()
    assert reached.wait(30)
    heartbeat.stop()
    assert heartbeat._rounds.running
    answered.set()
    until(lambda: not heartbeat._rounds.running)


def test_a_heart_that_never_began_can_be_stopped() -> None:
    Heartbeat("http://watchman.example/", MINUTE, lambda: "").stop()
