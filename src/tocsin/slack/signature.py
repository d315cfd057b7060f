"""Slack's request signature, version 0.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack: HMAC-SHA256 over `v0:{timestamp}:{body}`,
in hex, and a window of five minutes against replays.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant

WINDOW: Final[Duration] = 5 * MINUTE
TIMESTAMP_DIGITS_MAX: Final = 12  # Seconds until the year 33,000; a longer number is an attack on the parser.

Verifier = Callable[[Mapping[str, str], bytes, Instant], str | None]


def verify(secret: str, *, since: Instant = 0) -> Verifier:
    """A check of (headers with lower-case names, body, now) against the signing secret: why it is refused, or None.

    Without a secret everything is refused. *since*: what was signed before that may have been taken by the process
    before this one, which remembered it; so it is refused, and Slack's user, or Slack, tries again.
    """
    key = secret.encode()

    def check(headers: Mapping[str, str], body: bytes, now: Instant) -> str | None:
        if not key:
            return "no signing secret is configured"
        timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not timestamp or not signature:
            return "the request is not signed"
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS_MAX):
            return "the signature's timestamp is not a number of seconds"
        signed_at = int(timestamp) * SECOND
        if abs(now - signed_at) > WINDOW:
            return "the signature is older or newer than five minutes"
        if signed_at < since - since % SECOND:  # Slack tells whole seconds.
            return "the signature is older than this process"
        expected = "v0=" + hmac.new(key, b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return "the signature does not fit the body"
        return None

    return check
