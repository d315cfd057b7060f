"""Marks: what an alert has to do with the muting of others; whoever fires under a mark mutes those who wait for it.

Which marks an alert bears is a value (law 9), found when it comes in: from the inhibition rules (module `inhibition`),
or because it stands for a storm (module `storms`). An incident whose marks begin or end to count tells so, once for all
of them: the newest state says which; whoever delivers that looks which incidents are concerned (law 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.moved import moved
from tocsin.kernel.machine import TELL, Decision, Effect, teller
from tocsin.kernel.time import Instant

if TYPE_CHECKING:
    from tocsin.incidents.state import Incident

MARKED: Final = "marks"  # What an incident tells whose marks begin or end to count.
MUTED_BY: Final = "muted-by"  # What an incident asks that was muted by a value: is it still so?

_STORM: Final = "storm/"


class Marks(msgspec.Struct, frozen=True, omit_defaults=True):
    """*mutes*: while the alert fires, what bears one of these among its *mutable* ones asks nobody."""

    mutes: tuple[str, ...] = ()
    mutable: tuple[str, ...] = ()


def storm_mark(team: str, began_at: Instant) -> str:
    """The mark of a storm; it is also the dedup key of the alert that stands for it."""
    return f"{_STORM}{team}/{began_at}"


def storm_of(mark: str) -> tuple[str, Instant] | None:
    """The team of a storm and when it began, by its mark; None if it is another mark."""
    team, _, began_at = mark.removeprefix(_STORM).rpartition("/")
    return (team, int(began_at)) if mark.startswith(_STORM) and began_at.isdecimal() else None


def is_storm(marks: Marks | None) -> bool:
    """Whether the alert stands for a storm. It is never muted: else nobody would be asked about anything."""
    return marks is not None and any(mark.startswith(_STORM) for mark in marks.mutes)


def mutes(state: Incident | None) -> frozenset[str]:
    """The marks under which *state* mutes others: what fires in it, unless nobody is asked about it anyway."""
    if state is None or not state.live or state.kind is Kind.NOTIFICATION:
        return frozenset()
    marked = [line for line in state.alerts.values() if line.marks is not None]  # None, as a rule, of very many.
    lines = [line for line in marked if line.status is not AlertStatus.RESOLVED]
    return frozenset([mark for line in lines if line.marks is not None for mark in line.marks.mutes])


def told(before: Incident | None, decision: Decision[Incident]) -> Decision[Incident]:
    """*decision*, and the word that others are muted from now on, or not any more."""
    if _unmoved(before, decision.state) or mutes(before) == mutes(decision.state):
        return decision
    effect = Effect(receiver=teller("incident"), kind=TELL, coalesce=True, facts={"what": MARKED})
    return replace(decision, effects=(*decision.effects, effect))


def _unmoved(before: Incident | None, after: Incident | None) -> bool:
    """Whether nothing has moved that bears a mark: so it is nearly always, and that is found out soon."""
    if before is None or after is None or (before.live, before.kind) != (after.live, after.kind):
        return False
    known, lines = before.alerts, after.alerts
    keys = moved(known, lines)
    return len(lines) >= len(known) and all(
        line is None or line.marks is None for key in keys for line in (lines[key], known.get(key))
    )
