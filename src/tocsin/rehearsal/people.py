"""What is true of the people: what hour it is for them, whether they are active, when they would answer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.asking.knowledge import Person
from tocsin.choosing.hours import DAY_MINUTES, HourClass, hour_class
from tocsin.choosing.situation import Presence
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.rehearsal.draws import log_normal, unit
from tocsin.rehearsal.model import Answers, Change, Hours, Responder, Team
from tocsin.rehearsal.stream import START, Topic
from tocsin.schedules.windows import WEEK, Window

BLOCK: Final[Duration] = 30 * MINUTE  # For so long somebody stays active, or not.
_QUARTER: Final[Duration] = 15 * MINUTE  # No zone changes its offset in between.
_NOT_USUAL: Final = Change()


class People:
    """The team of *team*, with everything that *seed* decides about them. Whoever asks, the answers are the same."""

    def __init__(self, team: Team, seed: int) -> None:
        """Nobody is asked anything yet."""
        self.team = team
        self.names = tuple(team.responders)
        self.seed = seed
        self._places = {name: place for place, name in enumerate(self.names)}
        self._weeks = {name: each.week for name, each in team.responders.items()}
        self.lives = {name: _life(each) for name, each in team.responders.items()}
        self._zones = {name: ZoneInfo(each.zone) for name, each in team.responders.items()}
        self.hours = lru_cache(maxsize=200_000)(self._hours)

    def _hours(self, name: str, at: Instant) -> HourClass:
        """What hour it is for them; see `hours`, which remembers."""
        return hour_class(at, self._zones[name], self._weeks[name])

    def hour(self, name: str, at: Instant) -> HourClass:
        """What hour it is for them."""
        week = self._weeks[name]
        even = (week.works_from | week.works_until | week.sleeps_from | week.sleeps_until) % 15 == 0
        return self.hours(name, at - at % _QUARTER if even else at)

    def there(self, at: Instant) -> tuple[str, ...]:
        """Who is not known to be absent; everyone, if nobody is."""
        day = (at - START) // DAY
        found = tuple(
            name
            for name, each in self.team.responders.items()
            if not each.absences or (absence := each.absence(day)) is None or not absence.announced
        )
        return found or self.names

    def on_call(self, at: Instant) -> str | None:
        """Who is on call, if anybody is; the next who is there, if that one is not."""
        rotation = self.team.on_call
        if rotation is None:
            return None
        there = self.there(at)
        turn = (at - START) // rotation.every
        return next(
            name for place in range(len(self.names)) if (name := self.names[(turn + place) % len(self.names)]) in there
        )

    def state(self, name: str, at: Instant) -> Presence:
        """What they are: active, away, or away with do-not-disturb on."""
        usual = self._usual(name, at)
        chance = 100 * unit(self.seed, Topic.ACTIVE, self._places[name], at // BLOCK)
        if self._absent(name, at):
            return Presence.AWAY
        if chance < usual.active:
            return Presence.ACTIVE
        return Presence.DO_NOT_DISTURB if chance >= 100 - usual.dnd else Presence.AWAY

    def shown(self, name: str, at: Instant) -> Presence:
        """What the chat shows, rightly or wrongly."""
        true = self.state(name, at)
        chance = 100 * unit(self.seed, Topic.SHOWN, self._places[name], at // BLOCK)
        if chance < self.team.responders[name].presence:
            return true
        return Presence.AWAY if true is Presence.ACTIVE else Presence.ACTIVE

    def answer(self, name: str, alarm: int, nth: int, at: Instant, *, channel: bool, busy: bool) -> Duration | None:
        """How long they would take to answer the *nth* message about *alarm*, sent *at*; None: for ever."""
        if self._absent(name, at):
            return None
        usual = self._usual(name, at)
        answers = (usual.channel or _third(usual.page)) if channel else usual.page
        share, time = answers.share / 100, 1.0
        for change in self._changes(name, nth, at, busy=busy):
            share, time = share * change.share / 100, time * change.time / 100
        place = self._places[name]
        if unit(self.seed, Topic.ANSWERS, alarm, place, nth) >= min(share, 1.0):
            return None
        chance = unit(self.seed, Topic.ANSWER_TIME, alarm, place, nth)
        return max(1, int(time * log_normal(chance, answers.median, answers.p90)))

    def _changes(self, name: str, nth: int, at: Instant, *, busy: bool) -> tuple[Change, ...]:
        active = self.state(name, at) is Presence.ACTIVE
        rotation = self.team.on_call
        on_call = rotation is not None and self.on_call(at) == name
        return (
            _NOT_USUAL if active else self.team.responders[name].away,
            self.team.busy if busy else _NOT_USUAL,
            self.team.again if nth else _NOT_USUAL,
            Change(share=rotation.share, time=rotation.time) if rotation and on_call else _NOT_USUAL,
        )

    def _usual(self, name: str, at: Instant) -> Hours:
        return self.team.responders[name].hours(self.hour(name, at), (at - START) // DAY)

    def _absent(self, name: str, at: Instant) -> bool:
        each = self.team.responders[name]
        return bool(each.absences) and each.absence((at - START) // DAY) is not None


def _life(each: Responder) -> Person:
    """What the configuration would say of *each*."""
    week = each.week
    return Person(
        zone=each.zone,
        works=_windows(week.works_on, week.works_from, week.works_until),
        sleeps=_windows(range(WEEK), week.sleeps_from, week.sleeps_until),
    )


def _windows(days: Iterable[int], begin: int, end: int) -> tuple[Window, ...]:
    until = end if end > begin else end + DAY_MINUTES
    return tuple(Window(day, begin * MINUTE, until * MINUTE) for day in days)


def _third(page: Answers) -> Answers:
    """Of a message to all each one thinks that another will answer."""
    return Answers(share=page.share // 3, median=2 * page.median, p90=2 * page.p90)
