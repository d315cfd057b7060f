"""What runs wait for no more, told to whom it concerns: questions are withdrawn, runs that were awaited are stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.asl.resources import resource
from tocsin.engine.ports import Received
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.wiring import questions
from tocsin.wiring.workflows import Order, Unawait, ordered


class Withdrawals:
    """Tells it by deliveries, which follow those that have asked or started: a lane keeps its order. Any thread."""

    def __init__(self, accept: Callable[[Sequence[Received]], object], clock: Callable[[], Instant]) -> None:
        """*accept* stores deliveries durably, or raises StoreUnavailableError."""
        self._accept = accept
        self._clock = clock

    def __call__(self, facts: Mapping[str, Json]) -> None:
        """Tell of the task that *facts* name (`executions.withdrawing`). Raises StoreUnavailableError."""
        run, task, why = str(facts["run"]), str(facts["task"]), str(facts["why"])
        now = self._clock()
        if resource(str(facts["resource"])).type == "states":
            self._accept([ordered(Order(unawait=Unawait(run=run, task=task, why=why)), now)])
        else:
            self._accept([questions.unwaited(run, task, why, now)])
