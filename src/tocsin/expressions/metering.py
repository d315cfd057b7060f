"""What an expression of a mapping may cost: counted steps, since a pure core has no clock, and named limits.

Whatever an expression does is charged before or while it is done: each step of the evaluation, each value that is
walked through, each character that is made or matched. Then an endless recursion, a huge range and a hostile text end
alike, after a bounded time and with bounded memory.
"""

from __future__ import annotations

from typing import Final, NoReturn

from tocsin.kernel.json import Json

STEPS_MAX: Final = 50_000  # Of one expression: a second at most; a sensible one needs some dozens.
DELIVERY_STEPS_MAX: Final = 250_000  # Of all expressions for all items of one delivery.
DEPTH_MAX: Final = 80  # Evaluations within evaluations; each takes up to seven frames of Python's stack.
TEXT_MAX: Final = 100_000  # Characters that an expression may make: many times what an alert can show.
ITEMS_MAX: Final = 10_000  # Of a range.
CHARACTERS_A_STEP: Final = 256  # Texts are copied fast.
ENTRIES_A_STEP: Final = 8  # Lists are copied slower.


class Exhausted(Exception):
    """The expression was stopped; the text says what it did too much of."""


class Failed(Exception):
    """The evaluation of an expression failed; the text says why."""


class Meter:
    """Counts what the expressions for one delivery cost."""

    def __init__(self) -> None:
        """Begin with everything that one delivery may cost."""
        self._left_of_delivery = DELIVERY_STEPS_MAX
        self._left = 0
        self._depth = 0
        self.stopped = ""  # Why the expression was stopped: the library hides some errors behind its own.

    def begin(self) -> None:
        """An expression begins; raises Exhausted when others have used everything up."""
        self._depth = 0
        self.stopped = ""
        self._left = min(STEPS_MAX, self._left_of_delivery)
        if self._left <= 0:
            self.stop(f"all expressions together took more than {DELIVERY_STEPS_MAX} steps for one delivery")

    @property
    def spent(self) -> int:
        """The steps of all expressions so far."""
        return DELIVERY_STEPS_MAX - self._left_of_delivery

    def spend(self, steps: int) -> None:
        """Charge *steps*; raises Exhausted when there are no more."""
        self._left -= steps
        self._left_of_delivery -= steps
        if self._left < 0:
            self.stop(f"it takes more than {STEPS_MAX} steps")

    def enter(self) -> None:
        """An evaluation begins; raises Exhausted when it is one too deep."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            self.stop(f"it goes deeper than {DEPTH_MAX} evaluations, as what calls itself without an end does")
        self.spend(1)

    def leave(self) -> None:
        """An evaluation ends."""
        self._depth -= 1

    def glance(self, value: Json) -> None:
        """Charge the passing on of *value*: of a list its copy, and lists in it whole, as its truth is that of all."""
        if isinstance(value, str):
            self.spend(len(value) // CHARACTERS_A_STEP)
        elif isinstance(value, list):
            self.spend(len(value) // ENTRIES_A_STEP)
            for item in value:
                if isinstance(item, list):
                    self.walk(item)

    def walk(self, value: Json) -> None:
        """Charge a walk through all of *value*; what contains itself ends it as what is too large does."""
        waiting = [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, dict):
                self.spend(1 + len(found))
                waiting += found.values()
            elif isinstance(found, list):
                self.spend(1 + len(found))
                waiting += found
            else:
                self.glance(found)

    def fits(self, size: float) -> None:
        """Refuse a text of *size* characters before it is made; raises Exhausted."""
        if size > TEXT_MAX:
            self.stop(f"it makes a text of more than {TEXT_MAX} characters")

    def stop(self, why: str) -> NoReturn:
        """End the expression; raises Exhausted."""
        self.stopped = why
        raise Exhausted(why)
