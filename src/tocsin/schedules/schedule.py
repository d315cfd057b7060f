"""What a schedule is made of: layers of rotations, and what people have agreed on beside them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from tocsin.kernel.time import Instant
from tocsin.schedules.clock import Wall
from tocsin.schedules.rotation import Rotation
from tocsin.schedules.windows import Span, Window


class Holidays(StrEnum):
    """What a layer does on the holidays of its schedule."""

    AS_USUAL = "as-usual"
    OFF = "off"
    ONLY = "only"


class Absent(StrEnum):
    """What a layer does while the one whose turn it is is absent."""

    NEXT = "next"  # The next one of the rotation who is there covers.
    NOBODY = "nobody"  # The layers below decide.


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation, by the clocks of *zone*, while one of the windows *only* is open (none: always), before *until*."""

    name: str
    zone: str
    rotation: Rotation
    only: tuple[Window, ...] = ()
    until: Wall | None = None
    holidays: Holidays = Holidays.AS_USUAL
    absent: Absent = Absent.NEXT


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """*who* is on call from *start* to *until*, whatever the layers say; *by*: who says so. It always has an end."""

    id: str
    schedule: str
    who: str
    start: Instant
    until: Instant
    by: str = ""


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """*by* asks that *to* (empty: anybody) take the turns that *by* has between *start* and *until*.

    In return *by* takes those that *to* has between *back_start* and *back_until*, if those are given. Nothing of it
    counts before it is *accepted*.
    """

    id: str
    schedule: str
    by: str
    start: Instant
    until: Instant
    to: str = ""
    back_start: Instant | None = None
    back_until: Instant | None = None
    accepted: bool = False


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call, one person at a time.

    The last of *overrides* counts before all layers, the last of *layers* before the others; the swaps are followed in
    their order. *absences*: when people cannot be asked, in order and merged, by name. *needed*: when somebody must be
    on call, by the clocks of *zone* (no windows: always). An override or a swap is a promise: absences do not touch it.
    """

    name: str
    zone: str
    layers: tuple[Layer, ...] = ()
    needed: tuple[Window, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    absences: Mapping[str, tuple[Span, ...]] = {}
    holidays: tuple[Span, ...] = ()


class Why(StrEnum):
    """Why somebody is on call, or why nobody is."""

    LAYER = "layer"
    COVER = "cover"
    OVERRIDE = "override"
    SWAP = "swap"
    NOBODY = "nobody"  # No layer says anything.
    ABSENT = "absent"  # Those whose turn it is are absent.
    EMPTY = "empty"  # A turn in which nobody takes part.


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """From *start* to *until* *who* is on call (empty: nobody).

    *source*: the layer's name, or the id of the override or of the swap. *instead*: whose turn it is, if another's.
    """

    start: Instant
    until: Instant
    who: str
    why: Why
    source: str = ""
    instead: str = ""

    @property
    def gap(self) -> bool:
        """Nobody is on call."""
        return not self.who


def everybody(schedule: Schedule) -> tuple[str, ...]:
    """All who have ever a turn, in the order of the layers."""
    names = (name for layer in schedule.layers for crew in layer.rotation.crews for name in crew.responders)
    return tuple(dict.fromkeys(names))
