"""What the parts of a step ask of the step that is at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from tocsin.asl.execution import Execution, Frame, Status, TaskStart
from tocsin.asl.program import Definition, State
from tocsin.asl.scope import Dice, Purse, Scope
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant


class BelowMoves(Protocol):
    """What becomes of the frames below others."""

    def over(self, frame: Frame, output: Json, weight: int) -> bool:
        """A frame below has come to its end with *output*, of so many bytes."""
        ...

    def broken(self, frame: Frame, error: str | None, cause: str | None) -> bool:
        """A frame below has failed."""
        ...

    def stop(self, frame: Frame) -> None:
        """End all frames below *frame*."""
        ...


class Moves(Protocol):
    """A step at work: the run that it changes, and what it has told so far."""

    definition: Definition
    execution: Execution
    now: Instant
    dice: Dice
    purse: Purse
    ready: deque[int]
    tasks: list[TaskStart]

    @property
    def below(self) -> BelowMoves:
        """What becomes of the frames below others."""
        ...

    def frame(self, number: int) -> Frame:
        """The frame of that id, to be changed: what the step was given stays as it is."""
        ...

    def add(self, frame: Frame) -> None:
        """A new frame, which is ready."""
        ...

    def remove(self, frame: Frame) -> None:
        """The frame is no more."""
        ...

    def state(self, frame: Frame) -> State:
        """The state in which *frame* is."""
        ...

    def scope(self, frame: Frame, state: State) -> Scope:
        """What is seen when *state* begins: its effective input. Raises StateFailure."""
        ...

    def context(self, frame: Frame, state: State) -> dict[str, Json]:
        """The context object."""
        ...

    def event(
        self, frame: Frame | None, kind: str, details: dict[str, Any] | None = None, *, aside: bool = False
    ) -> int:
        """Tell an event; its id. *aside*: what follows refers to the one before it."""
        ...

    def attempt(self, frame: Frame, state: State, work: Callable[[], bool]) -> bool:
        """Do *work*; where it fails, what follows from that. Whether *frame* can go on."""
        ...

    def end(self, status: Status, *, output: Json = None, error: str | None = None, cause: str | None = None) -> None:
        """The run is over."""
        ...
