"""What a state makes of its data on the way, as TestState's InspectionData tells it.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tocsin.asl import batches, readers
from tocsin.asl.execution import Frame, TaskStart
from tocsin.asl.failures import StateFailure
from tocsin.asl.moves import Moves
from tocsin.asl.numbers import number_of, whole_of
from tocsin.asl.program import MapPlan, State
from tocsin.asl.scope import Dice, Scope
from tocsin.kernel import json
from tocsin.kernel.json import Json


class Look:
    """Looks at one state. What it finds is told once more than the run itself has done it, with the same chance."""

    def __init__(self, moves: Moves, frame: Frame, state: State, told: Mapping[str, Any]) -> None:
        """*told*: the configuration of the test."""
        self.found: dict[str, Json] = {"input": _text(frame.input)}
        self._moves = moves
        self._frame = frame
        self._input = frame.input
        self._state = state
        self._told = told
        self._count = 0
        self._percentage = 0.0
        self._items = 0

    def before(self, task: TaskStart | None) -> None:
        """What happens before the work; *task* is what has left, with its arguments. Raises StateFailure."""
        state = self._state
        if task is not None:
            self._say("afterArguments" if state.jsonata else "afterParameters", task.arguments)
            return
        scope = self._scope()
        if state.map is not None:
            self._map(state.map, scope)
        elif state.jsonata or state.type == "Parallel":
            return
        elif state.type == "Pass":
            self._pass(scope)
        else:
            self._say("afterInputPath", scope.value)

    def after(self, result: Json) -> None:
        """What happens to the *result* of the work."""
        state = self._state
        if state.type == "Task":
            self._say("result", result)
        if state.jsonata:
            return
        with suppress(StateFailure):  # The run tells it.
            scope = self._scope()
            if state.selector is not None:
                result = state.selector(scope.seeing(result))
            self._merged(result)

    def exceeds(self, failures: int) -> bool:
        """Whether so many *failures* of iterations are more than the Map tolerates, as far as it says."""
        plan = self._state.map
        if plan is None:
            return False
        tells = [name for name in ("toleratedFailureCount", "toleratedFailurePercentage") if name in self.found]
        tolerated = failures <= self._count or 100 * failures <= self._percentage * max(self._items, 1)
        return bool(tells) and not tolerated

    def _pass(self, scope: Scope) -> None:
        state = self._state
        if state.result is not None:
            result = state.result(scope)
            self._say("result", result)
        else:
            self._say("afterInputPath", scope.value)
            result = state.parameters(scope) if state.parameters is not None else scope.value
            self._say("afterParameters", result)
        self._merged(result)

    def _merged(self, result: Json) -> None:
        state = self._state
        self._say("afterResultSelector", result)
        whole = self._input if state.result_discarded else result
        if state.result_path is not None:
            whole = state.result_path.put(self._input, result)
        self._say("afterResultPath", whole)

    def _map(self, plan: MapPlan, scope: Scope) -> None:
        if not self._state.jsonata:
            self._say("afterInputPath", scope.value)
        items = self._read(plan, scope)
        self._items = len(items)
        self.found["maxConcurrency"] = whole_of(plan.concurrency(scope), "MaxConcurrency")
        count = plan.tolerated_count(scope)
        if count is not None:
            self._count = whole_of(count, "ToleratedFailureCount")
            self.found["toleratedFailureCount"] = self._count
        percentage = plan.tolerated_percentage(scope)
        if percentage is not None:
            self._percentage = number_of(percentage, "ToleratedFailurePercentage")
            self.found["toleratedFailurePercentage"] = self._percentage
        if plan.selector is not None:
            items = batches.all_selected(self._moves, self._frame, self._state, items)
            self._say("afterItemSelector", items)
        if plan.batch is not None:
            made = batches.batched(items, plan.batch, scope)
            self._say("afterItemBatcher", made)

    def _read(self, plan: MapPlan, scope: Scope) -> list[Json]:
        if plan.reader is None:
            items = batches.items_of(plan, self._state, scope)
            if not self._state.jsonata:
                self._say("afterItemsPath", items)
        else:
            items = readers.parsed(self._told.get("mapItemReaderData", "[]"), plan.reader)
            if plan.reader.config.get("ItemsPointer"):
                self._say("afterItemsPointer", items)
        return items

    def _scope(self) -> Scope:
        scope = self._moves.scope(self._frame, self._state)
        scope.dice = Dice(self._moves.dice.seed)
        return scope

    def _say(self, name: str, value: Json) -> None:
        self.found[name] = _text(value)


def _text(value: Json) -> str:
    return json.encode(value).decode()
