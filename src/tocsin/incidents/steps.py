"""What a ladder asks next, in its own words: what the policy says, without knowing whom that will mean then."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents import several
from tocsin.incidents.ladder import responder
from tocsin.incidents.policy import CHOSEN, SMART_WAITS
from tocsin.incidents.state import Incident


def ahead(incident: Incident) -> tuple[str, ...]:
    """Whom the next step asks, if nobody answers; a smart step that is not over by then is asked again."""
    position = incident.rung - incident.base
    if incident.moves and incident.wake_at is not None:
        policy = incident.plan.policy
        beyond = policy.round if policy.is_last(position) else None
        step = beyond.chooses if beyond else policy.step(position)
        if incident.wake_at < incident.step_at + (beyond.delay if beyond else SMART_WAITS * step.delay):
            return step.targets
    return _targets(incident, position + 1)


def anew(incident: Incident) -> tuple[str, ...]:
    """Whom the ladder asks when it begins anew; what was acknowledged at its source asks those who passed as well."""
    mindful = incident.silenced or incident.held
    return _targets(incident if mindful else replace(incident, passed=()), 0)


def chosen(incident: Incident) -> tuple[str, ...]:
    """The targets of the step that is asked, if it is one of those that choose; empty otherwise."""
    position, policy = incident.rung - incident.base, incident.plan.policy
    if position < 0 or policy.is_last(position):
        return ()
    targets = policy.step(position).targets
    return targets if any(target.startswith(CHOSEN) for target in targets) else ()


def _targets(incident: Incident, position: int) -> tuple[str, ...]:
    """Of the step at *position*, or of the first one behind it whose targets have not all passed."""
    policy, done = incident.plan.policy, set(map(responder, incident.answered if several.some(incident) else ()))
    silent = done | set(incident.passed)
    while not policy.is_last(position) and silent.issuperset(policy.step(position).targets):
        position += 1
    silent = done if policy.is_last(position) else silent
    return tuple(name for name in policy.step(position).targets if name not in silent)
