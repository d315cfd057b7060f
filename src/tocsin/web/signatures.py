"""Signatures of senders that share a secret with us: an HMAC-SHA256 over the raw body, compared in constant time.

Sources: GitHub, "Validating webhook deliveries"; Grafana, "Configure the webhook notifier" (12.0 and later); Sentry,
"Webhooks: request headers"; GitLab, "Webhooks: secret token", which is a word and no signature.

There is no window of time: a delivery that is late must still ring, and one that is played again merges with the first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import msgspec

GITHUB: Final = "github"
GRAFANA: Final = "grafana"
SENTRY: Final = "sentry"
GITLAB: Final = "gitlab"
SHA256: Final = "sha256"

HEADERS: Final = {
    GITHUB: "x-hub-signature-256",
    GRAFANA: "x-grafana-alerting-signature",
    SENTRY: "sentry-hook-signature",
    GITLAB: "x-gitlab-token",
    SHA256: "",
}
"""The kinds, and the header in which each is sent unless another is named."""

TIMED: Final = frozenset({GRAFANA, SHA256})
"""The kinds that may sign a time before the body."""

_PREFIX: Final = "sha256="
_DIGITS: Final = 64  # Of SHA-256 in hexadecimal.


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender must sign with. Names of headers are in lower case.

    *timestamp_header*: the header whose value and a colon are signed before the body (Grafana); empty for none.
    """

    kind: str
    secret: bytes
    header: str
    timestamp_header: str = ""


class Unsigned(msgspec.Struct, frozen=True):
    """Why a body is not its sender's: the status that the sender must hear, and a sentence."""

    status: int
    sentence: str


def unsigned(rule: Signature, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Unsigned | None:
    """Why *body* is not signed as *rule* wants; None when it is. *headers* are pairs with names in lower case."""
    shown = _value(headers, rule.header)
    if shown is None:
        return Unsigned(HTTPStatus.UNAUTHORIZED, f"the signature is missing: there is no header {rule.header}")
    if rule.kind == GITLAB:
        right = hmac.compare_digest(shown, rule.secret)
    else:
        mac = hmac.new(rule.secret, digestmod=hashlib.sha256)
        if rule.timestamp_header:
            stamp = _value(headers, rule.timestamp_header)
            if stamp is None:
                sentence = f"the signature is incomplete: there is no header {rule.timestamp_header}"
                return Unsigned(HTTPStatus.UNAUTHORIZED, sentence)
            mac.update(stamp + b":")
        mac.update(body)
        right = hmac.compare_digest(_digest(shown.decode("latin-1")), mac.digest())
    return None if right else Unsigned(HTTPStatus.FORBIDDEN, f"the signature in {rule.header} is wrong")


def _value(headers: Iterable[tuple[bytes, bytes]], name: str) -> bytes | None:
    wanted = name.encode()
    return next((value.strip() for found, value in headers if found == wanted), None)


def _digest(text: str) -> bytes:
    """The bytes of a digest in hexadecimal (with `sha256=` before it or not) or base64; of anything else, none."""
    text = text.removeprefix(_PREFIX)
    try:
        return bytes.fromhex(text) if len(text) == _DIGITS else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
