"""Escalation policies: the ladder of whom to ask, and for how long."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.kernel.time import HOUR, MINUTE, Duration

SCHEDULE: Final = "schedule:"  # Before the name of a schedule, as a target: who is on call.
NEXT: Final = ":next"  # Behind it: who will be on call after them.
ALL: Final = ":all"  # Behind it: all who take turns.
ROUND_ROBIN: Final = "round-robin:"  # Before the name of a team, or of a schedule as above: the next one in turn.
LEAST_DISTURBED: Final = "least-disturbed:"  # Likewise: who was asked least in the last 24 hours.
SMART: Final = "smart:"  # Likewise: whom it is best to ask, again and again until the step is over.
MEMBERS: Final = "members:"  # Before the name of a team: all of its members.
CHOSEN: Final = (ROUND_ROBIN, LEAST_DISTURBED, SMART)
_STAND_FOR_OTHERS: Final = (SCHEDULE, MEMBERS, *CHOSEN)
SMART_WAITS: Final = 2  # A smart step lasts so many waits at most: that of one person, and that of another.
REPEAT_MAX: Final = 10  # A ladder that nobody answered so often needs the whole team, not another round.


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When a step counts: all that is said must be true.

    *severities*: it is one of these. *hours*: for the responder it is one of these, each `working`, `off`, `sleep` or a
    window like `mon-fri 09:00-17:00` by their own clock; it leaves out people, not the step. *team*: `working` if it is
    working time for a member of the team at least, `off` if for none. *alerts*: so many have come for the incident, in
    the last *within* ms (0: since it began to count).
    """

    severities: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    team: str = ""
    alerts: int = 0
    within: Duration = 0


class Step(msgspec.Struct, frozen=True):
    """Ask *targets*, then wait *delay* ms for an answer.

    They are receivers (`responder:ada`, `team:ops`), or stand for some (`schedule:ops`, see `tocsin.incidents.duty`).
    *when*: otherwise it is left out. *acknowledgements*: how many people must acknowledge; 0: as many as the policy
    says.
    """

    targets: tuple[str, ...]
    delay: Duration = 5 * MINUTE
    when: Condition | None = None
    acknowledgements: int = 0

    @property
    def smart(self) -> bool:
        """Whether it chooses anew until it is over."""
        return any(target.startswith(SMART) for target in self.targets)


class Waiting(Step, frozen=True):
    """Asks nobody: those who are asked stay asked, *delay* ms longer. No policy has it; it is what a step may mean."""


class Round(Step, frozen=True):
    """Asks everyone, *delay* ms apart; in between *chooses* goes on. No policy has it, see `Policy.round`."""

    chooses: Step = Step(())


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder of steps, walked `repeat + 1` times; then *everyone* is asked every *everyone_delay* ms for ever.

    The rung counts positions on the ladder, repeats included. *ack_timeout*: who acknowledged and did not resolve is
    asked again. *acknowledgements*: so many people must acknowledge. Delays are positive: a deadline that is due at
    once would never let the sweeper rest.
    """

    name: str
    steps: tuple[Step, ...]
    everyone: tuple[str, ...]
    repeat: int = 0
    everyone_delay: Duration = 15 * MINUTE
    ack_timeout: Duration = HOUR
    acknowledgements: int = 1

    def is_last(self, position: int) -> bool:
        """Whether *position* is beyond the ladder, where everyone is asked."""
        return position >= len(self.steps) * (self.repeat + 1)

    def step(self, position: int) -> Step:
        """The step at *position* (from 0, repeats included); beyond the ladder it is everyone, for ever."""
        if self.is_last(position):
            return Step(self.everyone, self.everyone_delay)
        return self.steps[position % len(self.steps)]

    def asks_everyone(self, position: int) -> bool:
        """Whether an incident that stands at *position* is beyond the ladder."""
        return self.is_last(position)

    @property
    def round(self) -> Round | None:
        """What is beyond a ladder that ends with a smart step; None: everyone is asked, and nothing in between."""
        if not self.steps or not self.steps[-1].smart:
            return None
        return Round(self.everyone, self.everyone_delay, chooses=self.steps[-1])

    @property
    def patience(self) -> Duration:
        """How long an answer of somebody is awaited who is asked out of turn."""
        return self.steps[0].delay if self.steps else self.everyone_delay

    def demands(self, position: int) -> int:
        """How many people must acknowledge while the step at *position* is asked (negative: somebody out of turn)."""
        on_ladder = position >= 0 and not self.is_last(position)
        own = self.steps[position % len(self.steps)].acknowledgements if on_ladder else 0
        return own or self.acknowledgements


def stands_for_others(target: str) -> bool:
    """Whether *target* is no receiver, but stands for some at every moment."""
    return target.startswith(_STAND_FOR_OTHERS)
