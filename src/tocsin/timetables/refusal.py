"""Why an expression is refused: with the place in it and the value that stands there."""

from __future__ import annotations

from tocsin.errors import TocsinError

SHOWN_MAX = 80  # Characters of a value: enough to find it again.


class TimetableError(TocsinError):
    """The expression is not one that EventBridge accepts; its author must change it.

    *place* names the field (`cron, hours`) or argument, *value* is what stands there.
    """

    def __init__(self, code: str, place: str, value: str, sentence: str) -> None:
        """Put the place and the value into the message, too."""
        self.place = place
        self.value = value
        shown = value if len(value) <= SHOWN_MAX else f"{value[:SHOWN_MAX]}..."
        super().__init__(f"timetable-{code}", f"{place}: {sentence}, not {shown!r}")
