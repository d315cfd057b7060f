"""Verifies what claims to come from SNS, and confirms subscriptions.

SNS delivers a message again for up to an hour, and from a dead-letter queue for days. So there is no window for its
time, and a replayed message is verified again: whoever acts on a message recognises it by `Verified.message_id`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sns.addresses import confirms, is_certificate, is_confirmation
from tocsin.sns.certificates import CertificateError, Certificates
from tocsin.sns.fetching import Fetcher
from tocsin.sources import arns
from tocsin.sources.sns import SUBSCRIPTION, canonical

# Version 1 is still the default of every topic; its SHA-1 is what SNS signs, and forging it needs a second preimage.
_HASHES: Final[dict[str, Callable[[], HashAlgorithm]]] = {"1": SHA1, "2": SHA256}
_SAME: Final = (
    ("x-amz-sns-message-type", "Type"),
    ("x-amz-sns-message-id", "MessageId"),
    ("x-amz-sns-topic-arn", "TopicArn"),
)
_SHOWN_MAX: Final = 200  # Characters of a value from outside in a reason.


class Verified(msgspec.Struct, frozen=True):
    """SNS has sent *message*, the decoded envelope. It vouches for the fields in `sources.sns.canonical` only."""

    message: dict[str, Json]

    @property
    def message_id(self) -> str:
        """The same for every delivery of one message: what tells a repetition."""
        return str(self.message["MessageId"])

    @property
    def kind(self) -> str:
        """`Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`."""
        return str(self.message["Type"])

    @property
    def topic(self) -> str:
        """The ARN of the topic."""
        return str(self.message["TopicArn"])


class Forged(msgspec.Struct, frozen=True):
    """This can never become right: answer 403."""

    reason: str


class Unavailable(msgspec.Struct, frozen=True):
    """It could not be found out: answer 503, SNS tries again."""

    reason: str


class Confirmed(msgspec.Struct, frozen=True):
    """The topic sends from now on."""

    topic: str


Verdict: TypeAlias = Verified | Forged | Unavailable


class Verifier:
    """Verifies messages for one receiver; safe to share between threads. It blocks while it fetches."""

    def __init__(
        self,
        fetch: Callable[[str], bytes] | None = None,
        *,
        allowed_topics: Collection[str] = (),
        allowed_accounts: Collection[str] = (),
    ) -> None:
        """*fetch* gives the body at an address or raises OSError; None is `Fetcher`.

        A message must come from one of *allowed_topics* (ARNs) or *allowed_accounts* (numbers). With neither every
        topic may send: then the secret in the receiver's own address is what tells friends from strangers.
        """
        self._fetch = fetch or Fetcher()
        self._certificates = Certificates(self._fetch)
        self._topics = frozenset(allowed_topics)
        self._accounts = frozenset(allowed_accounts)

    def verify(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Verdict:
        """Whether *body* is a message that SNS has signed, and from an allowed topic. Nothing is fetched for others."""
        try:
            message = json.decode_unambiguous(body)
        except ValueError as error:
            return Forged(f"the body is not one unambiguous JSON object: {error}")
        if not isinstance(message, dict):
            return Forged("the body is not a JSON object")
        signed = canonical(message)
        if signed is None:
            return Forged("a signed field is missing or is no text, or the type is unknown")
        return self._refusal(headers, message) or self._signature(message, signed, now)

    def confirm(self, verified: Verified) -> Confirmed | Forged | Unavailable:
        """Answer a request for confirmation by fetching its SubscribeURL; again is harmless."""
        address = str(verified.message.get("SubscribeURL", ""))
        if verified.kind != SUBSCRIPTION:
            return Forged(f"a {verified.kind} asks for no confirmation")
        if not is_confirmation(address) or not confirms(address, verified.message):
            return Forged(f"SubscribeURL {_shown(address)} does not confirm this subscription at Amazon SNS")
        try:
            self._fetch(address)
        except OSError as error:
            return Unavailable(f"the subscription could not be confirmed: {error}")
        return Confirmed(verified.topic)

    def _refusal(self, headers: Mapping[str, str], message: dict[str, Json]) -> Forged | None:
        """What is wrong with the message that no certificate is needed for."""
        heads = {name.lower(): value for name, value in headers.items()}
        for header, name in _SAME:
            if header in heads and heads[header] != message[name]:
                return Forged(f"the header {header} and the signed {name} differ")
        topic = str(message["TopicArn"])
        if not self._allows(topic):
            return Forged(f"the topic {_shown(topic)} may not send here")
        version = message.get("SignatureVersion")
        if not isinstance(version, str) or version not in _HASHES:
            return Forged(f"SignatureVersion {_shown(version)} is neither 1 nor 2")
        address = message.get("SigningCertURL")
        if not isinstance(address, str) or not is_certificate(address):
            return Forged(f"SigningCertURL {_shown(address)} is not a certificate of Amazon SNS")
        return None

    def _allows(self, topic: str) -> bool:
        if topic in self._topics or not (self._topics or self._accounts):
            return True
        arn = arns.parse(topic)
        return arn is not None and arn.service == "sns" and arn.account in self._accounts

    def _signature(self, message: dict[str, Json], signed: bytes, now: Instant) -> Verdict:
        try:
            signature = base64.b64decode(message.get("Signature") or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            return Forged("the signature is not Base64")
        try:
            key = self._certificates.key(message["SigningCertURL"], now)
        except CertificateError as error:
            return Forged(str(error))
        except OSError as error:
            return Unavailable(f"the signing certificate could not be fetched: {error}")
        try:
            key.verify(signature, signed, PKCS1v15(), _HASHES[message["SignatureVersion"]]())
        except InvalidSignature:
            return Forged("the signature is wrong")
        except UnsupportedAlgorithm as error:
            return Unavailable(f"the signature cannot be checked here: {error}")
        return Verified(message)


def _shown(value: Json) -> str:
    return repr(value)[:_SHOWN_MAX]
