"""The keys with which Microsoft signs what it sends to bots.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (connector to
bot, steps 2 and 3), RFC 7517 for the keys. Each key has *endorsements*: the channels for which it may sign.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
import msgspec

from tocsin.kernel import json
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.posting.requests import Answer, Limits, request
from tocsin.teams.cloud import Cloud, place

FRESH: Final[Duration] = DAY  # Microsoft's own software keeps them for days; a new key shows as an unknown id.
RENEW_EVERY: Final[Duration] = MINUTE  # Whoever invents key ids makes us ask once a minute, and no more.
KEYS_MAX: Final = 100
WAITING_MAX: Final = 4  # Requests that wait while keys are fetched; anybody can send some with an invented key id.

_LIMITS: Final = Limits()
_LOGGER: Final = logging.getLogger(__name__)


class SigningKey(msgspec.Struct, frozen=True):
    """A public key, and the channels for which it may sign."""

    key: jwt.PyJWK
    endorsements: frozenset[str]


class SigningKeys:
    """The keys by id, fetched when they are needed. Good for all threads."""

    def __init__(
        self,
        cloud: Cloud,
        *,
        now: Callable[[], Instant],
        limits: Limits = _LIMITS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is fetched yet. *context* None: the certificates that the machine trusts."""
        self._cloud = cloud
        self._now = now
        self._limits = limits
        self._context = context or ssl.create_default_context()
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at: Instant | None = None
        self._tried_at: Instant | None = None

    def find(self, kid: str) -> SigningKey | None:
        """The key with this id; None: there is none, as far as we could find out."""
        known = self._keys.get(kid)
        if known is not None and not self._old(self._now()):
            return known  # Without a lock: whoever makes us fetch keys holds nobody up who has a good one.
        if not self._waiting.acquire(blocking=False):
            return known
        try:
            return self._looked_up(kid)
        finally:
            self._waiting.release()

    def _old(self, now: Instant) -> bool:
        return self._fetched_at is None or now - self._fetched_at > FRESH

    def _looked_up(self, kid: str) -> SigningKey | None:
        with self._lock:
            now = self._now()
            known = self._keys.get(kid)
            old = self._old(now)
            rested = self._tried_at is None or now - self._tried_at >= RENEW_EVERY
            if (known is None or old) and rested:
                self._tried_at = now
                found = self._fetch()
                if found:
                    self._keys, self._fetched_at = found, now
            return self._keys.get(kid)

    def _fetch(self) -> Mapping[str, SigningKey]:
        """All keys; empty when they could not be had, and those that are known go on."""
        metadata = self._get(self._cloud.metadata)
        where = str(metadata.get("jwks_uri", ""))
        if not _same_host(where, self._cloud.metadata):
            _LOGGER.warning("the keys of Microsoft's bots could not be found")
            return {}
        listed = self._get(where).get("keys")
        return dict(found for one in (listed if isinstance(listed, list) else [])[:KEYS_MAX] if (found := _key(one)))

    def _get(self, url: str) -> dict[str, Any]:
        answer = request("GET", place(url), {}, None, limits=self._limits, context=self._context, vendor="Microsoft")
        if not isinstance(answer, Answer) or answer.status != HTTPStatus.OK:
            return {}
        try:
            document = json.decode(answer.body)
        except json.JsonError:
            return {}
        return document if isinstance(document, dict) else {}


def _same_host(url: str, other: str) -> bool:
    """The metadata must not lead us elsewhere."""
    first, second = _origin(url), _origin(other)
    return first is not None and first == second


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


def _key(given: Any) -> tuple[str, SigningKey] | None:  # noqa: ANN401 - JSON of somebody else.
    """An RSA key for signatures by its id; anything else is left out."""
    if not isinstance(given, dict) or given.get("kty") != "RSA" or not isinstance(given.get("kid"), str):
        return None
    endorsements = given.get("endorsements")
    channels = frozenset(map(str, endorsements)) if isinstance(endorsements, list) else frozenset()
    try:
        return given["kid"], SigningKey(jwt.PyJWK(given, algorithm="RS256"), channels)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
