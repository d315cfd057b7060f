"""Why a digest decided as it did."""

from __future__ import annotations

from enum import StrEnum


class DigestReason(StrEnum):
    """One for each way through the machine; `docs/digests.md` explains them."""

    PLANNED = "digest planned"
    REPLANNED = "digest planned otherwise"
    KEPT = "digest stays as it is"
    RETIRED = "digest no longer wanted"
    DUE = "digest due"  # Its figures are asked for.
    HANDED_OVER = "handed over"  # As DUE, of a schedule.
    SAME = "still the same on call"
    TOLD = "digest told"
    QUIET = "nothing to tell"
    OLD = "figures of an earlier digest"
    NOT_DUE = "not due"
    UNKNOWN = "no such digest"
