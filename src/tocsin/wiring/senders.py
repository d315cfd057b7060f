"""What senders must show beside their key: where they are, what they sign with, and how Amazon SNS signs."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tocsin.kernel import json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.sources.sns import ENVELOPE, SUBSCRIPTION
from tocsin.web.envelopes import Check, Verdict
from tocsin.web.gate import Rules
from tocsin.web.peers import networks
from tocsin.web.signatures import HEADERS, Signature
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_integrations import Integration

if TYPE_CHECKING:
    from tocsin.sns import verification as sns
else:
    sns = later("tocsin.sns.verification")

_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")  # SNS numbers its messages with UUIDs.
_KIND: Final = "x-amz-sns-message-type"
_RAW: Final = "x-amz-sns-rawdelivery"

log = logging.getLogger(__name__)


def rules(settings: Settings) -> dict[str, Rules]:
    """What each integration asks for beside its key; those that ask for nothing are not there."""
    return {
        name: Rules(allow=networks(found.allow), signature=_signature(found))
        for name, found in settings.integrations.items()
        if found.allow or found.signature
    }


def rates(settings: Settings) -> dict[str, float]:
    """Deliveries a second that are worked off, by integration; those without a limit are not there."""
    return {name: float(found.rate) for name, found in settings.integrations.items() if found.rate}


def sns_check(settings: Settings, clock: Callable[[], Instant], fetch: Callable[[str], bytes] | None = None) -> Check:
    """Verifies a message by its integration's topics and accounts, and confirms a subscription that it asks for."""
    verifiers: dict[str, sns.Verifier] = {}  # Made when they are needed: integrations may join while the process runs.

    def verifier_of(name: str) -> sns.Verifier:
        if name not in verifiers:
            its = settings.integrations[name]
            made = sns.Verifier(fetch, allowed_topics=its.sns_topics, allowed_accounts=its.sns_accounts)
            verifiers.setdefault(name, made)
        return verifiers[name]

    def check(headers: Mapping[str, str], body: bytes, integration: str) -> Verdict:
        if not _claims(headers) and _only_mentions(body):
            return Verdict(HTTPStatus.OK)
        verifier = verifier_of(integration)
        found: sns.Verified | sns.Confirmed | sns.Forged | sns.Unavailable = verifier.verify(headers, body, clock())
        once = found.message_id if isinstance(found, sns.Verified) and _NUMBER.fullmatch(found.message_id) else ""
        if isinstance(found, sns.Verified) and found.kind == SUBSCRIPTION:
            found = verifier.confirm(found)
        match found:
            case sns.Forged(reason):
                log.warning("an SNS message was refused", extra={"integration": integration, "problem": reason})
                return Verdict(HTTPStatus.FORBIDDEN, reason)
            case sns.Unavailable(reason):
                log.warning(
                    "an SNS message could not be verified", extra={"integration": integration, "problem": reason}
                )
                return Verdict(HTTPStatus.SERVICE_UNAVAILABLE, reason)
            case sns.Confirmed(topic):
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


def _signature(integration: Integration) -> Signature | None:
    found = integration.signature
    if found is None:
        return None
    return Signature(
        kind=found.kind,
        secret=found.secret.reveal().encode(),
        header=(found.header or HEADERS[found.kind]).lower(),
        timestamp_header=(found.timestamp_header or "").lower(),
    )
