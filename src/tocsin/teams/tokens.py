"""The token with which we write: by client credentials, kept until shortly before its end.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (bot to
connector), RFC 6749 section 4.4.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec

from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.posting.requests import Answer, Limits, post
from tocsin.teams.answers import VENDOR
from tocsin.teams.cloud import SCOPE, Cloud, place

EARLY: Final[Duration] = 5 * MINUTE  # Before its end a token is renewed, so that none ends on its way.

_LIMITS: Final = Limits()


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


class Tokens:
    """One token for all threads."""

    def __init__(
        self,
        cloud: Cloud,
        tenant: str,
        app_id: str,
        password: str,
        *,
        now: Callable[[], Instant],
        context: ssl.SSLContext,
        limits: Limits = _LIMITS,
    ) -> None:
        """Nothing is asked yet."""
        self._place = place(cloud.login, f"/{tenant}/oauth2/v2.0/token")
        self._form = urlencode(
            {"grant_type": "client_credentials", "client_id": app_id, "client_secret": password, "scope": SCOPE}
        ).encode()
        self._now = now
        self._context = context
        self._limits = limits
        self._lock = threading.Lock()
        self._token = ""
        self._until: Instant = 0

    def get(self) -> str | Postponed | Refused:
        """The token, or why there is none."""
        with self._lock:
            if self._now() < self._until:
                return self._token
            answer = post(
                self._place,
                {"Content-Type": "application/x-www-form-urlencoded"},
                self._form,
                limits=self._limits,
                context=self._context,
                vendor="Microsoft's sign-in",
            )
            if not isinstance(answer, Answer):
                return answer
            return self._read(answer)

    def forget(self, token: str) -> None:
        """Somebody did not accept *token*."""
        with self._lock:
            if token == self._token:
                self._until = 0

    def _read(self, answer: Answer) -> str | Postponed | Refused:
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            return Refused(f"{VENDOR}: the tenant, app_id or app_password is not right, or the password has ended")
        if answer.status != HTTPStatus.OK:
            return Postponed(f"Microsoft's sign-in answered {answer.status}", after=answer.wait)
        try:
            granted = msgspec.json.decode(answer.body, type=_Granted)
        except msgspec.MsgspecError:
            return Postponed("the answer of Microsoft's sign-in cannot be read")
        life = granted.expires_in * SECOND
        self._token = granted.access_token
        self._until = self._now() + max(life - EARLY, life // 2)
        return self._token
