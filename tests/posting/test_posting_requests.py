"""One POST to a vendor: every way in which it can end becomes a result in our own words."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.mail.post_office import Certificate, certificate
from tests.posting.vendor import HOST, Vendor, vendor
from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.posting.requests import RETRY_AFTER_DEFAULT, Answer, Limits, Place, judged, post

PATIENT = Limits(answer=5 * SECOND, whole=5 * SECOND)
USUAL = ssl.create_default_context()


def send(place: Place, *, limits: Limits = PATIENT, context: ssl.SSLContext = USUAL) -> Answer | Postponed | Refused:
    return post(replace(place, path="/path"), {"X-Of": "ours"}, b"body", limits=limits, context=context, vendor="It")


@pytest.fixture
def server() -> Iterator[Vendor]:
    with vendor() as server:
        yield server


def test_what_is_posted_arrives(server: Vendor) -> None:
    server.body = b'{"id": 1}'
    answer = send(server.place)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.wait, answer.body) == (201, None, b'{"id": 1}')
    (posted,) = server.posted
    assert (posted.path, posted.body, posted.headers["x-of"]) == ("/path", b"body", "ours")
    assert posted.headers["user-agent"] == "tocsin"


@pytest.mark.parametrize(
    ("status", "wait", "result"),
    [
        (200, None, Delivered()),
        (201, None, Delivered()),
        (302, None, Refused("It answered 302")),
        (400, None, Refused("It answered 400")),
        (429, None, Postponed("It answered 429", after=RETRY_AFTER_DEFAULT)),
        (429, 7 * SECOND, Postponed("It answered 429", after=7 * SECOND, counts=False)),
        (
            429,
            3 * MINUTE,
            Refused("It answered 429; it asks to wait 180 s, which is too long for a page"),
        ),
        (500, None, Postponed("It answered 500")),
        (503, 7 * SECOND, Postponed("It answered 503", after=7 * SECOND)),
    ],
)
def test_a_status_means_what_it_says(status: int, wait: int | None, result: DeliveryResult) -> None:
    assert judged(Answer(status, wait, b""), "It") == result


def test_the_vendors_reason_is_told() -> None:
    assert judged(Answer(400, None, b""), "It", "no such number") == Refused("It answered 400: no such number")


@pytest.mark.parametrize(("header", "wait"), [("30", 30 * SECOND), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
def test_the_time_to_wait_is_read(server: Vendor, header: str, wait: int | None) -> None:
    server.status, server.headers = 429, {"Retry-After": header}
    answer = send(server.place)
    assert isinstance(answer, Answer)
    assert answer.wait == wait


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        place = Place(HOST, free.getsockname()[1], "/", secure=False)
        assert send(place) == Postponed("It could not be reached: ConnectionRefusedError")


@contextmanager
def mumbling(said: bytes, *, again: bool = False) -> Iterator[Place]:
    """A server that says something to whoever comes, and then (*again* and again) nothing that makes sense."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(said)
            while again and not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Place(HOST, listener.getsockname()[1], "/", secure=False)
        finally:
            over.set()
            thread.join()


def test_an_answer_that_is_none() -> None:
    with mumbling(b"what?\r\n\r\n") as place:
        assert send(place) == Postponed("It's answer cannot be read: BadStatusLine")


def test_who_trickles_is_cut() -> None:
    with mumbling(b"HTTP/1.1 200 OK\r\nX-Header: ", again=True) as place:
        result = send(place, limits=Limits(answer=5 * SECOND, whole=SECOND // 10))
    assert isinstance(result, Answer | Postponed)
    assert not isinstance(result, Answer) or result.body == b""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"), (HOST, "192.0.2.7"))


def test_a_certificate_must_be_trusted(made: Certificate) -> None:
    with vendor(made.serving) as server:
        assert send(server.place) == Refused("It's certificate is not trusted")
        assert isinstance(send(server.place, context=made.trusting), Answer)


def test_a_pinned_address_is_asked_for_the_hosts_certificate(made: Certificate) -> None:
    with vendor(made.serving) as server:
        other = replace(server.place, host="192.0.2.8", at=HOST)
        assert send(other, context=made.trusting) == Refused("It's certificate is not trusted")
        assert server.posted == []
        assert isinstance(send(replace(other, host="192.0.2.7"), context=made.trusting), Answer)
