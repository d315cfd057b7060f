"""What senders hear: the right status, a sentence that says what is wrong, and nothing valid beside it is lost."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.served import Served, wait_until

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"), "integrations: {default: {sns_accounts: '111122223333'}}\n")
    served.start()
    yield served
    assert served.stop() == 0
    assert "Traceback" not in served.log.read_text()


def key(server: Served) -> str:
    return str(server.ready["ingest_url"].rsplit("/", 1)[1])


def raw(server: Served, *parts: bytes, until: bytes = b"") -> bytes:
    """Send bytes as they are, and read until the server closes or *until* has come."""
    address = urlsplit(server.ready["url"])
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        found = b""
        while not (until and until in found):
            try:
                data = connection.recv(65536)
            except ConnectionResetError:
                break
            if not data:
                break
            found += data
        return found


def incident(server: Served, title: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [row for row in server.incidents() if row["title"] == title]
        return bool(found)

    wait_until(look)
    assert len(found) == 1
    return found[0]


def test_an_alert_is_accepted_and_becomes_an_incident(server: Served) -> None:
    status, body, headers = server.post(b'{"title": "plain alert", "severity": "critical"}')
    assert (status, headers["content-type"]) == (202, "application/json")
    assert json.loads(body)["status"] == "accepted"
    found = incident(server, "plain alert")
    assert (found["severity"], found["status"], found["alerts"]) == ("critical", "triggered", 1)
    assert found["wake_at"] > found["opened_at"]


def test_put_is_taken_like_post(server: Served) -> None:
    assert server.post(b'{"title": "put alert"}', method="PUT")[0] == 202


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_other_methods_are_told_what_to_do(server: Served, method: str) -> None:
    status, body, headers = server.post(b"", method=method)
    assert (status, headers["allow"]) == (405, "GET, POST, PUT, OPTIONS")
    assert b"POST" in body


def test_an_unknown_key_is_refused_and_counted(server: Served) -> None:
    status, body, _ = server.post(b"{}", path="/v1/in/nobodys-key")
    assert status == 403
    assert "not known here" in json.loads(body)["message"]
    figures = server.post(b"", path="/metrics", method="GET")[1].decode()
    assert 'tocsin_deliveries_refused_total{why="key"}' in figures


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("not JSON", b"{this is not JSON"),
        ("half a JSON", b'{"title": "cut'),
        ("invalid UTF-8", b'{"title": \xff\xfe'),
        ("too deep", b"[" * 50_000 + b"]" * 50_000),
        ("empty", b""),
    ],
)
def test_what_cannot_be_read_is_kept_and_becomes_an_alert(server: Served, name: str, body: bytes) -> None:
    status, answer, _ = server.post(body)
    assert status == 202, name
    delivery = json.loads(answer)["id"]
    server.rest()
    undecodable = [row for row in server.incidents() if "ndecodable" in row["title"]]
    assert undecodable, name
    assert any(f"delivery {delivery}" in row["description"].lower() or row["alerts"] > 1 for row in undecodable)


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "nul \\u0000 byte"}',
        b'{"title": "lone \\ud800 surrogate"}',
        b'{"title": "twice", "title": "two names"}',
        b'{"title": 1e999}',
        b'{"title": 123456789012345678901234567890}',
        b'{"title": ["a", {"b": null}]}',
        b'{"unknown": {"keys": {"everywhere": true}}}',
        b"null",
        b"\xef\xbb\xbf{}",
    ],
)
def test_odd_bodies_become_alerts_of_some_kind(server: Served, body: bytes) -> None:
    before = sum(row["alerts"] for row in server.incidents())
    assert server.post(body)[0] == 202
    wait_until(lambda: sum(row["alerts"] for row in server.incidents()) > before)


def test_one_bad_alert_of_a_batch_costs_itself_only(server: Served) -> None:
    good = {"labels": {"alertname": "GoodInBatch"}, "annotations": {}}
    assert server.post(json.dumps([good, {"labels": 7}, 13]).encode())[0] == 202
    incident(server, "GoodInBatch")
    server.rest()
    assert any("ndecodable" in row["title"] for row in server.incidents())


def test_a_body_of_ten_megabytes_is_refused_with_a_sentence(server: Served) -> None:
    head = f"POST /v1/in/{key(server)} HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n".encode()
    answer = raw(server, head, b"x" * 9_000_000, until=b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_headers_without_end_are_refused(server: Served) -> None:
    head = f"POST /v1/in/{key(server)} HTTP/1.1\r\nhost: x\r\n".encode()
    answer = raw(server, head, *(b"x-%d: %b\r\n" % (number, b"y" * 8000) for number in range(10)), until=b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_told_so(server: Served) -> None:
    answer = raw(server, b"POST /v1/in/x HTTP/1.1\r\nbad header line\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"not HTTP" in answer


def test_pipelined_requests_are_answered_in_order(server: Served) -> None:
    one = b'{"title": "pipelined"}'
    path = f"/v1/in/{key(server)}"

    def request(where: str) -> bytes:
        return f"POST {where} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(one)}\r\n\r\n".encode() + one

    answer = raw(server, request(path) + request("/v1/in/wrong") + request(path), until=b"}HTTP/1.1 403")
    assert answer.startswith(b"HTTP/1.1 202 ")
    last = b"POST " + path.encode() + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    answer = raw(server, request(path) + request("/v1/in/wrong") + last)
    assert [line[9:12] for line in answer.split(b"\r\n") if line.startswith((b"HTTP", b"{"))][:1] == [b"202"]
    assert answer.count(b"HTTP/1.1 202") == 2
    assert answer.index(b"HTTP/1.1 403") > answer.index(b"HTTP/1.1 202")


def test_what_is_not_ours_behind_a_delivery_is_left_to_another_connection(server: Served) -> None:
    path = f"/v1/in/{key(server)}"
    ours = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    for other in (f"GET {path}".encode(), b"GET /healthz", b"POST /elsewhere"):
        answer = raw(server, ours + other + b" HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 202 ")
        assert answer.count(b"HTTP/1.1 ") == 1


def test_chunks_continues_and_slices_are_understood(server: Served) -> None:
    head = f"POST /v1/in/{key(server)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    chunked = (
        head + "transfer-encoding: chunked\r\n\r\n"
    ).encode() + b'a\r\n{"title": \r\nc\r\n"in slices"}\r\n0\r\n\r\n'
    answer = raw(server, *(chunked[at : at + 7] for at in range(0, len(chunked), 7)))
    assert answer.startswith(b"HTTP/1.1 202 ")
    incident(server, "in slices")
    patient = (head + "expect: 100-continue\r\ncontent-length: 2\r\n\r\n").encode()
    assert raw(server, patient, b"{}").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")


def test_one_connection_serves_deliveries_and_pages(server: Served) -> None:
    post = f"POST /v1/in/{key(server)} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    address = urlsplit(server.ready["url"])
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(post)
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_pagerduty_events_get_pagerdutys_answers(server: Served) -> None:
    event = {
        "routing_key": key(server),
        "event_action": "trigger",
        "dedup_key": "pd-1",
        "payload": {"summary": "from PagerDuty", "source": "web-1", "severity": "error"},
    }
    status, body, _ = server.post(json.dumps(event).encode(), path="/v2/enqueue")
    assert (status, json.loads(body)) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "pd-1"},
    )
    assert incident(server, "from PagerDuty")["severity"] == "high"
    resolve = {"routing_key": key(server), "event_action": "resolve", "dedup_key": "pd-1"}
    assert server.post(json.dumps(resolve).encode(), path="/v2/enqueue")[0] == 202
    wait_until(lambda: incident(server, "from PagerDuty")["status"] == "resolved")


def test_pagerduty_makes_a_key_and_finds_its_alert_again(server: Served) -> None:
    event = {
        "routing_key": key(server),
        "event_action": "trigger",
        "payload": {"summary": "key made here", "source": "x", "severity": "info"},
    }
    made = json.loads(server.post(json.dumps(event).encode(), path="/v2/enqueue")[1])["dedup_key"]
    incident(server, "key made here")
    event |= {"event_action": "acknowledge", "dedup_key": made}
    assert server.post(json.dumps(event).encode(), path="/v2/enqueue")[0] == 202
    wait_until(lambda: incident(server, "key made here")["status"] == "acknowledged")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (b"not json", "Event object format is unrecognized"),
        (b'{"event_action": "trigger", "payload": {"summary": "x"}}', "Event object is invalid"),
        (b'{"routing_key": "wrong", "event_action": "resolve", "dedup_key": "x"}', "Event object is invalid"),
    ],
)
def test_pagerduty_events_that_can_never_succeed_are_refused(server: Served, event: bytes, message: str) -> None:
    status, body, _ = server.post(event, path="/v2/enqueue")
    assert status == 400
    assert json.loads(body)["message"] == message
    assert json.loads(body)["errors"]


def test_an_envelope_of_sns_without_its_headers_is_verified_too(server: Served) -> None:
    message = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:111122223333:x", "Message": "sneaked in"}
    for headers in (JSON, JSON | {"x-amz-sns-message-type": "Notification", "x-amz-sns-rawdelivery": "true"}):
        assert server.post(json.dumps(message | {"SigningCertURL": "https://x.example"}).encode(), headers)[0] == 403


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"SigningCertURL": "https://sns.us-east-1.amazonaws.com.evil.example/x.pem"},
        {"TopicArn": "arn:aws:sns:us-east-1:999999999999:other"},
        {"SignatureVersion": "3"},
        {"Signature": None},
    ],
)
def test_forged_sns_messages_are_refused(server: Served, change: dict[str, Any]) -> None:
    message = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": "arn:aws:sns:us-east-1:111122223333:alarms",
        "Message": "forged",
        "Timestamp": "2026-11-21T00:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "bm8=",
        "SigningCertURL": "http://sns.us-east-1.amazonaws.com/x.pem",
    }
    headers = {"content-type": "text/plain", "x-amz-sns-message-type": "Notification"}
    status, body, _ = server.post(json.dumps(message | change).encode(), headers)
    assert status == 403
    assert json.loads(body)["message"]
    assert not [row for row in server.incidents() if row["title"] == "forged"]


def test_credentials_in_headers_are_not_kept(server: Served) -> None:
    hidden = "very-secret"
    server.post(b'{"title": "with credentials"}', JSON | {"authorization": f"Basic {hidden}", "cookie": hidden})
    incident(server, "with credentials")
    assert hidden.encode() not in server.db.read_bytes()
    wal = server.db.with_name(server.db.name + "-wal")
    assert not wal.exists() or hidden.encode() not in wal.read_bytes()


def test_many_senders_at_once_are_all_heard(server: Served) -> None:
    statuses: list[int] = []

    def send(number: int) -> None:
        statuses.extend(server.post(f'{{"title": "crowd {number}-{index}"}}'.encode())[0] for index in range(25))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202] * 200
    server.rest()
    assert sum(row["title"].startswith("crowd ") for row in server.incidents()) == 200


def test_health_pages_answer(server: Served) -> None:
    assert server.post(b"", path="/healthz", method="GET")[:2] == (200, b"ok\n")
    assert server.post(b"", path="/readyz", method="GET")[:2] == (200, b"ok\n")
    figures = server.post(b"", path="/metrics", method="GET")[1].decode()
    for name in (
        "tocsin_deliveries_accepted_total",
        "tocsin_deliveries_parsed_total",
        "tocsin_deliveries_undecodable_total",
        "tocsin_effects_total",
        "tocsin_oldest_due_age_seconds",
        "tocsin_oldest_undelivered_age_seconds",
        "tocsin_broken_promises 0.0",
    ):
        assert name in figures


def test_the_database_file_is_its_owners_alone(server: Served, tmp_path: Path) -> None:
    assert server.db.stat().st_mode & 0o077 == 0
    assert (server.folder / "ready.json").stat().st_mode & 0o077 == 0
    assert tmp_path.exists()
