"""Requests of several threads to one service: connections are kept, and found out where they were closed."""

from __future__ import annotations

import http.client
import ssl
import threading
from typing import Any

import pytest

from tests.aws.json_server import serving
from tocsin.aws import wire
from tocsin.aws.calls import DYNAMODB
from tocsin.aws.wire import Wire

WHO = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}


def wired(url: str) -> Wire:
    return Wire(WHO | {"AWS_ENDPOINT_URL_DYNAMODB": url}, DYNAMODB, now=lambda: 1_795_000_000.0)


def test_a_request_is_signed_and_its_connection_kept() -> None:
    with serving((200, b'{"a": 1}'), (400, b"{}")) as (server, url):
        made = wired(url)
        assert made.post("GetItem", b"{}") == (200, b'{"a": 1}')
        assert made.post("PutItem", b"{}") == (400, b"{}")
        made.close()
    headers, _ = server.seen[0]
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert "/eu-west-1/dynamodb/aws4_request" in headers["authorization"]
    assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    with serving((200, b"{}")) as (server, url):
        made = wired(url)
        made.post("GetItem", b"{}")
        sock = made._free[0].sock
    # The server has gone, and its end of the connection with it.
    server.close_all()
    assert wire._has_something(sock)
    with pytest.raises(ConnectionError):
        made.post("GetItem", b"{}")
    assert not made._free


def test_an_answer_that_is_lost_is_told_and_nothing_is_tried_again() -> None:
    with serving(None) as (server, url), pytest.raises((http.client.HTTPException, OSError)):
        wired(url).post("GetItem", b"{}")
    assert len(server.seen) == 1


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_BYTES_MAX", 3)
    with serving((200, b'{"a": 1}')) as (_, url), pytest.raises(http.client.HTTPException, match="too large"):
        wired(url).post("GetItem", b"{}")


def test_threads_have_connections_of_their_own() -> None:
    with serving((200, b"{}")) as (server, url):
        made = wired(url)
        gate = threading.Barrier(4)

        def ask() -> None:
            gate.wait(30)
            for _ in range(20):
                made.post("GetItem", b"{}")

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        made.close()
    assert len(server.seen) == 80
    assert server.connections <= 80 // 2


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Secure:
        def __init__(self, host: str, **more: object) -> None:
            made.append((host, more["context"]))

        def connect(self) -> None:
            raise ssl.SSLError("no")

        def close(self) -> None:
            made.append("closed")

    monkeypatch.setattr(http.client, "HTTPSConnection", Secure)
    service = Wire(WHO, DYNAMODB)
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            service.post("GetItem", b"{}")
    (host, context), _, (_, again), _ = made
    assert host == "dynamodb.eu-west-1.amazonaws.com"
    assert context is again
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_connection_that_the_service_ends_is_not_kept() -> None:
    with serving((200, b"{}")) as (server, url):
        server.ends = True
        made = wired(url)
        made.post("GetItem", b"{}")
        assert not made._free
