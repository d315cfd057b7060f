"""The history of a key: how its last occurrences were closed, and what came of its holds.

It has one aggregate for each key, fed by the incidents (module `closing`), and is forgotten when the key has not been
heard of for FORGET_AFTER. A message that is lost in a crash is delivered again, one that comes twice counts once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.incidents.closing import HISTORY
from tocsin.incidents.occurrences import OCCURRENCES_MAX, Occurrence, Outcome
from tocsin.kernel import json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import DAY, Duration, Instant

FORGET_AFTER: Final[Duration] = 90 * DAY  # A key that is that old is as good as new.


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """An alert *dedup_key* of *integration* was closed."""

    integration: str
    dedup_key: str
    occurrence: Occurrence


HistoryInput: TypeAlias = Closed | Tick


class HistoryReason(StrEnum):
    """One for each way through the machine."""

    REMEMBERED = "occurrence remembered"
    CORRECTED = "occurrence came back"  # The same one, longer.
    FORGOTTEN = "key forgotten"
    NOT_DUE = "not due"
    UNKNOWN = "no such key"


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The state: the last *occurrences*, oldest first; how many of all were *held*, *saved* and *late*.

    *over*: forgotten; when the key comes again, another history begins.
    """

    integration: str
    dedup_key: str
    occurrences: tuple[Occurrence, ...] = ()
    count: int = 0
    held: int = 0
    saved: int = 0
    late: int = 0
    last_at: Instant = 0
    over: bool = False


_Decision = Decision[History]
_DECODER: Final = msgspec.json.Decoder(History)


class HistoryMachine:
    """See the module."""

    name = HISTORY

    def decide(self, state: History | None, given: HistoryInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if isinstance(given, Closed):
            return _closed(state or History(integration=given.integration, dedup_key=given.dedup_key), given)
        if state is None:
            return Decision(None, HistoryReason.UNKNOWN)
        if state.over or now < state.last_at + FORGET_AFTER:
            return Decision(state, HistoryReason.NOT_DUE)
        return Decision(replace(state, over=True), HistoryReason.FORGOTTEN)

    def answers(self, state: History, given: HistoryInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """What is forgotten stays so."""
        return not state.over

    def wanted(self, state: History, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """It has no effects."""
        return False

    def standing(self, state: History) -> Standing:
        """Nobody waits for it; lists are by when it was heard of last."""
        wake_at = None if state.over else state.last_at + FORGET_AFTER
        return Standing(wake_at=wake_at, live=not state.over, owes=False, rank=state.last_at)

    def encode(self, state: History) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> History:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _closed(state: History, given: Closed) -> _Decision:
    """Of one incident the longest counts: what came back was not over."""
    found = given.occurrence
    same = next((each for each in state.occurrences if each.incident == found.incident), None)
    if same is not None and same.closed_at > found.closed_at:
        found = same
    others = [each for each in state.occurrences if each is not same]
    known = sorted((*others, found), key=lambda each: each.closed_at)

    def counted(number: int, *outcomes: Outcome | None) -> int:
        return number + (found.held in outcomes) - (same is not None and same.held in outcomes)

    after = replace(
        state,
        occurrences=tuple(known[-OCCURRENCES_MAX:]),
        count=state.count + (same is None),
        held=counted(state.held, *Outcome),
        saved=counted(state.saved, Outcome.SAVED),
        late=counted(state.late, Outcome.LATE),
        last_at=max(state.last_at, found.closed_at),
        over=False,
    )
    return Decision(after, HistoryReason.REMEMBERED if same is None else HistoryReason.CORRECTED)
