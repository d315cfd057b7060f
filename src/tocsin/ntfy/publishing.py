"""One request to an ntfy server; every way in which it can end becomes a result that does not name the topic.

Who knows a topic's address can read it and write to it: it is a secret. So errors are in our own words, and redirects
are not followed, which also keeps the request away from every other machine.
Sources: https://docs.ntfy.sh/publish/#publish-as-json, https://docs.ntfy.sh/publish/#limitations.
"""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from tocsin.engine.ports import DeliveryResult, Refused
from tocsin.posting.requests import Answer, Limits, Place, judged, post

_VENDOR: Final = "ntfy"
_REFUSALS: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "it wants a password for this topic",
    HTTPStatus.FORBIDDEN: "nobody may publish to this topic without a password",
    HTTPStatus.NOT_FOUND: "there is no ntfy at this address",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the message is too long for it",
    HTTPStatus.TOO_MANY_REQUESTS: "too many messages",
}
_REDIRECT: Final = "it sends us to another address, and redirects are not followed"
_PATH: Final = re.compile(r"[!-~]*")  # What a request line can carry.


@dataclass(frozen=True, slots=True)
class Topic:
    """Where to publish: JSON goes to the server's *path*, which ends with a slash, and names the topic."""

    secure: bool
    host: str
    port: int
    path: str = field(repr=False)
    name: str = field(repr=False)


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
    place = Place(topic.host, topic.port, topic.path, topic.secure)
    headers = {"Content-Type": "application/json"}
    try:
        answer = post(place, headers, body, limits=limits, context=context, vendor=_VENDOR)
    except http.client.InvalidURL:
        return Refused("the ntfy address is none")
    except UnicodeError:
        return Refused("the ntfy address has a host that cannot be")
    return judged(answer, _VENDOR, _reason(answer.status)) if isinstance(answer, Answer) else answer


def _reason(status: int) -> str:
    moved = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return _REDIRECT if moved else _REFUSALS.get(status, "")
