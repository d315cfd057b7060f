"""The functions that Step Functions adds to JSONata.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tocsin.asl import intrinsics
from tocsin.asl.failures import StateFailure
from tocsin.asl.scope import Dice
from tocsin.expressions.expression import Several
from tocsin.expressions.metering import Failed
from tocsin.kernel.json import Json

NAMES: Final = frozenset({"partition", "range", "hash", "random", "uuid", "parse"})


def functions(dice: Dice) -> Mapping[str, Callable[..., Json]]:
    """By name; what chance decides comes from *dice*."""

    def intrinsic(name: str, *arguments: Json) -> Json:
        try:
            return intrinsics.applied(name, list(arguments), dice)
        except StateFailure as failure:
            raise Failed(str(failure.cause)) from None

    def random(*seed: Json) -> float:
        bits = intrinsics.drawn(dice) if not seed else intrinsics.drawn(Dice(f"{seed[0]}"))
        return (bits >> 75) / (1 << 53)

    return {
        "partition": lambda array, size: intrinsic("ArrayPartition", array, size),
        "range": lambda begin, end, step: Several(intrinsic("ArrayRange", begin, end, step)),
        "hash": lambda value, algorithm: intrinsic("Hash", value, algorithm),
        "random": random,
        "uuid": lambda: intrinsic("UUID"),
        "parse": lambda text: intrinsic("StringToJson", text),
    }
