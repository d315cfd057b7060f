"""New Relic: the issues of its workflows, and the incidents of its older notification channels.

Sources: "Workflow variables" and "Customize your webhook payload" of New Relic's documentation.
"""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import shapes
from tocsin.sources.reading import Hints, Reading
from tocsin.sources.shapes import Shape, State

_OVER: Final = State(status=AlertStatus.RESOLVED)
_STATES: Final = {
    "created": State(),
    "activated": State(),
    "open": State(),
    "acknowledged": State(status=AlertStatus.ACKNOWLEDGED),
    "closed": _OVER,
    "deactivated": _OVER,
    "resolved": _OVER,
    "test": State(severity=Severity.INFO, kind=Kind.NOTIFICATION),
}
_LEVELS: Final = {"medium": Severity.WARNING, "low": Severity.INFO}

_ISSUE: Final = Shape(
    source="newrelic",
    titles=("title", "issueTitle", "condition_name", "alertConditionNames"),
    keys=(("issueId",), ("id",), ("issueUrl",)),
    state=("state", "issueState"),
    states=_STATES,
    severity=("priority", "severity"),
    levels=_LEVELS,
    descriptions=("details", "description"),
    resource=("impactedEntities", "entitiesData.names"),
    time=("updatedAt", "createdAt"),
    labels=(
        ("condition", "alertConditionNames"),
        ("policy", "alertPolicyNames"),
        ("workflow", "workflowName"),
        ("trigger", "trigger"),
        ("trigger", "triggerEvent"),
        ("incidents", "totalIncidents"),
        ("sources", "sources"),
    ),
    links=(("New Relic", "issueUrl"), ("New Relic", "issuePageUrl"), ("Runbook", "runbookUrl")),
)

_INCIDENT: Final = Shape(
    source="newrelic",
    titles=("details", "condition_name", "event_type"),
    keys=(("incident_id",),),
    state=("current_state",),
    states=_STATES,
    severity=("severity", "priority"),
    levels=_LEVELS,
    descriptions=("condition_description",),
    time=("timestamp",),
    labels=(
        ("condition", "condition_name"),
        ("policy", "policy_name"),
        ("owner", "owner"),
        ("account", "account_name"),
    ),
    links=(
        ("New Relic", "incident_url"),
        ("Runbook", "runbook_url"),
        ("Violation", "violation_callback_url"),
        ("Chart", "violation_chart_url"),
        ("Policy", "policy_url"),
    ),
)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """Either of them."""
    return read_incident(value, hints) if "incident_id" in value else read_issue(value, hints)


def read_issue(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An issue, as the default template of a workflow's webhook tells it."""
    return shapes.read(_ISSUE, value, hints)


def read_incident(value: dict[str, Json], hints: Hints) -> Reading | None:
    """An incident, as a notification channel told it."""
    targets = value.get("targets")
    target = targets[0] if isinstance(targets, list) and targets and isinstance(targets[0], dict) else {}
    own = target.get("labels")
    labels = [("target", target.get("name")), *(own.items() if isinstance(own, dict) else ())]
    return shapes.read(_INCIDENT, value, hints, labels=labels)
