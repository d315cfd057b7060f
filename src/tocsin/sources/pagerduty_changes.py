"""PagerDuty's change events: what somebody has deployed or altered; they ask nobody.

Source: "Send a Change Event" in PagerDuty's developer documentation.
"""

from __future__ import annotations

from typing import Final

from tocsin.changes.change import Change
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import bounds, pagerduty
from tocsin.sources.deployments import changed_links
from tocsin.sources.pagerduty import Answer
from tocsin.sources.places import text, thing, things
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = pagerduty.SOURCE
FORM: Final = "pagerduty_changes"


def answer(body: bytes) -> Answer:
    """The answer to `POST /v2/change/enqueue`."""
    event = pagerduty.decoded(body)
    if event is None:
        return pagerduty.refusal("Unrecognized object", "Event object format is unrecognized", ["JSON parse error"])
    errors = [told for _, told in _errors(event)]
    key = text(event, "routing_key")
    if not key:
        errors.insert(0, "'routing_key' cannot be blank")
    if errors:
        return pagerduty.refusal("invalid event", "Event object is invalid", errors)
    told = json.encode({"status": "success", "message": "Change event processed"})
    return Answer(status=202, body=told, routing_key=key)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The change, or what is wrong with it.

    An event with a severity is meant to ask somebody: it must not become a change because a template lost its action.
    """
    payload = thing(value, "payload")
    if hints.form != FORM and ("dedup_key" in value or "severity" in payload):
        return pagerduty.read(value, hints)
    problems = tuple(Problem(place, told) for place, told in _errors(value))
    if problems:
        return Reading(source=SOURCE, problems=problems, event=value)
    links = things(value, "links", pagerduty.MEMBERS_MAX)
    source = text(payload, "source")
    change = Change(
        title=bounds.title(text(payload, "summary")),
        source=SOURCE,
        key=bounds.key(hints.key),
        what=bounds.line(source, bounds.LABEL_MAX),
        by=bounds.line(text(payload, "custom_details.user", "custom_details.author"), bounds.LABEL_MAX),
        description=pagerduty.detailed(payload.get("custom_details")),
        links=changed_links(tuple((text(link, "text"), link.get("href")) for link in links)),
        changed_at=bounds.instant(payload.get("timestamp")),
    )
    return Reading(source=SOURCE, event=value, changes=(change,))


def _errors(event: dict[str, Json]) -> list[tuple[str, str]]:
    """What PagerDuty refuses, by place, but for the routing key."""
    if type(event.get("payload")) is not dict:
        return [("payload", "'payload' is missing or blank")]
    if not text(event, "payload.summary"):
        return [("payload.summary", "'payload.summary' is missing or blank")]
    return []
