"""Choosing whom to ask now, for how long to wait, and when to ask them all; with the reason for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from heapq import nsmallest
from math import exp
from operator import itemgetter
from typing import Final
from zlib import crc32

import msgspec
from msgspec.structs import replace

from tocsin.choosing.explaining import why_everyone, why_ladder, why_you
from tocsin.choosing.history import CLASSES, History
from tocsin.choosing.planning import Crowd, Option, Prospect, planned
from tocsin.choosing.situation import Candidate, Costs, Situation
from tocsin.kernel.time import MINUTE, Duration

KNOWLEDGE_MIN: Final = 8  # Pages: with fewer seen there is nothing to tell people apart by.
OPTIONS_MAX: Final = 6  # People that are planned with; the others only count when all are asked.
CURIOSITY: Final = 0.35  # How many standard errors a person may be better than known: else nobody new is ever tried.
REPEAT_AFTER: Final[Duration] = 4 * MINUTE  # Sooner nobody is asked again: they may be on their way.
WAIT_MIN: Final[Duration] = MINUTE // 2
SOON_MINUTES: Final = 5.0  # What people are compared by before anything is planned.
HAZARD_MIN: Final = 0.01  # Nobody is without any hope.


class Reason(StrEnum):
    """Why a choice was made so."""

    NO_KNOWLEDGE = "no-knowledge"
    LEAST_COST = "least-cost"
    DEADLINE = "deadline"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Ask *ask* now, and look again in *wait* ms. *everyone*: the whole team is asked.

    *why*: for each of *ask* a sentence that begins with "You". With nobody to ask, only time passes.
    """

    ask: tuple[str, ...]
    wait: Duration
    everyone: bool
    reason: Reason
    why: tuple[str, ...]


def choose(situation: Situation, history: History, costs: Costs | None = None) -> Choice:
    """What to do now for an incident that nobody has acknowledged; `wait` is always positive."""
    knows = history.pages >= KNOWLEDGE_MIN
    if situation.now >= situation.deadline or not situation.candidates:
        return _everyone(situation, min(situation.again, REPEAT_AFTER) if knows else situation.again)
    if not knows:
        return _plain(situation)
    return _cheapest(situation, history, costs or Costs())


def _everyone(situation: Situation, wait: Duration) -> Choice:
    names = tuple(candidate.name for candidate in situation.candidates)
    return Choice(
        ask=names,
        wait=max(1, wait),
        everyone=True,
        reason=Reason.DEADLINE,
        why=(why_everyone(situation),) * len(names),
    )


def _plain(situation: Situation) -> Choice:
    """The next step of the plain ladder."""
    if situation.moves >= len(situation.ladder):
        return _everyone(situation, situation.again)
    rung = situation.ladder[situation.moves]
    return Choice(
        ask=rung.ask,
        wait=_bounded(rung.wait, situation),
        everyone=False,
        reason=Reason.NO_KNOWLEDGE,
        why=(why_ladder(situation.moves),) * len(rung.ask),
    )


def _cheapest(situation: Situation, history: History, costs: Costs) -> Choice:
    people = {candidate.name: candidate for candidate in situation.candidates}
    asked = {page.name: page for page in situation.asked}  # The last page of each.
    soon = _soon(situation, history)
    free = [
        candidate
        for candidate in situation.candidates
        if (page := asked.get(candidate.name)) is None or (situation.now - page.at >= REPEAT_AFTER and not page.passed)
    ]
    late = people.keys() <= asked.keys()
    minute = costs.delay(situation.severity, late=late)

    def option(candidate: Candidate) -> Option:
        curve = history.curve(candidate, situation.severity, _hope(candidate, history))
        return Option(candidate.name, costs.person(candidate), curve)

    prospect = Prospect(
        options=tuple(option(each) for each in _promising(free, soon, situation, costs, minute)),
        waiting=tuple(
            (history.curve(replace(people[name], again=False), situation.severity), (situation.now - page.at) / MINUTE)
            for name, page in asked.items()
            if not page.passed and name in people
        ),
        plain=tuple((option(people[name]), after) for name, after in _ahead(situation) if name in people),
        crowd=_crowd(soon, situation, history, costs),
        remaining=situation.deadline - situation.now,
        must=not asked,
    )
    plan = planned(prospect, minute, bounded=not late and situation.severity not in costs.urgent)
    return Choice(
        ask=plan.now,
        wait=_bounded(plan.wait, situation),
        everyone=False,
        reason=Reason.LEAST_COST,
        why=tuple(why_you(people[name], situation, history) for name in plan.now),
    )


def _ahead(situation: Situation) -> Iterator[tuple[str, Duration]]:
    """Whom the plain ladder would ask between now and the deadline, and in how many ms."""
    before = situation.deadline - situation.now
    for rung in reversed(situation.ladder):
        before -= rung.wait
        if before >= 0:
            yield from ((name, before) for name in rung.ask)


def _bounded(wait: Duration, situation: Situation) -> Duration:
    """Never beyond the deadline, and never at once."""
    return max(1, min(max(wait, WAIT_MIN), situation.deadline - situation.now))


def _soon(situation: Situation, history: History) -> dict[str, float]:
    """How much is to be expected of each candidate within the first minutes: a cumulative hazard."""
    base = dict(zip(CLASSES, history.soon(SOON_MINUTES), strict=True))
    usual: dict[tuple[object, ...], float] = {}  # Most of a large team are seen alike.
    found = {}
    for each in situation.candidates:
        seen = each.hours, each.presence, each.on_call, each.busy, each.again
        if seen not in usual:
            usual[seen] = base[each.hours] * history.usual(each, situation.severity)
        found[each.name] = usual[seen] * history.own(each) * _hope(each, history)
    return found


def _hope(candidate: Candidate, history: History) -> float:
    return 1.0 + CURIOSITY * history.doubt(candidate)


def _promising(
    free: list[Candidate], soon: dict[str, float], situation: Situation, costs: Costs, minute: float
) -> list[Candidate]:
    """Those of *free* whose answer is the cheapest: the interruption, and the minutes until it comes."""
    wait = minute * SOON_MINUTES
    prices = [(costs.person(each) + wait / max(soon[each.name], HAZARD_MIN), each) for each in free]
    dearest = max(nsmallest(OPTIONS_MAX, map(itemgetter(0), prices)), default=0.0)

    def order(priced: tuple[float, Candidate]) -> tuple[float, int]:
        return priced[0], crc32(f"{situation.seed}/{priced[1].name}".encode())

    found = sorted((each for each in prices if each[0] <= dearest), key=order)
    return [candidate for _, candidate in found[:OPTIONS_MAX]]


def _crowd(soon: dict[str, float], situation: Situation, history: History, costs: Costs) -> Crowd:
    """What it is to ask them all, and again every `again` ms, until somebody answers."""
    again = max(1, situation.again) / MINUTE
    early, whole = history.soon(SOON_MINUTES), history.soon(again)
    later = {hours: after / before for hours, before, after in zip(CLASSES, early, whole, strict=True)}
    hazard = max(sum(soon[each.name] * later[each.hours] for each in situation.candidates), HAZARD_MIN)
    silent = exp(-hazard)
    price = {hours: costs.hour(hours) for hours in CLASSES}
    once = sum(price[candidate.hours] for candidate in situation.candidates)
    rate = max(sum(soon.values()), HAZARD_MIN) / SOON_MINUTES
    return Crowd(once / (1 - silent), min((1 - silent) / rate, again) + again * silent / (1 - silent))
