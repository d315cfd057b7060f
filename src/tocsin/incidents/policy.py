"""Escalation policies: the ladder of whom to ask, and for how long."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.kernel.time import HOUR, MINUTE, Duration

SCHEDULE: Final = "schedule:"  # Before the name of a schedule, as a target: who is on call.
NEXT: Final = ":next"  # Behind it: who will be on call after them.
ALL: Final = ":all"  # Behind it: all who take turns.
REPEAT_MAX: Final = 10  # A ladder that nobody answered so often needs the whole team, not another round.


class Step(msgspec.Struct, frozen=True):
    """Ask *targets*, then wait *delay* ms for an answer.

    They are receivers (`responder:ada`, `team:ops`), or stand for some (`schedule:ops`, see `tocsin.incidents.duty`).
    """

    targets: tuple[str, ...]
    delay: Duration = 5 * MINUTE


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder of steps, walked `repeat + 1` times; then *everyone* is asked every *everyone_delay* ms for ever.

    The rung counts positions on the ladder, repeats included. *ack_timeout*: who acknowledged and did not resolve is
    asked again. Delays are positive: a deadline that is due at once would never let the sweeper rest.
    """

    name: str
    steps: tuple[Step, ...]
    everyone: tuple[str, ...]
    repeat: int = 0
    everyone_delay: Duration = 15 * MINUTE
    ack_timeout: Duration = HOUR

    def is_last(self, position: int) -> bool:
        """Whether *position* is beyond the ladder, where everyone is asked."""
        return position >= len(self.steps) * (self.repeat + 1)

    def step(self, position: int) -> Step:
        """The step at *position* (from 0, repeats included); beyond the ladder it is everyone, for ever."""
        if self.is_last(position):
            return Step(self.everyone, self.everyone_delay)
        return self.steps[position % len(self.steps)]
