"""Why a run decided as it did."""

from __future__ import annotations

from enum import StrEnum


class RunReason(StrEnum):
    """One for each way through the machine; `docs/workflows.md` explains them."""

    STARTED = "run started"
    WENT_ON = "run went on"
    SUCCEEDED = "run succeeded"
    FAILED = "run failed"
    TIMED_OUT = "run timed out"
    ABORTED = "run stopped"
    REDRIVEN = "run redriven"
    ALIVE = "task is alive"
    STARTED_BEFORE = "run started before"
    LATE = "answer came late"  # Its task is over, or somebody else has answered.
    OVER = "run is over"
    NOT_AWAITED = "run was not awaited"  # By the task that waits for it no more.
    NOT_REDRIVABLE = "run cannot be redriven"
    NOT_DUE = "run not due"
    NO_DEFINITION = "definition is missing"
    UNKNOWN = "no such run"
