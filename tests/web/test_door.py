"""The front door, byte by byte: what is whole is taken and answered in order, and nobody stays for nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.web import front
from tests.web.front import Front, Held, post, read, wait_until
from tocsin.web import door, ingest
from tocsin.web.door import PIPELINE_MAX
from tocsin.web.ingest import Request, refusal, response

ANSWER = response(202, b"{}")


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def server(held: Held, caplog: pytest.LogCaptureFixture) -> Iterator[Front]:
    with front.front(lambda _: (held, ())) as running:
        yield running
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def answer_all(server: Front, held: Held, count: int) -> None:
    """Answer what was taken, once it is *count*."""
    wait_until(lambda: len(held.answers) == count)
    server.on_loop(lambda: [answer(ANSWER) for answer in held.answers])


def test_a_request_is_taken_whole(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(post(b'{"a": 1}', "/v1/in/key?x=y", "X-Odd: 1", "Authorization: no", "X-Tocsin-Once: no"))
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER
    [request] = held.requests
    assert (request.path, request.query, request.body) == (b"/v1/in/key", b"x=y", b'{"a": 1}')
    assert request.peer == "127.0.0.1"
    assert request.kept() == b"x-odd: 1"


@pytest.mark.parametrize("path", ["/v1/in", "/v1/in/", "/v1/in?key=x", "/v1/in/x/y"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_key_may_be_missing_in_the_path(server: Front, held: Held, path: str, method: str) -> None:
    with server.connect() as connection:
        connection.sendall(post(b"{}", path, method=method) * 2)
        answer_all(server, held, 2)
    assert {request.path for request in held.requests} == {path.partition("?")[0].encode()}


@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/inn", "/v1", "/v1/i"])
def test_a_path_that_only_begins_like_ours_is_uvicorns(server: Front, held: Held, path: str) -> None:
    assert server.exchange(post(b"{}", path, "connection: close")).startswith(b"HTTP/1.1 404 ")
    assert held.requests == []


@pytest.mark.parametrize(
    "header",
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-tocsin-key", "x-gitlab-token", "x-auth-token"],
)
def test_no_credential_is_kept(header: str) -> None:
    assert ingest.kept([(header.encode(), b"test-secret"), (b"x-odd", b"1")]) == b"x-odd: 1"


def test_a_request_in_single_bytes_is_the_same(server: Front, held: Held) -> None:
    with server.connect() as connection:
        for byte in post(b"abc"):
            connection.sendall(bytes([byte]))
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER
    assert held.requests[0].body == b"abc"


def test_who_says_nothing_is_let_go(server: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IDLE_SECONDS", 0.05)
    assert server.exchange() == b""
    assert server.exchange(b"PO") == b""
    assert server.exchange(post(b"half a body")[:-3]) == b""


def test_who_waits_for_an_answer_may_stay(server: Front, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "IDLE_SECONDS", 0.05)
    with server.connect() as connection:
        connection.sendall(post())
        wait_until(lambda: held.answers)
        for _ in range(3):  # Three others come, are idle, and are let go.
            assert server.exchange() == b""
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER
        assert read(connection) == b""


def test_too_many_requests_before_an_answer_are_refused_after_the_answers(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(post() * (PIPELINE_MAX + 3))
        answer_all(server, held, PIPELINE_MAX)
        found = read(connection)
    assert found.count(b"HTTP/1.1 202 ") == PIPELINE_MAX
    assert found.count(b"HTTP/1.1 503 ") == 1
    assert b"too many requests before an answer" in found[found.index(b"HTTP/1.1 503 ") :]
    assert len(held.requests) == PIPELINE_MAX


def test_answers_leave_in_the_order_of_the_requests(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(post(b"1") + post(b"2"))
        wait_until(lambda: len(held.answers) == 2)
        server.on_loop(lambda: held.answers[1](response(200, b"second")))
        server.on_loop(lambda: held.answers[0](response(200, b"first")))
        found = read(connection, b"second")
    assert found.index(b"first") < found.index(b"second")


def test_a_large_body_before_the_next_head_is_no_large_head(server: Front, held: Held) -> None:
    large, small = post(b"x" * 300_000), post(b"small")
    with server.connect() as connection:
        connection.sendall(large + small[:40])
        wait_until(lambda: len(held.answers) == 1)
        connection.sendall(small[40:])
        answer_all(server, held, 2)
        assert read(connection, b"{}HTTP/1.1 202").count(b"HTTP/1.1 202") == 2
    assert [len(request.body) for request in held.requests] == [300_000, 5]


def test_a_head_that_does_not_end_is_refused(server: Front, held: Held) -> None:
    for lines in (1, 20):  # One long line, and many.
        head = b"POST /v1/in/key HTTP/1.1\r\n" + b"x-long: %b\r\n" % (b"y" * (80_000 // lines)) * lines
        found = server.exchange(head, until=b"}")
        assert found.startswith(b"HTTP/1.1 431 ")
        assert b"the headers are larger than 65536 bytes" in found
    assert held.requests == []


def test_a_body_that_is_too_large_is_refused_and_the_rest_not_read(server: Front, held: Held) -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    head = b"POST /v1/in/key HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        with suppress(ConnectionError):
            connection.sendall(head + chunk * 9 + b"0\r\n\r\n" + post())
        found = read(connection, b"}")
    assert found.startswith(b"HTTP/1.1 413 ")
    assert held.requests == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /v1/in/key HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /v1/in/key HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"POST /v1/in/key SMTP/1.1\r\n\r\n",
        b"POST /v1/in/\xff\x00 HTTP/1.1\r\n\r\n",
        b"POST /v1/in/key HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nnot a size\r\n",
    ],
)
def test_what_is_no_http_is_told_so(server: Front, held: Held, request_bytes: bytes) -> None:
    found = server.exchange(request_bytes)
    assert found.startswith(b"HTTP/1.1 400 ")
    assert b"this is not HTTP: " in found
    assert held.requests == []


def test_an_offer_to_speak_another_protocol_is_ignored(server: Front, held: Held) -> None:
    # curl --http2 and Java's HttpClient make it with every request.
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    with server.connect() as connection:
        connection.sendall(post(b'{"a": 1}', "/v1/in/key?x=y", *offer, "X-Odd: 1"))
        wait_until(lambda: held.answers)
        connection.sendall(post(b"", "/v1/in/key", *offer))
        answer_all(server, held, 2)
        assert read(connection, b"{}HTTP/1.1 202").count(b"HTTP/1.1 202") == 2
        connection.sendall(post(b"last", "/v1/in/key", *offer, "Connection: close"))
        answer_all(server, held, 3)
        read(connection)
    assert [request.body for request in held.requests] == [b'{"a": 1}', b"", b"last"]
    assert held.requests[0].path == b"/v1/in/key"
    assert b"x-odd: 1" in held.requests[0].kept()
    assert b"upgrade" not in held.requests[0].kept()


def test_a_body_behind_an_offer_comes_in_pieces_too(server: Front, held: Held) -> None:
    head = b"POST /v1/in/key HTTP/1.1\r\nupgrade: h2c\r\nconnection: upgrade\r\ntransfer-encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        for byte in head + b"3\r\nabc\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER
    assert held.requests[0].body == b"abc"
    assert server.exchange(head + b"not a size\r\n").startswith(b"HTTP/1.1 400 ")


def test_nobody_is_connected_elsewhere(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(post() + b"CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: x\r\n\r\n")
        answer_all(server, held, 1)
        found = read(connection)
    assert found.startswith(b"HTTP/1.1 202 ")
    assert b"this is no proxy" in found[found.index(b"HTTP/1.1 400 ") :]


def test_other_paths_are_for_the_application(server: Front, held: Held) -> None:
    get = b"GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    assert server.exchange(get).endswith(b"hello")
    with server.connect() as connection:
        for byte in get:
            connection.sendall(bytes([byte]))
        assert read(connection).endswith(b"hello")
    assert server.exchange(b"HI\n").startswith(b"HTTP/1.1 400 ")
    with server.connect() as connection:
        connection.sendall(post())
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER
        connection.sendall(get)
        assert read(connection).endswith(b"hello")


def test_an_old_client_is_answered_and_let_go(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /v1/in/key HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
        answer_all(server, held, 1)
        assert read(connection) == ANSWER


def test_a_patient_client_is_asked_for_the_body(server: Front, held: Held) -> None:
    with server.connect() as connection:
        whole = post(b"body", "/v1/in/key", "Expect: 100-Continue")
        connection.sendall(whole[:-4])
        assert read(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(whole[-4:])
        answer_all(server, held, 1)
        assert read(connection, b"{}") == ANSWER


def test_who_has_gone_before_the_answer_was_heard_all_the_same(server: Front, held: Held) -> None:
    with server.connect() as connection:
        connection.sendall(post(b"heard"))
    with server.connect() as connection:
        connection.sendall(post(b"another")[:-2])
    answer_all(server, held, 1)
    assert [request.body for request in held.requests] == [b"heard"]
    with server.connect() as connection:
        connection.sendall(post(b"next"))
        answer_all(server, held, 2)
        assert read(connection, b"{}") == ANSWER


def test_an_end_waits_for_the_answers_that_are_due(server: Front, held: Held) -> None:
    with server.connect() as waits, server.connect() as halfway, server.connect() as idle:
        waits.sendall(post())
        halfway.sendall(post(b"half a body")[:-3])
        idle.sendall(b"PO")
        wait_until(lambda: held.answers and len(server.server.server_state.connections) == 3)
        server.server.should_exit = True
        assert read(halfway) == b""
        assert read(idle) == b""
        waits.sendall(post(b"too late"))
        answer_all(server, held, 1)
        assert read(waits) == ANSWER
    assert len(held.requests) == 1


def test_a_refusal_says_what_is_wrong() -> None:
    whole = refusal(503, 'say "why"', b"retry-after: 5\r\n")
    assert whole == (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 44\r\ncontent-type: application/json\r\n"
        b'retry-after: 5\r\n\r\n{"status":"refused","message":"say \\"why\\""}'
    )


def test_equal_headers_are_all_kept() -> None:
    request = Request(b"/", [(b"x", b"1"), (b"cookie", b"c"), (b"x", b"2")], b"")
    assert request.kept() == b"x: 1\nx: 2"
