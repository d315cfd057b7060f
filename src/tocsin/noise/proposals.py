"""What might be done about a noisy key, and why: a proposal, which a person accepts or does not.

Nothing is proposed from a few cases: of a share of cases its lower bound counts (the Wilson score interval, E. B.
Wilson, "Probable inference, the law of succession, and statistical inference", 1927, at 95 %). What was ever an
emergency is never made quieter by a proposal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import MINUTE, Duration, format_duration
from tocsin.noise.keys import By, Key
from tocsin.noise.occurrences import Closed, Occurrence
from tocsin.noise.remedies import Measure

CASES_MIN: Final = 8  # Incidents that are over; fewer are an anecdote.
SHARE_MIN: Final = 0.6  # Of cases that needed nobody, by the lower bound: 8 of 8, 18 of 20, 70 of 100.
HOLDS: Final = tuple(minutes * MINUTE for minutes in (1, 2, 3, 5, 10))
COUNTS: Final = (2, 3, 5)
WITHINS: Final = tuple(minutes * MINUTE for minutes in (10, 30, 60))

_Z: Final = 1.96


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy, and why, in words. *hold*, *count* and *within* as in `Remedy`."""

    measure: Measure
    why: str
    hold: Duration = 0
    count: int = 0
    within: Duration = 0


def wilson(successes: int, cases: int) -> float:
    """The lower bound of the share that *successes* of *cases* show, with 95 % confidence."""
    if not cases:
        return 0.0
    share, square = successes / cases, _Z * _Z
    middle = share + square / (2 * cases)
    spread = _Z * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases))
    return max(0.0, (middle - spread) / (1 + square / cases))


def propose(key: Key, all_: Sequence[Occurrence]) -> Proposal | None:
    """What might make *key* quieter without losing what people cared for; None: nothing does, or nobody can tell."""
    over = [each for each in all_ if each.kind is Kind.ALERT and each.closed in {Closed.SOURCE, Closed.PERSON}]
    emergency = any(each.severity is Severity.CRITICAL for each in all_)
    if emergency or len(over) < CASES_MIN or not any(each.pages for each in over):
        return None
    return _hold(over) or _threshold(key, over) or _notification(over)


def _hold(over: Sequence[Occurrence]) -> Proposal | None:
    for length in HOLDS:
        quick = sum(each.by_itself and each.lasted <= length for each in over)
        if _mostly(quick, len(over)):
            why = f"closed by itself {quick} of {len(over)} times within {format_duration(length)}"
            return Proposal(measure=Measure.HOLD, why=why, hold=length)
    return None


def _threshold(key: Key, over: Sequence[Occurrence]) -> Proposal | None:
    """Those that fire seldom need nobody, and a person had to do something about each that fires often."""
    worked = [each for each in over if not each.by_itself]
    if key.by is By.TITLE or not worked:
        return None
    within = next((each for each in WITHINS if all(one.lasted <= each for one in worked)), None)
    for count in COUNTS if within else ():
        few = [each for each in over if each.fired < count]
        if all(each.by_itself for each in few) and _mostly(len(few), len(few)):
            why = f"closed by itself each of the {len(few)} times that it fired less than {count} times"
            return Proposal(measure=Measure.THRESHOLD, why=why, count=count, within=within or 0)
    return None


def _notification(over: Sequence[Occurrence]) -> Proposal | None:
    alone = sum(each.by_itself for each in over)
    if any(each.solved for each in over) or not _mostly(alone, len(over)):
        return None
    acknowledged = sum(each.by_itself and each.acknowledged for each in over)
    why = f"closed by itself {alone} of {len(over)} times, and nobody has ever written what helped"
    return Proposal(
        measure=Measure.NOTIFICATION,
        why=f"{why}; {acknowledged} of them acknowledged by somebody who did nothing" if acknowledged else why,
    )


def _mostly(successes: int, cases: int) -> bool:
    return cases >= CASES_MIN and wilson(successes, cases) >= SHARE_MIN
