"""A small real application over HTTP, and the people who use it: what the tests of interactions share."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User, View

Json = dict[str, Any]
BUTTON = {"type": "button", "action_id": "ack", "value": "rung-1", "text": {"type": "plain_text", "text": "Ack"}}
OPTIONS = [{"text": {"type": "plain_text", "text": text}, "value": text.lower()} for text in ("Low", "High")]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class App:
    """A real, small application: verifies signatures with Slack's own code, keeps requests, answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.answer: tuple[int, str, bytes] = (200, "application/json", b"")
        self.before_answer: Callable[[], object] = lambda: None
        self.verifier = SignatureVerifier("test-signing-secret")
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                genuine = app.verifier.is_valid_request(body, dict(self.headers))
                if genuine:
                    app.requests.append((dict(self.headers), body.decode()))
                    app.before_answer()
                status, content_type, answer = app.answer if genuine else (401, "text/plain", b"forged")
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep the test's output quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Slack has hung up: nothing to say."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slack"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def says(self, answer: object, status: int = 200) -> None:
        self.answer = (status, "application/json", json.dumps(answer).encode())

    @property
    def payload(self) -> Json:
        """The last interaction."""
        payload: Json = json.loads(parse_qs(self.requests[-1][1])["payload"][0])
        return payload


def post(
    slack: FakeSlack, client: WebClient, channel: Channel, *elements: Json, thread_ts: str | None = None
) -> Message:
    blocks = [{"type": "actions", "block_id": "b", "elements": list(elements or (BUTTON,))}]
    client.chat_postMessage(channel=channel.id, text="Disk is full", blocks=blocks, thread_ts=thread_ts)
    return slack.messages(channel)[-1]


def open_form(slack: FakeSlack, client: WebClient, trigger_id: str, **more: object) -> View:
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Snooze"},
        "submit": {"type": "plain_text", "text": "Snooze"},
        "private_metadata": "incident-7",
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why?"},
                "element": {"type": "plain_text_input", "action_id": "why", "min_length": 3},
            },
            {
                "type": "input",
                "block_id": "how",
                "optional": True,
                "label": {"type": "plain_text", "text": "How?"},
                "element": {
                    "type": "static_select",
                    "action_id": "how",
                    "options": OPTIONS,
                    "initial_option": OPTIONS[0],
                },
            },
            {
                "type": "input",
                "block_id": "more",
                "optional": True,
                "label": {"type": "plain_text", "text": "More?"},
                "element": {"type": "plain_text_input", "action_id": "more"},
            },
            {"type": "actions", "block_id": "b", "elements": [BUTTON]},
        ],
    } | more
    view_id = client.views_open(trigger_id=trigger_id, view=view)["view"]["id"]
    return next(view for view in slack.views() if view.id == view_id)


def trigger(slack: FakeSlack, ada: User, channel: Channel) -> str:
    return slack.slash("/tocsin", "", ada, channel).trigger_id
