"""What a machine is: a pure, total function from a state and an input to a decision.

A machine never reads a clock, makes no id and raises nothing for what the world does. All that must happen leaves as
effects; all that must happen later is one field, `wake_at`. The shell (package `engine`) loads, asks, and commits.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

S = TypeVar("S")
I_contra = TypeVar("I_contra", contravariant=True)

TELL: Final = "tell"  # The kind of an effect that becomes an input of another machine; its facts name `what`.

_MACHINE: Final = "machine:"


def teller(machine: str) -> str:
    """The receiver that stands for a machine: what concerns another aggregate leaves through the outbox (law 3)."""
    return _MACHINE + machine


def is_teller(receiver: str) -> bool:
    """Whether *receiver* is a machine."""
    return receiver.startswith(_MACHINE)


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must follow: *kind* (`page`, `show`) done to *receiver* (`responder:ada`, `team:ops`).

    *coalesce*: of several pending ones of this kind for one receiver and one aggregate only the newest matters.
    *urgent* ones are delivered before others, those that are *behind* after them. *facts* are what the decision fixed;
    all else is read again when it leaves.
    """

    receiver: str
    kind: str
    coalesce: bool = False
    urgent: bool = False
    behind: bool = False
    facts: dict[str, Json] = {}


class Past(msgspec.Struct, frozen=True):
    """A row of an aggregate's history, which is kept beside its state and read in pages; *place* counts from 1."""

    place: int
    row: bytes


class Decision(msgspec.Struct, Generic[S], frozen=True):
    """What follows from one input: the next state (None: there is nothing to keep), why, and the effects.

    *story* is the line for people in the timeline; empty when there is nothing to tell. *history*: rows that follow
    those of earlier decisions, for what needs more than a line and would make the state grow.
    """

    state: S | None
    reason: StrEnum
    effects: tuple[Effect, ...] = ()
    story: str = ""
    history: tuple[Past, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """What the store must index of a state.

    *wake_at*: when a Tick is due. *live*: it is not over. *owes*: it must have a due next action, since a human is
    awaited (law 12: `owes` without `wake_at` is a broken promise). *rank* orders lists: the instant it began.
    """

    wake_at: Instant | None
    live: bool
    owes: bool
    rank: Instant


class Tick(msgspec.Struct, frozen=True):
    """Time has passed: `wake_at` is due. Every machine knows this input."""


class Machine(Protocol[S, I_contra]):
    """A pure state machine; the engine knows nothing else about it."""

    name: str

    def decide(self, state: S | None, given: I_contra | Tick, now: Instant) -> Decision[S]:
        """What follows from *given*; total: every input is legal in every state, None being 'not begun'."""
        ...

    def answers(self, state: S, given: I_contra | Tick, now: Instant) -> bool:
        """Whether *state*, found by a correlation key, still takes *given*; False begins a new aggregate for it."""
        ...

    def wanted(self, state: S, effect: Effect) -> bool:
        """Whether *effect* is still to be done, asked with the newest state just before it leaves."""
        ...

    def standing(self, state: S) -> Standing:
        """What the store indexes."""
        ...

    def encode(self, state: S) -> bytes:
        """The state as JSON."""
        ...

    def decode(self, raw: bytes) -> S:
        """The inverse of `encode`, also for what older versions wrote."""
        ...
