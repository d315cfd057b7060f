"""Deliveries of people who wait for an answer, in the serverless runtime: stored, handled at once, and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tocsin.engine.ports import Delivery, Handled, Received
from tocsin.engine.runner import Outcome
from tocsin.errors import StoreUnavailableError
from tocsin.wiring.serverless import Thinking

OUTCOMES_MAX: Final = 1000  # Kept for those who ask; an invocation has a few.

Answers = Callable[[Sequence[tuple[Any, str | StoreUnavailableError]]], None]


class Errands:
    """`Desk.do`: stored durably, and done before it returns."""

    def __init__(self, thinking: Thinking) -> None:
        """Hears what becomes of deliveries."""
        self._thinking = thinking
        self._outcomes: dict[str, Sequence[Handled]] = {}
        thinking.on_settled(self._settled)

    def do(self, received: Received) -> Sequence[Handled]:
        """Store *received*; what came of it, or nothing if it must wait. Raises StoreUnavailableError."""
        return self.outcome(self.store(received))

    def store(self, received: Received) -> str:
        """Store *received* and handle it; its id. Raises StoreUnavailableError."""
        (name,) = self._thinking.accept([received])
        self._thinking.drain_if_possible()
        return name

    def outcome(self, name: str) -> Sequence[Handled]:
        """What became of the delivery *name*, told once; nothing if it must wait."""
        return self._outcomes.pop(name, ())

    def _settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        while len(self._outcomes) >= OUTCOMES_MAX:
            del self._outcomes[next(iter(self._outcomes))]
        reasons = [outcome.reason for outcome in outcomes] or [note]
        self._outcomes[delivery.id] = [Handled("", delivery.received_at, reason, "") for reason in reasons]


class DirectIntake:
    """`tocsin.web.ports.Intake`: what a request brings is handled within it."""

    def __init__(self, errands: Errands) -> None:
        """*errands* do it."""
        self._errands = errands

    async def accept(self, received: Received) -> str:
        """See the port."""
        return self._errands.store(received)

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ARG002, ASYNC109 - see the port.
        """See the port; there is nothing to wait for."""
        return self._errands.outcome(delivery_id)


class DirectWriter:
    """`tocsin.web.reception.Writer`: stores and handles each delivery as it comes, and answers at once."""

    def __init__(self, errands: Errands, answer: Answers) -> None:
        """*answer* gets each token with its delivery's id or the trouble."""
        self._errands = errands
        self._answer = answer

    def submit(self, received: Received, token: object) -> None:
        """Store one delivery; its answer is told before this returns."""
        try:
            self._answer([(token, self._errands.store(received))])
        except StoreUnavailableError as problem:
            self._answer([(token, problem)])

    def depth(self) -> int:
        """Nothing waits."""
        return 0
