"""The keys that say whom to ask beside names: conditions of steps, and the costs that `smart` weighs."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.incidents.alerts import Severity
from tocsin.incidents.policy import SMART
from tocsin.kernel.time import DAY, SECOND, Duration
from tocsin.schedules.windows import SHAPE
from tocsin.wiring.settings_kinds import Choice, Key, Many, Section, Span, Text, Whole

SMART_POLICY: Final = SMART.removesuffix(":")  # The target, and the policy that is always there and has only that one.
ALERTS_MAX: Final = 100  # An incident remembers when each of so many came.

_COST: Final = Whole(least=0, most=1000)
_PATIENCE: Final = Span(most=DAY)
_SEVERITIES: Final = Many(of=Choice(tuple(word.value for word in Severity)), single=True)
_HOURS: Final = Text(
    most=100,
    shape=rf"working|off|sleep|(?:{SHAPE})",
    what="`working`, `off`, `sleep`, or a window like `mon-fri 09:00-17:00`",
)


class When(msgspec.Struct, frozen=True, kw_only=True):
    """A condition: all that is said must be true."""

    severity: Annotated[tuple[str, ...], Key(_SEVERITIES, "It is one of these.")] = ()
    hours: Annotated[
        tuple[str, ...],
        Key(
            Many(of=_HOURS, single=True),
            "For whom it is one of these, each `working`, `off`, `sleep` or a window by their own clock; others are "
            "left out of the step.",
        ),
    ] = ()
    team: Annotated[
        str,
        Key(
            Choice((HourClass.WORKING.value, HourClass.OFF.value)),
            "`working`: it is working time for a member of the team at least; `off`: for none.",
        ),
    ] = ""
    alerts: Annotated[int, Key(Whole(least=0, most=ALERTS_MAX), "So many alerts have come for the incident.")] = 0
    within: Annotated[
        Duration, Key(Span(least=0, most=7 * DAY), "Only those of the last so much time count; 0: all of them.")
    ] = 0


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long nobody may have it until that is as bad as one interruption at working time."""

    critical: Annotated[Duration, Key(_PATIENCE, "Of a critical incident.")] = 30 * SECOND
    high: Annotated[Duration, Key(_PATIENCE, "Of a high one.")] = 100 * SECOND
    warning: Annotated[Duration, Key(_PATIENCE, "Of a warning.")] = 200 * SECOND
    info: Annotated[Duration, Key(_PATIENCE, "Of an info.")] = 400 * SECOND


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What things cost; the unit is one interruption at working time."""

    working: Annotated[int, Key(_COST, "An interruption at working time.")] = 1
    off: Annotated[int, Key(_COST, "An interruption off work.", called="off_work")] = 3
    sleep: Annotated[int, Key(_COST, "An interruption of sleep.")] = 10
    patience: Annotated[
        Patience, Key(Section(Patience), "How long without an answer is as bad as one interruption at working time.")
    ] = Patience()
    urgent: Annotated[
        tuple[str, ...], Key(_SEVERITIES, "For these more people may be disturbed than the plain ladder would.")
    ] = (Severity.CRITICAL.value,)


def step_complaint(step: Any) -> str:  # noqa: ANN401 - a step of `settings`, which imports this module.
    """What is wrong between the keys of a step, or nothing."""
    if len(step.ask) > 1 and any(target == SMART_POLICY or target.startswith(SMART) for target in step.ask):
        return "needs `smart` alone in its step, or others without it"
    if step.when is not None and step.when.within and not step.when.alerts:
        return "needs `alerts` beside `within`"
    return ""
