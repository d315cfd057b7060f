"""What a message of the inbox queue is: who wrote it, and what we do with it. Pure.

Who may write to the queue is the business of its policy: the topics and rules of our own account or organisation, the
gateway, and our functions. So what SNS and EventBridge wrote is trusted, and not verified again: a signature proves
that SNS sent a message, which the policy has proved already, and of which topic, which it has pinned; and whoever could
write past the policy could write `{"due": ...}` as well. The gateway is the exception, as strangers write through it.
It marks each of its messages with the attribute `channel`, which no sender can take away; those are asked for their
key, a signed envelope in one is verified, and none of them is ever taken for a message of ours.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

import msgspec

from tocsin.engine.ports import ONCE, Received
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

GATEWAY: Final = "in"  # The attribute `channel` of what the gateway wrote.
RAW: Final = "base64"  # The attribute `encoding` of a body that is no text.
CHANNEL: Final = "sqs"  # Of what senders wrote into the queue.
ATTRIBUTES_MAX: Final = 10  # Of one message: the service's own limit.
VALUE_MAX: Final = 1000  # Characters of an attribute in the head.

_OWN_ATTRIBUTES: Final = frozenset({"channel", "key", "encoding", "peer"})
_NOTED: Final = ("x-tocsin-", "x-sqs-")  # What we note ourselves; a sender cannot.
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,100}")  # SQS, SNS and EventBridge number what they send with UUIDs.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_:-]{0,200}")
_CHANNEL: Final = re.compile(r"[a-z]{1,20}")
_HEAD: Final = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f]{0,16384}")


class Due(msgspec.Struct, frozen=True):
    """A timer says that an aggregate may be due: a hint."""

    aggregate: str


class Stored(msgspec.Struct, frozen=True):
    """A delivery in the table waits to be handled: a hint."""

    delivery: str


class Ask(msgspec.Struct, frozen=True):
    """A task of Step Functions asks people, and waits for its *token*. *execution*: whose task it is, if told."""

    question: dict[str, Json]
    token: str
    execution: str = ""


class Own(msgspec.Struct, frozen=True):
    """What one of our functions took in, and what one of ours shall know of it."""

    received: Received


class FromTopic(msgspec.Struct, frozen=True):
    """What SNS or EventBridge wrote. *topic*: the ARN of the topic, or empty."""

    received: Received
    topic: str = ""


class FromGateway(msgspec.Struct, frozen=True):
    """What strangers sent through the gateway. *key*: as it was presented. *peer*: their address, if it was noted."""

    received: Received
    key: str
    peer: str = ""


Message: TypeAlias = Due | Stored | Ask | Own | FromTopic | FromGateway


def read(record: Mapping[str, Any], now: Instant) -> Message:
    """What the record of an SQS event is. Total: what nobody knows is a sender's, and becomes an alert of its own."""
    body = str(record.get("body") or "")
    told = _attributes(record)
    number = str(record.get("messageId") or "")
    if "channel" in told:
        return _gateway(told, body, number, now)
    document = _decoded(body)
    if isinstance(document, dict):
        found = _ours(document, number, now)
        if found is not None:
            return found
    once, topic = f"sqs/{number}", ""
    if isinstance(document, dict):
        if isinstance(document.get("TopicArn"), str) and isinstance(document.get("Type"), str):
            topic = document["TopicArn"]
            once = _numbered("sns", document.get("MessageId"))
        elif isinstance(document.get("detail-type"), str):
            once = _numbered("eventbridge", document.get("id"))
    return FromTopic(_received(told, body.encode("utf-8", "replace"), once, number, now), topic)


def again(received: Received) -> dict[str, Json]:
    """The message by which one of our functions hands over what it took in."""
    return {
        "received": {
            "at": received.received_at,
            "channel": received.channel,
            "key": received.key,
            "head": received.head.decode("utf-8", "replace"),
            "body": base64.b64encode(received.body).decode(),
        }
    }


class _Told(msgspec.Struct, frozen=True):
    at: int
    channel: str
    key: str
    head: str
    body: str


def _ours(document: Mapping[str, Json], number: str, now: Instant) -> Message | None:
    """The message of ours that *document* is; one that is like ours, and is not, is a sender's."""
    due, delivery = document.get("due"), document.get("delivery")
    if isinstance(due, str) and _NAME.fullmatch(due) and document.keys() <= {"due", "version"}:
        return Due(due)
    if isinstance(delivery, str) and delivery.isascii() and delivery.isdigit() and len(document) == 1:
        return Stored(delivery)
    question, token, execution = document.get("ask"), document.get("token"), document.get("execution", "")
    if isinstance(question, dict) and isinstance(token, str) and token and isinstance(execution, str):
        return Ask(question, token, execution) if document.keys() <= {"ask", "token", "execution"} else None
    if document.keys() == {"received"}:
        try:
            told = msgspec.convert(document["received"], _Told)
            body = base64.b64decode(told.body, validate=True)
        except (msgspec.ValidationError, ValueError):
            return None
        if not _CHANNEL.fullmatch(told.channel) or not _HEAD.fullmatch(told.head):
            return None
        head, once = told.head.encode(), _once(f"sqs/{number}")
        if once and not any(line.startswith(f"{ONCE}: ") for line in told.head.split("\n")):
            head = b"\n".join(filter(None, (f"{ONCE}: {once}".encode(), head)))
        return Own(Received(received_at=min(told.at, now), channel=told.channel, key=told.key, head=head, body=body))
    return None


def _gateway(told: Mapping[str, str], body: str, number: str, now: Instant) -> FromGateway:
    raw = body.encode("utf-8", "replace")
    if told.get("encoding") == RAW:
        with suppress(ValueError):  # Stored as it came; who reads it will say so.
            raw = base64.b64decode(body, validate=True)
    received = _received(told, raw, f"sqs/{number}", number, now)
    return FromGateway(msgspec.structs.replace(received, channel="in"), told.get("key", ""), told.get("peer", ""))


def _received(told: Mapping[str, str], body: bytes, once: str, number: str, now: Instant) -> Received:
    noted = [(ONCE, _once(once)), ("x-sqs-message-id", number)]
    kept = [
        (low, value)
        for name, value in list(told.items())[:ATTRIBUTES_MAX]
        if (low := _line(name).lower()) not in _OWN_ATTRIBUTES | _CREDENTIALS and not low.startswith(_NOTED)
    ]
    lines = [f"{name}: {_line(value)}" for name, value in (*noted, *kept) if value]
    head = "\n".join(lines).encode("utf-8", "replace")
    return Received(received_at=now, channel=CHANNEL, key="", head=head, body=body)


def _numbered(by: str, number: Json) -> str:
    return f"{by}/{number}" if isinstance(number, str) else ""


def _once(once: str) -> str:
    """*once* if its number is one; else nothing, and each copy counts."""
    return once if _NUMBER.fullmatch(once.partition("/")[2]) else ""


def _attributes(record: Mapping[str, Any]) -> dict[str, str]:
    found = record.get("messageAttributes")
    if not isinstance(found, dict):
        return {}
    return {
        str(name): str(each["stringValue"])
        for name, each in found.items()
        if isinstance(each, dict) and isinstance(each.get("stringValue"), str)
    }


def _decoded(body: str) -> Json:
    try:
        return json.decode(body.encode("utf-8", "replace"))
    except json.JsonError:
        return None


def _line(text: str) -> str:
    return _UNSEEN.sub(" ", text[:VALUE_MAX])
