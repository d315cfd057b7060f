"""The fetcher asks Amazon SNS and nobody else, and takes no more than it must."""

from __future__ import annotations

import http.client
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import pytest

from tests.sns.signing import CERTIFICATE_URL, TOPIC
from tocsin.sns import Fetcher, FetchError
from tocsin.sns.fetching import BODY_BYTES_MAX

CONFIRMATION_URL = (
    f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC.replace(':', '%3A')}&Token=t"
)

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[Callable[[str, float], http.client.HTTPConnection], list[str]]]:
    """A server on the loopback interface that stands for any host, and the hosts and paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's.
            """Say nothing."""

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away early is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def connect(host: str, timeout: float) -> http.client.HTTPConnection:
        asked.append(host)
        return http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=timeout)

    try:
        yield connect, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(body: bytes, status: int = 200, *, length: int | None = None, location: str = "") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if location:
            handler.send_header("Location", location)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (CERTIFICATE_URL, "/SimpleNotificationService-0.pem"),
        (CONFIRMATION_URL, CONFIRMATION_URL.removeprefix("https://sns.eu-west-1.amazonaws.com")),
    ],
)
def test_what_stands_there_is_fetched(address: str, path: str) -> None:
    with answering(page(b"x" * BODY_BYTES_MAX)) as (connect, asked):
        assert Fetcher(connect)(address) == b"x" * BODY_BYTES_MAX
    assert asked == ["sns.eu-west-1.amazonaws.com", path]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    there = page(b"", status, location=CERTIFICATE_URL)
    with answering(there) as (connect, asked), pytest.raises(FetchError, match=f"answered {status}"):
        Fetcher(connect)(CERTIFICATE_URL)
    assert len(asked) == 2


@pytest.mark.parametrize("status", [204, 400, 403, 404, 500, 503])
def test_only_200_will_do(status: int) -> None:
    with answering(page(b"", status)) as (connect, _), pytest.raises(FetchError, match=f"answered {status}"):
        Fetcher(connect)(CERTIFICATE_URL)


def test_a_body_that_is_too_large_is_left_alone() -> None:
    with answering(page(b"x" * (BODY_BYTES_MAX + 1))) as (connect, _), pytest.raises(FetchError, match="more than"):
        Fetcher(connect)(CERTIFICATE_URL)


def test_a_body_that_breaks_off_is_none() -> None:
    with answering(page(b"x", length=9)) as (connect, _), pytest.raises(FetchError, match="broke off"):
        Fetcher(connect)(CERTIFICATE_URL)


def test_a_server_that_says_nothing_is_given_up() -> None:
    released = threading.Event()
    with answering(lambda _: (released.wait(30), None)[1]) as (connect, _):
        with pytest.raises(FetchError, match="could not be asked: timed out"):
            Fetcher(connect, timeout=0.05)(CERTIFICATE_URL)
        released.set()


def test_a_server_that_drips_is_given_up() -> None:
    stopped = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stopped.wait(0.005):
            handler.wfile.write(b"x")

    with answering(drip) as (connect, _):
        with pytest.raises(FetchError, match=r"took longer than 0\.1 s|timed out"):
            Fetcher(connect, timeout=0.1)(CERTIFICATE_URL)
        stopped.set()


def test_nonsense_instead_of_http_is_an_error() -> None:
    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 smtp ready\r\n")

    with answering(nonsense) as (connect, _), pytest.raises(FetchError, match="could not be asked"):
        Fetcher(connect)(CERTIFICATE_URL)


def test_a_closed_port_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match="could not be asked"):
        Fetcher(lambda _, timeout: http.client.HTTPConnection("127.0.0.1", port, timeout=timeout))(CERTIFICATE_URL)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/a.pem",
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com@127.0.0.1/a.pem",
        "https://169.254.169.254/latest/meta-data/a.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_foreign_address_is_not_even_connected_to(address: str) -> None:
    with answering(page(b"x")) as (connect, asked), pytest.raises(FetchError, match="is not an address of Amazon SNS"):
        Fetcher(connect)(address)
    assert asked == []


def test_no_proxy_variable_is_looked_at() -> None:
    with answering(page(b"x")) as (connect, asked):
        proxy = connect("proxy.example", 1)
        address = f"http://127.0.0.1:{proxy.port}"
        with patch.dict(os.environ, {"https_proxy": address, "HTTPS_PROXY": address, "all_proxy": address}):
            made = Fetcher()._connect("sns.eu-west-1.amazonaws.com", 1.0)
    assert isinstance(made, http.client.HTTPSConnection)
    assert (made.host, made.port, made.timeout) == ("sns.eu-west-1.amazonaws.com", 443, 1.0)
    assert asked == ["proxy.example"]
