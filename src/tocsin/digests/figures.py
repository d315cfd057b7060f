"""Figures over a span: everything counts in the span in which it happened.

The names follow those of incident analytics, so that numbers can be compared: PagerDuty's `mean_seconds_to_first_ack`,
`mean_seconds_to_resolve`, `total_interruptions` by business, off and sleep hours, `total_incidents_auto_resolved`
(https://developer.pagerduty.com/api-reference, analytics). Two things differ. There a time belongs to the span in which
its incident was created, so that long ones are missing from the last days; here to the span in which it was answered or
ended. And hours are not the same for all, 8 to 18, but each person's own. Google's *Site Reliability Workbook*, chapter
8, gives the measure for what a shift can bear: two incidents in twelve hours.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.digests.episode import Episode, person
from tocsin.digests.hours import HoursOf
from tocsin.incidents.alerts import Kind
from tocsin.kernel.time import Duration, Instant


class Times(msgspec.Struct, frozen=True):
    """How long something took, over *count* cases; nothing without any."""

    count: int = 0
    mean: Duration | None = None
    median: Duration | None = None


class Pages(msgspec.Struct, frozen=True):
    """How often people were asked, by what hour it was for them."""

    working: int = 0
    off: int = 0
    sleep: int = 0

    @property
    def total(self) -> int:
        """At whatever hour."""
        return self.working + self.off + self.sleep


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has borne and done: *answered* incidents first, and how soon; *closed* as many."""

    name: str
    pages: Pages
    answered: Times
    closed: int


class KeyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that comes again and again; *title* is what it was called last."""

    key: str
    title: str
    team: str
    incidents: int
    alerts: int
    pages: Pages
    closed: int
    auto_closed: int
    missed: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What happened from *since* to *until*.

    *alerts*: what the incidents that were opened then have received since. *room_pages*: calls to a whole room, which
    are no person's. *pages_uncounted*: of incidents that page for ever, those whose time and receiver are not kept.
    *closed* have ended, *auto_closed* of them by their source or by time.
    """

    since: Instant
    until: Instant
    alerts: int
    incidents: int
    notifications: int
    pages: Pages
    room_pages: int
    pages_uncounted: int
    to_acknowledge: Times
    to_resolve: Times
    closed: int
    auto_closed: int
    missed: int
    people: tuple[Person, ...]
    keys: tuple[KeyFigures, ...]

    @property
    def auto_closed_share(self) -> float | None:
        """How many of those that ended did so by themselves: a hint at noise. None when nothing ended."""
        return self.auto_closed / self.closed if self.closed else None

    @property
    def thanks(self) -> tuple[Person, ...]:
        """Who has closed anything, those who closed most first."""
        return tuple(sorted((each for each in self.people if each.closed), key=lambda each: (-each.closed, each.name)))


def figures(episodes: Iterable[Episode], since: Instant, until: Instant, hours: HoursOf) -> Figures:
    """What happened in *episodes* from *since* to *until* (excluded); *hours* tells what an instant is for somebody."""
    counted = _Count(since, until, hours)
    for episode in episodes:
        if episode.kind is Kind.ALERT:
            counted.add(episode)
        elif counted.within(episode.opened_at):
            counted.notifications += 1
    return counted.figures()


class _Tally:
    """What was counted for a person, for a key, or for all."""

    __slots__ = ("alerts", "auto_closed", "closed", "hours", "incidents", "missed", "times")

    def __init__(self) -> None:
        self.hours = dict.fromkeys(HourClass, 0)
        self.times: list[Duration] = []
        self.alerts = self.incidents = self.closed = self.auto_closed = self.missed = 0

    def pages(self) -> Pages:
        return Pages(self.hours[HourClass.WORKING], self.hours[HourClass.OFF], self.hours[HourClass.SLEEP])


class _Count:
    """The counting itself."""

    def __init__(self, since: Instant, until: Instant, hours: HoursOf) -> None:
        self._since, self._until, self._hours = since, until, hours
        self.notifications = 0
        self._room_pages = self._uncounted = 0
        self._whole = _Tally()
        self._lengths: list[Duration] = []
        self._people: dict[str, _Tally] = {}
        self._keys: dict[str, tuple[_Tally, Episode]] = {}

    def within(self, instant: Instant | None) -> bool:
        return instant is not None and self._since <= instant < self._until

    def add(self, episode: Episode) -> None:
        key = _Tally()
        if self.within(episode.opened_at):
            key.incidents, key.alerts = 1, episode.count
            self._uncounted += episode.asked_more
        for receiver, at in episode.asked_at:
            if self.within(at):
                self._page(person(receiver), at, key)
        if self.within(episode.answered_at):
            self._answer(episode)
        if self.within(episode.resolved_at) and not episode.withdrawn:
            self._close(episode, key)
        key.missed = int(self.within(episode.missed_at))
        if key.incidents or key.closed or key.missed or any(key.hours.values()):
            self._enter(episode, key)

    def figures(self) -> Figures:
        whole = self._whole
        return Figures(
            since=self._since,
            until=self._until,
            alerts=whole.alerts,
            incidents=whole.incidents,
            notifications=self.notifications,
            pages=whole.pages(),
            room_pages=self._room_pages,
            pages_uncounted=self._uncounted,
            to_acknowledge=_times(whole.times),
            to_resolve=_times(self._lengths),
            closed=whole.closed,
            auto_closed=whole.auto_closed,
            missed=whole.missed,
            people=tuple(_person(name, tally) for name, tally in sorted(self._people.items())),
            keys=tuple(sorted((_key(*found) for found in self._keys.values()), key=_noise)),
        )

    def _page(self, who: str, at: Instant, key: _Tally) -> None:
        if not who:
            self._room_pages += 1
            return
        hour = self._hours(who, at)
        for tally in (self._whole, self._of(who), key):
            tally.hours[hour] += 1

    def _answer(self, episode: Episode) -> None:
        assert episode.answered_at is not None
        time = episode.answered_at - episode.opened_at
        self._whole.times.append(time)
        if episode.answered_by:
            self._of(episode.answered_by).times.append(time)

    def _close(self, episode: Episode, key: _Tally) -> None:
        assert episode.resolved_at is not None
        self._lengths.append(episode.resolved_at - episode.opened_at)
        key.closed, key.auto_closed = 1, int(not episode.resolved_by)
        if episode.resolved_by:
            self._of(episode.resolved_by).closed += 1

    def _of(self, who: str) -> _Tally:
        if who not in self._people:
            self._people[who] = _Tally()
        return self._people[who]

    def _enter(self, episode: Episode, key: _Tally) -> None:
        for tally in (self._whole, self._of_key(episode)):
            tally.incidents += key.incidents
            tally.alerts += key.alerts
            tally.closed += key.closed
            tally.auto_closed += key.auto_closed
            tally.missed += key.missed
        whole = self._of_key(episode)
        for hour, count in key.hours.items():
            whole.hours[hour] += count

    def _of_key(self, episode: Episode) -> _Tally:
        tally, newest = self._keys.get(episode.key) or (_Tally(), episode)
        newest = max(newest, episode, key=lambda each: (each.opened_at, each.id))
        self._keys[episode.key] = tally, newest
        return tally


def _person(name: str, tally: _Tally) -> Person:
    return Person(name=name, pages=tally.pages(), answered=_times(tally.times), closed=tally.closed)


def _key(tally: _Tally, newest: Episode) -> KeyFigures:
    return KeyFigures(
        key=newest.key,
        title=newest.face.title,
        team=newest.team,
        incidents=tally.incidents,
        alerts=tally.alerts,
        pages=tally.pages(),
        closed=tally.closed,
        auto_closed=tally.auto_closed,
        missed=tally.missed,
    )


def _noise(found: KeyFigures) -> tuple[int, int, int, str]:
    """Those first that have disturbed most: by pages, then by alerts."""
    return -found.pages.total, -found.incidents, -found.alerts, found.key


def _times(found: list[Duration]) -> Times:
    if not found:
        return Times()
    ordered = sorted(found)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2
    return Times(len(ordered), sum(ordered) // len(ordered), median)
