"""PagerDuty's Events API v2: the answer that its clients expect, and the alert that an event tells of.

Refused is only what PagerDuty refuses and no retry can repair. An unknown severity, a missing source or a text that is
too long is accepted, since senders pass templates there. Source: "Send an Event to PagerDuty" in PagerDuty's developer
documentation; the wording of the errors as its clients quote it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import DESCRIPTION_MAX, LABELS_MAX, Alert, AlertStatus
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import bounds, words
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "pagerduty"
MEMBERS_MAX: Final = 50  # Links and images that are looked at.

_STATUSES: Final = {
    "trigger": AlertStatus.FIRING,
    "acknowledge": AlertStatus.ACKNOWLEDGED,
    "resolve": AlertStatus.RESOLVED,
}
_LABELS: Final = ("source", "component", "group", "class")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender hears: an HTTP *status* and a JSON *body*.

    *routing_key* is the credential in the event, empty when the event is refused. *dedup_key* is the one in the body:
    the sender's, or the new one; then the parser must be told of it, as header `X-Alert-Key`, since the body does not
    have it.
    """

    status: int
    body: bytes
    routing_key: str = ""
    dedup_key: str = ""


def answer(body: bytes, new_key: str) -> Answer:
    """The answer to `POST /v2/enqueue`; *new_key* becomes the dedup key of a trigger that has none."""
    event = decoded(body)
    if event is None:
        return refusal("Unrecognized object", "Event object format is unrecognized", ["JSON parse error"])
    errors = [text for _, text in _errors(event)]
    if not _text(event.get("routing_key")):
        errors.insert(0, "'routing_key' cannot be blank")
    if errors:
        return refusal("invalid event", "Event object is invalid", errors)
    dedup_key = _text(event.get("dedup_key")) or new_key
    told = json.encode({"status": "success", "message": "Event processed", "dedup_key": dedup_key})
    return Answer(status=202, body=told, routing_key=said(event["routing_key"]).strip(), dedup_key=dedup_key)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The alert of an event, with or without a routing key; None when *value* is of another shape."""
    if "payload" not in value and "dedup_key" not in value and "routing_key" not in value:
        return None
    problems = tuple(Problem(place, text) for place, text in _errors(value))
    if problems:
        return Reading(source=SOURCE, problems=problems, event=value)
    return Reading(source=SOURCE, alerts=(_alert(value, hints),), event=value)


def _alert(event: dict[str, Json], hints: Hints) -> Alert:
    payload = event.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    dedup_key = _text(event.get("dedup_key")) or hints.key
    summary, details = _text(payload.get("summary")), payload.get("custom_details")
    source = said(payload.get("source"))
    return Alert(
        status=_STATUSES[event["event_action"]],
        title=bounds.title(summary or dedup_key),
        description=detailed(details),
        dedup_key=bounds.key(dedup_key or f"pagerduty:{bounds.digest(summary, *map(said, map(payload.get, _LABELS)))}"),
        source=SOURCE,
        severity=words.severity(payload.get("severity")),
        resource=bounds.line(source, bounds.LABEL_MAX),
        labels=bounds.labels(
            [
                *[(name, payload[name]) for name in _LABELS if name in payload],
                *(details.items() if isinstance(details, dict) else ()),
            ]
        ),
        links=bounds.links(
            [
                *[(said(link.get("text")), link.get("href")) for link in _members(event.get("links"))],
                (said(event.get("client")), event.get("client_url")),
                *[
                    (said(image.get("alt")) or "Image", image.get("href") or image.get("src"))
                    for image in _members(event.get("images"))
                ],
            ]
        ),
        images=bounds.links([(said(image.get("alt")), image.get("src")) for image in _members(event.get("images"))]),
        occurred_at=bounds.instant(payload.get("timestamp")),
    )


def _errors(event: dict[str, Json]) -> list[tuple[str, str]]:
    """What PagerDuty refuses, by place, but for the routing key."""
    action = event.get("event_action")
    if not _text(action):
        return [("event_action", "'event_action' is missing or blank")]
    if not isinstance(action, str) or action not in _STATUSES:
        expected = "must be one of the following: 'trigger', 'acknowledge' or 'resolve'"
        return [("event_action", f"'event_action' is invalid ({expected})")]
    if action != "trigger":
        return [] if _text(event.get("dedup_key")) else [("dedup_key", "'dedup_key' is missing or blank")]
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return [("payload", "'payload' is missing or blank")]
    if not _text(payload.get("summary")):
        return [("payload.summary", "'payload.summary' is missing or blank")]
    return []


def decoded(body: bytes) -> dict[str, Json] | None:
    """The event in *body*; None when it is no JSON object."""
    try:
        event = json.decode(body)
    except json.JsonError:
        return None
    return event if isinstance(event, dict) else None


def refusal(status: str, message: str, errors: list[str]) -> Answer:
    """The answer to what no retry can repair."""
    return Answer(status=400, body=json.encode({"status": status, "message": message, "errors": errors}))


def _text(value: Json) -> str:
    """*value* as text if it is text or a number, and not blank."""
    text = said(value) if type(value) in bounds.WRITTEN else ""
    return "" if text.isspace() else text


def detailed(details: Json) -> str:
    """The custom details, an object or whatever else a sender puts there, as people read them."""
    if isinstance(details, dict):
        rows = list(details.items())[:LABELS_MAX]
        return bounds.prose("\n".join(f"{name}: {said(value)[:DESCRIPTION_MAX]}" for name, value in rows))
    return bounds.prose(said(details))


def _members(value: Json) -> list[dict[str, Json]]:
    return [item for item in value[:MEMBERS_MAX] if isinstance(item, dict)] if isinstance(value, list) else []
