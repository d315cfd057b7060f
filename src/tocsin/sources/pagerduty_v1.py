"""PagerDuty's Events API v1, which old clients and plugins of Nagios still speak.

The same as version 2 in other words; see `pagerduty` for what is refused and what is not. Source: "Events API v1" in
PagerDuty's developer documentation.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import bounds, pagerduty
from tocsin.sources.pagerduty import Answer
from tocsin.sources.places import text, things
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = pagerduty.SOURCE

_STATUSES: Final = {
    "trigger": AlertStatus.FIRING,
    "acknowledge": AlertStatus.ACKNOWLEDGED,
    "resolve": AlertStatus.RESOLVED,
}


def answer(body: bytes, new_key: str) -> Answer:
    """The answer to `POST /generic/2010-04-15/create_event.json`; its routing key is the service key."""
    event = pagerduty.decoded(body)
    if event is None:
        return pagerduty.refusal("Unrecognized object", "Event object format is unrecognized", ["JSON parse error"])
    errors = [told for _, told in _errors(event)]
    key = text(event, "service_key")
    if not key:
        errors.insert(0, "Service key can't be blank")
    if errors:
        return pagerduty.refusal("invalid event", "Event object is invalid", errors)
    incident_key = text(event, "incident_key") or new_key
    told = json.encode({"status": "success", "message": "Event processed", "incident_key": incident_key})
    return Answer(status=200, body=told, routing_key=key, dedup_key=incident_key)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The alert of an event, with or without a service key; None when *value* is of another shape."""
    if "event_type" not in value:
        return None
    problems = tuple(Problem(place, told) for place, told in _errors(value))
    if problems:
        return Reading(source=SOURCE, problems=problems, event=value)
    return Reading(source=SOURCE, alerts=(_alert(value, hints),), event=value)


def _alert(event: dict[str, Json], hints: Hints) -> Alert:
    description, details = text(event, "description"), event.get("details")
    dedup_key = text(event, "incident_key") or hints.key
    contexts = things(event, "contexts", pagerduty.MEMBERS_MAX)
    return Alert(
        status=_STATUSES[text(event, "event_type")],
        title=bounds.title(description or dedup_key),
        description=pagerduty.detailed(details),
        dedup_key=bounds.key(dedup_key or f"{SOURCE}:{bounds.digest(description)}"),
        source=SOURCE,
        labels=bounds.labels(
            (("client", text(event, "client")), *(details.items() if isinstance(details, dict) else ()))
        ),
        links=bounds.links(
            (
                *((text(item, "text"), item.get("href")) for item in contexts if item.get("type") != "image"),
                (text(event, "client"), event.get("client_url")),
                *(
                    (text(item, "alt") or "Image", item.get("href") or item.get("src"))
                    for item in contexts
                    if item.get("type") == "image"
                ),
            )
        ),
    )


def _errors(event: dict[str, Json]) -> list[tuple[str, str]]:
    """What PagerDuty refuses, by place, but for the service key."""
    action = text(event, "event_type")
    if not action:
        return [("event_type", "Event type can't be blank")]
    if action not in _STATUSES:
        expected = "must be one of the following: 'trigger', 'acknowledge' or 'resolve'"
        return [("event_type", f"Event type is invalid ({expected})")]
    if action == "trigger":
        return [] if text(event, "description") else [("description", "Description can't be blank")]
    return [] if text(event, "incident_key") else [("incident_key", "Incident key can't be blank")]
