"""What is stored of a rule: when it is due, what of it runs or waits, and its last decisions."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

NOTES_MAX: Final = 20  # Decisions that are kept: enough for the question why it did not run today.
DEAD_MAX: Final = 50
TEXT_MAX: Final = 200  # Characters of what is shown of an input or an error.


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is not over. *firing*: the number of the firing it belongs to. *again_at*: when it is redriven."""

    run: str
    firing: int
    tried: int = 0
    again_at: Instant | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A firing that waits for its turn, with its input; *at*: when it fired."""

    cause: str
    of: str
    input: Json
    at: Instant


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, why, and with which runs."""

    at: Instant
    cause: str
    of: str
    decided: str
    runs: tuple[str, ...] = ()
    text: str = ""


class Dead(msgspec.Struct, frozen=True, kw_only=True):
    """What failed after its retries, or could not begin: *run* can be redriven, *of* a delivery replayed."""

    at: Instant
    run: str
    of: str
    error: str


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *due*: when its timetable comes next, *timetable* the one that this follows from, since *anchored*.

    *numbered*: how many runs it has begun; *fired*: how many firings.
    """

    rule: str
    seed: str
    created_at: Instant
    listed: bool = True
    timetable: str = ""
    anchored: Instant = 0
    due: Instant | None = None
    numbered: int = 0
    fired: int = 0
    live: tuple[Live, ...] = ()
    queue: tuple[Waiting, ...] = ()
    notes: tuple[Note, ...] = ()
    dead: tuple[Dead, ...] = ()

    @property
    def wake_at(self) -> Instant | None:
        """When time changes something."""
        again = [each.again_at for each in self.live if each.again_at is not None]
        return min([*again, *([] if self.due is None else [self.due])], default=None)

    @property
    def at_work(self) -> int:
        """How many firings are."""
        return len({each.firing for each in self.live})

    def noting(self, note: Note) -> Book:
        """With one decision more; the oldest goes."""
        return replace(self, notes=(*self.notes, replace(note, text=note.text[:TEXT_MAX]))[-NOTES_MAX:])

    def burying(self, dead: Dead) -> Book:
        """With one that failed for good."""
        return replace(self, dead=(*self.dead, replace(dead, error=dead.error[:TEXT_MAX]))[-DEAD_MAX:])
