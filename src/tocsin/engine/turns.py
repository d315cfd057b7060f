"""Whose turn it is: the deliveries of the backlog in the order of acceptance, without those that have to wait.

Two kinds wait, and neither holds up another: what could not even be set aside (for a while), and what its integration
sends beyond its rate (parked, in a line of its own, first come, first served). The backlog on the disk is the truth;
here are only ids, eight bytes for each that is parked, and a place in the backlog behind which nobody has looked yet.
Whatever goes wrong, all of that is dropped and found again from the backlog's head, as after a restart.

That place is right because ids grow in the order in which deliveries become visible.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from tocsin.engine.ports import Deliveries, Delivery
from tocsin.kernel.time import SECOND, Instant

LOOK_MAX: Final = 1024  # Deliveries looked at for one batch: behind a flood others are found soon, and the step ends.
PAGE_LEAST: Final = 64  # Of them read at once, where some may have to be parked.
TRIM_LEAST: Final = 1024  # Numbers at the head of a line that have gone are dropped so many at a time.


class Turns:
    """Hands out batches. One thread; `parked`, `oldest_waiting` from any."""

    def __init__(self, deliveries: Deliveries, rate_of: Callable[[str], float | None]) -> None:
        """*rate_of* an integration (a delivery's `key`): deliveries a second, or None for as many as come."""
        self._deliveries = deliveries
        self._rate_of = rate_of
        self._stuck: dict[str, tuple[Instant, Instant]] = {}  # Until when, and when it was received.
        self._lines: dict[str, _Line] = {}
        self._looked = ""  # The last delivery that was looked at; empty: none is passed over.
        self._settled = ""  # The same, when the last batch was done.
        self.newly_parked = 0

    def take(self, now: Instant, limit: int) -> Sequence[Delivery]:
        """The next deliveries, about *limit* of them. Each has to be settled or set aside before `done`."""
        self.newly_parked = 0
        half = max(1, limit // 2)
        batch = [*islice(self._due(now), half), *self._let_go(now, half)]
        batch += self._found(now, max(1, limit - len(batch)))
        return batch

    def done(self) -> None:
        """What was taken is settled or set aside."""
        waits = self._stuck or any(len(line) for line in self._lines.values())
        self._settled = self._looked = self._looked if waits else ""

    def again(self) -> None:
        """What was taken may not be settled: begin at the head of the backlog."""
        for line in self._lines.values():
            line.clear()
        self._settled = self._looked = ""

    def set_aside(self, delivery: Delivery, until: Instant) -> None:
        """Not before *until*."""
        self._stuck[delivery.id] = until, delivery.received_at

    def parked(self) -> Mapping[str, int]:
        """How many deliveries wait since their integration sends faster than its rate."""
        return {key: len(line) for key, line in list(self._lines.items())}

    def oldest_waiting(self) -> Instant | None:
        """When the oldest delivery that is not parked was received."""
        fresh = [delivery.received_at for delivery in self._deliveries.backlog(1, self._settled)]
        return min([*fresh, *(received_at for _, received_at in list(self._stuck.values()))], default=None)

    def _due(self, now: Instant) -> Iterator[Delivery]:
        """What was set aside, when its pause is over."""
        for name in [name for name, (until, _) in self._stuck.items() if until <= now]:
            del self._stuck[name]
            if (delivery := self._deliveries.delivery(name)) is not None:
                yield delivery

    def _let_go(self, now: Instant, limit: int) -> Iterator[Delivery]:
        """Parked deliveries whose turn has come: one of each line, and again."""
        lines = [line for line in self._lines.values() if len(line)]
        while lines and limit > 0:
            for line in list(lines):
                if not len(line) or not line.may_go(now):
                    lines.remove(line)
                elif limit > 0:
                    limit -= 1
                    if (delivery := self._deliveries.delivery(line.take())) is not None:
                        yield delivery

    def _found(self, now: Instant, limit: int) -> Iterator[Delivery]:
        """What nobody has looked at yet, oldest first; on the way others are parked."""
        looked = 0
        while limit > 0 and looked < LOOK_MAX:
            page = max(limit, PAGE_LEAST) if self._lines or self._stuck else limit
            found = self._deliveries.backlog(page, self._looked)
            for delivery in found:
                if limit == 0:
                    return
                looked += 1
                self._looked = delivery.id
                if delivery.id not in self._stuck and not self._parks(delivery, now):
                    limit -= 1
                    yield delivery
            if len(found) < page:
                return

    def _parks(self, delivery: Delivery, now: Instant) -> bool:
        """Whether this one has to wait for its turn; then it stands in line."""
        line = self._lines.get(delivery.key)
        if line is None:
            rate = self._rate_of(delivery.key)
            if rate is None:
                return False
            line = self._lines[delivery.key] = _Line(rate, now)
        if not len(line) and line.may_go(now):
            line.go()
            return False
        line.park(delivery.id)
        self.newly_parked += 1
        return True


class _Line:
    """The parked deliveries of one integration, and its token bucket, which holds what may go in one second."""

    def __init__(self, rate: float, now: Instant) -> None:
        self._rate = rate
        self._most = self._tokens = max(rate, 1.0)
        self._at = now
        self._ids = array("q")
        self._gone = 0

    def __len__(self) -> int:
        return len(self._ids) - self._gone

    def may_go(self, now: Instant) -> bool:
        """Whether one may go now."""
        self._tokens = min(self._most, self._tokens + self._rate * max(0, now - self._at) / SECOND)
        self._at = max(self._at, now)
        return self._tokens >= 1.0

    def go(self) -> None:
        """One goes."""
        self._tokens -= 1.0

    def park(self, name: str) -> None:
        """One stands in line, at its end."""
        self._ids.append(int(name))

    def clear(self) -> None:
        """Nobody stands in line any more; what has gone has gone."""
        self._ids = array("q")
        self._gone = 0

    def take(self) -> str:
        """The first one goes."""
        self.go()
        name = self._ids[self._gone]
        self._gone += 1
        if self._gone >= TRIM_LEAST and self._gone * 2 > len(self._ids):
            del self._ids[: self._gone]
            self._gone = 0
        return str(name)
