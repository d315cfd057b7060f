"""The in-memory store: the plainest reading of the port, for tests and simulations."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from msgspec.structs import asdict, replace

from tocsin.engine.ports import (
    REPLAY_OF,
    Commit,
    CommitResult,
    Confirmation,
    Delivery,
    DeliveryRow,
    Handled,
    Health,
    Outgoing,
    Received,
    Stored,
    Summary,
)
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

BROKEN_MAX = 100


class MemoryStore:
    """Implements `tocsin.engine.ports.Store` with dictionaries and one lock; forgets everything when it goes."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.RLock()
        self._deliveries: dict[int, Delivery] = {}
        self._outcomes: dict[int, str] = {}
        self._backlog: dict[int, None] = {}
        self._last_delivery = 0
        self._aggregates: dict[str, Commit] = {}
        self._versions: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._handled: dict[str, tuple[str, Handled]] = {}
        self._outbox: dict[str, Outgoing] = {}
        self._coalesced: dict[str, str] = {}
        self._receipts: dict[str, dict[tuple[str, str], dict[str, Json]]] = {}
        self._records: dict[tuple[str, str], Json] = {}

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """See the port."""
        with self._lock:
            ids = []
            for item in received:
                self._last_delivery += 1
                self._deliveries[self._last_delivery] = Delivery(**asdict(item), id=str(self._last_delivery))
                self._backlog[self._last_delivery] = None
                ids.append(str(self._last_delivery))
            return ids

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        """See the port."""
        with self._lock:
            beyond = int(after or 0)
            waiting = (number for number in sorted(self._backlog) if number > beyond)
            return [self._deliveries[number] for number in islice(waiting, limit)]

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """See the port."""
        with self._lock:
            for delivery_id, outcome in outcomes.items():
                self._backlog.pop(int(delivery_id), None)
                self._outcomes[int(delivery_id)] = outcome

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        with self._lock:
            return self._deliveries.get(_number(delivery_id))

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """See the port."""
        with self._lock:
            below = int(before) if before else self._last_delivery + 1
            numbers = [number for number in sorted(self._deliveries, reverse=True) if number < below]
            return [self._row(number) for number in numbers[:limit]]

    def replay(self, delivery_id: str) -> bool:
        """See the port."""
        with self._lock:
            found = self._deliveries.get(_number(delivery_id))
            if found is None:
                return False
            head = b"\n".join(filter(None, (f"{REPLAY_OF}: {found.id}".encode(), found.head)))
            self.accept([Received(received_at=found.received_at, channel=found.channel, key=found.key, head=head, body=found.body)])
            return True

    def find(self, keys: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        with self._lock:
            return {key: self._keys[key] for key in keys if key in self._keys}

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See the port."""
        with self._lock:
            return {
                name: Stored(name, found.machine, self._versions[name], found.state)
                for name in ids
                if (found := self._aggregates.get(name)) is not None
            }

    def seen(self, input_ids: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        with self._lock:
            return {name: self._handled[name][0] for name in input_ids if name in self._handled}

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """See the port."""
        with self._lock:
            return [self._commit(commit) for commit in commits]

    def due(self, now: Instant, limit: int) -> Sequence[str]:
        """See the port."""
        with self._lock:
            waiting = sorted(
                (found.wake_at, name)
                for name, found in self._aggregates.items()
                if found.wake_at is not None and found.wake_at <= now
            )
            return [name for _, name in waiting[:limit]]

    def next_wake(self) -> Instant | None:
        """See the port."""
        with self._lock:
            return min((found.wake_at for found in self._aggregates.values() if found.wake_at is not None), default=None)

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Summary]:
        """See the port."""
        with self._lock:
            rows = sorted(
                (
                    (found.rank, name)
                    for name, found in self._aggregates.items()
                    if found.machine == machine
                    and (found.live or not live_only)
                    and (before is None or (found.rank, name) < before)
                ),
                reverse=True,
            )
            return [
                Summary(name, self._versions[name], self._aggregates[name].live, self._aggregates[name].state)
                for _, name in rows[:limit]
            ]

    def timeline(self, aggregate: str, limit: int) -> Sequence[Handled]:
        """See the port."""
        with self._lock:
            return [handled for owner, handled in self._handled.values() if owner == aggregate][-limit:]

    def pending(
        self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None
    ) -> Sequence[Outgoing]:
        """See the port."""
        with self._lock:
            wanted = None if receivers is None else set(receivers)
            lanes: dict[str, list[Outgoing]] = {}
            for item in self._outbox.values():
                if item.not_before <= now and (wanted is None or item.receiver in wanted):
                    lanes.setdefault(item.receiver, []).append(item)
            return [
                item
                for lane in lanes.values()
                for item in sorted(lane, key=lambda item: (not item.urgent, item.created_at))[:per_receiver]
            ]

    def next_attempt(self, now: Instant) -> Instant | None:
        """See the port."""
        with self._lock:
            return min((item.not_before for item in self._outbox.values() if item.not_before > now), default=None)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port."""
        with self._lock:
            for done in confirmations:
                if done.receipt is not None:
                    self._receipts.setdefault(done.aggregate, {})[done.receiver, done.transport] = done.receipt
                self._outbox.pop(done.id, None)

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        with self._lock:
            for item in outgoing:
                if item.id in self._outbox:
                    self._outbox[item.id] = item

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        with self._lock:
            return dict(self._receipts.get(aggregate, {}))

    def record(self, kind: str, name: str) -> Json:
        """See the port."""
        with self._lock:
            return self._records.get((kind, name))

    def records(self, kind: str) -> Mapping[str, Json]:
        """See the port."""
        with self._lock:
            return {name: document for (found, name), document in sorted(self._records.items()) if found == kind}

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """See the port."""
        with self._lock:
            self._records[kind, name] = document

    def take_record(self, kind: str, name: str) -> Json:
        """See the port."""
        with self._lock:
            return self._records.pop((kind, name), None)

    def health(self, now: Instant) -> Health:
        """See the port."""
        with self._lock:
            live = [found for found in self._aggregates.values() if found.live]
            due = [found.wake_at for found in live if found.wake_at is not None and found.wake_at <= now]
            ready = [item.created_at for item in self._outbox.values()]
            return Health(
                backlog=len(self._backlog),
                oldest_backlog_at=min((self._deliveries[number].received_at for number in self._backlog), default=None),
                oldest_due_at=min(due, default=None),
                pending=len(self._outbox),
                oldest_pending_at=min(ready, default=None),
                live=len(live),
                broken=tuple(found.aggregate for found in live if found.owes and found.wake_at is None)[:BROKEN_MAX],
            )

    def prune(self, before: Instant, limit: int) -> int:
        """See the port."""
        with self._lock:
            old = [
                number
                for number, delivery in self._deliveries.items()
                if delivery.received_at < before and number not in self._backlog
            ][:limit]
            for number in old:
                del self._deliveries[number]
                self._outcomes.pop(number, None)
            return len(old)

    def close(self) -> None:
        """Nothing to give back."""

    def _commit(self, commit: Commit) -> CommitResult:
        if any(handled.input_id in self._handled for handled in commit.handled):
            return CommitResult.SEEN
        if self._versions.get(commit.aggregate, 0) != commit.expected:
            return CommitResult.CONFLICT
        if any(self._keys.get(key) != holder for key, holder in commit.claims):
            return CommitResult.CONFLICT
        self._versions[commit.aggregate] = commit.expected + 1
        self._aggregates[commit.aggregate] = commit
        for key, _ in commit.claims:
            self._keys[key] = commit.aggregate
        for handled in commit.handled:
            self._handled[handled.input_id] = (commit.aggregate, handled)
        for item in commit.outbox:
            self._put_out(item)
        return CommitResult.COMMITTED

    def _put_out(self, item: Outgoing) -> None:
        old = self._outbox.pop(self._coalesced.get(item.coalesce, ""), None) if item.coalesce else None
        if old is not None:
            item = replace(
                item,
                created_at=old.created_at,
                not_before=old.not_before,
                attempts=old.attempts,
                method=old.method,
            )
        if item.coalesce:
            self._coalesced[item.coalesce] = item.id
        self._outbox[item.id] = item

    def _row(self, number: int) -> DeliveryRow:
        delivery = self._deliveries[number]
        return DeliveryRow(
            id=delivery.id,
            received_at=delivery.received_at,
            channel=delivery.channel,
            key=delivery.key,
            size=len(delivery.body),
            outcome="" if number in self._backlog else self._outcomes.get(number, ""),
        )


def _number(delivery_id: str) -> int:
    return int(delivery_id) if delivery_id.isdecimal() and delivery_id.isascii() and len(delivery_id) < 19 else 0  # noqa: PLR2004 - SQLite's integers.
