"""Pages by push notification, published to real HTTP servers on this machine."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.mail.post_office import certificate, scripted
from tests.ntfy.push_server import HOST, PushServer, push_server
from tests.slack.slack_examples import ADA, NOW, SETTING, alert, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import MINUTE, SECOND, Instant
from tocsin.ntfy.publishing import read_topic
from tocsin.ntfy.transport import MESSAGE_BYTES_MAX, NtfyTransport
from tocsin.posting.requests import RETRY_AFTER_DEFAULT, RETRY_AFTER_MAX, Limits

SECRET = "secret-" + "name"  # In two pieces, so that a line of this file in a log does not hold it.
URL = "https://tocsin.example"
WHY = "You are the first to be asked."
OPEN = incident()
USUAL = ssl.create_default_context()
PATIENT = Limits(answer=5 * SECOND, whole=5 * SECOND)


@pytest.fixture
def server() -> Iterator[PushServer]:
    with push_server() as server:
        yield server


def transport(*, limits: Limits = PATIENT, context: ssl.SSLContext = USUAL) -> NtfyTransport:
    return NtfyTransport(now=lambda: NOW, names=SETTING.names, url=URL, limits=limits, context=context)


def page(state: object = OPEN, name: str = "inc-1") -> Job:
    return job("page", ADA, state, None, name, why=WHY)


def send(address: str, *jobs: Job, limits: Limits = PATIENT) -> list[DeliveryResult]:
    return list(transport(limits=limits).deliver(address, jobs or [page()]))


def error(results: list[DeliveryResult], kind: type[Postponed | Refused]) -> str:
    (result,) = results
    assert isinstance(result, kind)
    assert isinstance(result, Postponed | Refused)
    return result.error


# ── What arrives ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_is_a_push_that_leads_to_the_incident(server: PushServer) -> None:
    assert send(server.topic) == [Delivered()]
    (request,) = server.requests
    message = request.body.pop("message")
    assert (request.method, request.path) == ("POST", "/")
    assert request.headers["content-type"] == "application/json"
    assert request.body == {
        "topic": "test-topic",
        "title": "[critical] CPU is high — asks you",
        "priority": 5,
        "tags": ["red_circle"],
        "click": "https://tocsin.example/incidents/inc-1",
    }
    assert message.startswith(f"{WHY}\n\nCPU is high\n")


@pytest.mark.parametrize(
    ("severity", "priority", "tag"),
    [
        (Severity.CRITICAL, 5, "red_circle"),
        (Severity.HIGH, 4, "orange_circle"),
        (Severity.WARNING, 3, "yellow_circle"),
        (Severity.INFO, 3, "large_blue_circle"),
    ],
)
def test_the_worse_the_louder_and_never_silent(server: PushServer, severity: Severity, priority: int, tag: str) -> None:
    send(server.topic, page(replace(OPEN, severity=severity)))
    assert server.requests[0].body["priority"] == priority
    assert server.requests[0].body["tags"] == [tag]


def test_what_waits_together_is_one_push_as_loud_as_the_worst(server: PushServer) -> None:
    milder = incident(first=alert("Disk is full", severity=Severity.WARNING))
    assert send(server.topic, page(milder, "inc-2"), page()) == [Delivered()] * 2
    (request,) = server.requests
    assert request.body["title"] == "[critical] 2 incidents ask you at once"
    assert request.body["priority"] == 5
    assert request.body["click"] == URL


def test_what_only_shows_is_not_pushed(server: PushServer) -> None:
    assert send(server.topic, job("show", ADA, OPEN)) == [Delivered()]
    assert server.requests == []
    assert send(server.topic, job("show", ADA, OPEN), page()) == [Delivered()] * 2
    assert len(server.requests) == 1


def test_what_is_no_incident_is_refused(server: PushServer) -> None:
    assert send(server.topic, page(object()), page()) == [Refused("ntfy can tell of incidents only"), Delivered()]
    assert len(server.requests) == 1


HOSTILE: list[dict[str, Any]] = [
    {"title": "CPU\r\nX-Email: eve@example.com\r\n\r\n{}"},
    {"title": "\x00\x07 \ud800 \u202egnp.exe \N{FIRE}"},
    {"description": '"\\' * 4000},
    {"description": "\N{FIRE}" * 4000, "labels": {f"{n}" * 80: "é" * 300 for n in range(9)}},
    {"title": '"' * 500, "description": "\n" * 4000, "resource": "\\" * 9000},
]


@pytest.mark.parametrize("parts", HOSTILE)
def test_foreign_text_breaks_neither_the_request_nor_the_limits_of_ntfy(
    server: PushServer, parts: dict[str, Any]
) -> None:
    hostile = incident(first=alert(**parts))
    assert send(server.topic, page(hostile), page(hostile, "inc-2")) == [Delivered()] * 2
    assert send(server.topic, page(hostile)) == [Delivered()]
    for request in server.requests:
        assert sorted(request.headers) == ["accept-encoding", "content-length", "content-type", "host", "user-agent"]
        assert len(request.body["message"].encode()) <= MESSAGE_BYTES_MAX
        assert len(request.raw) <= 8192
        assert "\n" not in request.body["title"]


def test_a_push_that_is_too_long_ends_with_a_sign(server: PushServer) -> None:
    long = incident(first=alert(description="\N{FIRE}" * 700, labels={"é" * 80: "é" * 80}))
    send(server.topic, page(long))
    message = server.requests[0].body["message"]
    assert MESSAGE_BYTES_MAX - 8 < len(message.encode()) <= MESSAGE_BYTES_MAX
    assert message.endswith("…")


# ── Addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("path", "posted_to", "topic"),
    [("/a", "/", "a"), ("/a/", "/", "a"), ("/push/a", "/push/", "a"), ("/a%2Db", "/", "a-b"), ("/ä", "/", "ä")],
)
def test_the_topic_is_the_last_part_of_the_path(server: PushServer, path: str, posted_to: str, topic: str) -> None:
    assert send(server.url + path) == [Delivered()]
    assert (server.requests[0].path, server.requests[0].body["topic"]) == (posted_to, topic)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ntfy",
        "https://",
        "https://ntfy.example",
        "https://ntfy.example/",
        "ftp://ntfy.example/a",
        "https:///a",
        "https://ntfy.example:port/a",
        "https://[::1/a",
        "https://ntfy.example:99999/a",
        "https://ntfy.example/ä/b",
        "https://ntfy.example/a b/c",
    ],
)
def test_an_address_without_a_topic_is_refused(address: str) -> None:
    assert error(send(address), Refused) == "the ntfy address names no topic"


@pytest.mark.parametrize("address", ["http://a b/topic", "http://x\x7f/topic"])
def test_an_address_that_http_cannot_carry_is_refused(address: str) -> None:
    assert error(send(address), Refused) == "the ntfy address is none"


def test_a_host_that_cannot_be_is_refused() -> None:
    assert error(send("http://a..b/topic"), Refused) == "the ntfy address has a host that cannot be"


def test_without_a_port_it_is_the_usual_one() -> None:
    for address, port in (("https://[::1]/a", 443), ("http://ntfy.example/a", 80)):
        topic = read_topic(address)
        assert topic is not None
        assert topic.port == port


@given(st.text(max_size=60))
@example("https://\u2100/a")
def test_no_address_raises(text: str) -> None:
    read_topic(f"https://{text}")
    topic = read_topic(text)
    assert topic is None or "topic" not in repr(topic).replace("Topic", "")


# ── Encryption ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_https_holds_the_certificate_against_the_host(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with push_server(made.serving) as server:
        assert transport(context=made.trusting).deliver(server.topic, [page()]) == [Delivered()]
        assert error(send(server.topic), Refused) == "ntfy's certificate is not trusted"
        assert len(server.requests) == 1


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "ntfy answered 400"),
        (401, "ntfy answered 401: it wants a password for this topic"),
        (403, "ntfy answered 403: nobody may publish to this topic without a password"),
        (404, "ntfy answered 404: there is no ntfy at this address"),
        (413, "ntfy answered 413: the message is too long for it"),
        (499, "ntfy answered 499"),
    ],
)
def test_what_cannot_succeed_is_refused(server: PushServer, status: int, sentence: str) -> None:
    server.status = status
    assert error(send(server.topic), Refused) == sentence
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: PushServer, status: int) -> None:
    with push_server() as elsewhere:
        server.status = status
        server.headers = {"Location": elsewhere.topic}
        assert "redirects are not followed" in error(send(server.topic), Refused)
        assert elsewhere.requests == []
    assert len(server.requests) == 1


def test_too_many_waits_as_long_as_the_server_says_and_does_not_count(server: PushServer) -> None:
    server.status, server.headers = 429, {"Retry-After": "7"}
    assert (
        send(server.topic, page(), page(name="inc-2"))
        == [Postponed("ntfy answered 429: too many messages", after=7 * SECOND, counts=False)] * 2
    )


@pytest.mark.parametrize("text", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "999999"])
def test_too_many_without_a_time_counts_since_it_may_be_the_days_quota(server: PushServer, text: str) -> None:
    server.status, server.headers = 429, {"Retry-After": text}
    assert send(server.topic) == [Postponed("ntfy answered 429: too many messages", after=RETRY_AFTER_DEFAULT)]


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_too_long_for_a_page_is_refused(server: PushServer, status: int) -> None:
    server.status, server.headers = status, {"Retry-After": str(RETRY_AFTER_MAX // SECOND + 1)}
    assert "too long for a page" in error(send(server.topic), Refused)


@pytest.mark.parametrize("status", [500, 502, 503, 507, 599])
def test_a_servers_own_trouble_is_tried_again(server: PushServer, status: int) -> None:
    server.status = status
    assert send(server.topic) == [Postponed(f"ntfy answered {status}")]
    server.headers = {"Retry-After": "60"}
    assert send(server.topic) == [Postponed(f"ntfy answered {status}", after=MINUTE)]


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    assert send(f"http://{HOST}:{port}/topic") == [Postponed("ntfy could not be reached: ConnectionRefusedError")]


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-hello\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200])
def test_what_does_not_speak_http_is_tried_again(answer: bytes) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with scripted(script) as port:
        assert "ntfy" in error(send(f"http://{HOST}:{port}/topic"), Postponed)


def test_a_silent_server_is_left_in_time() -> None:
    with socket.create_server((HOST, 0)) as silent:
        address = f"http://{HOST}:{silent.getsockname()[1]}/topic"
        assert send(address, limits=Limits(answer=50, whole=5 * SECOND)) == [
            Postponed("ntfy could not be reached: TimeoutError")
        ]


def test_a_server_that_trickles_is_left_in_time() -> None:
    left = threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not left.wait(0.01):
            connection.sendall(b"H")

    with scripted(trickle) as port:
        results = send(f"http://{HOST}:{port}/topic", limits=Limits(answer=5 * SECOND, whole=200))
        left.set()
    assert error(results, Postponed).startswith("ntfy")


# ── The address is a secret ──────────────────────────────────────────────────────────────────────────────────────────
def test_no_error_and_no_log_names_the_topic(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), push_server() as server:
        addresses = [f"{server.url}/{SECRET}", f"http://{HOST}:1/{SECRET}", f"http://{SECRET}..x/a", f"x://{SECRET}"]
        addresses += [f"http://a b/{SECRET}", f"http://{SECRET}:port/a", f"http://{HOST}/ {SECRET}/a", f"//{SECRET}"]
        told = [
            result.error
            for server.status in (401, 403, 429, 500, 302)
            for address in addresses
            for result in send(address)
            if isinstance(result, Postponed | Refused)
        ]
    assert len(told) == 5 * len(addresses)
    assert SECRET not in " ".join(told)
    assert SECRET not in caplog.text


def test_a_mistake_of_ours_costs_an_attempt_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Instant:
        raise RuntimeError(SECRET)

    wrong = NtfyTransport(now=broken, names={}, url=URL)
    with caplog.at_level(logging.ERROR):
        assert wrong.deliver(f"http://{HOST}:1/topic", [page()]) == [Postponed("internal error, see the log")]
    assert "RuntimeError" in caplog.text
    assert "in broken" in caplog.text
    assert SECRET not in caplog.text
