"""When a step of a policy counts, and how many people must acknowledge it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.incidents.policy import SMART_WAITS, Condition, Policy, Step
from tocsin.kernel.time import format_duration

_HOURS: Final = {"working": "working time", "off": "time off", "sleep": "time to sleep"}
_TEAM: Final = {"working": "somebody of the team is at work", "off": "nobody of the team is at work"}


def terms(policy: Policy, step: Step) -> list[str]:
    """Under which terms *step* of *policy* is asked; nothing where they are the usual ones."""
    found = [f"only {part}" for part in _conditions(step.when)] if step.when else []
    must = step.acknowledgements
    return [*found, f"{must} must acknowledge"] if must not in {0, policy.acknowledgements} else found


def waits(step: Step) -> str:
    """What must pass before the step after *step* is asked."""
    if step.smart:  # It asks others meanwhile.
        return f"after {format_duration(SMART_WAITS * step.delay)} at most"
    return f"no answer in {format_duration(step.delay)}"


def _conditions(when: Condition) -> list[str]:
    found = []
    if when.severities:
        found.append(f"if {_or(when.severities)}")
    if when.hours:
        found.append(f"those for whom it is {_or([_HOURS.get(each, each) for each in when.hours])}")
    if when.team:
        found.append(f"when {_TEAM[when.team]}")
    if when.alerts:
        within = f" within {format_duration(when.within)}" if when.within else ""
        found.append(f"after {when.alerts} alerts{within}")
    return found


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
