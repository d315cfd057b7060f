"""The way to people by push messages: one address stands for all browsers of a person.

Source: RFC 8030 (Generic Event Delivery Using HTTP Push): TTL, Urgency, and what the answers mean.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, Protocol

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.telling import Told
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.posting.paging import Message, Paging
from tocsin.posting.requests import Answer, Limits, Place, judged, post
from tocsin.webpush.encryption import PAYLOAD_BYTES_MAX, encrypt, read_base64, read_point
from tocsin.webpush.subscriptions import Resolve, Subscription, public_address, read_endpoint
from tocsin.webpush.vapid import Vapid

VENDOR: Final = "the push service"
TTL: Final[Duration] = HOUR  # A browser that was away longer shows the console anyway.
TITLE_MAX: Final = 200  # Characters.
TEXT_MAX: Final = 800  # Characters: at most 3200 bytes. A notification shows a few lines.

# Services answer at once. Whoever registers a slow one delays what the same person's other browsers show.
_LIMITS: Final = Limits(answer=5 * SECOND, whole=8 * SECOND)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Browsers(Protocol):
    """The browsers of people."""

    def subscriptions(self, responder: str) -> Sequence[Subscription]:
        """Those of *responder*."""
        ...

    def forget(self, endpoint: str) -> None:
        """The push service knows this one no more. Raises StoreUnavailableError."""
        ...


class WebPushTransport:
    """A `Transport`. Addresses are the ids of responders."""

    name = "push"

    def __init__(
        self,
        browsers: Browsers,
        vapid: Vapid,
        paging: Paging,
        *,
        now: Callable[[], Instant],
        resolve: Resolve = public_address,
        limits: Limits = _LIMITS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """*paging* makes the messages. *resolve*, *limits* and *context* are for tests."""
        self._browsers = browsers
        self._vapid = vapid
        self._paging = paging
        self._now = now
        self._resolve = resolve
        self._limits = limits
        self._context = context or ssl.create_default_context()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port. It is delivered when one browser has it."""

        def send(message: Message) -> DeliveryResult:
            body = payload(message.told)
            results = [self._send(each, body) for each in self._browsers.subscriptions(address)]
            for kind in (Delivered, Postponed, Refused):
                for result in results:
                    if isinstance(result, kind):
                        return result
            return Refused("no browser is registered any more")

        return self._paging.deliver("a push message", jobs, send)

    def _send(self, browser: Subscription, body: bytes) -> DeliveryResult:
        endpoint = read_endpoint(browser.endpoint)
        key, secret = read_point(read_base64(browser.key) or b""), read_base64(browser.secret)
        if endpoint is None or key is None or secret is None:
            return Refused("the browser's subscription cannot be read")
        at = self._resolve(endpoint.host, endpoint.port)
        if at is None:
            return Postponed(f"{VENDOR} has no public address now")
        headers = {
            "Authorization": self._vapid.authorization(endpoint.origin, self._now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL // SECOND),
            "Urgency": "high",
        }
        place = Place(endpoint.host, endpoint.port, endpoint.path, at=at)
        sealed = encrypt(body, key, secret)
        answer = post(place, headers, sealed, limits=self._limits, context=self._context, vendor=VENDOR)
        if not isinstance(answer, Answer):
            return answer
        if answer.status in _GONE:
            self._browsers.forget(browser.endpoint)
            return Refused("the browser does not want push messages any more")
        return judged(answer, VENDOR)


def payload(told: Told) -> bytes:
    """What the console's service worker shows."""
    title, text = told.headline[:TITLE_MAX], told.text[:TEXT_MAX].rstrip()
    raw = json.encode({"title": title, "body": text, "url": told.link})
    if len(raw) > PAYLOAD_BYTES_MAX:
        raw = json.encode({"title": title, "body": "", "url": told.link[: PAYLOAD_BYTES_MAX // 2]})
    return raw
