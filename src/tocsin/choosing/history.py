"""What answers have taught: how soon each responder answers, as a posterior over few numbers.

The model is a hazard: the chance to answer in the next minute, for somebody who has not answered yet.

    hazard = base(hours, minutes since asked) x person x person(hours) x person(hours, early or late)
             x presence x person(presence) x on call x busy x asked again x severity

*base* is a piecewise constant rate with a Gamma prior; every other factor is a multiplier around 1, whose posterior
mean is (K + answers) / (K + answers expected without it): a Gamma prior of strength K, and the Poisson likelihood of a
piecewise exponential model (Holford 1980, The analysis of rates and of survivorship using log-linear models). A page
that was not answered counts as long as it was open: it is censored, not lost. What is known of few answers is therefore
close to what is known of the team, and that to the priors below.

All of it are sufficient statistics: an observation changes a dozen pairs of numbers. They fade with a half-life, so
that changed habits are learned.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, TypeVar

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate, Presence
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant

EDGES: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0)  # Minutes since the page: where the rate may change.
BINS: Final = len(EDGES) - 1
HALF_LIFE: Final[Duration] = 60 * DAY

# Before anything is known: a rate for each bin, as if learned from PRIOR_MINUTES of waiting in it.
PRIORS: Final = {
    HourClass.WORKING: (0.20, 0.25, 0.20, 0.15, 0.10, 0.05, 0.02, 0.01),
    HourClass.OFF: (0.10, 0.13, 0.12, 0.10, 0.06, 0.03, 0.015, 0.008),
    HourClass.SLEEP: (0.03, 0.06, 0.06, 0.05, 0.03, 0.02, 0.01, 0.005),
}
PRIOR_MINUTES: Final = 6.0
# How many answers the priors of the multipliers are worth: what differs much between people learns fast.
PERSON: Final = 2.0
PERSON_HOURS: Final = 3.0
PERSON_SPAN: Final = 4.0
PERSON_PRESENCE: Final = 4.0
TEAM_FACTOR: Final = 6.0

# What is expected of a hint before anything is known of its worth: how many times as soon an answer comes.
ON_CALL: Final = 1.5
BUSY: Final = 0.8
AGAIN: Final = 0.7
_SHOWN: Final = {Presence.ACTIVE: 1.2, Presence.AWAY: 0.8, Presence.DO_NOT_DISTURB: 0.6, Presence.UNKNOWN: 1.0}

_SLOTS: Final = tuple(pairwise(EDGES))
_SPANS: Final = (0, 0, 1, 1, 1, 2, 2, 2)  # Of a bin: at once, soon, late.
CLASSES: Final = tuple(HourClass)
_PLACES: Final = {hours: place for place, hours in enumerate(CLASSES)}
_PRESENT: Final = {(hours, shown): (f"{hours} {shown}", usual) for hours in CLASSES for shown, usual in _SHOWN.items()}
_ON_CALL: Final = {hours: (f"{hours} on call", ON_CALL) for hours in CLASSES}


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one page: *candidate* as it was known when asked, *at* when the page was over.

    *waited*: until the answer, or until nobody waited for it any more, in ms.
    """

    candidate: Candidate
    severity: str
    waited: Duration
    answered: bool
    at: Instant


class Tally(msgspec.Struct, frozen=True):
    """Answers, and what was expected instead: for a factor a number of answers, for a rate minutes of waiting.

    *at*: when it was last changed; what it knew before then fades as new things come.
    """

    seen: float = 0.0
    expected: float = 0.0
    at: Instant = 0

    def factor(self, strength: float, usual: float = 1.0) -> float:
        """The posterior mean of a multiplier, whose prior mean is *usual*."""
        return (strength + self.seen) / (strength / usual + self.expected)

    def plus(self, seen: float, expected: float, now: Instant) -> Tally:
        """With one observation more."""
        keep = 0.5 ** ((now - self.at) / HALF_LIFE) if 0 < self.at < now else 1.0
        return Tally(self.seen * keep + seen, self.expected * keep + expected, max(self.at, now))


_NOTHING: Final = Tally()


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one person: *hours* by hour class, *spans* by hour class and span, *presence* by what is shown.

    *told*: by hour class the answers, and how many pages there were: what people can read.
    """

    whole: Tally = _NOTHING
    hours: tuple[Tally, ...] = (_NOTHING,) * 3
    spans: tuple[Tally, ...] = (_NOTHING,) * 9
    presence: dict[Presence, Tally] = {}
    told: tuple[Tally, ...] = (_NOTHING,) * 3


STRANGER: Final = Habit()


class Curve(msgspec.Struct, frozen=True):
    """A response time: the chance to answer in a minute, for each bin."""

    rates: tuple[float, ...]

    def hazard(self, minutes: float) -> float:
        """The cumulative hazard: the chance that no answer has come by then is exp(-hazard)."""
        total = 0.0
        for (begin, end), rate in zip(_SLOTS, self.rates, strict=True):
            if minutes <= end:
                return total + (minutes - begin) * rate
            total += (end - begin) * rate
        return total + (minutes - EDGES[-1]) * self.rates[-1]

    def answered(self, minutes: float) -> float:
        """The chance that an answer has come by then."""
        return 1.0 - math.exp(-self.hazard(minutes))


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All that was learned: *base* by hour class and bin, *factors* of the team by name, *people*; *pages* in all."""

    base: tuple[tuple[Tally, ...], ...] = ((_NOTHING,) * BINS,) * 3
    factors: dict[str, Tally] = {}
    people: dict[str, Habit] = {}
    pages: int = 0

    def curve(self, candidate: Candidate, severity: str, hope: float = 1.0) -> Curve:
        """How soon *candidate* will answer if asked now, *hope* times as soon as is known."""
        place = _PLACES[candidate.hours]
        factor = self.factor(candidate, severity) * hope
        spans = self.people.get(candidate.name, STRANGER).spans[3 * place : 3 * place + 3]
        ahead = [factor * tally.factor(PERSON_SPAN) for tally in spans]
        rates = _rates(self.base[place], candidate.hours)
        return Curve(tuple(rate * ahead[span] for rate, span in zip(rates, _SPANS, strict=True)))

    def factor(self, candidate: Candidate, severity: str) -> float:
        """How much sooner than the team's average at such an hour *candidate* answers now."""
        return self.own(candidate) * self.usual(candidate, severity)

    def own(self, candidate: Candidate) -> float:
        """The part of it that is the person's."""
        habit = self.people.get(candidate.name)
        if habit is None:
            return 1.0
        factor = habit.whole.factor(PERSON) * habit.hours[_PLACES[candidate.hours]].factor(PERSON_HOURS)
        shown = habit.presence.get(candidate.presence)
        return factor if shown is None else factor * shown.factor(PERSON_PRESENCE)

    def usual(self, candidate: Candidate, severity: str) -> float:
        """The part that anybody of the team has who is seen so."""
        factor = 1.0
        for name, usual in _team_factors(candidate, severity):
            factor *= self.factors.get(name, _NOTHING).factor(TEAM_FACTOR, usual)
        return factor

    def soon(self, minutes: float) -> tuple[float, ...]:
        """The team's cumulative hazard after so many minutes, by hour class."""
        return tuple(
            Curve(tuple(_rates(row, hours))).hazard(minutes) for hours, row in zip(CLASSES, self.base, strict=True)
        )

    def doubt(self, candidate: Candidate) -> float:
        """The relative standard error of what is known of *candidate* at such an hour; of a stranger the largest."""
        told = self.people.get(candidate.name, STRANGER).told[_PLACES[candidate.hours]]
        return 1.0 / math.sqrt(PERSON + told.seen)

    def learned(self, seen: Observation) -> History:
        """With what *seen* teaches; this value stays as it is."""
        candidate, place = seen.candidate, _PLACES[seen.candidate.hours]
        minutes = max(0, seen.waited) / MINUTE
        waits = [max(0.0, min(minutes, end) - begin) for begin, end in _SLOTS]
        hit = next((bin_ for bin_, end in enumerate(EDGES[1:]) if minutes <= end), BINS - 1) if seen.answered else None
        habit = self.people.get(candidate.name, STRANGER)
        ahead = [
            self.factor(candidate, seen.severity) * habit.spans[3 * place + span].factor(PERSON_SPAN)
            for span in range(3)
        ]
        exposed = [ahead[span] * wait for span, wait in zip(_SPANS, waits, strict=True)]
        rates = _rates(self.base[place], candidate.hours)
        # The answers that were expected by now. Each multiplier is compared with what all the others explain.
        expected = [rate * minutes for rate, minutes in zip(rates, exposed, strict=True)]
        row = tuple(
            tally.plus(float(bin_ == hit), minutes, seen.at) if minutes or bin_ == hit else tally
            for bin_, (tally, minutes) in enumerate(zip(self.base[place], exposed, strict=True))
        )
        factors = dict(self.factors)
        for name, usual in _team_factors(candidate, seen.severity):
            tally = factors.get(name, _NOTHING)
            factors[name] = tally.plus(float(seen.answered), sum(expected) / tally.factor(TEAM_FACTOR, usual), seen.at)
        return History(
            base=_with(self.base, place, row),
            factors=factors,
            people=self.people | {candidate.name: _habit(habit, seen, place, expected, hit)},
            pages=self.pages + 1,
        )


def _habit(habit: Habit, seen: Observation, place: int, expected: list[float], hit: int | None) -> Habit:
    """*habit* with one observation more, of which *expected* answers were expected in each bin."""
    answered, total, presence = float(seen.answered), sum(expected), seen.candidate.presence

    def plus(tally: Tally, strength: float) -> Tally:
        return tally.plus(answered, total / tally.factor(strength), seen.at)

    spans = list(habit.spans)
    for span in range(3):
        tally = spans[3 * place + span]
        part = sum(value for value, its in zip(expected, _SPANS, strict=True) if its == span)
        caught = float(hit is not None and _SPANS[hit] == span)
        spans[3 * place + span] = tally.plus(caught, part / tally.factor(PERSON_SPAN), seen.at)
    return Habit(
        whole=plus(habit.whole, PERSON),
        hours=_with(habit.hours, place, plus(habit.hours[place], PERSON_HOURS)),
        spans=tuple(spans),
        presence=habit.presence | {presence: plus(habit.presence.get(presence, _NOTHING), PERSON_PRESENCE)},
        told=_with(habit.told, place, habit.told[place].plus(answered, 1.0, seen.at)),
    )


_Value = TypeVar("_Value")


def _with(values: tuple[_Value, ...], place: int, value: _Value) -> tuple[_Value, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _rates(row: tuple[Tally, ...], hours: HourClass) -> list[float]:
    return [
        (prior * PRIOR_MINUTES + tally.seen) / (PRIOR_MINUTES + tally.expected)
        for prior, tally in zip(PRIORS[hours], row, strict=True)
    ]


def _team_factors(candidate: Candidate, severity: str) -> tuple[tuple[str, float], ...]:
    """The names of the team's multipliers that apply, with their prior means."""
    names = [_PRESENT[candidate.hours, candidate.presence], (severity, 1.0)]
    if candidate.on_call:
        names.append(_ON_CALL[candidate.hours])
    if candidate.busy:
        names.append(("busy", BUSY))
    if candidate.again:
        names.append(("again", AGAIN))
    return tuple(names)
