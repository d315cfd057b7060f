"""The alert about a delivery that could not be read: a verified sender's words are never dropped in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.sources import bounds
from tocsin.sources.reading import Problem

SHOWN_MAX: Final = 10  # Problems in the description; the raw body has the rest.


def undecodable(integration: str, delivery_id: str, problems: Sequence[Problem]) -> Alert:
    """The alert "undecodable delivery": one for all bad deliveries of an integration, telling of the newest."""
    told = [": ".join(filter(None, (problem.place, problem.message))) for problem in problems[:SHOWN_MAX]]
    if len(problems) > SHOWN_MAX:
        told.append(f"... and {len(problems) - SHOWN_MAX} more")
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(f"Undecodable delivery from {integration or 'an unknown sender'}"),
        description=bounds.paragraphs(
            f"Delivery {delivery_id} could not be read in full, so an alert may be hidden in it.",
            "\n".join(told),
            "The raw body is kept: look at it, repair the sender, and replay the delivery.",
        ),
        dedup_key=bounds.key(f"tocsin:undecodable:{integration}"),
        source="tocsin",
        severity=Severity.HIGH,
        labels=bounds.labels((("integration", integration), ("delivery", delivery_id))),
    )
