"""What must hold in a simulated world, seen from outside by one whom no crash makes forget."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import Outgoing, Store
from tocsin.engine.runner import ContentionError
from tocsin.incidents.alerts import Kind
from tocsin.incidents.ladder import PAGE, awaited, room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import Instant

ALL: Final = 10_000  # More of anything than a world has.

_COUNTED: Final = {
    Reason.OPENED,
    Reason.HELD,
    Reason.UNHELD,
    Reason.RESUMED,
    Reason.REOPENED,
    Reason.JOINED,
    Reason.REPEATED,
    Reason.WORSENED,
    Reason.BECAME_ALERT,
    Reason.RECURRED,
    Reason.SILENCED,
    Reason.UNSILENCED,
    Reason.COUNTED,
    Reason.REACHED,
    Reason.OUT_OF_ORDER,
    Reason.COUNTED,
    Reason.REACHED,
}

_SAYS_NOTHING: Final = {"", "handled"}


class _Said(msgspec.Struct, frozen=True):
    """What a message says of an incident, as far as it must be kept true."""

    status: Status
    asked: tuple[str, ...]
    assignee: str


class Witness:
    """Remembers what was accepted and what people heard, and compares it with what the store says."""

    def __init__(self, memory: Store, machine: IncidentMachine, *, choosing: bool = False) -> None:
        """*memory*: the store itself, without the trouble around it. *choosing*: more may be asked within a minute."""
        self._choosing = choosing
        self.accepted: dict[str, str] = {}  # The input's id by the delivery's.
        self.firing: set[str] = set()
        self.pages: Counter[str] = Counter()
        self._memory = memory
        self._machine = machine
        self._wrong: list[str] = []
        self._asked: set[tuple[str, str, int]] = set()  # Incident, receiver, rung.
        self._heard: dict[tuple[str, str], _Said | None] = {}  # By incident and receiver; None: cannot be reached.

    def incidents(self) -> dict[str, Incident]:
        """All of them, by id."""
        rows = self._memory.listing(self._machine.name, live_only=False, limit=ALL)
        return {row.id: self._machine.decode(row.state) for row in rows}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """What the engine survives and only logs is found too; nothing of it is printed."""
        engine = logging.getLogger("tocsin.engine")
        ear, propagates = _Ear(self._wrong), engine.propagate
        engine.addHandler(ear)
        engine.propagate = False
        try:
            yield
        finally:
            engine.removeHandler(ear)
            engine.propagate = propagates

    # What is seen

    def leaves(self, outgoing: Outgoing, address: str, state: Incident) -> None:
        """A transport was given *outgoing* for *address*, with *state*."""
        self._expect(address == outgoing.receiver, f"to the wrong address {address}: {outgoing}")
        if outgoing.kind == PAGE:
            self._expect(state.status is Status.TRIGGERED, f"paged for what needs nobody: {outgoing}")
            self._expect(outgoing.receiver in state.asked, f"paged somebody who is not asked: {outgoing}")

    def arrived(self, outgoing: Outgoing, state: Incident) -> None:
        """The receiver has read it."""
        self._heard[outgoing.aggregate, outgoing.receiver] = _said(state)
        if outgoing.kind == PAGE:
            self.pages[outgoing.id] += 1
            self._asked.add((outgoing.aggregate, outgoing.receiver, outgoing.facts["rung"]))

    def given_up(self, failure: Failure) -> None:
        """The engine has reported a failed way."""
        outgoing = failure.outgoing
        if failure.final:
            self._heard[outgoing.aggregate, outgoing.receiver] = None
            if outgoing.kind == PAGE:
                self._asked.add((outgoing.aggregate, outgoing.receiver, outgoing.facts["rung"]))

    def confirmed(self, outgoing: Outgoing, result: str) -> None:
        """The engine says what became of *outgoing*."""
        if result == "delivered" and outgoing.kind == PAGE:
            self._expect(self.pages[outgoing.id] > 0, f"confirmed a page that never left: {outgoing}")

    # What must hold

    def check(self, now: Instant) -> None:
        """At any time. Raises AssertionError."""
        broken = self._memory.health(now).broken
        self._expect(not broken, f"law 12 is broken: {broken}")
        for name, state in self.incidents().items():
            if state.status is Status.RESOLVED:
                self._expect(state.wake_at is None, f"{name} is over and still wakes us")
            else:
                self._expect(state.wake_at is not None, f"{name} is open and has no next action")
            hidden = set(state.asked) - set(state.paged)
            self._expect(not hidden, f"{name} asked somebody whose message is not kept true: {hidden}")
        assert not self._wrong, self._wrong

    def check_rest(self, now: Instant) -> None:
        """When nothing is left to do. Raises AssertionError."""
        handled = self._memory.seen(self.accepted.values())
        told = {row.id for row in self._memory.deliveries(ALL) if row.outcome not in _SAYS_NOTHING}
        lost = {
            name
            for name, input_id in self.accepted.items()
            if input_id not in handled and (name in self.firing or name not in told)
        }
        self._expect(not lost, f"accepted and lost: {lost}")
        incidents = self.incidents()
        lines = [line for name in incidents for line in self._memory.timeline(name, ALL)]
        counted = sum(line.reason in _COUNTED for line in lines)
        count = sum(state.count for state in incidents.values())
        self._expect(count == counted, f"{counted} alerts were counted as {count}")
        for name, state in incidents.items():
            if state.kind is Kind.ALERT:
                self._check_told(name, state)
        self.check(now)

    def check_progress(self, before: dict[str, Incident], now: Instant) -> None:
        """After a time in which nobody answered and nobody worked, and all that was due then. Raises AssertionError."""
        after = self.incidents()
        for name, state in before.items():
            calms = state.calm_at is not None and not state.firing  # Then it is over, and nobody is asked.
            if state.status is Status.TRIGGERED and state.kind is Kind.ALERT and not calms:
                rungs = {rung for incident, _, rung in self._asked if incident == name and rung > state.rung}
                right = max(rungs, default=None) == after[name].rung and (self._choosing or len(rungs) == 1)
                self._expect(right, f"{name} got no answer and asked on the rungs {rungs}")
        self.check_rest(now)

    def _check_told(self, name: str, state: Incident) -> None:
        """Who is asked was paged, at least once; and what people read is true."""
        if state.status is Status.TRIGGERED:
            for receiver in awaited(state, unreached=True):
                self._expect(
                    (name, receiver, state.rung) in self._asked, f"{name} asks {receiver}, who was never paged"
                )
        for receiver in (room(state.team), *state.paged):
            self._expect((name, receiver) in self._heard, f"{receiver} never heard of {name}")
            heard = self._heard.get((name, receiver))
            self._expect(heard in {None, _said(state)}, f"{receiver} reads of {name} what is not true: {heard}")

    def _expect(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - as an assert.
        """Noted, not raised: the engine would survive it."""
        if not holds:
            self._wrong.append(otherwise)


class _Ear(logging.Handler):
    """Hears of exceptions that nobody has ordered."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._wrong = wrong

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        problem = record.exc_info[1] if record.exc_info else None
        if problem is not None and not isinstance(problem, ContentionError):
            self._wrong.append(f"{record.getMessage()}: {problem!r}")


def _said(state: Incident) -> _Said:
    return _Said(state.status, state.asked, state.assignee)
