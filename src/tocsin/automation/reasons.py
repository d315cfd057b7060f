"""Why a rule decided as it did."""

from __future__ import annotations

from enum import StrEnum


class RuleReason(StrEnum):
    """One for each way through the machine; `docs/workflows.md` explains them."""

    BEGUN = "rule begins"
    CHANGED = "timetable changed"
    UNCHANGED = "rule unchanged"
    REMOVED = "rule removed"
    STARTED = "started"
    RESTARTED = "restarted"
    QUEUED = "queued"
    RUNNING = "already running"
    FULL = "queue is full"
    DRY = "dry run"
    RAISED = "alert raised"
    POISON = "no input"  # The expression of its input fails.
    ENDED = "run ended"
    RETRIED = "to be tried again"
    AGAIN = "tried again"
    DEAD = "run failed for good"
    NOT_DUE = "rule not due"
    STRANGE = "not a run of this rule"
    UNKNOWN = "no such rule"
