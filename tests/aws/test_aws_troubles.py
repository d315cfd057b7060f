"""A process that is killed before it deletes, and a store that cannot write: the queue keeps what is not ours yet."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.aws.cloud import Cloud
from tests.end_to_end.served import Served, wait_until
from tests.wiring.serving import serving, until
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.sqlite.store import SqliteStore

Deletion = dict[str, Any]


def reading(queue: str) -> str:
    return json.dumps({"integrations": {"aws": {"queues": queue}}})


@contextmanager
def nothing_is_deleted(cloud: Cloud) -> Iterator[tuple[str, list[Deletion], threading.Event]]:
    """Ministack at another address, where deletions are heard, and never answered until the event is set."""
    heard: list[Deletion] = []
    released = threading.Event()

    class Wall(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("x-amz-target", "").endswith("DeleteMessageBatch"):
                heard.append(json.loads(body))
                released.wait(20)
                return
            request = urllib.request.Request(f"{cloud.url}{self.path}", body, dict(self.headers.items()))
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = answer.read()
            if not released.is_set():
                self.send_response(200)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(found)))
                self.end_headers()
                self.wfile.write(found)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """The one who asked is gone: that is what this is about."""

    server = Server(("127.0.0.1", 0), Wall)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard, released
    finally:
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_killed_between_storing_and_deleting_a_message_comes_again_and_counts_once(
    cloud: Cloud, tmp_path: Path
) -> None:
    queue = cloud.queue()
    with nothing_is_deleted(cloud) as (wall, heard, released):
        first = Served(tmp_path, reading(queue), {"AWS_ENDPOINT_URL": wall})
        first.start()
        cloud.send(queue, '{"title": "the till is on fire"}')
        wait_until(lambda: heard)
        first.kill()
        released.set()
    assert deliveries(first.db) == 1
    assert cloud.left(queue) == 1
    for entry in heard[0]["Entries"]:  # Instead of waiting until it is visible by itself.
        cloud.sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=entry["ReceiptHandle"], VisibilityTimeout=0)
    second = Served(tmp_path, reading(queue))
    second.start()
    try:
        wait_until(lambda: cloud.left(queue) == 0)
        second.rest()
        assert deliveries(second.db) == 2  # It is there twice, with one number.
        assert [(row["title"], row["alerts"]) for row in second.incidents()] == [("the till is on fire", 1)]
    finally:
        assert second.stop() == 0
    assert "Traceback" not in second.log.read_text()


def deliveries(db: Path) -> int:
    store = SqliteStore(db)
    try:
        return len(store.deliveries(10))
    finally:
        store.close()


def test_while_the_store_cannot_write_messages_stay_in_the_queue(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = cloud.queue()
    tries: list[int] = []

    def accept(received: list[Received]) -> list[str]:
        tries.append(len(received))
        raise StoreUnavailableError("the disk is full")

    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        with monkeypatch.context() as trouble:
            trouble.setattr(runtime.store, "accept", accept)
            for number in range(3):
                cloud.send(queue, json.dumps({"title": f"alert {number}"}))
            until(lambda: len(tries) > 1)
            assert cloud.left(queue) == 3
            assert not runtime.store.deliveries(10)
        until(lambda: cloud.left(queue) == 0)
        assert len(runtime.store.deliveries(10)) == 3


def test_an_end_in_the_middle_of_trouble_gives_the_messages_back(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = cloud.queue()
    tries: list[int] = []

    def accept(received: list[Received]) -> list[str]:
        tries.append(len(received))
        raise StoreUnavailableError("the disk is full")

    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        monkeypatch.setattr(runtime.store, "accept", accept)
        cloud.send(queue, '{"title": "at hand"}')
        until(lambda: tries)
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        until(lambda: cloud.left(queue) == 0)  # At once, and not when half a minute is over.
        assert len(runtime.store.deliveries(10)) == 1
