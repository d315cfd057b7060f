"""What stops a performance."""

from __future__ import annotations

from tocsin.errors import TocsinError


class StoryError(TocsinError):
    """The story did not go as it is written; the message says what was wrong, or waited for in vain."""

    def __init__(self, message: str) -> None:
        """Say it."""
        super().__init__("demo-failed", f"the demo stopped: {message}")
