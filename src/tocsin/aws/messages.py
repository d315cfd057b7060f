"""A message of SQS as a delivery, and what can go wrong with its queue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tocsin.engine.ports import ONCE, Received
from tocsin.kernel.time import Instant

CHANNEL: Final = "sqs"
HIDDEN_SECONDS: Final = 30  # A message that we took with us into our end is seen again so soon.
ATTRIBUTES_MAX: Final = 10  # Of one message: the service's own limit.
VALUE_MAX: Final = 1000  # Characters of an attribute in the head.

QUEUE_HEADER: Final = "x-sqs-queue"
ORIGIN_HEADER: Final = "x-sqs-dead-letters-of"  # The queue that a message could not be taken from.

_NOTED: Final = ("x-tocsin-", "x-sqs-")  # What we note ourselves; a sender cannot.
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")  # SQS numbers its messages with UUIDs.

_MEANINGS: Final = {
    "AccessDenied": "Its policy, or that of our credentials, does not allow it.",
    "AccessDeniedException": "Its policy, or that of our credentials, does not allow it.",
    "NonExistentQueue": "There is no such queue in that account and region.",
    "QueueDoesNotExist": "There is no such queue in that account and region.",
    "NoCredentials": "No AWS credentials were found.",
    "PartialCredentials": "The AWS credentials are not complete.",
    "ExpiredToken": "The AWS credentials have expired.",
    "InvalidClientTokenId": "AWS does not know the credentials.",
    "SignatureDoesNotMatch": "The secret of the AWS credentials is wrong, or the clock is.",
    "RequestThrottled": "AWS slows us down.",
    "ThrottlingException": "AWS slows us down.",
    "OverLimit": "Too many messages were received and are not deleted.",
    "EndpointConnection": "AWS cannot be reached from here.",
    "ConnectTimeout": "AWS cannot be reached from here.",
    "ReadTimeout": "AWS does not answer.",
    "ReceiptHandleIsInvalid": "They were hidden for too short a time.",
}


class QueueError(Exception):
    """A queue does not do what it was asked; *code* is the one of AWS, or the kind of the SDK's own error."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code

    @property
    def meaning(self) -> str:
        """What the code says, for people; empty when that is not known."""
        return _MEANINGS.get(self.code, "")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was received. *receipt* deletes it; *origin*: the ARN of the queue whose dead letter it is."""

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, str] = {}
    sent_at: str = ""
    receives: str = ""
    origin: str = ""


def message(raw: Mapping[str, Any]) -> Message:
    """A message as the SDK gives it; of its attributes those that are texts or numbers."""
    system = raw.get("Attributes", {})
    attributes = raw.get("MessageAttributes", {})
    return Message(
        id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        body=raw.get("Body", ""),
        attributes={name: each["StringValue"] for name, each in attributes.items() if "StringValue" in each},
        sent_at=system.get("SentTimestamp", ""),
        receives=system.get("ApproximateReceiveCount", ""),
        origin=system.get("DeadLetterQueueSourceArn", ""),
    )


def delivery(found: Message, *, queue: str, origin: str, integration: str, now: Instant) -> Received:
    """What is stored of *found*, taken from *queue*; *origin*: the queue whose dead letter it is, or empty.

    Its attributes are headers, so that `X-Alert-Key` and all that tells a format mean the same as over HTTP.
    """
    noted = [
        (ONCE, f"sqs/{found.id}" if _NUMBER.fullmatch(found.id) else ""),
        (QUEUE_HEADER, queue),
        (ORIGIN_HEADER, origin),
        ("x-sqs-message-id", found.id),
        ("x-sqs-sent-at", found.sent_at),
        ("x-sqs-receives", found.receives),
    ]
    lines = [f"{name}: {_line(value)}" for name, value in (*noted, *_kept(found.attributes)) if value]
    return Received(
        received_at=now,
        channel=CHANNEL,
        key=integration,
        head="\n".join(lines).encode("utf-8", "replace"),
        body=found.body.encode("utf-8", "replace"),
    )


def _kept(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in list(attributes.items())[:ATTRIBUTES_MAX]:
        low = _line(name).lower()
        if not low.startswith(_NOTED) and low not in _CREDENTIALS:
            yield low, value


def _line(text: str) -> str:
    return _UNSEEN.sub(" ", text[:VALUE_MAX])
