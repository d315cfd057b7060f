"""A rule as the configuration has it: knowledge that enters each decision, and is not part of the state."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.expressions.metering import Failed, Meter
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant

if TYPE_CHECKING:
    from tocsin import timetables
    from tocsin.expressions import expression
else:
    expression = later("tocsin.expressions.expression")
    timetables = later("tocsin.timetables")

VARIABLES: Final = ("event",)  # What an expression has beside the event that it is about.
INPUT_BYTES_MAX: Final = 256 * 1024  # As Step Functions has it.


class Mode(StrEnum):
    """What happens when it fires while something of it still runs."""

    SINGLE = "single"
    RESTART = "restart"
    QUEUED = "queued"
    PARALLEL = "parallel"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What follows. *workflows* are started; without any an alert is raised.

    *seed*: nobody can guess it; those of the runs follow from the one that the rule began with. *most*: so many firings
    are at work at once in the mode `parallel`; more wait, as all do in `queued`. *retries*: how often a run that failed
    goes on with what failed. *template* makes the input of the event; without it that is it.
    """

    name: str
    seed: str = ""
    workflows: tuple[str, ...] = ()
    timetable: timetables.Timetable | None = None
    template: expression.Expression | None = None
    mode: Mode = Mode.PARALLEL
    most: int = 10
    retries: int = 0
    dry_run: bool = False

    @property
    def at_once(self) -> int:
        """How many firings may be at work."""
        return self.most if self.mode is Mode.PARALLEL else 1

    def input(self, event: Json, now: Instant) -> Json:
        """What its runs are given. Raises Failed."""
        given = event
        if self.template is not None:
            copy = json.decode(json.encode(event))  # What the expression might do to it stays here.
            given = self.template.evaluate(copy, {VARIABLES[0]: copy}, now, Meter())
        if len(json.encode(given)) > INPUT_BYTES_MAX:
            raise Failed(f"it is larger than {INPUT_BYTES_MAX} bytes")
        return given


Rules = Callable[[str], Rule | None]
