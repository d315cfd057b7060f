"""The note of a resolve in two parts, what was the cause and what was the remedy, so that both can be found again."""

from __future__ import annotations

from typing import Final

import msgspec

PART_MAX: Final = 900  # Characters: both parts and their names fit into what an incident keeps of a note.

_CAUSE: Final = "Cause: "
_REMEDY: Final = "Remedy: "
_BETWEEN: Final = "; remedy: "


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said when it was over; either may be empty."""

    cause: str = ""
    remedy: str = ""


def written(lesson: Lesson) -> str:
    """The note for *lesson*: `Cause: disk full; remedy: deleted old logs`. The cause is one line."""
    cause = " ".join(lesson.cause.split()).replace(_BETWEEN, ", remedy: ")[:PART_MAX]
    remedy = lesson.remedy.strip()[:PART_MAX].rstrip()
    if not cause:
        return f"{_REMEDY}{remedy}" if remedy else ""
    return f"{_CAUSE}{cause}{_BETWEEN}{remedy}" if remedy else f"{_CAUSE}{cause}"


def read(note: str) -> Lesson:
    """The lesson in *note*, as `written` writes it; a note in other words is a remedy: it says what helped."""
    if note.startswith(_CAUSE):
        cause, _, remedy = note.removeprefix(_CAUSE).partition(_BETWEEN)
        return Lesson(cause=cause, remedy=remedy)
    return Lesson(remedy=note.removeprefix(_REMEDY))
