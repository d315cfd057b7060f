"""Whom a step asks at a moment: turns, the least disturbed, the best one, and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from zlib import crc32

from msgspec.structs import replace

from tocsin.asking.conditions import at_such_hours, fulfilled
from tocsin.asking.knowledge import Knowledge
from tocsin.asking.remembering import known
from tocsin.choosing.choice import KNOWLEDGE_MIN, REPEAT_AFTER, Choice, choose
from tocsin.choosing.situation import Asked, Candidate, Rung, Situation
from tocsin.incidents.ladder import is_responder, label, responder
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.policy import (
    ALL,
    LEAST_DISTURBED,
    MEMBERS,
    ROUND_ROBIN,
    SCHEDULE,
    SMART,
    SMART_WAITS,
    Round,
    Step,
    Waiting,
)
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.whom import Case, Found
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

_NOT_AWAITED: Final = frozenset({Became.PASSED, Became.UNREACHED, Became.ANSWERED})


class Asker:
    """`tocsin.incidents.whom.Whom`, made of what is known."""

    def __init__(self, knowledge: Knowledge) -> None:
        """*knowledge* is a value: the same case is always answered in the same way."""
        self._knowledge = knowledge
        self._shifts: dict[tuple[str, Instant], set[str]] = {}  # Of 200 pages of one decision each asks for it.

    def asks(self, step: Step, case: Case) -> Found:
        """See the protocol."""
        knows = self._knowledge
        if step.when is not None and not fulfilled(step.when, case, knows):
            return _nobody(step)
        if isinstance(step, Round):
            return self._between(step, case) if case.goes_on else self._all(step, case)
        smart = _smart_target(step)
        if smart:
            return self._smart(step, self._free(step, smart, case), case)
        return self._each(step, case)

    def _each(self, step: Step, case: Case) -> Found:
        """Whom the targets mean, one after the other."""
        targets: dict[str, None] = {}
        why: dict[str, str] = {}
        turn = ""
        for target in step.targets:
            chosen, reason = self._chosen(step, target, case)
            targets.update(dict.fromkeys(chosen))
            why.update(dict.fromkeys(chosen, reason) if reason else {})
            turn = target if chosen and target.startswith(ROUND_ROBIN) else turn
        return Found(Step(tuple(targets), step.delay), why, turn)

    def known(self, receiver: str, case: Case) -> dict[str, Json]:
        """See the protocol."""
        name = label(receiver)
        return known(self._candidate(name, case, self._on_call(case)))

    def crowd(self, source: str, now: Instant) -> tuple[str, ...]:
        """All people of a team, or of a schedule (`schedule:ops`), in their order."""
        if source.startswith(SCHEDULE):
            return tuple(label(receiver) for receiver in self._knowledge.calendar(f"{source}{ALL}", now))
        return tuple(dict.fromkeys(self._knowledge.teams.get(source, ())))

    def _chosen(self, step: Step, target: str, case: Case) -> tuple[tuple[str, ...], str]:
        """The receivers for *target*, and why."""
        if target.startswith(MEMBERS):
            return tuple(map(responder, self.crowd(target.removeprefix(MEMBERS), case.now))), ""
        if target.startswith(ROUND_ROBIN):
            names = self._free(step, target.removeprefix(ROUND_ROBIN), case)
            name = min(names, key=lambda each: self._turn(each, target, case), default="")
            return _one(name), f"You are asked since it is your turn in {_source(target)}."
        if target.startswith(LEAST_DISTURBED):
            names = self._free(step, target.removeprefix(LEAST_DISTURBED), case)
            name = min(names, key=lambda each: self._disturbance(each, case), default="")
            return _one(
                name
            ), f"You are asked since you were disturbed least in {_source(target)}: {self._pages(name, case)}."
        hours = step.when.hours if step.when is not None else ()
        if hours and is_responder(target) and not at_such_hours(hours, label(target), case.now, self._knowledge):
            return (), ""
        return (target,), ""

    def _smart(self, step: Step, names: tuple[str, ...], case: Case) -> Found:
        """What costs least, until the step is over; with nobody left to choose it is over at once."""
        begun = case.state.step_at if case.state is not None and case.goes_on else case.now
        deadline = begun + min(SMART_WAITS, len(self.crowd(_smart_target(step), case.now))) * step.delay
        if not names or case.now >= deadline:
            return _nobody(step)
        situation = self._situation(step, names, case, begun, deadline)
        choice = self._choose(situation)
        if choice.ask and not choice.everyone:
            return _found(choice)
        awaited = any(not page.passed for page in situation.asked if page.at >= begun)
        if not choice.everyone and case.may_wait and awaited:
            return Found(Waiting((), choice.wait))
        # Nobody waits for an answer any more, or somebody wants others asked: so another one is asked now.
        asked = {page.name for page in situation.asked}
        others = tuple(each for each in situation.candidates if each.name not in asked)
        choice = self._choose(replace(situation, candidates=others, asked=()))
        return _found(choice) if others and choice.ask and not choice.everyone else _nobody(step)

    def _all(self, step: Round, case: Case) -> Found:
        """Everyone; the smart step goes on as soon as somebody may be asked again."""
        found = self._each(step, case)
        knows = self._knowledge.history.pages >= KNOWLEDGE_MIN
        return replace(found, step=Step(found.step.targets, min(step.delay, REPEAT_AFTER) if knows else step.delay))

    def _between(self, step: Round, case: Case) -> Found:
        """Everyone was asked: whom it is worth asking again, until all are."""
        chooses, begun = step.chooses, case.state.step_at if case.state is not None else case.now
        deadline = begun + step.delay
        if not case.may_wait or case.now >= deadline:
            return _nobody(step)
        waiting = Found(Waiting((), deadline - case.now))
        if chooses.when is not None and not fulfilled(chooses.when, case, self._knowledge):
            return waiting
        names = self._free(chooses, _smart_target(chooses), case)
        if not names:
            return waiting
        choice = self._choose(replace(self._situation(step, names, case, begun, deadline), ladder=()))
        if choice.everyone:
            return waiting
        return _found(choice) if choice.ask else Found(Waiting((), choice.wait))

    def _choose(self, situation: Situation) -> Choice:
        return choose(situation, self._knowledge.history, self._knowledge.costs)

    def _situation(
        self, step: Step, names: tuple[str, ...], case: Case, begun: Instant, deadline: Instant
    ) -> Situation:
        """What `choose` looks at. Its plain ladder goes on behind those whom this step has asked."""
        seed = crc32(f"{case.opened_at}/{case.key}".encode("utf-8", "replace"))
        on_call = self._on_call(case)
        start = 0 if on_call.intersection(names) else seed % len(names)
        pages = [page for page in _pages(case) if is_responder(page.receiver)]
        again = {label(page.receiver) for page in pages}
        order = sorted((*names[start:], *names[:start]), key=lambda name: 2 * (name in again) + (name not in on_call))
        look, now, key = self._knowledge.candidate, case.now, case.key
        before = list(dict.fromkeys(label(page.receiver) for page in pages if page.at >= begun and case.goes_on))
        plain = (*before, *(name for name in order if name not in before))[:SMART_WAITS]
        return Situation(
            now=case.now,
            severity=case.severity,
            candidates=tuple(look(name, now, key=key, on_call=name in on_call, again=name in again) for name in order),
            deadline=deadline,
            ladder=tuple(Rung((name,), step.delay) for name in plain),
            asked=tuple(Asked(label(page.receiver), page.at, _is_silent(page, case)) for page in pages),
            moves=len(before),
            again=case.plan.policy.everyone_delay,
            seed=seed,
        )

    def _free(self, step: Step, source: str, case: Case) -> tuple[str, ...]:
        """Those who have neither passed nor acknowledged, at hours at which they may be asked."""
        state = case.state
        done = {*map(label, state.passed), *_answered(state)} if state is not None else set()
        hours = step.when.hours if step.when is not None else ()
        return tuple(
            name
            for name in self.crowd(source, case.now)
            if name not in done and (not hours or at_such_hours(hours, name, case.now, self._knowledge))
        )

    def _turn(self, name: str, target: str, case: Case) -> tuple[int, Instant]:
        """Who comes first: who was not asked for this incident, and had their turn longest ago."""
        return _times(name, case), self._knowledge.turns.get(target, {}).get(name, 0)

    def _disturbance(self, name: str, case: Case) -> tuple[int, int, float, Instant]:
        """Who comes first: not asked for this incident, fewest pages, an hour that disturbs less, longest ago."""
        knows = self._knowledge
        price = knows.costs.hour(knows.hours(name, case.now))
        return _times(name, case), knows.recent(name, case.now), price, max(knows.asked.get(name, ()), default=0)

    def _pages(self, name: str, case: Case) -> str:
        pages = self._knowledge.recent(name, case.now)
        return f"{pages or 'no'} page{'' if pages == 1 else 's'} in the last 24 hours"

    def _candidate(self, name: str, case: Case, on_call: Iterable[str]) -> Candidate:
        return self._knowledge.candidate(
            name, case.now, key=case.key, on_call=name in on_call, again=_times(name, case) > 0
        )

    def _on_call(self, case: Case) -> set[str]:
        """Who is on call in the schedules of the team."""
        place = case.plan.team, case.now
        if place not in self._shifts:
            targets = self._knowledge.on_call.get(case.plan.team, ())
            receivers = (receiver for target in targets for receiver in self._knowledge.calendar(target, case.now))
            self._shifts[place] = set(map(label, receivers))
        return self._shifts[place]


def _answered(state: Incident) -> tuple[str, ...]:
    """Who has acknowledged while others are asked; what was acknowledged before that counts no more."""
    return state.answered if state.status is Status.TRIGGERED else ()


def _nobody(step: Step) -> Found:
    return Found(Step((), step.delay))


def _smart_target(step: Step) -> str:
    """Among whom a smart step chooses; empty for others."""
    return next((target.removeprefix(SMART) for target in step.targets if target.startswith(SMART)), "")


def _one(name: str) -> tuple[str, ...]:
    return (responder(name),) if name else ()


def _found(choice: Choice) -> Found:
    receivers = tuple(map(responder, choice.ask))
    return Found(Step(receivers, choice.wait), dict(zip(receivers, choice.why, strict=True)))


def _pages(case: Case) -> tuple[Page, ...]:
    return case.state.pages if case.state is not None else ()


def _times(name: str, case: Case) -> int:
    """How often *name* was asked for this incident."""
    pages, receiver = _pages(case), responder(name)
    return sum(page.receiver == receiver for page in pages) if pages else 0


def _is_silent(page: Page, case: Case) -> bool:
    """Whether no answer to *page* is awaited."""
    state = case.state
    silent = (*state.passed, *state.unreached) if state is not None else ()
    return page.became in _NOT_AWAITED or page.receiver in silent


def _source(target: str) -> str:
    return target.partition(":")[2].removeprefix(SCHEDULE)
