"""The real server on a clock that stands still while anybody has something to do, whatever chat it talks to."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from unittest.mock import Mock

from tests.sqlite.service import Inline
from tests.wiring.serving import until
from tocsin.demo.clock import StoryClock
from tocsin.incidents.ladder import is_responder
from tocsin.kernel.time import MINUTE, Instant
from tocsin.wiring.embedded import Embedded

PUBLIC = "https://tocsin"
POLL_S = 0.004
PENDING_MAX = 100

_KEY = re.compile(r"\b[a-z2-7]{26}\b|(?<=…)[a-z2-7]{4}\b")


class Clockwork:
    """A conversation's time. What is seen in it belongs to the chat."""

    def __init__(self, clock: StoryClock) -> None:
        self.clock = clock
        self.runtime: Embedded | None = None
        self.step = Mock()  # The engine's.
        self.told: list[str] = []  # What a step has seen itself: the errors that a modal shows.

    def news(self) -> list[str]:
        """What has changed on anybody's screen since the last time."""
        raise NotImplementedError

    def stable(self, lines: Sequence[str]) -> list[str]:
        """Without what differs from run to run: the address, keys, in which order people cannot be reached."""
        assert self.runtime
        found = [_KEY.sub("KEY", line.replace(self.runtime.url, PUBLIC)) for line in lines]
        runs = groupby(found, lambda line: "could not be reached" in line)
        return [line for unreached, run in runs for line in (sorted(run) if unreached else run)]

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def settle(self) -> None:
        """Wait until the server has nothing to do at this instant."""
        self._wait()
        self._go_rounds()
        self._wait()

    def _wait(self) -> None:
        until(lambda: not self._is_busy() and not self._is_busy())

    def take_rounds(self) -> None:
        """Go the rounds that go by themselves every few real seconds when this clock says so; wait without chance.

        Lanes run one after the other, those of rooms first: in life they run side by side, and it is chance whether a
        page already knows what the room is told at the same instant.
        """
        assert self.runtime
        dispatcher = self.runtime._engine._dispatcher
        dispatcher._chance = lambda: 0.5
        dispatcher._executor = Inline()
        step, waiting = dispatcher.step, dispatcher._pending_lanes
        dispatcher._pending_lanes = lambda now: dict.fromkeys(_in_order(waiting(now)))  # type: ignore[method-assign]

        def in_order(now: Instant, receivers: Iterable[str] | None = None) -> int:
            return step(now, None if receivers is None else _in_order(receivers))

        dispatcher.step = in_order  # type: ignore[method-assign]
        self.runtime._care.stop()
        for handles in self.runtime._handles:
            handles.stop()

    def _go_rounds(self) -> None:
        assert self.runtime
        self.runtime._care.go_round()
        for handles in self.runtime._handles:
            handles.go_round()

    def pass_until(self, then: Instant) -> Iterator[tuple[Instant, list[str]]]:
        """Let time pass; what is new, and when."""
        assert self.runtime
        while self.clock() < then:
            self.clock.advance(min(self._stride(), then - self.clock()))
            self.runtime.wake()
            self.settle()
            if news := self.news():
                yield self.clock(), news

    def _stride(self) -> int:
        """Up to what is due next: a second, or a minute while nothing is."""
        assert self.runtime
        store, now = self.runtime.store, self.clock()
        rested = self.runtime._engine._dispatcher.next_start()
        found = [at for at in (store.next_wake(), store.next_attempt(now), rested) if at is not None]
        return max(1, min([MINUTE, *(at - now for at in found)]))

    def _is_busy(self) -> bool:
        """In this order: what leaves the one is in the next before."""
        assert self.runtime
        time.sleep(POLL_S)
        store, now = self.runtime.store, self.clock()
        talks = any(chat.busy() for chat in self.runtime._chats) or self.runtime.home_watch.busy()
        return talks or self.runtime.rooms.busy or bool(store.backlog(1) or store.due(now, 1)) or not self._rests(now)

    def _rests(self, now: Instant) -> bool:
        """Whether all that waits to be sent is kept back until a later instant, by its own pace or that of its lane."""
        assert self.runtime
        dispatcher, store = self.runtime._engine._dispatcher, self.runtime.store

        def moving(*, lanes: bool) -> bool:
            return any(
                dispatcher._paced.get(each.receiver, {}).get(each.id, 0) <= now
                and not (lanes and (lane := dispatcher._resting.get(each.receiver)) and lane.swept > now)
                for each in store.pending(now, per_receiver=PENDING_MAX)
            )

        if not moving(lanes=False):
            return True
        if moving(lanes=True):
            return False
        # A lane that rests may just have been told of something: two whole rounds later it has begun.
        rounds = self.step.call_count
        until(lambda: self._wakes() > rounds + 2)
        return not dispatcher.busy() and not moving(lanes=True)

    def _wakes(self) -> int:
        """Let the engine look what there is to do; how often it has begun to."""
        assert self.runtime
        self.runtime.wake()
        time.sleep(POLL_S)
        return self.step.call_count


def _in_order(lanes: Iterable[str]) -> list[str]:
    return sorted(lanes, key=lambda name: (is_responder(name), name))


def framed(where: str, lines: Sequence[str]) -> Iterator[str]:
    """*lines* behind a bar, the first one after *where*."""
    yield f"{where} | {lines[0]}" if lines and lines[0] else f"{where}:"
    for line in lines[1:]:
        yield f"  | {line}".rstrip()


def changes(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """The lines that went (-) and came (+)."""
    told = difflib.ndiff(list(before), list(now))
    return [line.rstrip() for line in told if line[0] in "-+"]
