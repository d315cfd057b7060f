"""One request to a vendor; every way in which it can end becomes an answer in our own words.

Redirects are not followed, which keeps a request, and the secret in it, away from every other machine.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.kernel.time import MINUTE, SECOND, Duration
from tocsin.posting.cutting import cut_after

RETRY_AFTER_DEFAULT: Final[Duration] = 5 * SECOND
RETRY_AFTER_MAX: Final[Duration] = 2 * MINUTE  # Somebody waits for an answer: rather another way than a later page.
BODY_BYTES_MAX: Final = 64 * 1024  # More of an answer is not read.

_DIGITS_MAX: Final = 5  # Of a Retry-After; more than a day is written as a mistake.


@dataclass(frozen=True, slots=True)
class Place:
    """Where to post. *at*: the IP address to connect to, instead of what the host's name leads to."""

    host: str
    port: int
    path: str = field(repr=False)
    secure: bool = True
    at: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a vendor may take, in ms: *answer* for the connection and each part, *whole* for all of it."""

    answer: Duration = 10 * SECOND
    whole: Duration = 20 * SECOND


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. *wait*: the Retry-After in ms."""

    status: int
    wait: Duration | None
    body: bytes = field(repr=False)


def post(
    place: Place, headers: Mapping[str, str], body: bytes, *, limits: Limits, context: ssl.SSLContext, vendor: str
) -> Answer | Postponed | Refused:
    """Post *body* to *place*; *vendor* is its name in errors. Raises nothing that a server or a network can cause."""
    return request("POST", place, headers, body, limits=limits, context=context, vendor=vendor)


def request(
    method: str,
    place: Place,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    limits: Limits,
    context: ssl.SSLContext,
    vendor: str,
) -> Answer | Postponed | Refused:
    """As `post`, with any *method*; *body* None: it has none."""
    connection = _connection(place, limits, context)
    try:
        with closing(connection):
            connection.connect()
            sock: socket.socket = connection.sock
            with cut_after(limits.whole, lambda: sock):
                connection.request(method, place.path, body, {"User-Agent": "tocsin", **headers})
                answer = connection.getresponse()
                wait = _seconds(answer.headers.get("Retry-After", ""))
                return Answer(answer.status, wait, answer.read(BODY_BYTES_MAX))
    except ssl.SSLCertVerificationError:
        return Refused(f"{vendor}'s certificate is not trusted")
    except OSError as problem:
        return Postponed(f"{vendor} could not be reached: {type(problem).__name__}")
    except http.client.HTTPException as problem:
        return Postponed(f"{vendor}'s answer cannot be read: {type(problem).__name__}")


def judged(answer: Answer, vendor: str, reason: str = "") -> DeliveryResult:
    """What the status of *answer* means for a page; *reason*: the vendor's own, in words that may be shown."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    error = f"{vendor} answered {answer.status}" + (f": {reason}" if reason else "")
    trouble = answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if not trouble:
        return Refused(error)
    if answer.wait is not None and answer.wait > RETRY_AFTER_MAX:
        return Refused(f"{error}; it asks to wait {answer.wait // SECOND} s, which is too long for a page")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        # Without a time it may be the quota of the whole day: then the attempts count, and another way is tried.
        return Postponed(error, after=answer.wait or RETRY_AFTER_DEFAULT, counts=answer.wait is None)
    return Postponed(error, after=answer.wait)


def _seconds(retry_after: str) -> Duration | None:
    """Milliseconds of a Retry-After in seconds; None for its other form, a date."""
    text = retry_after.strip()
    return int(text) * SECOND if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


class _Pinned(http.client.HTTPSConnection):
    """TLS with a host by its name, at an address that was looked up, and judged, before."""

    def __init__(self, place: Place, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(place.host, place.port, timeout=timeout, context=context)
        self._at = place.at
        self._tls = context

    def connect(self) -> None:
        """Connect to the address, and ask it for the host's certificate."""
        sock = socket.create_connection((self._at, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


def _connection(place: Place, limits: Limits, context: ssl.SSLContext) -> http.client.HTTPConnection:
    timeout = limits.answer / SECOND
    if place.at:
        assert place.secure, "who is pinned proves by its certificate who it is"
        return _Pinned(place, timeout, context)
    if place.secure:
        return http.client.HTTPSConnection(place.host, place.port, timeout=timeout, context=context)
    return http.client.HTTPConnection(place.host, place.port, timeout=timeout)
