"""What an expression can see: the input, the result, the variables, the context object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

ABSENT: Final = object()  # What is not there to be seen: no result yet, no error.


class Dice:
    """Chance and ids, which come from the edge: the same seed gives the same run (law 10)."""

    __slots__ = ("drawn", "seed")

    def __init__(self, seed: str) -> None:
        """*seed* names the run; what is drawn follows from it and from how much was drawn before."""
        self.seed = seed
        self.drawn = 0


class Scope(msgspec.Struct, kw_only=True):
    """The values of one evaluation. *value* is what `$` means in JSONPath.

    *context* makes the context object, which few ask for. *result* and *error_output* are `$states`' in JSONata.
    """

    value: Json
    variables: Mapping[str, Json]
    context: Callable[[], dict[str, Json]]
    now: Instant
    dice: Dice
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
            input=self.input,
            result=self.result,
            error_output=self.error_output,
        )
