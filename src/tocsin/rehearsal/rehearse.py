"""One rehearsal: a policy, a team and a stream of alerts on virtual time, and what became of each incident."""

from __future__ import annotations

from collections import defaultdict
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Asked, Candidate, Costs
from tocsin.kernel.time import DAY, MINUTE, Instant
from tocsin.rehearsal.draws import unit
from tocsin.rehearsal.people import People
from tocsin.rehearsal.seeing import How, Move, Policy, Seen
from tocsin.rehearsal.stream import START, Alarm, Topic

GIVEN_UP: Final = DAY  # What nobody has acknowledged by then is counted as never acknowledged.


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one incident.

    *day*: on which it opened. *cost*: its interruptions, weighted by the hour of each. *sleep*: those that woke
    somebody. *minutes*: how long it was nobody's, until it was acknowledged or its source resolved it. *never*: neither
    happened.
    """

    day: int
    cost: float
    interruptions: int
    sleep: int
    minutes: float
    never: bool


class _Event(IntEnum):
    """In this order, if at the same moment: an answer beats a deadline."""

    DONE = 0
    ANSWER = 1
    END = 2
    OPEN = 3
    WAKE = 4


class _Open:
    """An incident while it is open."""

    def __init__(self, number: int, alarm: Alarm) -> None:
        self.number = number
        self.alarm = alarm
        self.moves = 0
        self.loud = False
        self.asked: list[Asked] = []
        self.times: dict[tuple[str, bool], int] = defaultdict(int)
        self.cost, self.interruptions, self.sleep = 0.0, 0, 0


def rehearse(people: People, alarms: tuple[Alarm, ...], policy: Policy, costs: Costs | None = None) -> list[Story]:
    """The story of each of *alarms*, in their order."""
    return _Rehearsal(people, alarms, policy, costs or Costs()).run()


class _Rehearsal:
    def __init__(self, people: People, alarms: tuple[Alarm, ...], policy: Policy, costs: Costs) -> None:
        self._people = people
        self._policy = policy
        self._costs = costs
        self._alarms = alarms
        self._due: list[tuple[Instant, int, int, int, str]] = []
        self._open: dict[int, _Open] = {}
        self._stories: dict[int, Story] = {}
        self._busy: dict[str, Instant] = {}
        self._disturbed: dict[str, list[Instant]] = defaultdict(list)
        self._solved: dict[tuple[str, int], int] = defaultdict(int)
        self._count = 0

    def run(self) -> list[Story]:
        for number, alarm in enumerate(self._alarms):
            self._later(alarm.at, _Event.OPEN, number)
        while self._due:
            now, kind, _, number, name = heappop(self._due)
            if kind == _Event.OPEN:
                self._begin(number, now)
                continue
            if kind == _Event.DONE:
                self._solved[name, self._alarms[number].key] += 1
                self._policy.ended(number, now)
                continue
            incident = self._open.get(number)
            if incident is None:
                continue  # It is over; a late answer changes nothing.
            if kind == _Event.ANSWER:
                self._busy[name] = now + self._people.team.handling
                self._later(self._busy[name], _Event.DONE, number, name)
                self._policy.answered(number, name, now)
                self._end(incident, now)
            elif kind == _Event.END:
                self._policy.ended(number, now)
                self._end(incident, now)
            elif now >= incident.alarm.at + GIVEN_UP:
                self._policy.ended(number, incident.alarm.at + GIVEN_UP)
                self._end(incident, incident.alarm.at + GIVEN_UP, never=True)
            else:
                self._move(incident, now)
        return [self._stories[number] for number in range(len(self._alarms))]

    def _later(self, at: Instant, kind: _Event, number: int, name: str = "") -> None:
        self._count += 1
        heappush(self._due, (at, kind, self._count, number, name))

    def _begin(self, number: int, now: Instant) -> None:
        alarm = self._alarms[number]
        incident = self._open[number] = _Open(number, alarm)
        if alarm.ends is not None:
            self._later(alarm.ends, _Event.END, number)
        self._move(incident, now)

    def _move(self, incident: _Open, now: Instant) -> None:
        members = self._people.there(now)
        seen = self._seen(incident, members, now)
        move = self._policy.move(seen)
        assert move.wait > 0, "a deadline that is due at once would never let time pass"
        incident.moves += 1
        incident.loud = incident.loud or move.how is not How.PAGE
        for name in move.names:
            self._ask(incident, name, move, seen, now)
        self._later(min(now + move.wait, incident.alarm.at + GIVEN_UP), _Event.WAKE, incident.number)

    def _seen(self, incident: _Open, members: tuple[str, ...], now: Instant) -> Seen:
        people, on_call = self._people, self._people.on_call(now)
        start = members.index(on_call) if on_call in members else 0

        def look(name: str) -> Candidate:
            return Candidate(
                name=name,
                hours=people.hour(name, now),
                presence=people.shown(name, now),
                on_call=name == on_call,
                busy=self._busy.get(name, 0) > now,
                again=incident.times[name, False] > 0,
                recent=self._recent(name, now),
                solved=self._solved.get((name, incident.alarm.key), 0),
            )

        return Seen(
            now=now,
            opened_at=incident.alarm.at,
            number=incident.number,
            key=incident.alarm.key,
            severity=incident.alarm.severity,
            moves=incident.moves,
            members=members,
            order=members[start:] + members[:start],
            people=people.lives,
            asked=tuple(incident.asked),
            loud=incident.loud,
            look=look,
            chance=unit(people.seed, Topic.POLICY, incident.number, incident.moves),
        )

    def _recent(self, name: str, now: Instant) -> int:
        times = self._disturbed[name]
        while times and times[0] <= now - DAY:
            times.pop(0)
        return len(times)

    def _ask(self, incident: _Open, name: str, move: Move, seen: Seen, now: Instant) -> None:
        """Disturb *name*, and find out when they will answer."""
        channel = move.how is not How.PAGE
        candidate = seen.look(name)
        incident.cost += self._costs.hour(candidate.hours)
        incident.interruptions += 1
        incident.sleep += candidate.hours is HourClass.SLEEP
        self._disturbed[name].append(now)
        incident.asked.append(Asked(name, now))
        nth = incident.times[name, channel]
        incident.times[name, channel] += 1
        delay = self._people.answer(name, incident.number, nth, now, channel=channel, busy=candidate.busy)
        if delay is not None:
            self._later(now + delay, _Event.ANSWER, incident.number, name)

    def _end(self, incident: _Open, now: Instant, *, never: bool = False) -> None:
        del self._open[incident.number]
        self._stories[incident.number] = Story(
            day=(incident.alarm.at - START) // DAY,
            cost=incident.cost,
            interruptions=incident.interruptions,
            sleep=incident.sleep,
            minutes=(now - incident.alarm.at) / MINUTE,
            never=never,
        )
