"""Why a notice decided as it did."""

from __future__ import annotations

from enum import StrEnum


class NoticeReason(StrEnum):
    """One for each way through the machine; `docs/slack-manners.md` explains them."""

    TOLD = "trouble told"
    CHANGED = "another trouble told"
    KNOWN = "trouble known already"
    OVER = "end of trouble told"
    NOTHING = "no trouble to end"
    NOT_DUE = "not due"
