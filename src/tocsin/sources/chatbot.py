"""Custom notifications in the shape that Amazon Q Developer in chat applications (once AWS Chatbot) accepts.

Source: "Custom notifications" in the administrator guide of Amazon Q Developer in chat applications.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "chatbot"
ITEMS_MAX: Final = 20  # Of each list; Amazon Q shows no more.


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """One alert; None when *value* is not of this shape. What has a threadId merges by it, else by its title.

    Nothing in this shape says that a matter is over.
    """
    content, metadata = value.get("content"), value.get("metadata")
    if value.get("source") != "custom" or not isinstance(content, dict):
        return None
    metadata = metadata if isinstance(metadata, dict) else {}
    description, steps = said(content.get("description")), _texts(content.get("nextSteps"))
    summary = said(metadata.get("summary"))
    title = hints.title or said(content.get("title")) or summary or description
    if not title.strip():
        return None
    resources = _texts(metadata.get("relatedResources"))
    found = [arn for arn in map(arns.parse, resources) if arn]
    thread = hints.key or said(metadata.get("threadId"))
    context = metadata.get("additionalContext")
    alert = Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(title),
        description=bounds.paragraphs(
            summary if summary not in title else "", description, "\n".join(f"- {step}" for step in steps)
        ),
        dedup_key=bounds.key(thread) if thread else f"chatbot:{bounds.digest(hints.topic, title)}",
        source=SOURCE,
        account=next((arn.account for arn in found if arn.account), ""),
        region=next((arn.region for arn in found if arn.region), ""),
        resource=bounds.line(", ".join(resources), bounds.LABEL_MAX),
        labels=bounds.labels(
            [("event_type", metadata.get("eventType")), *(context.items() if isinstance(context, dict) else ())]
        ),
        tags=bounds.tags(_texts(content.get("keywords"))),
        links=bounds.links((arn.name, arns.resource_page(arn)) for arn in found),
    )
    return Reading(source=SOURCE, alerts=(alert,), event=value)


def _texts(value: Json) -> list[str]:
    return [item for item in value[:ITEMS_MAX] if isinstance(item, str)] if isinstance(value, list) else []
