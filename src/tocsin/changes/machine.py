"""The machine of changes, which has one state: a change is reported, and that is all that ever happens to it.

It is an aggregate like the others so that a copy counts once, lists are read by time, and what is old is forgotten.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from tocsin.changes.change import Change
from tocsin.kernel import json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import Instant


class Reason(StrEnum):
    """Why a decision was taken."""

    REPORTED = "change reported"
    KNOWN = "change known"
    NOT_DUE = "not due"


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """A sender told of a change under *integration*."""

    integration: str
    change: Change


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *at*: when it was changed by the sender's clock, but never later than we heard of it."""

    integration: str
    change: Change
    at: Instant


Input: TypeAlias = Reported | Tick

_DECODER: Final = msgspec.json.Decoder(Entry)


class ChangeMachine:
    """See the module."""

    name = "change"

    def decide(self, state: Entry | None, given: Input, now: Instant) -> Decision[Entry]:
        """What follows from *given*; total, pure."""
        if isinstance(given, Tick):
            return Decision(state, Reason.NOT_DUE)
        if state is not None:
            return Decision(state, Reason.KNOWN)
        changed_at = given.change.changed_at
        at = now if changed_at is None else min(changed_at, now)
        entry = Entry(integration=given.integration, change=given.change, at=at)
        return Decision(entry, Reason.REPORTED, (), given.change.title)

    def answers(self, state: Entry, given: Input, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """A copy is known."""
        return True

    def wanted(self, state: Entry, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """It has no effects."""
        return False

    def standing(self, state: Entry) -> Standing:
        """Over from the beginning; lists are by the time of the change."""
        return Standing(wake_at=None, live=False, owes=False, rank=state.at)

    def encode(self, state: Entry) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Entry:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)
