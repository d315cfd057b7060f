"""How patient a plan is: whether it waits for what may recover by itself, and what becomes of what flaps."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import Plan
from tocsin.kernel.time import Duration


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of a plan's patience; the fields are those of `Plan`, None leaves one to others."""

    hold: Duration | None = None
    transient_hold: bool | None = None
    flapping: bool | None = None


UNDECIDED: Final = Patience()


def patient(plan: Plan, *wants: Patience) -> Plan:
    """*plan* as the first of *wants* has it that says something; what none of them says stays."""
    for want in reversed(wants):
        if want != UNDECIDED:
            plan = replace(
                plan,
                hold=plan.hold if want.hold is None else want.hold,
                transient_hold=plan.transient_hold if want.transient_hold is None else want.transient_hold,
                flapping=plan.flapping if want.flapping is None else want.flapping,
            )
    return plan
