"""The receivers of effects that are tasks."""

from __future__ import annotations

from typing import Final

RECEIVER: Final = "task:"


def is_task(receiver: str) -> bool:
    """Whether *receiver* does tasks."""
    return receiver.startswith(RECEIVER)
