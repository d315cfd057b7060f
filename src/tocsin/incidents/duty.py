"""Who is on call now: targets that stand for somebody else at every hour become people when a step is asked.

An incident keeps the policy that it was opened with, and a policy may ask a schedule: `schedule:ops`, whoever is on
call in it, or `schedule:ops:next`, who will be after them. Who that is enters each decision as a value (law 9): before
it the policy's targets are resolved for the present moment, after it the incident has its own policy back. Hence a
hand-over in the middle of an incident counts from its next step on, and who was asked before stays asked until then.

A step whose schedules have nobody on call asks nobody, and one that asks nobody is left out: the next is asked at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from tocsin.incidents.alerts import Plan
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.policy import NEXT, SCHEDULE, Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Decision, Effect
from tocsin.kernel.time import Instant

OnDuty: TypeAlias = Callable[[str, Instant], tuple[str, ...]]
"""The receivers that a target of the form `schedule:...` stands for at an instant; a pure function, made of values."""


def nobody(target: str, now: Instant) -> tuple[str, ...]:  # noqa: ARG001 - an OnDuty.
    """The OnDuty of those who have no schedules."""
    return ()


def asks_schedules(policy: Policy) -> bool:
    """Whether *policy* has targets that must be resolved."""
    return any(target.startswith(SCHEDULE) for targets in _all(policy) for target in targets)


def resolved(plan: Plan, on_duty: OnDuty, now: Instant) -> Plan:
    """*plan* with people instead of schedules, as it is at *now*."""
    policy = plan.policy
    steps = tuple(Step(_people(step.targets, on_duty, now), step.delay) for step in policy.steps)
    return replace(plan, policy=replace(policy, steps=steps, everyone=_people(policy.everyone, on_duty, now)))


def told(  # noqa: PLR0917 - the parts of one decision.
    decision: Decision[Incident], before: Incident | None, after: Incident, plan: Plan, on_duty: OnDuty, now: Instant
) -> Decision[Incident]:
    """*decision*, which was made with the plan of the moment: with *plan* itself, and with the schedules named."""
    empty = _empty(before, after, plan.policy)
    story = f"{decision.story}; nobody is on call in {', '.join(empty)}" if empty and decision.story else decision.story
    return replace(
        decision,
        state=replace(after, plan=plan),
        effects=tuple(_because(effect, plan.policy, on_duty, now) for effect in decision.effects),
        story=story,
    )


def _empty(before: Incident | None, after: Incident, policy: Policy) -> list[str]:
    """The schedules of the steps that were left out since nobody is on call."""
    begun = 0 if before is None else max(0, before.rung + 1 - after.base)
    left_out = [
        target
        for position in range(begun, after.rung - after.base)
        if not after.plan.policy.step(position).targets
        for target in policy.step(position).targets
    ]
    return list(dict.fromkeys(_name(target) for target in left_out))


def _because(effect: Effect, policy: Policy, on_duty: OnDuty, now: Instant) -> Effect:
    """Why you: a page to who is on call says so."""
    if effect.kind != PAGE:
        return effect
    targets = dict.fromkeys(target for step in policy.steps for target in step.targets if target.startswith(SCHEDULE))
    names = [_name(each) for each in targets if not each.endswith(NEXT) and effect.receiver in on_duty(each, now)]
    if not names:
        return effect
    why = f"{effect.facts['why']} You are on call in {', '.join(names)}."
    return replace(effect, facts={**effect.facts, "why": why})


def _name(target: str) -> str:
    return target.removeprefix(SCHEDULE).removesuffix(NEXT)


def _people(targets: tuple[str, ...], on_duty: OnDuty, now: Instant) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for target in targets:
        found.update(dict.fromkeys(on_duty(target, now) if target.startswith(SCHEDULE) else (target,)))
    return tuple(found)


def _all(policy: Policy) -> tuple[tuple[str, ...], ...]:
    return (*(step.targets for step in policy.steps), policy.everyone)
