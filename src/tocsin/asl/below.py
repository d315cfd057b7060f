"""Frames below a state: the branches of a Parallel, the iterations of a Map."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tocsin.asl import outcomes
from tocsin.asl.execution import Frame, Phase, Work
from tocsin.asl.failures import EXCEED_TOLERATED, QUERY_EVALUATION, StateFailure, runtime
from tocsin.asl.moves import Moves
from tocsin.asl.program import MapPlan, State
from tocsin.asl.scope import Scope
from tocsin.kernel import json
from tocsin.kernel.json import Json


class Below:
    """Begins frames below one that is in a Parallel or Map, and goes on with that when they are over."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves

    # ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────────
    def parallel(self, frame: Frame, state: State) -> bool:
        """Begin all branches."""
        scope = self._moves.scope(frame, state)
        given = state.parameters(scope) if state.parameters else scope.value
        frame.work = Work(total=len(state.programs), results=[None] * len(state.programs))
        frame.phase = Phase.BELOW
        self._moves.event(frame, "ParallelStateStarted")
        for place in range(len(state.programs)):
            self._begin(frame, state.programs[place], place, given)
        return False

    def map(self, frame: Frame, state: State) -> bool:
        """Begin as many iterations as may run at once."""
        plan = state.map
        assert plan is not None
        scope = self._moves.scope(frame, state)
        items = self._items(plan, state, scope)
        at_once = _whole(plan.concurrency(scope), "MaxConcurrency")
        frame.work = Work(total=len(items), results=[None] * len(items), items=items, at_once=at_once)
        frame.work.distributed = plan.distributed
        frame.phase = Phase.BELOW
        if not plan.distributed:
            self._tolerance(frame.work, plan, scope)
        self._moves.event(frame, "MapStateStarted", {"length": len(items)})
        if plan.distributed:
            self._tolerance(frame.work, plan, scope)
            arn = f"{self._moves.execution.names.machine.replace(':stateMachine:', ':mapRun:')}/{frame.entered}"
            self._moves.event(frame, "MapRunStarted", {"mapRunArn": arn})
        return self._fill(frame, state)

    def _fill(self, frame: Frame, state: State) -> bool:
        """Begin what may begin; whether the state is over."""
        work, plan = frame.work, state.map
        assert work is not None
        assert plan is not None
        assert work.items is not None
        while work.begun < work.total and (not work.at_once or work.running < work.at_once):
            place = work.begun
            work.begun += 1
            work.running += 1
            item = work.items[place]
            scope = self._moves.scope(frame, state)
            context = {"Index": place, "Value": item}
            scope.context = self._with_item(frame, state, context)
            given = item if plan.selector is None else plan.selector(scope)
            if not work.distributed:
                self._moves.event(frame, "MapIterationStarted", {"name": state.name, "index": place})
            self._begin(frame, state.programs[0], place, given, context)
        if work.done < work.total:
            return False
        return self._map_over(frame, state)

    def _with_item(self, frame: Frame, state: State, item: dict[str, Json]) -> Any:  # noqa: ANN401 - a maker of contexts.
        return lambda: self._moves.context(frame, state) | {"Map": {"Item": item}}

    def _begin(self, frame: Frame, program: str, place: int, given: Json, item: Json = None) -> None:
        execution = self._moves.execution
        execution.last_frame += 1
        made = Frame(
            id=execution.last_frame,
            program=program,
            state=self._moves.definition.programs[program].start,
            input=given,
            variables=frame.variables,
            parent=frame.id,
            place=place,
            item=item,
            previous=frame.previous,
            silent=frame.silent or (frame.work is not None and frame.work.distributed),
        )
        execution.frames[made.id] = made
        self._moves.ready.append(made.id)

    # ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def over(self, frame: Frame, output: Json) -> bool:
        """A frame below has come to its end with *output*."""
        above, state = self._above(frame)
        work = above.work
        assert work is not None
        work.results[frame.place] = output
        work.done += 1
        if state.type == "Parallel":
            if work.done == work.total:
                above.previous = frame.previous
                self._moves.event(above, "ParallelStateSucceeded", aside=True)
                self._resume(above, state, work.results)
            return False
        work.running -= 1
        above.previous = frame.previous if not work.distributed else above.previous
        if not work.distributed:
            self._moves.event(above, "MapIterationSucceeded", {"name": state.name, "index": frame.place}, aside=True)
        self._next(above, state)
        return False

    def broken(self, frame: Frame, error: str | None, cause: str | None) -> bool:
        """A frame below has failed."""
        above, state = self._above(frame)
        work = above.work
        assert work is not None
        above.previous = frame.previous if not frame.silent else above.previous
        if state.type == "Map" and not work.distributed:
            self._moves.event(above, "MapIterationFailed", {"name": state.name, "index": frame.place}, aside=True)
        if state.type == "Map":
            work.failed += 1
            work.done += 1
            work.running -= 1
            if _tolerates(work):
                work.results[frame.place] = {"Error": error, "Cause": cause}
                self._next(above, state)
                return False
            if work.distributed:
                error, cause = EXCEED_TOLERATED, "The specified tolerated failure threshold was exceeded"
                self._moves.event(above, "MapRunFailed", {"error": error, "cause": cause})
        failure = StateFailure(error, cause, located=False)
        if self._moves.attempt(above, state, lambda: outcomes.failed(self._moves, above, state, failure)):
            self._moves.ready.append(above.id)
        return False

    def stop(self, frame: Frame) -> None:
        """End all frames below *frame*: its state has failed."""
        below = [each for each in self._moves.execution.frames.values() if each.parent == frame.id]
        for each in below:
            self.stop(each)
            del self._moves.execution.frames[each.id]
        frame.work = None

    def _next(self, above: Frame, state: State) -> None:
        if self._moves.attempt(above, state, lambda: self._fill(above, state)):
            self._moves.ready.append(above.id)

    def _map_over(self, frame: Frame, state: State) -> bool:
        work = frame.work
        assert work is not None
        if work.distributed:
            self._moves.event(frame, "MapRunSucceeded")
        self._moves.event(frame, "MapStateSucceeded", aside=True)
        results = work.results
        outcomes.reset_task(frame)
        return outcomes.completed(self._moves, frame, state, results)

    def _resume(self, above: Frame, state: State, results: list[Json]) -> None:
        outcomes.reset_task(above)
        if self._moves.attempt(above, state, lambda: outcomes.completed(self._moves, above, state, results)):
            self._moves.ready.append(above.id)

    def _above(self, frame: Frame) -> tuple[Frame, State]:
        above = self._moves.execution.frames[frame.parent]
        del self._moves.execution.frames[frame.id]
        return above, self._moves.state(above)

    # ── What a Map is told ───────────────────────────────────────────────────────────────────────────────────────────
    def _items(self, plan: MapPlan, state: State, scope: Scope) -> list[Json]:
        found = plan.items(scope) if plan.items else scope.value
        if isinstance(found, list):
            return found
        shown = json.encode(found).decode()
        if state.jsonata:
            raise StateFailure(QUERY_EVALUATION, f"Map state input must be an array but was: {shown}", place="Items")
        raise runtime(f'Reference path "{state.told.get("ItemsPath", "$")}" must point to array.')

    def _tolerance(self, work: Work, plan: MapPlan, scope: Scope) -> None:
        work.tolerated = _whole(plan.tolerated_count(scope), "ToleratedFailureCount")
        percentage = _number(plan.tolerated_percentage(scope), "ToleratedFailurePercentage")
        if not 0 <= percentage <= 100:  # noqa: PLR2004 - per cent.
            raise runtime("ToleratedFailurePercentage must be between 0 and 100.")
        work.tolerated_percentage = percentage


def _tolerates(work: Work) -> bool:
    return work.failed <= work.tolerated or 100 * work.failed <= work.tolerated_percentage * work.total


def _whole(given: Json, field: str) -> int:
    value, path = _found(given)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        shown = value if isinstance(value, str) else json.encode(value).decode()
        raise runtime(f'The {field}Path field refers to value "{shown}" which is not a valid integer: {path}')
    if value < 0:
        raise runtime(f"{field} cannot be negative.")
    return int(value)


def _number(given: Json, field: str) -> float:
    value, path = _found(given)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = value if isinstance(value, str) else json.encode(value).decode()
        raise runtime(f'The {field}Path field refers to value "{shown}" which is not a valid float: {path}')
    return float(value)


def _found(given: Json) -> tuple[Json, str]:
    """A number, and the path by which it came."""
    if isinstance(given, tuple):
        _, path, value = given
        if isinstance(value, str):
            with suppress(ValueError):
                return json.decode(value), path
        return value, path
    return given, ""
