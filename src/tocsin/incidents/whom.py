"""Whom a step asks at this moment: the port through which knowledge enters a decision, as a value (law 9).

A policy may name who is to be asked only by what is known of people at the moment of asking: the next one in turn, who
was disturbed least, whom it is best to ask; and it may ask some only at certain hours. The machine knows none of it. It
is made with a `Whom`, a pure function in the shape of an object, which the engine has made anew for every batch.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from tocsin.incidents.alerts import Plan
from tocsin.incidents.policy import Step, stands_for_others
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The incident for which somebody is to be asked *now*.

    *state*: as it was before (None: it opens). *severity*, *key* (its first alert's), *fired* (when its newest alerts
    came): as they are with what has just come. *goes_on*: the step is asked already, and may choose anew. *may_wait*:
    it may also leave those asked who are.
    """

    now: Instant
    plan: Plan
    state: Incident | None
    severity: str
    key: str
    opened_at: Instant
    fired: tuple[Instant, ...] = ()
    goes_on: bool = False
    may_wait: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a step means at a moment: *step* with receivers only, why each of them, and whose turn it was."""

    step: Step
    why: dict[str, str] = {}
    turn: str = ""


class Whom(Protocol):
    """Knows people."""

    def asks(self, step: Step, case: Case) -> Found:
        """Whom *step* asks; a step without targets is left out, and a `Waiting` one asks nobody new."""
        ...

    def known(self, receiver: str, case: Case) -> dict[str, Json]:
        """What is known of a person who is asked; it is kept with the page."""
        ...


class Stranger:
    """Knows nobody: what stands for others stands for no one, and conditions about people are not fulfilled."""

    def asks(self, step: Step, case: Case) -> Found:  # noqa: ARG002 - a Whom.
        """See the protocol."""
        targets = () if step.when else tuple(each for each in step.targets if not stands_for_others(each))
        return Found(Step(targets, step.delay))

    def known(self, receiver: str, case: Case) -> dict[str, Json]:  # noqa: ARG002 - a Whom.
        """See the protocol."""
        return {}
