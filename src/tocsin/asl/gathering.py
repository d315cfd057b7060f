"""What the frames below a state give, by place: in groups, so that to put in one of ten thousand copies two hundred."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.json import Json

GROUP: Final = 128


def nothing(total: int) -> list[list[Json]]:
    """None for each of *total* places."""
    return [[None] * min(GROUP, total - begin) for begin in range(0, total, GROUP)]


def put(results: list[list[Json]], place: int, value: Json) -> list[list[Json]]:
    """*results* with *value* at *place*; they are not changed themselves."""
    made = list(results)
    group = made[place // GROUP] = list(made[place // GROUP])
    group[place % GROUP] = value
    return made


def listed(results: list[list[Json]]) -> list[Json]:
    """All of them, in order."""
    return [value for group in results for value in group]
