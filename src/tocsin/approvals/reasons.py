"""Why a question is as it is."""

from __future__ import annotations

from enum import StrEnum


class ApprovalReason(StrEnum):
    """One for each way through the machine; `docs/workflow-questions.md` explains them."""

    ASKED = "people are asked"
    COUNTED = "answer counts, more are needed"
    DECIDED = "question is decided"
    DEADLINE_DECIDED = "deadline decided"
    NOT_ANSWERED = "nobody answered in time"
    REMINDED = "people are reminded"
    WITHDRAWN = "question is withdrawn"
    TOO_LATE = "answer came too late"

    ASKED_BEFORE = "question was asked before"
    ANSWERED_BEFORE = "they have answered so already"
    DECIDED_BEFORE = "question was decided before"
    NOT_ASKED = "they are not asked"
    OWN_RUN = "they have started the run themselves"
    UNKNOWN_CHOICE = "no such choice"
    COMMENT_MISSING = "a comment is needed"
    NOT_DUE = "question not due"
    UNKNOWN = "no such question"
