"""The history of a run, state by state: each visit with its input, its output, how it ended, and its events.

A history tells one thing after the other, whichever branch it comes from; `previous` ties each event to the one before
it in its own branch. By that a visit is found for every event, also where branches and iterations run at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import takewhile
from typing import Any, Final, TypeAlias

import msgspec

from tocsin.asl.history import Event
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

History: TypeAlias = Iterable[Event | Mapping[str, Any]]
"""Events as they are stored, or as GetExecutionHistory gives them."""

_ENTERED: Final = "StateEntered"
_EXITED: Final = "StateExited"
_FAILURES: Final = ("Failed", "TimedOut")
_DETAILS: Final = "EventDetails"
_ENDS: Final = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}
_RESTARTS: Final = {"MapStateStarted", "ParallelStateStarted", "MapStateFailed", "ParallelStateFailed"}
_HOLDERS: Final = ("Map", "Parallel")


class Outcome(StrEnum):
    """How a visit stands. CAUGHT: it failed, and the run went on by its Catch. STOPPED: something else ended it."""

    AT_WORK = "at work"
    DONE = "done"
    CAUGHT = "caught"
    FAILED = "failed"
    STOPPED = "stopped"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a run was in a state. Ids are those of the events by which states were entered.

    *after*: the visit before it, *within*: the visit of the Map or Parallel that it is in; 0 if there is none. *index*:
    the iteration of that Map. *tries*: how often its work was begun. *items*, *succeeded*, *broken*: of a Map.
    """

    id: int
    state: str
    type: str
    entered_at: Instant
    input: Json = None
    output: Json = None
    outcome: Outcome = Outcome.AT_WORK
    ended_at: Instant | None = None
    error: str | None = None
    cause: str | None = None
    after: int = 0
    within: int = 0
    index: int | None = None
    tries: int = 0
    items: int | None = None
    succeeded: int = 0
    broken: int = 0
    events: tuple[Event, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A history as it was read: the visits as they began, and the events that are about the run as a whole."""

    visits: tuple[Visit, ...]
    run: tuple[Event, ...]


def read(history: History) -> Reading:
    """All visits, and what belongs to none."""
    reader = _Reader()
    rest = [event for event in events(history) if not reader.took(event)]
    return Reading(visits=tuple(each.shown() for each in reader.found.values()), run=tuple(rest))


def visits(history: History) -> tuple[Visit, ...]:
    """All visits, as they began."""
    return read(history).visits


def by_state(found: Iterable[Visit]) -> dict[str, tuple[Visit, ...]]:
    """The visits of each state; states in the order of their first one. Names of states are unique in a definition."""
    grouped: dict[str, list[Visit]] = {}
    for visit in found:
        grouped.setdefault(visit.state, []).append(visit)
    return {name: tuple(each) for name, each in grouped.items()}


def events(history: History) -> Iterator[Event]:
    """The events of *history*, in either shape."""
    for each in history:
        yield each if isinstance(each, Event) else _event(each)


def _event(given: Mapping[str, Any]) -> Event:
    details = next((value for name, value in given.items() if name.endswith(_DETAILS) and isinstance(value, dict)), {})
    read = {
        name: _decoded(value) if name in {"input", "output", "parameters"} else value for name, value in details.items()
    }
    at = given.get("timestamp")
    return Event(
        id=int(given.get("id", 0)),
        previous=int(given.get("previousEventId", 0)),
        at=at if isinstance(at, int) else 0,
        type=str(given.get("type", "")),
        details=read,
    )


def _decoded(value: Json) -> Json:
    try:
        return json.decode(value) if isinstance(value, str) else value
    except json.JsonError:
        return value


class _Building:
    """A visit that is read."""

    def __init__(self, entered: Event, *, after: int, within: int, index: int | None) -> None:
        self.id = entered.id
        self.state = str(entered.details.get("name", ""))
        self.type = entered.type.removesuffix(_ENTERED)
        self.entered = entered
        self.after = after
        self.within = within
        self.index = index
        self.outcome = Outcome.AT_WORK
        self.ended_at: Instant | None = None
        self.output: Json = None
        self.failure: tuple[str | None, str | None] = (None, None)
        self.events = [entered]

    @property
    def failing(self) -> bool:
        """Whether the last that is known of it is a failure."""
        return self.type == "Fail" or self.events[-1].type.endswith(_FAILURES)

    def took(self, event: Event) -> None:
        self.events.append(event)
        if event.type.endswith(_FAILURES):
            self.failure = (event.details.get("error"), event.details.get("cause"))

    def shown(self) -> Visit:
        kinds = [event.type for event in self.events]
        lengths = [event.details.get("length") for event in self.events if event.type == "MapStateStarted"]
        last = max((at for at, kind in enumerate(kinds) if kind == "MapStateStarted"), default=0)
        error, cause = self.failure if self.outcome in {Outcome.CAUGHT, Outcome.FAILED} else (None, None)
        return Visit(
            id=self.id,
            state=self.state,
            type=self.type,
            entered_at=self.entered.at,
            input=self.entered.details.get("input"),
            output=self.output,
            outcome=self.outcome,
            ended_at=self.ended_at,
            error=error,
            cause=cause,
            after=self.after,
            within=self.within,
            index=self.index,
            tries=sum(
                kind.endswith("Scheduled") or kind in {"MapStateStarted", "ParallelStateStarted"} for kind in kinds
            ),
            items=lengths[-1] if lengths else None,
            succeeded=kinds[last:].count("MapIterationSucceeded"),
            broken=kinds[last:].count("MapIterationFailed"),
            events=tuple(self.events),
        )


class _Reader:
    def __init__(self) -> None:
        self.found: dict[int, _Building] = {}
        self._open: dict[int, _Building] = {}  # Those at work: few, however long the history is.
        self._below: dict[int, list[_Building]] = {}  # By the Map or Parallel that they are within.
        self._owners: dict[int, int] = {}  # Events, and the visits that they belong to.
        self._indexes: dict[int, int] = {}  # Events that begin an iteration, and its index.

    def took(self, event: Event) -> bool:
        """Read *event*; whether it belongs to a visit."""
        before = self.found.get(self._owners.get(event.previous, 0))
        if event.type.endswith(_ENTERED):
            self._enter(event, before)
            return True
        if event.type in _ENDS:
            self._end(event, before)
            return False
        owner = self._owner(event, before)
        if owner is None:
            return False
        self._owners[event.id] = owner.id
        if event.type == "MapIterationStarted":
            self._indexes[event.id] = event.details.get("index", 0)
        elif event.type == "MapIterationFailed":
            for each in takewhile(lambda visit: visit is not owner, self._way_up(before)):
                self._fail(each, event)
        elif event.type in _RESTARTS:
            self._stop_below(owner, event)
        if event.type.endswith(_EXITED):
            self._exit(owner, event)
        owner.took(event)
        return True

    def _enter(self, event: Event, before: _Building | None) -> None:
        within, index = 0, None
        if before is not None and before.outcome is Outcome.AT_WORK:
            within, index = before.id, self._indexes.get(event.previous)
        elif before is not None:
            within, index = before.within, before.index
        after = before.id if before is not None and before.id != within else 0
        visit = _Building(event, after=after, within=within, index=index)
        self.found[event.id] = self._open[event.id] = visit
        self._below.setdefault(within, []).append(visit)
        self._owners[event.id] = event.id

    def _owner(self, event: Event, before: _Building | None) -> _Building | None:
        name = event.details.get("state" if event.type == "EvaluationFailed" else "name")
        if event.type == "EvaluationFailed":
            # It follows the event before its state was entered.
            there = [each for each in self._open.values() if each.state == name]
            return there[-1] if there else None
        if event.type.endswith(_EXITED):
            return next((each for each in self._way_up(before) if each.state == name), None)
        if event.type.startswith(_HOLDERS):
            return next(
                (
                    each
                    for each in self._way_up(before)
                    if event.type.startswith(each.type)
                    and each.outcome is Outcome.AT_WORK
                    and name in {None, each.state}
                ),
                None,
            )
        return before

    def _way_up(self, visit: _Building | None) -> Iterator[_Building]:
        """A visit, and all that it is within."""
        while visit is not None:
            yield visit
            visit = self.found.get(visit.within)

    def _exit(self, visit: _Building, event: Event) -> None:
        visit.output = event.details.get("output")
        failing = visit.failing
        self._stop_below(visit, event)
        self._close(visit, Outcome.CAUGHT if failing else Outcome.DONE, event)

    def _stop_below(self, visit: _Building, event: Event) -> None:
        for each in self._below.pop(visit.id, ()):
            if each.id in self._open:
                self._stop_below(each, event)
                self._close(each, Outcome.FAILED if each.failing else Outcome.STOPPED, event)

    def _fail(self, visit: _Building, event: Event) -> None:
        if visit.id in self._open:
            self._stop_below(visit, event)
            self._close(visit, Outcome.FAILED, event)

    def _end(self, event: Event, before: _Building | None) -> None:
        failed = event.type in {"ExecutionFailed", "ExecutionTimedOut"}
        lineage = list(self._way_up(before)) if failed else []
        for each in list(self._open.values()):
            broken = each in lineage or (failed and each.failing)
            self._close(each, Outcome.FAILED if broken else Outcome.STOPPED, event)
            if each in lineage and each.failure == (None, None):
                each.failure = (event.details.get("error"), event.details.get("cause"))

    def _close(self, visit: _Building, outcome: Outcome, event: Event) -> None:
        visit.outcome, visit.ended_at = outcome, event.at
        self._open.pop(visit.id, None)
