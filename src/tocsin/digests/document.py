"""Figures as a document for scripts, under the names that incident analytics has for them (see `figures`)."""

from __future__ import annotations

from typing import Any

from tocsin.digests.figures import Figures, KeyFigures, Pages, Person
from tocsin.digests.missing import Missed
from tocsin.kernel.time import SECOND, Duration, format_instant


def document(found: Figures) -> dict[str, Any]:
    """All of *found*; times in seconds."""
    return {
        "since": format_instant(found.since),
        "until": format_instant(found.until),
        "total_alert_count": found.alerts,
        "total_incident_count": found.incidents,
        "total_notification_count": found.notifications,
        **_interruptions(found.pages),
        "total_room_calls": found.room_pages,
        "mean_seconds_to_first_ack": _seconds(found.to_acknowledge.mean),
        "median_seconds_to_first_ack": _seconds(found.to_acknowledge.median),
        "mean_seconds_to_resolve": _seconds(found.to_resolve.mean),
        "median_seconds_to_resolve": _seconds(found.to_resolve.median),
        "total_incidents_acknowledged": found.to_acknowledge.count,
        "total_incidents_resolved": found.closed,
        "total_incidents_auto_resolved": found.auto_closed,
        "total_incidents_missed": found.missed,
        "by_person": [_person(each) for each in found.people],
        "by_key": [_key(each) for each in found.keys],
    }


def missed_document(found: Missed) -> dict[str, Any]:
    """What was missed once."""
    return {
        "id": found.incident,
        "team": found.team,
        "severity": found.severity.value,
        "title": found.title,
        "opened_at": format_instant(found.opened_at),
        "missed_at": format_instant(found.at),
        "how": found.how.value,
        "answered_by": found.answered_by or None,
    }


def _interruptions(pages: Pages) -> dict[str, int]:
    return {
        "total_interruptions": pages.total,
        "total_business_hour_interruptions": pages.working,
        "total_off_hour_interruptions": pages.off,
        "total_sleep_hour_interruptions": pages.sleep,
    }


def _person(found: Person) -> dict[str, Any]:
    return {
        "person": found.name,
        **_interruptions(found.pages),
        "total_incidents_acknowledged": found.answered.count,
        "mean_seconds_to_first_ack": _seconds(found.answered.mean),
        "total_incidents_resolved": found.closed,
    }


def _key(found: KeyFigures) -> dict[str, Any]:
    return {
        "key": found.key,
        "title": found.title,
        "team": found.team,
        "total_incident_count": found.incidents,
        "total_alert_count": found.alerts,
        **_interruptions(found.pages),
        "total_incidents_resolved": found.closed,
        "total_incidents_auto_resolved": found.auto_closed,
        "total_incidents_missed": found.missed,
    }


def _seconds(duration: Duration | None) -> float | None:
    return None if duration is None else duration / SECOND
