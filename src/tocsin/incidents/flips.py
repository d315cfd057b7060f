"""How restless an alert is: the weighted share of the last minutes in which it changed, with two thresholds.

Nagios looks at the last 21 checks of a service, at most 20 changes, weighs each from 0.8 (oldest) to 1.2 (newest), and
takes a service for flapping above a high threshold until it falls below a low one ("Detection and Handling of State
Flapping", Nagios Core documentation). Nobody checks alerts here: they tell when they change. So time is cut into SLOTS
minutes of the clock, the present one the newest, and a minute counts, once, when something changed in it. Whoever
changes every minute is at 100 %, every third minute at 35 %; the minutes before the first alert were quiet.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.kernel.time import MINUTE, Duration, Instant

SLOT: Final[Duration] = MINUTE
SLOTS: Final = 20
OLDEST: Final = 0.8
NEWEST: Final = 1.2
STARTS_ABOVE: Final = 0.5
STOPS_BELOW: Final = 0.25


class Flips(msgspec.Struct, frozen=True):
    """The changes of an alert: *slots* are minutes since 1970 with the number of changes, oldest first."""

    slots: tuple[tuple[int, int], ...] = ()
    flapping: bool = False


def changed(flips: Flips, now: Instant) -> Flips:
    """*flips* and one change more, at *now*."""
    settled = calmed(flips, now)
    slot = now // SLOT
    known = dict(settled.slots)
    known[slot] = known.get(slot, 0) + 1
    slots = tuple(sorted((each, count) for each, count in known.items() if each > slot - SLOTS))
    after = Flips(slots, settled.flapping)
    return Flips(slots, flapping=settled.flapping or share(after, now) > STARTS_ABOVE)


def calmed(flips: Flips, now: Instant) -> Flips:
    """*flips* as they are at *now*, when nothing has changed since."""
    if not flips.flapping or share(flips, now) >= STOPS_BELOW:
        return flips
    return Flips(flips.slots)


def calm_at(flips: Flips) -> Instant | None:
    """When it stops flapping if nothing changes any more; None: it does not flap."""
    if not flips.flapping:
        return None
    last = flips.slots[-1][0]
    return next(at for each in range(SLOTS + 1) if share(flips, at := (last + each) * SLOT) < STOPS_BELOW)


def share(flips: Flips, now: Instant) -> float:
    """The weighted share of the last minutes in which it changed, from 0 to 1."""
    ages = [now // SLOT - slot for slot, _ in flips.slots]
    return sum(_weight(age) for age in ages if age < SLOTS) / SLOTS


def counted(flips: Flips) -> tuple[int, Duration]:
    """How many changes there were, and in how long: for people."""
    first, last = flips.slots[0][0], flips.slots[-1][0]
    return sum(count for _, count in flips.slots), (last - first + 1) * SLOT


def _weight(age: int) -> float:
    """Of a minute *age* minutes ago; the average is 1."""
    return NEWEST - (NEWEST - OLDEST) * age / (SLOTS - 1)
