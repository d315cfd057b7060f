"""Who receives the effects of runs, and what those are called: for those who need no more of runs than that."""

from __future__ import annotations

from typing import Final

ANSWER: Final = "answer"  # The kind of an effect: another run's task is over, since this run is.
RECEIVER: Final = "task:"


def is_task(receiver: str) -> bool:
    """Whether *receiver* does tasks."""
    return receiver.startswith(RECEIVER)
