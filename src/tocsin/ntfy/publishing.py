"""One request to an ntfy server; every way in which it can end becomes a result that does not name the topic.

Who knows a topic's address can read it and write to it: it is a secret. So errors are in our own words, and redirects
are not followed, which also keeps the request away from every other machine.
Sources: https://docs.ntfy.sh/publish/#publish-as-json, https://docs.ntfy.sh/publish/#limitations.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.kernel.time import MINUTE, SECOND, Duration

RETRY_AFTER_DEFAULT: Final[Duration] = 5 * SECOND  # As often ntfy gives a sender that sent too much one message more.
RETRY_AFTER_MAX: Final[Duration] = 2 * MINUTE  # Somebody waits for an answer: rather another way than a later page.

_REFUSALS: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "it wants a password for this topic",
    HTTPStatus.FORBIDDEN: "nobody may publish to this topic without a password",
    HTTPStatus.NOT_FOUND: "there is no ntfy at this address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the message is too long for it",
}
_PATH: Final = re.compile(r"[!-~]*")  # What a request line can carry.
_DIGITS_MAX: Final = 5  # Of a Retry-After; more than a day is written as a mistake.


@dataclass(frozen=True, slots=True)
class Topic:
    """Where to publish: JSON goes to the server's *path*, which ends with a slash, and names the topic."""

    secure: bool
    host: str
    port: int
    path: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a server may take, in ms: *answer* for the connection and each part, *whole* for all of it."""

    answer: Duration = 10 * SECOND
    whole: Duration = 20 * SECOND


def read_topic(address: str) -> Topic | None:
    """The topic at *address* (`https://ntfy.example.com/topic`); None when there is none."""
    try:
        parts = urlsplit(address)
        port = parts.port or (http.client.HTTPS_PORT if parts.scheme == "https" else http.client.HTTP_PORT)
    except ValueError:
        return None
    path, _, name = parts.path.rstrip("/").rpartition("/")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not name or not _PATH.fullmatch(path):
        return None
    return Topic(secure=parts.scheme == "https", host=parts.hostname, port=port, path=f"{path}/", name=unquote(name))


def publish(topic: Topic, body: bytes, *, limits: Limits, context: ssl.SSLContext) -> DeliveryResult:
    """Post *body* to the server of *topic*. Raises nothing that a server or a network can cause."""
    try:
        connection = _connection(topic, limits, context)
        with closing(connection):
            connection.connect()
            with _cut_after(connection, limits.whole):
                headers = {"Content-Type": "application/json", "User-Agent": "tocsin"}
                connection.request("POST", topic.path, body, headers)
                answer = connection.getresponse()
                return _judged(answer.status, answer.headers.get("Retry-After", ""))
    except ssl.SSLCertVerificationError:
        return Refused("the ntfy server's certificate is not trusted")
    except http.client.InvalidURL:
        return Refused("the ntfy address is none")
    except OSError as problem:
        return Postponed(f"ntfy could not be reached: {type(problem).__name__}")
    except http.client.HTTPException as problem:
        return Postponed(f"ntfy's answer cannot be read: {type(problem).__name__}")
    except UnicodeError:
        return Refused("the ntfy address has a host that cannot be")


def _judged(status: int, retry_after: str) -> DeliveryResult:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    error = f"ntfy answered {status}"
    wait = _seconds(retry_after)
    if wait is not None and wait > RETRY_AFTER_MAX and _is_trouble(status):
        return Refused(f"{error} and asks to wait {wait // SECOND} s, which is too long for a page")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # Without a time it may be the quota of the whole day: then the attempts count, and another way is tried.
        return Postponed(f"{error}: too many messages", after=wait or RETRY_AFTER_DEFAULT, counts=wait is None)
    if _is_trouble(status):
        return Postponed(error, after=wait)
    if status < HTTPStatus.BAD_REQUEST:
        return Refused(f"{error}: it sends us to another address, and redirects are not followed")
    reason = _REFUSALS.get(status)
    return Refused(f"{error}: {reason}" if reason else error)


def _is_trouble(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _seconds(retry_after: str) -> Duration | None:
    """Milliseconds of a Retry-After in seconds; None for its other form, which no ntfy uses."""
    text = retry_after.strip()
    return int(text) * SECOND if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


def _connection(topic: Topic, limits: Limits, context: ssl.SSLContext) -> http.client.HTTPConnection:
    if topic.secure:
        return http.client.HTTPSConnection(topic.host, topic.port, timeout=limits.answer / SECOND, context=context)
    return http.client.HTTPConnection(topic.host, topic.port, timeout=limits.answer / SECOND)


@contextmanager
def _cut_after(connection: http.client.HTTPConnection, wait: Duration) -> Iterator[None]:
    """End the connection after *wait*: a limit for each part begins anew with every byte that trickles in."""
    sock: socket.socket = connection.sock

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # Below TLS, whose own would spoil what is being read.

    timer = threading.Timer(wait / SECOND, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
