"""Frames below a state: the branches of a Parallel, the iterations of a Map, the children of a distributed Map.

A distributed Map reads its items first, if it has a reader, one task after the other; then its children run, so many at
once; then it writes, if it has a writer (`mapruns`).
"""

from __future__ import annotations

from typing import Final

from tocsin.asl import batches, gathering, mapruns, outcomes, readers, writers
from tocsin.asl.execution import ChildRun, Frame, Phase, Work
from tocsin.asl.failures import DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED, StateFailure, runtime
from tocsin.asl.intrinsics import drawn, uuid_of
from tocsin.asl.moves import Moves
from tocsin.asl.numbers import number_of, whole_of
from tocsin.asl.program import MapPlan, State
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, RESULTS_BYTES_MAX, size
from tocsin.kernel.json import Json

INLINE_AT_ONCE_MAX: Final = 40  # Iterations, as Step Functions has it.
DISTRIBUTED_AT_ONCE_MAX: Final = 1000  # Children: fewer than there, since all of them are in one state here.

FRAMES_MANY: Final = 5000


class Below:
    """Begins frames below one that is in a Parallel or Map, and goes on with that when they are over."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves

    # ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────────────
    def parallel(self, frame: Frame, state: State) -> bool:
        """Begin all branches."""
        scope = self._moves.scope(frame, state)
        given = state.parameters(scope) if state.parameters else scope.value
        frame.work = Work(total=len(state.programs), results=gathering.nothing(len(state.programs)))
        frame.phase = Phase.BELOW
        self._moves.event(frame, "ParallelStateStarted")
        for place in range(len(state.programs)):
            self._begin(frame, state.programs[place], place, given)
        return False

    def map(self, frame: Frame, state: State) -> bool:
        """Begin as many iterations as may run at once; or to read what they are for."""
        plan = state.map
        assert plan is not None
        scope = self._moves.scope(frame, state)
        if plan.distributed:
            return self._map_run(frame, state, plan, scope)
        items = batches.items_of(plan, state, scope)
        work = self._work(frame, plan, scope, INLINE_AT_ONCE_MAX)
        self._tolerance(work, plan, scope)
        self._moves.event(frame, "MapStateStarted", {"length": len(items)})
        self._filled(frame, items)
        return self.go_on(frame, state)

    def _map_run(self, frame: Frame, state: State, plan: MapPlan, scope: Scope) -> bool:
        items = None if plan.reader else batches.items_of(plan, state, scope)
        work = self._work(frame, plan, scope, DISTRIBUTED_AT_ONCE_MAX)
        work.distributed = True
        work.label = plan.label or state.name
        self._moves.event(frame, "MapStateStarted", {"length": 0 if items is None else len(items)})
        self._tolerance(work, plan, scope)
        work.arn = mapruns.arn(self._moves, work.label)
        self._moves.event(frame, "MapRunStarted", {"mapRunArn": work.arn})
        if plan.reader is not None:
            return mapruns.read(self._moves, frame, state, scope)
        return self._chosen(frame, state, items or [])

    def _work(self, frame: Frame, plan: MapPlan, scope: Scope, at_once_max: int) -> Work:
        at_once = whole_of(plan.concurrency(scope), "MaxConcurrency")
        frame.work = Work(total=0, results=[], at_once=min(at_once or at_once_max, at_once_max))
        frame.phase = Phase.BELOW
        return frame.work

    def _chosen(self, frame: Frame, state: State, items: list[Json]) -> bool:
        """All *items* are there: put them together, if that is wanted, and begin."""
        assert state.map is not None
        assert frame.work is not None
        if state.map.batch is not None:
            items = batches.all_selected(self._moves, frame, state, items)
            items = batches.batched(items, state.map.batch, self._moves.scope(frame, state))
            frame.work.chosen = True
        self._filled(frame, items)
        return self.go_on(frame, state)

    def _filled(self, frame: Frame, items: list[Json]) -> None:
        assert frame.work is not None
        frame.work.items, frame.work.total = items, len(items)
        frame.work.results = gathering.nothing(len(items))

    def go_on(self, frame: Frame, state: State) -> bool:
        """Begin what may begin; whether the state is over."""
        work, plan = frame.work, state.map
        assert work is not None
        assert plan is not None
        assert work.items is not None
        while work.begun < work.total and work.running < self._at_once(work):
            if self._moves.purse.empty:
                frame.wake_at = self._moves.now + 1  # The rest is the next step's.
                break
            place = work.begun
            work.begun += 1
            work.running += 1
            item = work.items[place]
            given = item if work.chosen else batches.selected(self._moves, frame, state, (place, item))
            if not work.distributed:
                self._moves.event(frame, "MapIterationStarted", {"name": state.name, "index": place})
            self._begin(frame, state.programs[0], place, given, {"Index": place, "Value": item})
        if work.done < work.total:
            return False
        frame.wake_at = None
        return self._map_over(frame, state)

    def _at_once(self, work: Work) -> int:
        """How many may run now. Where Maps within Maps have become many, each has one, so that all go on."""
        return work.at_once if len(self._moves.execution.frames) < FRAMES_MANY else 1

    def _begin(self, frame: Frame, program: str, place: int, given: Json, item: Json = None) -> None:
        execution, work = self._moves.execution, frame.work
        assert work is not None
        weight = size(given)
        self._moves.purse.weigh(weight)
        if weight > PAYLOAD_BYTES_MAX:
            state = self._moves.state(frame)
            cause = f"The state '{state.name}' gives an input of more than {PAYLOAD_BYTES_MAX} bytes."
            raise StateFailure(DATA_LIMIT_EXCEEDED, cause, located=False)
        compiled = self._moves.definition.programs[program]
        execution.last_frame += 1
        made = Frame(
            id=execution.last_frame,
            program=program,
            state=compiled.start,
            input=given,
            parent=frame.id,
            place=place,
            previous=frame.previous,
            silent=frame.silent or work.distributed,
        )
        if work.distributed:
            # A child is a run of its own: it sees no variables and no item of the state above.
            name = uuid_of(drawn(self._moves.dice))
            made.run = ChildRun(name=name, input=given, started_at=self._moves.now, express=compiled.express)
        else:
            made.item = item
            made.variables = frame.variables
        self._moves.add(made)

    # ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def over(self, frame: Frame, output: Json, weight: int) -> bool:
        """A frame below has come to its end with *output*, of so many bytes."""
        above, state = self._above(frame)
        work = above.work
        assert work is not None
        work.results = gathering.put(work.results, frame.place, self._result(frame, state, work, output, None))
        work.weight += weight
        work.done += 1
        if work.weight > RESULTS_BYTES_MAX:
            cause = f"The outputs of all iterations of '{state.name}' have more than {RESULTS_BYTES_MAX} bytes."
            self._fail(above, state, StateFailure(DATA_LIMIT_EXCEEDED, cause, located=False))
            return False
        if state.type == "Parallel":
            if work.done == work.total:
                above.previous = frame.previous
                self._moves.event(above, "ParallelStateSucceeded", aside=True)
                self._resume(above, state, gathering.listed(work.results))
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
                result = self._result(frame, state, work, None, (error, cause))
                work.results = gathering.put(work.results, frame.place, result)
                self._next(above, state)
                return False
            if work.distributed:
                error, cause = EXCEED_TOLERATED, "The specified tolerated failure threshold was exceeded"
                self._moves.event(above, "MapRunFailed", {"error": error, "cause": cause})
        self._fail(above, state, StateFailure(error, cause, located=False))
        return False

    def end_run(self, frame: Frame, error: str, cause: str) -> None:
        """The child of a distributed Map that *frame* is in fails as a whole."""
        while frame.run is None:
            frame = self._moves.frame(frame.parent)
        self.stop(frame)
        self.broken(frame, error, cause)

    def stop(self, frame: Frame) -> None:
        """End all frames below *frame*: its state has failed."""
        if frame.phase is Phase.BELOW:
            below = [each for each in self._moves.execution.frames.values() if each.parent == frame.id]
            for each in below:
                self.stop(each)
                self._moves.remove(each)
        frame.work = None

    def _fail(self, above: Frame, state: State, failure: StateFailure) -> None:
        if self._moves.attempt(above, state, lambda: outcomes.failed(self._moves, above, state, failure)):
            self._moves.ready.append(above.id)

    def _result(
        self, frame: Frame, state: State, work: Work, output: Json, error: tuple[str | None, str | None] | None
    ) -> Json:
        """What is kept of a frame that has ended."""
        if frame.run is not None and state.map is not None and state.map.writer is not None:
            return mapruns.record(self._moves, work, frame.run, output, error)
        return output if error is None else {"Error": error[0], "Cause": error[1]}

    def _next(self, above: Frame, state: State) -> None:
        if self._moves.attempt(above, state, lambda: self.go_on(above, state)):
            self._moves.ready.append(above.id)

    def _map_over(self, frame: Frame, state: State) -> bool:
        assert frame.work is not None
        assert state.map is not None
        writer = state.map.writer
        if writer is not None and writer.resource:
            return mapruns.write(self._moves, frame, state)
        results = gathering.listed(frame.work.results)
        return self._ended(frame, state, writers.transformed(results, writer.config) if writer else results)

    def _ended(self, frame: Frame, state: State, result: Json) -> bool:
        assert frame.work is not None
        if frame.work.distributed:
            self._moves.event(frame, "MapRunSucceeded")
        self._moves.event(frame, "MapStateSucceeded", aside=True)
        outcomes.reset_task(frame)
        return outcomes.completed(self._moves, frame, state, result)

    def _resume(self, above: Frame, state: State, results: list[Json]) -> None:
        outcomes.reset_task(above)
        if self._moves.attempt(above, state, lambda: outcomes.completed(self._moves, above, state, results)):
            self._moves.ready.append(above.id)

    def _above(self, frame: Frame) -> tuple[Frame, State]:
        above = self._moves.frame(frame.parent)
        self._moves.remove(frame)
        return above, self._moves.state(above)

    # ── Reading and writing ──────────────────────────────────────────────────────────────────────────────────────────
    def answered(self, frame: Frame, state: State, output: Json) -> bool:
        """The reader or writer of a distributed Map has answered."""
        assert frame.work is not None
        frame.task = ""
        frame.phase = Phase.BELOW
        if frame.work.writing:
            result = mapruns.wrote(self._moves, frame, state)
            return False if result is None else self._ended(frame, state, result)
        items = mapruns.took(self._moves, frame, state, output)
        return False if items is None else self._chosen(frame, state, items)

    def unanswered(self, frame: Frame, error: str, cause: str | None) -> bool:
        """It has failed. Raises StateFailure."""
        assert frame.work is not None
        told = cause if error.startswith("States.") or not error else f"{error}: {cause or ''}"
        failure = writers.failed(told) if frame.work.writing else readers.failed(told)
        self._moves.event(frame, "MapRunFailed", {"error": failure.error, "cause": failure.cause})
        raise failure

    # ── What a Map is told ───────────────────────────────────────────────────────────────────────────────────────────
    def _tolerance(self, work: Work, plan: MapPlan, scope: Scope) -> None:
        work.tolerated = whole_of(plan.tolerated_count(scope), "ToleratedFailureCount")
        percentage = number_of(plan.tolerated_percentage(scope), "ToleratedFailurePercentage")
        if not 0 <= percentage <= 100:  # noqa: PLR2004 - per cent.
            raise runtime("ToleratedFailurePercentage must be between 0 and 100.")
        work.tolerated_percentage = percentage


def _tolerates(work: Work) -> bool:
    return work.failed <= work.tolerated or 100 * work.failed <= work.tolerated_percentage * work.total
