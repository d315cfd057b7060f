"""The ports of the engine: what a store and a transport must do, in words of the domain.

Every backend passes the conformance suite in `tocsin.testing.conformance` without a skip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect, Past
from tocsin.kernel.time import Duration, Instant

REPLAY_OF: Final = "x-tocsin-replay-of"  # The header of a replayed delivery: the id of the first.
ONCE: Final = "x-tocsin-once"  # The header, set by us, with a signed number under which a delivery counts once.
STORY_MAX: Final = 500  # Characters of a timeline line: a person reads it in one breath.


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Raw bytes as they came, before anybody has looked at them.

    *channel*: the way they took (`in`, `sqs`, `pagerduty`, `slack`, `console`, `cli`, `self`). *key*: the name of the
    integration that vouches for them, or empty. *head*: the header lines `name: value`, names in lower case, joined by
    newlines, without credentials.
    """

    received_at: Instant
    channel: str
    key: str
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of the header *name* (lower case), or None."""
        prefix = name.encode() + b": "
        for line in self.head.split(b"\n"):
            if line.startswith(prefix):
                return line[len(prefix) :].decode("utf-8", "replace")
        return None


class Delivery(Received, frozen=True, kw_only=True):
    """A stored delivery; *id* is a decimal number that grows in the order of acceptance."""

    id: str

    @property
    def occurrence(self) -> str:
        """What its inputs are named after: the sender's signed number if there is one, so that a copy counts once."""
        once = self.header(ONCE)
        return self.id if once is None or self.header(REPLAY_OF) else f"{self.key}/{once}"


class Stored(msgspec.Struct, frozen=True):
    """An aggregate as stored: *version* counts its commits from 1."""

    id: str
    machine: str
    version: int
    state: bytes


class Handled(msgspec.Struct, frozen=True):
    """An input that was handled: its id (for idempotence), why, and its line in the timeline (may be empty)."""

    input_id: str
    at: Instant
    reason: str
    story: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """An effect in the outbox. *id* is deterministic (`{input id}/{n}`) and the receiver's idempotency key.

    *coalesce* is empty or the identity under which a newer effect replaces an older pending one. *method* counts the
    ways to reach the receiver that were given up; *attempts* those made with the present one. *created_at*: since when
    it should have left; of one that was put off when it was decided, that is its first *not_before*.
    """

    id: str
    aggregate: str
    machine: str
    receiver: str
    kind: str
    facts: dict[str, Json]
    coalesce: str
    urgent: bool
    created_at: Instant
    not_before: Instant
    attempts: int = 0
    method: int = 0
    behind: bool = False


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One atomic step of one aggregate: state at an expected version, wake_at, the inputs handled, the outbox.

    *expected*: the version that was loaded, 0 for a new aggregate. *claims*: correlation keys that it answers to from
    now on, each with the aggregate that held the key when it was loaded (None: nobody). *history*: rows that follow
    those of its earlier commits; a place that is taken is a conflict. *done*: the ids of effects, of whatever
    aggregate, that need not leave any more once it is written.
    """

    aggregate: str
    machine: str
    expected: int
    state: bytes
    wake_at: Instant | None
    live: bool
    owes: bool
    rank: Instant
    claims: tuple[tuple[str, str | None], ...] = ()
    handled: tuple[Handled, ...] = ()
    outbox: tuple[Outgoing, ...] = ()
    history: tuple[Past, ...] = ()
    done: tuple[str, ...] = ()


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """A new `wake_at`, as a store's stream tells it: a hint that an aggregate is to be woken then."""

    aggregate: str
    version: int
    at: Instant


class CommitResult(StrEnum):
    """How a commit ended. Only COMMITTED has left a trace."""

    COMMITTED = "committed"
    CONFLICT = "conflict"  # Another version, or a key has another holder: load again, decide again.
    SEEN = "seen"  # One of its inputs was handled before, whatever else is true: drop that input, decide again.


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it. *receipt* is what the transport needs to change the message later.

    None keeps the former one.
    """

    receipt: dict[str, Json] | None = None


class Postponed(msgspec.Struct, frozen=True):
    """Not now: try again, not before *after* ms when the receiver said so (Retry-After).

    A postponed try counts only if *counts*.
    """

    error: str
    after: Duration | None = None
    counts: bool = True


class Refused(msgspec.Struct, frozen=True):
    """Never: trying again by this way cannot help."""

    error: str


class Taken(msgspec.Struct, frozen=True):
    """The receiver has it under way; an input that it gives will say that the effect is done (`Commit.done`).

    Until then it is pending, and handed over again and again: the receiver knows it by its id.
    """


DeliveryResult = Delivered | Postponed | Refused | Taken


class Job(msgspec.Struct, frozen=True):
    """An effect about to leave, with the newest state of its aggregate and the receipt of its last message there."""

    outgoing: Outgoing
    state: object
    receipt: dict[str, Json] | None


class Transport(Protocol):
    """A way to people. `deliver` blocks.

    It is called from one thread at a time for one address, from several for several.
    """

    name: str

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* (at least one, all for *address*) over; one result for each, in order. Raises nothing."""
        ...


class Way(msgspec.Struct, frozen=True):
    """One way to reach a receiver: the transport's name and the address there."""

    transport: str
    address: str


class Departure(msgspec.Struct, frozen=True):
    """An effect as it leaves: *after* ms after it was decided, and only if it is still wanted then."""

    effect: Effect
    after: Duration = 0


class Directory(Protocol):
    """Knows how receivers are reached, best way first; empty when only the console shows it."""

    def ways(self, receiver: str) -> Sequence[Way]:
        """The ways to reach *receiver*."""
        ...


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an effect: *result* `delivered`, `dropped` (no longer wanted), `nowhere`, `failed`."""

    id: str
    aggregate: str
    receiver: str
    result: str
    at: Instant
    transport: str = ""
    receipt: dict[str, Json] | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of law 12: counts, and the oldest of what waits (None: nothing waits).

    *oldest_pending_at*: of the effects that should have left. *live*: how many aggregates are not over, by machine.
    """

    backlog: int
    oldest_backlog_at: Instant | None
    oldest_due_at: Instant | None
    pending: int
    oldest_pending_at: Instant | None
    live: Mapping[str, int]
    broken: tuple[str, ...]  # Aggregates that owe a next action and have none; at most 100.


class Summary(msgspec.Struct, frozen=True):
    """A row of a list of aggregates."""

    id: str
    version: int
    live: bool
    state: bytes


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list of deliveries, without the body.

    *outcome* is empty while it waits in the backlog, `handled` when there is nothing more to say.
    """

    id: str
    received_at: Instant
    channel: str
    key: str
    size: int
    outcome: str


class Deliveries(Protocol):
    """What came in."""

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """Store *received* durably, all or nothing, in order; their ids. Raises StoreUnavailableError."""
        ...

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        """The oldest deliveries that are not settled, beyond the id *after*.

        Deliveries appear in the order of their ids: none turns up before one that was seen.
        """
        ...

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """These deliveries (by id) need no more work; the outcome is a few words, empty for the usual.

        The first outcome of a delivery stays; unknown ids are ignored.
        """
        ...

    def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery with its body, or None."""
        ...

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """The newest deliveries, older than the id *before* if given."""
        ...

    def replay(self, delivery_id: str) -> bool:
        """Accept a copy of a stored delivery, whose head says of which; False when there is none of this id."""
        ...


class Aggregates(Protocol):
    """The states of machines."""

    def find(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Which aggregate answers to which correlation key."""
        ...

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """The aggregates with these ids, as far as they exist.

        Never older than an effect that `pending` has shown before: it was committed with its state.
        """
        ...

    def seen(self, input_ids: Iterable[str]) -> Mapping[str, str]:
        """Which of these inputs were handled before, each with the aggregate that handled it."""
        ...

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """Write each commit whole or not at all; durable on return.

        Raises StoreUnavailableError: then none was written.
        """
        ...

    def due(self, now: Instant, limit: int) -> Sequence[str]:
        """The aggregates whose wake_at <= now, most overdue first."""
        ...

    def next_wake(self) -> Instant | None:
        """The earliest wake_at."""
        ...

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Summary]:
        """Aggregates by rank (then id), newest first, below *before* if given."""
        ...

    def timeline(self, aggregate: str, limit: int) -> Sequence[Handled]:
        """The newest *limit* inputs handled, oldest of them first."""
        ...

    def history(self, aggregate: str, limit: int, *, after: int = 0) -> Sequence[Past]:
        """The first *limit* rows of its history behind the place *after*."""
        ...


class Outbox(Protocol):
    """What must go out."""

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """Effects with not_before <= now: of each receiver (or of *receivers*) the first few.

        Urgent ones come first, then those that are neither, then those that are *behind*; of each the oldest.
        """
        ...

    def next_attempt(self, now: Instant) -> Instant | None:
        """The earliest not_before after *now*."""
        ...

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """These effects are done; one that was replaced by a newer is left alone. Receipts are kept."""
        ...

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """Write back attempts, method and not_before of effects that are still pending."""
        ...

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """The receipts of an aggregate's messages by (receiver, transport)."""
        ...


class Records(Protocol):
    """Small named JSON documents: sessions, sign-in links, integration keys, settings."""

    def record(self, kind: str, name: str) -> Json:
        """The document, or None; also None when it has expired is the caller's business (it sees `expires_at`)."""
        ...

    def records(self, kind: str) -> Mapping[str, Json]:
        """All documents of a kind by name."""
        ...

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """Write or replace a document, durably."""
        ...

    def take_record(self, kind: str, name: str) -> Json:
        """Remove and return a document; None if there is none. Two callers never both get it."""
        ...


class Store(Deliveries, Aggregates, Outbox, Records, Protocol):
    """Everything that outlives a crash."""

    def health(self, now: Instant) -> Health:
        """The figures of law 12."""
        ...

    def prune(self, *, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        """Forget what is older than these instants: settled deliveries, ended aggregates with all that is theirs.

        At most *limit* of each; how many were forgotten.
        """
        ...

    def close(self) -> None:
        """Give everything back; the store is not used afterwards."""
        ...
