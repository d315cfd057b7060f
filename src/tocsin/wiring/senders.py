"""Signed senders: what Amazon SNS must show before its deliveries come in."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.sns.verification import Confirmed, Forged, Unavailable, Verified, Verifier
from tocsin.sources.sns import ENVELOPE, SUBSCRIPTION
from tocsin.web.reception import Check, Verdict
from tocsin.wiring.settings import Settings

_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")  # SNS numbers its messages with UUIDs.
_KIND: Final = "x-amz-sns-message-type"
_RAW: Final = "x-amz-sns-rawdelivery"

log = logging.getLogger(__name__)


def sns_check(settings: Settings, clock: Callable[[], Instant], fetch: Callable[[str], bytes] | None = None) -> Check:
    """Verifies a message by its integration's topics and accounts, and confirms a subscription that it asks for."""
    verifiers = {
        name: Verifier(fetch, allowed_topics=integration.sns_topics, allowed_accounts=integration.sns_accounts)
        for name, integration in settings.integrations.items()
    }

    def check(headers: Mapping[str, str], body: bytes, integration: str) -> Verdict:
        if not _claims(headers) and _only_mentions(body):
            return Verdict(HTTPStatus.OK)
        verifier = verifiers[integration]
        found: Verified | Confirmed | Forged | Unavailable = verifier.verify(headers, body, clock())
        once = found.message_id if isinstance(found, Verified) and _NUMBER.fullmatch(found.message_id) else ""
        if isinstance(found, Verified) and found.kind == SUBSCRIPTION:
            found = verifier.confirm(found)
        match found:
            case Forged(reason):
                log.warning("an SNS message was refused", extra={"integration": integration, "problem": reason})
                return Verdict(HTTPStatus.FORBIDDEN, reason)
            case Unavailable(reason):
                log.warning(
                    "an SNS message could not be verified", extra={"integration": integration, "problem": reason}
                )
                return Verdict(HTTPStatus.SERVICE_UNAVAILABLE, reason)
            case Confirmed(topic):
                log.info("an SNS subscription was confirmed", extra={"integration": integration, "topic": topic})
        return Verdict(HTTPStatus.OK, once=once)

    return check


def _claims(headers: Mapping[str, str]) -> bool:
    """Whether a request says that it is a signed message."""
    return _KIND in headers and headers.get(_RAW) != "true"


def _only_mentions(body: bytes) -> bool:
    """Whether *body* speaks of envelopes and is none: an alert that quotes another message, or a line of a log.

    What `sources.read` would open must be verified: a JSON object, alone or in the field `payload` of a form.
    """
    try:
        value = json.decode(body.removeprefix(codecs.BOM_UTF8))
    except json.JsonError:
        return b"payload=" not in body
    return not isinstance(value, dict) or not (value.keys() >= ENVELOPE or "SigningCertURL" in value)
