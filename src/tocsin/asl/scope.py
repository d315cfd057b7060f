"""What an expression can see: the input, the result, the variables, the context object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.asl.looking import Visits
from tocsin.expressions.metering import Meter
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

COST_MAX: Final = 100_000  # Steps of expressions in a step of a run: about two seconds.
BYTES_A_STEP: Final = 128  # Bytes that are measured and written in that time.
VISITS_A_STEP: Final = 50  # Values that a path visits in the time of a step of an expression.

ABSENT: Final = object()  # What is not there to be seen: no result yet, no error.


class Dice:
    """Chance and ids, which come from the edge: the same seed gives the same run (law 10)."""

    __slots__ = ("drawn", "seed")

    def __init__(self, seed: str) -> None:
        """*seed* names the run; what is drawn follows from it and from how much was drawn before."""
        self.seed = seed
        self.drawn = 0


class Purse:
    """What a step may spend on expressions and paths: so much on one move, and about so much on all of them."""

    __slots__ = ("_meter", "_spent", "_visits")

    def __init__(self) -> None:
        """Begin with nothing spent."""
        self._spent = 0
        self._meter: Meter | None = None
        self._visits: Visits | None = None

    def begin(self) -> None:
        """Another move, or another item of a Map, has everything that one may spend."""
        self._spent = self.spent
        self._meter = self._visits = None

    def weigh(self, size: int) -> None:
        """A value of *size* bytes goes into the history, or leaves."""
        self._spent += size // BYTES_A_STEP

    @property
    def meter(self) -> Meter:
        """Of the expressions of this move."""
        if self._meter is None:
            self._meter = Meter()
        return self._meter

    @property
    def visits(self) -> Visits:
        """Of the paths of this move."""
        if self._visits is None:
            self._visits = Visits()
        return self._visits

    @property
    def spent(self) -> int:
        """Steps of expressions, and values that paths visited, by the time that these take."""
        expressions = self._meter.spent if self._meter else 0
        return self._spent + expressions + (self._visits.spent // VISITS_A_STEP if self._visits else 0)

    @property
    def empty(self) -> bool:
        """Whether the step had better end soon."""
        return self.spent > COST_MAX


class Scope(msgspec.Struct, kw_only=True):
    """The values of one evaluation. *value* is what `$` means in JSONPath.

    *context* makes the context object, which few ask for. *result* and *error_output* are `$states`' in JSONata.
    """

    value: Json
    variables: Mapping[str, Json]
    context: Callable[[], dict[str, Json]]
    now: Instant
    dice: Dice
    purse: Purse
    input: Json = None
    result: Json = ABSENT
    error_output: Json = ABSENT

    def seeing(self, value: Json) -> Scope:
        """The same with another `$`."""
        return Scope(
            value=value,
            variables=self.variables,
            context=self.context,
            now=self.now,
            dice=self.dice,
            purse=self.purse,
            input=self.input,
            result=self.result,
            error_output=self.error_output,
        )
