"""The policies that are compared: the plain ones, and the chooser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.choosing.choice import Choice, choose
from tocsin.choosing.history import History, Observation
from tocsin.choosing.situation import Costs, Presence, Rung, Situation
from tocsin.kernel.time import Instant
from tocsin.rehearsal.model import Ladder
from tocsin.rehearsal.seeing import How, Move, Policy, Seen

_RANDOM_STEPS: Final = 2


class _Plain:
    """A policy that learns nothing."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder

    def heard(self, observation: Observation) -> None:
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


class Smart:
    """The chooser, with nothing but what it has heard."""

    def __init__(self, ladder: Ladder, costs: Costs | None = None) -> None:
        """Nothing is known yet."""
        self._ladder = ladder
        self._costs = costs or Costs()
        self.history = History()
        self._everyone_at: dict[int, Instant] = {}

    def move(self, seen: Seen) -> Move:
        """What costs least."""
        found = self.choice(seen)
        if found.everyone:
            self._everyone_at[seen.number] = seen.now
        return Move(found.ask, found.wait)

    def choice(self, seen: Seen) -> Choice:
        """The same, with its reasons."""
        steps = seen.order[:2]
        last = self._everyone_at.get(seen.number)
        situation = Situation(
            now=seen.now,
            severity=seen.severity,
            candidates=tuple(seen.look(name) for name in seen.order),
            deadline=seen.opened_at + len(steps) * self._ladder.wait if last is None else last + self._ladder.again,
            ladder=tuple(Rung((name,), self._ladder.wait) for name in steps),
            asked=seen.asked,
            moves=seen.moves,
            again=self._ladder.again,
            seed=seen.number,
        )
        return choose(situation, self.history, self._costs)

    def heard(self, observation: Observation) -> None:
        """Learn."""
        self.history = self.history.learned(observation)


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
