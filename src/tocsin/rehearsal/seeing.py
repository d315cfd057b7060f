"""What a policy sees, and what it may do: no more and no less than in production."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec

from tocsin.choosing.history import Observation
from tocsin.choosing.situation import Asked, Candidate
from tocsin.kernel.time import Duration, Instant


class How(StrEnum):
    """The way a message takes: to each by themselves, to all who are shown active, to all of the channel."""

    PAGE = "page"
    HERE = "here"
    CHANNEL = "channel"


class Move(msgspec.Struct, frozen=True):
    """Ask *names* now, and decide again in *wait* ms, if nobody has answered."""

    names: tuple[str, ...]
    wait: Duration
    how: How = How.PAGE


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One incident that nobody has acknowledged, as a policy sees it.

    *number*: of the incident. *moves*: how many were made for it. *members*: who may be asked, in the order of the
    team, *order* the same with who is on call first. *loud*: the channel was told. *look* tells of one of them.
    *chance*: a random number.
    """

    now: Instant
    opened_at: Instant
    number: int
    severity: str
    moves: int
    members: tuple[str, ...]
    order: tuple[str, ...]
    asked: tuple[Asked, ...]
    loud: bool
    look: Callable[[str], Candidate]
    chance: float


class Policy(Protocol):
    """Decides whom to ask; it may learn from what it hears."""

    def move(self, seen: Seen) -> Move:
        """What to do now."""
        ...

    def heard(self, observation: Observation) -> None:
        """A page of this policy was answered, or is not awaited any more."""
        ...
