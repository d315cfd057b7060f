"""Whom a policy means now: targets that stand for somebody else at every hour become people when a step is asked.

An incident keeps the policy that it was opened with, and a policy may ask a schedule: `schedule:ops`, whoever is on
call in it, or `schedule:ops:next`, who will be after them; or the next one in turn, or whom it is best to ask (module
`whom`). Who that is enters each decision as a value (law 9): the machine decides with the policy of the *moment*, which
finds people for a step when the ladder comes to it, and afterwards the incident has its own policy back. Hence a
hand-over in the middle of an incident counts from its next step on, and who was asked before stays asked until then.

A step whose schedules have nobody on call, or whose condition is not fulfilled, asks nobody, and one that asks nobody
is left out: the next is asked at once.

A smart step is asked again and again. To that end the ladder is told, while one is asked, that it stands one position
lower than it does: its next step is then the same again, until that has no choice left, and asks nobody. It is the same
beyond a ladder that ends with a smart step: everyone is asked, then whom the step chooses; when the time is over that
the policy has for a round there is no choice left, and the next position asks everyone anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import asdict, replace

from tocsin.incidents.alerts import AlertStatus, Plan
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Input,
    PageFailed,
    Passed,
    Reassigned,
    Redirected,
    Unacknowledged,
)
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.policy import NEXT, SCHEDULE, Policy, Round, Step, stands_for_others
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.whom import Case, Found, Whom
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import Instant

OnDuty: TypeAlias = Callable[[str, Instant], tuple[str, ...]]
"""The receivers that a target of the form `schedule:...` stands for at an instant; a pure function, made of values."""

_Decide: TypeAlias = Callable[[Incident | None, Input, Instant], Decision[Incident]]
_EXPECTED: frozenset[str] = frozenset({Reason.OPENED, Reason.BECAME_ALERT, Reason.STEP_EXPIRED})
# After these nothing but the reasons for the choice need be told.
_ANEW: frozenset[str] = frozenset({Reason.UNACKNOWLEDGED, Reason.REDIRECTED})  # Here the ladder begins at its foot.


def nobody(target: str, now: Instant) -> tuple[str, ...]:  # noqa: ARG001 - an OnDuty.
    """The OnDuty of those who have no schedules."""
    return ()


def needs_people(policy: Policy) -> bool:
    """Whether *policy* means something else at every moment."""
    for step in policy.steps:  # Asked with every alert: a generator would take longer than the rest.
        if step.when is not None or any(map(stands_for_others, step.targets)):
            return True
    return any(map(stands_for_others, policy.everyone))


class Moment(Policy, frozen=True, kw_only=True):
    """A policy as it is at one moment: *find* is asked for each position that the ladder comes to, *found* keeps it.

    *shift*: so much further the ladder stands than it is told. *between*: the position beyond the ladder at which a
    smart step goes on; to the ladder it is a step like others.
    """

    find: Callable[[Step, int], Found]
    found: dict[int, Found]
    shift: int = 0
    between: int = -1

    def is_last(self, position: int) -> bool:
        """Whether everyone is asked at *position*."""
        return position != self.between and Policy.is_last(self, position)

    def asks_everyone(self, position: int) -> bool:
        """See `Policy`."""
        return Policy.is_last(self, position + self.shift)

    def step(self, position: int) -> Step:
        """With people."""
        if position not in self.found:
            beyond = self.round if Policy.is_last(self, position) else None
            self.found[position] = self.find(beyond or Policy.step(self, position), position)
        return self.found[position].step

    def demands(self, position: int) -> int:
        """See `Policy`; no people are needed to know it."""
        return Policy.demands(self, position + self.shift)


def decided(  # noqa: PLR0917 - the parts of one decision, and what is known for it.
    decide: _Decide, state: Incident | None, given: Input, now: Instant, on_duty: OnDuty, whom: Whom
) -> Decision[Incident]:
    """As *decide*, with the policies of the moment, of which nothing is kept."""
    offered = given.plan if isinstance(given, AlertReceived | Redirected) else None
    before, told_state = state, state
    if state is not None:
        case = case_of(state, given, state.plan, now)
        shift = 1 if state.moves else 0
        told_state = replace(state, base=state.base + shift, plan=_momentary(state.plan, case, on_duty, whom, shift))
    if isinstance(given, AlertReceived | Redirected):
        case = case_of(state, given, given.plan, now, fresh=True)
        given = replace(given, plan=_momentary(given.plan, case, on_duty, whom, 0))
    decision = decide(told_state, given, now)
    if decision.state is None:
        return decision
    moment = decision.state.plan.policy
    own = told_state is not None and moment is told_state.plan.policy
    origin = before.plan if own and before is not None else offered
    assert origin is not None, "an incident has a policy that was there before"
    after = _placed(before if own else None, decision, decision.state, given, now)
    plan = replace(after.plan, policy=origin.policy)
    return _told(replace(decision, state=replace(after, plan=plan)), before, moment, on_duty, now)


def case_of(state: Incident | None, given: Input, plan: Plan, now: Instant, *, fresh: bool = False) -> Case:
    """What a choice at *now* is about; *fresh*: for a policy that was not asked before."""
    severity, key = (state.severity, state.face.dedup_key) if state is not None else (None, "")
    fired = state.came if state is not None else ()
    if isinstance(given, AlertReceived):
        told = plan.severity or given.alert.severity
        severity = told if severity is None or told.weight > severity.weight else severity
        key = key or given.alert.dedup_key
        fired = (*fired, now) if given.alert.status is AlertStatus.FIRING else fired
    asked = state is not None and state.status is Status.TRIGGERED and state.moves > 0 and not fresh
    return Case(
        now=now,
        plan=plan,
        state=state and _with(state, given),
        severity=severity.value if severity is not None else "",
        key=key,
        opened_at=state.opened_at if state is not None else now,
        fired=fired,
        goes_on=asked,
        may_wait=asked and isinstance(given, Tick),
    )


def _with(state: Incident, given: Input) -> Incident:
    """*state* with what *given* says of the one whom it is about; the ladder asks after it has taken note of that."""
    match given:
        case Passed():
            return replace(state, passed=(*state.passed, responder(given.by)))
        case PageFailed() if given.final:
            return replace(state, unreached=(*state.unreached, given.receiver))
        case Acknowledged() if state.status is Status.TRIGGERED:
            return replace(state, answered=(*state.answered, given.by))
        case Unacknowledged():  # The ladder forgets as much.
            return replace(state, passed=(), answered=())
        case _:
            return state


def _momentary(plan: Plan, case: Case, on_duty: OnDuty, whom: Whom, shift: int) -> Plan:
    """*plan* with the policy of the moment; one that needs no people stays as it is."""
    if not needs_people(plan.policy):
        return plan
    policy, state = plan.policy, case.state
    here = state.rung - state.base if state is not None and case.goes_on else None

    def find(step: Step, position: int) -> Found:
        targets = _people(step.targets, on_duty, case.now)
        if step.when is None and not isinstance(step, Round) and not any(map(stands_for_others, targets)):
            return Found(replace(step, targets=targets))
        at = case if position == here else replace(case, goes_on=False, may_wait=False)
        return whom.asks(replace(step, targets=targets), at)

    between = here if here is not None and policy.is_last(here) else -1
    return replace(plan, policy=Moment(**asdict(policy), find=find, found={}, shift=shift, between=between))


def _placed(
    before: Incident | None, decision: Decision[Incident], after: Incident, given: Input, now: Instant
) -> Incident:
    """*after* with its place on the ladder as it is, and what a smart step must know of itself.

    *before* None: another policy was begun.
    """
    if before is not None and after.rung == before.rung:
        waits = decision.reason is Reason.STILL_ASKED
        return replace(after, base=before.base, moves=before.moves + waits)
    position, policy = after.rung - after.base, after.plan.policy
    out_of_turn = position < 0 or (decision.reason is Reason.REASSIGNED and isinstance(given, Reassigned) and given.to)
    if out_of_turn or not _chooses(policy, position):
        return replace(after, moves=0, step_at=0)
    same = (
        before is not None
        and before.moves > 0
        and before.status is Status.TRIGGERED
        and decision.reason is not Reason.UNACKNOWLEDGED
        and position == before.rung - before.base
    )
    if before is not None and same:
        return replace(after, moves=before.moves + 1)
    return replace(after, moves=1, step_at=now)


def _chooses(policy: Policy, position: int) -> bool:
    """Whether a smart step chooses at *position*, or goes on beyond the ladder."""
    if Policy.is_last(policy, position):
        return policy.round is not None
    return policy.steps[position % len(policy.steps)].smart


def _told(
    decision: Decision[Incident], before: Incident | None, moment: Policy, on_duty: OnDuty, now: Instant
) -> Decision[Incident]:
    """*decision*, with its own policy again, and what must be told of the moment's."""
    after = decision.state
    if after is None or not isinstance(moment, Moment):
        return decision
    left_out = _left_out(before, after, moment, decision.reason) if decision.story else []
    story = "; ".join(filter(None, (decision.story, *left_out)))
    found = moment.found.get(after.rung - after.base, Found(Step(())))
    effects = tuple(
        _because(effect, decision.reason, found, after.plan.policy, on_duty, now) for effect in decision.effects
    )
    return replace(decision, effects=effects, story=story)


def _left_out(before: Incident | None, after: Incident, moment: Moment, reason: str) -> list[str]:
    """Why steps were left out: nobody is on call, or their condition is not fulfilled."""
    begun = 0 if before is None else max(0, before.rung + 1 - after.base)
    if before is not None and before.moves and before.status is Status.TRIGGERED and reason not in _ANEW:
        begun += 1  # A smart step that was asked is over; it was not left out.
    policy = after.plan.policy
    passed_by = range(begun, after.rung - after.base)
    empty = [each for each in passed_by if not policy.is_last(each) and not moment.step(each).targets]
    schedules = dict.fromkeys(
        _name(target)
        for position in empty
        for target in policy.step(position).targets
        if target.startswith(SCHEDULE) and policy.step(position).when is None
    )
    steps = [f"{position % len(policy.steps) + 1}" for position in empty if policy.step(position).when is not None]
    return [
        *([f"nobody is on call in {', '.join(schedules)}"] if schedules else []),
        *([f"{'steps' if len(steps) > 1 else 'step'} left out: {', '.join(steps)}"] if steps else []),
    ]


def _because(  # noqa: PLR0917 - the parts of one decision.
    effect: Effect, reason: str, found: Found, policy: Policy, on_duty: OnDuty, now: Instant
) -> Effect:
    """Why you: who was chosen hears why, and who is on call that they are."""
    if effect.kind != PAGE:
        return effect
    why = str(effect.facts["why"])
    facts = dict(effect.facts)
    chosen = found.why.get(effect.receiver, "")
    if chosen:
        facts["why"] = chosen if reason in _EXPECTED else f"{why} {chosen}"
        return replace(effect, facts={**facts, "turn": found.turn} if found.turn else facts)
    targets = dict.fromkeys(target for step in policy.steps for target in step.targets if target.startswith(SCHEDULE))
    names = [_name(each) for each in targets if not each.endswith(NEXT) and effect.receiver in on_duty(each, now)]
    if not names:
        return effect
    return replace(effect, facts={**facts, "why": f"{why} You are on call in {', '.join(names)}."})


def _name(target: str) -> str:
    return target.removeprefix(SCHEDULE).removesuffix(NEXT)


def _people(targets: tuple[str, ...], on_duty: OnDuty, now: Instant) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for target in targets:
        found.update(dict.fromkeys(on_duty(target, now) if target.startswith(SCHEDULE) else (target,)))
    return tuple(found)
