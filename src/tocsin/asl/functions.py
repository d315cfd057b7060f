"""The functions that Step Functions adds to JSONata, and those of JSONata that need chance.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from tocsin.asl import intrinsics
from tocsin.asl.failures import StateFailure
from tocsin.asl.scope import Dice
from tocsin.expressions.expression import Several
from tocsin.expressions.metering import Failed
from tocsin.kernel.json import Json

NAMES: Final = frozenset({"partition", "range", "hash", "random", "shuffle", "uuid", "parse"})

_Function: TypeAlias = Callable[..., Json]


def functions(dice: Dice) -> Mapping[str, _Function]:
    """By name; what chance decides comes from *dice*. The functions raise Failed."""

    def intrinsic(name: str, *arguments: Json) -> Json:
        try:
            return intrinsics.applied(name, list(arguments), dice)
        except StateFailure as failure:
            raise Failed(str(failure.cause)) from None

    def random(seed: Json = None) -> float:
        bits = intrinsics.drawn(dice) if seed is None else intrinsics.drawn(Dice(f"{seed}"))
        return (bits >> 75) / (1 << 53)

    def shuffle(array: Json) -> Json:
        elements = array if isinstance(array, list) else [array]
        return sorted(elements, key=lambda _: intrinsics.drawn(dice))

    return {
        "partition": _taking(2, "partition", lambda array, size: intrinsic("ArrayPartition", array, size)),
        "range": _taking(3, "range", lambda begin, end, step: Several(intrinsic("ArrayRange", begin, end, step))),
        "hash": _taking(2, "hash", lambda value, algorithm: intrinsic("Hash", value, algorithm)),
        "random": _taking(1, "random", random, least=0),
        "shuffle": _taking(1, "shuffle", shuffle),
        "uuid": _taking(0, "uuid", lambda: intrinsic("UUID")),
        "parse": _taking(1, "parse", lambda text: intrinsic("StringToJson", text)),
    }


def _taking(most: int, name: str, function: _Function, *, least: int | None = None) -> _Function:
    """*function*, which refuses what are not so many arguments."""
    fewest = most if least is None else least

    def call(*arguments: Json) -> Json:
        if not fewest <= len(arguments) <= most:
            wanted = f"{most} argument{'' if most == 1 else 's'}"
            raise Failed(f"The function ${name} takes {wanted}, not {len(arguments)}")
        return function(*arguments)

    return call
