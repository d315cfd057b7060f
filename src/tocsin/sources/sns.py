"""The envelope of Amazon SNS: what is signed, what it carries, and what its other two types mean.

Source: "Parsing Amazon SNS message formats" and "Verifying the signatures of Amazon SNS messages" in the Amazon SNS
Developer Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "sns"

NOTIFICATION: Final = "Notification"
SUBSCRIPTION: Final = "SubscriptionConfirmation"
UNSUBSCRIPTION: Final = "UnsubscribeConfirmation"

ENVELOPE: Final = frozenset({"Type", "TopicArn", "Message"})
"""What every envelope has."""

_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: _CONFIRMATION,
    UNSUBSCRIPTION: _CONFIRMATION,
}


class Letter(msgspec.Struct, frozen=True):
    """What a notification carries: its text, and what the envelope says about it."""

    text: str
    hints: Hints


def canonical(envelope: Mapping[str, Json]) -> bytes | None:
    """The text that SNS signs: each signed name and its value on a line of its own; only Subject may be absent.

    None when the type is unknown, or a signed field is missing or no text. What is not in this text (MessageAttributes,
    UnsubscribeURL, SigningCertURL) nobody vouches for.
    """
    kind = envelope.get("Type")
    names = _SIGNED.get(kind) if isinstance(kind, str) else None
    if names is None:
        return None
    lines: list[str] = []
    for name in names:
        value = envelope.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            return None
        lines.append(f"{name}\n{value}\n")
    return "".join(lines).encode("utf-8", "surrogatepass")


def opened(envelope: dict[str, Json], hints: Hints) -> Letter | Reading | None:
    """The letter in a notification, the reading of a confirmation; None when *envelope* is of another shape."""
    kind, message, topic = envelope.get("Type"), envelope.get("Message"), said(envelope.get("TopicArn"))
    if kind == NOTIFICATION:
        if not isinstance(message, str):
            problem = Problem("Message", f"{bounds.quoted(message)} is not a text")
            return Reading(source=SOURCE, problems=(problem,), event=envelope)
        key = hints.key or _attribute(envelope, "X-Alert-Key")
        return Letter(message, replace(hints, title=said(envelope.get("Subject")), topic=topic, key=key))
    if kind == SUBSCRIPTION:
        return Reading(
            source=SOURCE, event=envelope, fact=f"subscription to {bounds.line(topic)} asks for confirmation"
        )
    if kind == UNSUBSCRIPTION:
        return Reading(source=SOURCE, alerts=(_unsubscribed(envelope, topic),), event=envelope)
    return None


def located(reading: Reading, topic: str) -> Reading:
    """*reading* with the topic's account and region for the alerts that say nothing about theirs."""
    arn = arns.parse(topic)
    if arn is None or all(alert.account or alert.region for alert in reading.alerts):
        return reading
    alerts = tuple(
        alert if alert.account or alert.region else replace(alert, account=arn.account, region=arn.region)
        for alert in reading.alerts
    )
    return replace(reading, alerts=alerts)


def _unsubscribed(envelope: dict[str, Json], topic: str) -> Alert:
    arn = arns.parse(topic)
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(f"Source unsubscribed: monitoring by {arn.name if arn else topic} is being lost"),
        description=bounds.paragraphs(
            f"The subscription to the topic {topic} was removed: its alerts do not come here any more.",
            "If nobody meant that, subscribe again: SubscribeURL in this delivery does it while its token lives.",
        ),
        dedup_key=bounds.key(f"sns:unsubscribed:{topic}"),
        source=SOURCE,
        severity=Severity.HIGH,
        account=arn.account if arn else "",
        region=arn.region if arn else "",
        resource=bounds.line(topic, bounds.LABEL_MAX),
        links=bounds.links((("Topic in the console", arns.resource_page(arn)),)) if arn else (),
        occurred_at=bounds.instant(envelope.get("Timestamp")),
    )


def _attribute(envelope: dict[str, Json], name: str) -> str:
    attributes = envelope.get("MessageAttributes")
    attribute = attributes.get(name) if isinstance(attributes, dict) else None
    value = attribute.get("Value") if isinstance(attribute, dict) else None
    return value.strip() if isinstance(value, str) else ""
