"""The policies that are compared: the plain ones, and the chooser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.choosing.situation import Presence
from tocsin.kernel.time import Instant
from tocsin.rehearsal.model import Ladder
from tocsin.rehearsal.seeing import How, Move, Policy, Seen
from tocsin.rehearsal.smart import Smart

_RANDOM_STEPS: Final = 2


class _Plain:
    """A policy that learns nothing."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder

    def answered(self, number: int, name: str, now: Instant) -> None:
        """It does not listen."""

    def ended(self, number: int, now: Instant) -> None:
        """It does not listen."""


class Broadcast(_Plain):
    """Everyone is asked at once, and again."""

    def move(self, seen: Seen) -> Move:
        """All of them."""
        return Move(seen.members, self._ladder.again)


class PlainLadder(_Plain):
    """Who is on call, then the next one, then everyone: the built-in policy."""

    def move(self, seen: Seen) -> Move:
        """The next step."""
        return _rung(seen.order, seen, self._ladder)


class RoundRobin(_Plain):
    """As the ladder, beginning with another member for each incident."""

    def move(self, seen: Seen) -> Move:
        """The next step."""
        start = seen.number % len(seen.members)
        return _rung(seen.members[start:] + seen.members[:start], seen, self._ladder)


class RandomActive(_Plain):
    """A random active member, another one, all active ones, the whole channel; a step with nobody is skipped."""

    def move(self, seen: Seen) -> Move:
        """The next step that reaches somebody."""
        active = tuple(name for name in seen.members if seen.look(name).presence is Presence.ACTIVE)
        asked = {page.name for page in seen.asked}
        fresh = tuple(name for name in active if name not in asked)
        if seen.moves < _RANDOM_STEPS and fresh and not seen.loud:
            return Move((fresh[int(seen.chance * len(fresh))],), self._ladder.wait)
        if active and not seen.loud:
            return Move(active, self._ladder.wait, How.HERE)
        return Move(seen.members, self._ladder.again, How.CHANNEL)


def _rung(order: tuple[str, ...], seen: Seen, ladder: Ladder) -> Move:
    if seen.moves < min(2, len(order)):
        return Move((order[seen.moves],), ladder.wait)
    return Move(seen.members, ladder.again)


POLICIES: Final[dict[str, Callable[[Ladder], Policy]]] = {
    "broadcast": Broadcast,
    "ladder": PlainLadder,
    "random-active": RandomActive,
    "round-robin": RoundRobin,
    "smart": Smart,
}
