"""Answers that are not Slack's: a proxy's page, half a body, another form."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.slack.slack_examples import NOW, ROOM, SETTING, incident, job
from tocsin.engine.ports import Postponed, Refused
from tocsin.slack.loop import LoopThread
from tocsin.slack.transport import SlackTransport


class Stranger(ThreadingHTTPServer):
    """Answers every call with the same."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StrangersHandler)
        self.answer: tuple[int, str, bytes] = (200, "text/plain", b"")


class StrangersHandler(BaseHTTPRequestHandler):
    server: Stranger

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ((200, "text/plain", b"ok"), Postponed("Slack could not be reached: unreadable answer (AttributeError)")),
        (
            (200, "application/json", b"[1]"),
            Postponed("Slack could not be reached: unreadable answer (AttributeError)"),
        ),
        ((200, "application/gzip", b"\x1f"), Postponed("Slack could not be reached: unreadable answer")),
        ((200, "application/json", b"{"), Postponed("Slack answered 200")),
        ((200, "application/json", b'{"ok": false}'), Postponed("Slack answered 200")),
        ((502, "text/html", b"<html>"), Postponed("Slack answered 502")),
        ((502, "application/json", b"{"), Postponed("Slack answered 502")),
        ((503, "text/html", b""), Postponed("Slack answered 503")),
        (
            (200, "application/json", b'{"ok": false, "error": "invalid_blocks", "errors": ["too long /blocks/1"]}'),
            Refused("Slack does not accept the message's layout (invalid_blocks)"),
        ),
        (
            (429, "text/html", b"<html>"),
            Postponed("Slack asks to wait: too many calls", after=7_000, counts=False),
        ),
    ],
)
def test_no_answer_is_raised_or_believed(
    stranger: Stranger, answer: tuple[int, str, bytes], result: Postponed | Refused
) -> None:
    stranger.answer = answer
    loop = LoopThread("slack-test")
    base_url = f"http://127.0.0.1:{stranger.server_port}/api/"
    transport = SlackTransport(loop, "test-token", now=lambda: NOW, setting=SETTING, base_url=base_url)
    assert transport.deliver("#ops", [job("show", ROOM, incident())]) == [result]
    transport.close()
    loop.close()
