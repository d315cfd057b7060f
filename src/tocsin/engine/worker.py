"""The worker: has the deliveries of the backlog interpreted, and settles them when all their inputs are handled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Delivery, Store
from tocsin.engine.runner import Addressed, ContentionError, Outcome, Runner
from tocsin.engine.turns import Turns
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, Duration, Instant

STUCK_PAUSE: Final[Duration] = MINUTE  # What could not even be set aside is tried again after so long.
INPUTS_MAX: Final = 256  # Inputs of one transaction: the writer's lock is held for some milliseconds, not for a second.

log = logging.getLogger(__name__)


class Interpretation(msgspec.Struct, frozen=True):
    """What a delivery means: inputs for machines (maybe none), and what to note about it (usually nothing)."""

    inputs: tuple[Addressed, ...]
    outcome: str = ""


class Worker:
    """Empties the backlog in the order of acceptance, of no integration faster than its rate. One thread at a time."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        interpret: Callable[[Delivery], Interpretation],
        poisoned: Callable[[Delivery, str], Interpretation],
        *,
        rate_of: Callable[[str], float | None] = lambda _: None,
        on_settled: Callable[[Delivery, str, Sequence[Outcome]], None] = lambda *_: None,
    ) -> None:
        """*interpret* is pure and total as far as we know.

        What it cannot bear is given to *poisoned*, which makes it an alert. *rate_of*: see `Turns`.
        """
        self._store = store
        self._runner = runner
        self._interpret = interpret
        self._poisoned = poisoned
        self._on_settled = on_settled
        self._turns = Turns(store, rate_of)

    def step(self, now: Instant, limit: int = 128) -> int:
        """Handle about *limit* deliveries; how many were handled, or parked until their integration's rate allows.

        Raises StoreUnavailableError, and then the rest stays in the backlog.
        """
        try:
            batch = self._turns.take(now, limit)
            handled = self._work_off(batch, now) if batch else 0
        except BaseException:
            self._turns.again()
            raise
        self._turns.done()
        return handled + self._turns.newly_parked

    def handle(self, batch: Sequence[Delivery], now: Instant) -> None:
        """Handle these deliveries, whoever else waits; for runtimes that are handed each delivery by a queue.

        No rate holds them up: the queue does. What cannot even be set aside stays in the backlog. Raises
        StoreUnavailableError, ContentionError: what is not settled then stays there too.
        """
        self._work_off(batch, now)

    def parked(self) -> Mapping[str, int]:
        """How many deliveries of each integration wait for its rate. Any thread."""
        return self._turns.parked()

    def oldest_waiting(self) -> Instant | None:
        """When the oldest delivery was received that waits, and not for a rate. Any thread."""
        return self._turns.oldest_waiting()

    def _work_off(self, batch: Sequence[Delivery], now: Instant) -> int:
        meanings = {delivery.id: self._meaning(delivery) for delivery in batch}
        inputs = [item for meaning in meanings.values() if meaning for item in meaning.inputs]
        outcomes: dict[str, Outcome] = {}
        for start in range(0, len(inputs), INPUTS_MAX):
            self._handle(inputs[start : start + INPUTS_MAX], now, outcomes)
        settled: list[tuple[Delivery, str, Sequence[Outcome]]] = []
        for delivery in batch:
            meaning = meanings[delivery.id]
            if meaning is None or any(item.input_id not in outcomes for item in meaning.inputs):
                meaning = self._set_aside(delivery, now, outcomes)
            if meaning is not None:
                became = [outcomes[item.input_id] for item in meaning.inputs]
                settled.append((delivery, _note(meaning, became), became))
        self._store.settle({delivery.id: note for delivery, note, _ in settled})
        for done in settled:
            self._on_settled(*done)
        return len(settled)

    def _meaning(self, delivery: Delivery) -> Interpretation | None:
        try:
            return self._interpret(delivery)
        except Exception as problem:
            log.exception("a delivery could not be interpreted", extra={"delivery": delivery.id})
            try:
                return self._poisoned(delivery, f"internal error: {type(problem).__name__}")
            except Exception:
                log.exception("nor could it be told of", extra={"delivery": delivery.id})
                return None

    def _handle(self, inputs: Sequence[Addressed], now: Instant, outcomes: dict[str, Outcome]) -> None:
        """Handle a slice; if it fails for a reason of ours, one by one, so that a bad input costs itself only."""
        try:
            outcomes.update(self._runner.handle(inputs, now))
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("a batch failed; its inputs are handled one by one")
            for item in inputs:
                try:
                    outcomes.update(self._runner.handle([item], now))
                except (StoreUnavailableError, ContentionError):
                    raise
                except Exception:
                    log.exception("an input cannot be handled", extra={"input": item.input_id})

    def _set_aside(self, delivery: Delivery, now: Instant, outcomes: dict[str, Outcome]) -> Interpretation | None:
        """Turn a delivery that breaks a machine into an alert.

        If even that breaks, it stays in the backlog and doctor says so.
        """
        try:
            meaning = self._poisoned(delivery, "internal error while it was handled")
            outcomes.update(self._runner.handle(meaning.inputs, now))
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("a delivery cannot even be set aside", extra={"delivery": delivery.id})
            self._turns.set_aside(delivery, now + STUCK_PAUSE)
            return None
        return meaning


def _note(meaning: Interpretation, outcomes: Sequence[Outcome]) -> str:
    """The outcome for the list of deliveries: only what the timeline of an aggregate does not tell."""
    ignored = dict.fromkeys(outcome.reason for outcome in outcomes if not outcome.aggregate)
    return "; ".join(filter(None, (meaning.outcome, *ignored)))
