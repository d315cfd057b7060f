"""What a policy sees, and what it may do: no more and no less than in production."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from tocsin.asking.knowledge import Person
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

    *number*: of the incident, *key* of its alert. *moves*: how many were made for it. *members*: who may be asked, in
    the order of the team, *order* the same with who is on call first. *people*: how each of the team lives, also who is
    absent. *loud*: the channel was told. *look* tells of one of them. *chance*: a random number.
    """

    now: Instant
    opened_at: Instant
    number: int
    key: int
    severity: str
    moves: int
    members: tuple[str, ...]
    order: tuple[str, ...]
    people: Mapping[str, Person]
    asked: tuple[Asked, ...]
    loud: bool
    look: Callable[[str], Candidate]
    chance: float


class Policy(Protocol):
    """Decides whom to ask; it may learn from what becomes of it."""

    def move(self, seen: Seen) -> Move:
        """What to do now."""
        ...

    def answered(self, number: int, name: str, now: Instant) -> None:
        """*name* has acknowledged the incident *number*."""
        ...

    def ended(self, number: int, now: Instant) -> None:
        """The incident *number* is over: resolved by who acknowledged it, or else by its source."""
        ...
