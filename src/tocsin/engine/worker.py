"""The worker: has the deliveries of the backlog interpreted, and settles them when all their inputs are handled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Delivery, Store
from tocsin.engine.runner import Addressed, ContentionError, Outcome, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant

INPUTS_MAX: Final = 256  # Inputs of one transaction: the writer's lock is held for some milliseconds, not for a second.

log = logging.getLogger(__name__)


class Interpretation(msgspec.Struct, frozen=True):
    """What a delivery means: inputs for machines (maybe none), and what to note about it (usually nothing)."""

    inputs: tuple[Addressed, ...]
    outcome: str = ""


class Worker:
    """Empties the backlog in the order of acceptance. One thread at a time."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        interpret: Callable[[Delivery], Interpretation],
        poisoned: Callable[[Delivery, str], Interpretation],
        *,
        on_settled: Callable[[Delivery, str, Sequence[Outcome]], None] = lambda *_: None,
    ) -> None:
        """*interpret* is pure and total as far as we know.

        What it cannot bear is given to *poisoned*, which makes it an alert.
        """
        self._store = store
        self._runner = runner
        self._interpret = interpret
        self._poisoned = poisoned
        self._on_settled = on_settled

    def step(self, now: Instant, limit: int = 128) -> int:
        """Handle at most *limit* deliveries; how many.

        Raises StoreUnavailableError, and then the rest stays in the backlog.
        """
        batch = self._store.backlog(limit)
        if not batch:
            return 0
        meanings = {delivery.id: self._meaning(delivery) for delivery in batch}
        inputs = [item for meaning in meanings.values() for item in meaning.inputs]
        outcomes: dict[str, Outcome] = {}
        for start in range(0, len(inputs), INPUTS_MAX):
            self._handle(inputs[start : start + INPUTS_MAX], now, outcomes)
        settled = [delivery for delivery in batch if all(i.input_id in outcomes for i in meanings[delivery.id].inputs)]
        for delivery in batch:
            if delivery not in settled:
                settled.extend(self._set_aside(delivery, now))
        notes = {delivery.id: _note(meanings[delivery.id], outcomes) for delivery in settled}
        self._store.settle(notes)
        for delivery in settled:
            found = [outcomes[i.input_id] for i in meanings[delivery.id].inputs if i.input_id in outcomes]
            self._on_settled(delivery, notes[delivery.id], found)
        return len(settled)

    def _meaning(self, delivery: Delivery) -> Interpretation:
        try:
            return self._interpret(delivery)
        except Exception as problem:
            log.exception("a delivery could not be interpreted", extra={"delivery": delivery.id})
            return self._poisoned(delivery, f"internal error: {type(problem).__name__}")

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

    def _set_aside(self, delivery: Delivery, now: Instant) -> Sequence[Delivery]:
        """Turn a delivery that breaks a machine into an alert.

        If even that breaks, it stays in the backlog and doctor says so.
        """
        try:
            self._runner.handle(self._poisoned(delivery, "internal error while it was handled").inputs, now)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("a delivery cannot even be set aside", extra={"delivery": delivery.id})
            return ()
        return (delivery,)


def _note(meaning: Interpretation, outcomes: dict[str, Outcome]) -> str:
    """The outcome for the list of deliveries: only what the timeline of an aggregate does not tell."""
    ignored = dict.fromkeys(
        outcomes[i.input_id].reason
        for i in meaning.inputs
        if i.input_id in outcomes and not outcomes[i.input_id].aggregate
    )
    return "; ".join(filter(None, (meaning.outcome, *ignored)))
