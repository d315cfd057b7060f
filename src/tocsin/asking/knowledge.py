"""What is known of people and teams, as one value for one batch of decisions."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from tocsin.choosing.history import History
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate, Costs, Presence
from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.windows import WEEK, Window

OnDuty: TypeAlias = Callable[[str, Instant], tuple[str, ...]]  # Of `tocsin.incidents.duty`.

ShowsPresence: TypeAlias = Callable[[str, Instant], Presence]
"""What the chat shows of a responder, by name, at an instant: a hint, never more."""

RECENT: Final = DAY  # Interruptions of this long ago still count.
WORKS: Final = tuple(Window(day, 9 * HOUR, 17 * HOUR) for day in range(5))
SLEEPS: Final = tuple(Window(day, 22 * HOUR, 31 * HOUR) for day in range(WEEK))  # From 22 to 7: the usual night.

_WEEK: Final[Duration] = WEEK * DAY
_THURSDAY: Final = 3  # The first day of 1970.


def unseen(name: str, now: Instant) -> Presence:  # noqa: ARG001 - a ShowsPresence.
    """Where there is no chat nothing is shown."""
    return Presence.UNKNOWN


class Person(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """Somebody's week, by the clocks of *zone*."""

    zone: str = "UTC"
    works: tuple[Window, ...] = WORKS
    sleeps: tuple[Window, ...] = SLEEPS


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """All that a choice may look at.

    *people* and *teams* (members, in their order) by name; *calendar* knows the schedules, and *on_call* which of them
    are a team's. *presence* by name, as the
    chat showed it. *busy*: in how many incidents each has acknowledged and not resolved. *asked*: when each was paged,
    oldest first. *solved*: who resolved a key how often, by key. *turns*: when each had theirs, by target and name.
    """

    people: Mapping[str, Person] = {}
    teams: Mapping[str, Sequence[str]] = {}
    on_call: Mapping[str, Sequence[str]] = {}
    calendar: OnDuty = lambda _target, _now: ()
    presence: ShowsPresence = unseen
    busy: Mapping[str, int] = {}
    asked: Mapping[str, Sequence[Instant]] = {}
    solved: Mapping[str, Mapping[str, int]] = {}
    turns: Mapping[str, Mapping[str, Instant]] = {}
    history: History = History()
    costs: Costs = Costs()

    def hours(self, name: str, now: Instant) -> HourClass:
        """What hour it is for *name*; where working time and sleep overlap it is working time."""
        return _hours(self.people.get(name, _USUAL), now)

    def recent(self, name: str, now: Instant) -> int:
        """How often *name* was paged in the last 24 hours."""
        pages = self.asked.get(name)
        return bisect(pages, now) - bisect(pages, now - RECENT) if pages else 0

    def candidate(
        self, name: str, now: Instant, *, key: str = "", on_call: bool = False, again: bool = False
    ) -> Candidate:
        """*name*, as they are known at *now*; *key* is that of the trouble."""
        return Candidate(
            name=name,
            hours=self.hours(name, now),
            presence=self.presence(name, now),
            on_call=on_call,
            busy=self.busy.get(name, 0) > 0,
            again=again,
            recent=self.recent(name, now),
            solved=self.solved.get(key, {}).get(name, 0),
        )


def is_open(windows: Sequence[Window], zone: str, now: Instant) -> bool:
    """Whether one of *windows* is open at *now*, by the clock on the wall in *zone*."""
    weekday, time = _local(zone, now)
    for window in windows:
        since = time + (weekday - window.day) % WEEK * DAY  # Since midnight of the day on which it was opened last.
        if window.start <= since < window.end or since + _WEEK < window.end:
            return True
    return False


_USUAL: Final = Person()


@lru_cache(maxsize=4096)
def _hours(person: Person, now: Instant) -> HourClass:
    """What hour it is for those who live so; asked at one moment for each of a large team, most of whom live alike."""
    if is_open(person.works, person.zone, now):
        return HourClass.WORKING
    return HourClass.SLEEP if is_open(person.sleeps, person.zone, now) else HourClass.OFF


@lru_cache(maxsize=64)
def _local(zone: str, now: Instant) -> tuple[int, Duration]:
    """The weekday in *zone*, and the time since its midnight; asked at one moment for each of a large team."""
    today, time = divmod(wall_clock(zone, now, now).reading(now), DAY)
    return (today + _THURSDAY) % WEEK, time
