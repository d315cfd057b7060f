"""How often a key was closed, by whom and how soon; and whether that is enough to wait for it to recover by itself.

An *occurrence* is an alert of a key from its first firing until it was closed, however often it came back in between.
What its source closes within minutes nearly every time is transient: the share is judged by the lower end of Wilson's
95 % interval (E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927), so that a
few lucky occurrences prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import MINUTE, Duration, Instant

OCCURRENCES_MAX: Final = 50  # Of one key; what was before says little about what it does now.
OCCURRENCES_MIN: Final = 8  # A key with fewer is new.
SHARE_MIN: Final = 0.8  # Four of five are spared the page, and we are sure of it.
HORIZONS: Final[tuple[Duration, ...]] = tuple(each * MINUTE for each in (1, 2, 3, 5, 10))

_Z: Final = 1.959963984540054  # The 97.5th percentile of the normal distribution: 95 % lie between -z and z.


class Closer(StrEnum):
    """Who closed it."""

    SOURCE = "source"
    HUMAN = "human"


class Outcome(StrEnum):
    """What a hold has led to."""

    SAVED = "saved"  # It recovered, and nobody was paged.
    LATE = "late"  # The page came all the same, and later.
    ENDED = "ended"  # A person or a worse alert ended the hold before its time.


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One closed occurrence; *duration* from its first firing, *held* what came of its hold if it had one."""

    incident: str
    closed_by: Closer
    duration: Duration
    severity: Severity
    closed_at: Instant
    held: Outcome | None = None


class Usual(msgspec.Struct, frozen=True):
    """What a key usually does: it recovers by itself *within* ms, as *recovered* of the last *of* times."""

    within: Duration
    recovered: int
    of: int


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when nobody is paged, and why: *usual*, or the plan says so.

    *ended*: somebody was asked, or would have been but for a silence. *late*: the page came after all.
    """

    since: Instant
    until: Instant
    usual: Usual | None = None
    ended: bool = False
    late: bool = False


def usual(occurrences: Sequence[Occurrence], severity: Severity) -> Usual | None:
    """The soonest of HORIZONS within which a key recovers by itself as good as always; None if it does not.

    Only occurrences that were at least as severe as *severity* count: what is worse than before is new.
    """
    alike = [each for each in occurrences[-OCCURRENCES_MAX:] if each.severity.weight >= severity.weight]
    if len(alike) < OCCURRENCES_MIN:
        return None
    recovered = [each.duration for each in alike if each.closed_by is Closer.SOURCE]
    for horizon in HORIZONS:
        soon = sum(duration <= horizon for duration in recovered)
        if wilson_low(soon, len(alike)) >= SHARE_MIN:
            return Usual(horizon, soon, len(alike))
    return None


def wilson_low(hits: int, of: int) -> float:
    """The lower end of Wilson's 95 % score interval for a share that was *hits* *of* (at least one) times."""
    share, weight = hits / of, _Z * _Z / of
    spread = _Z * math.sqrt((share * (1 - share) + weight / 4) / of)
    return max(0.0, (share + weight / 2 - spread) / (1 + weight))
