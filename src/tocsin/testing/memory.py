"""The in-memory store: the plainest reading of the port, for tests and simulations."""

from __future__ import annotations

import threading
from collections import Counter
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
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Past
from tocsin.kernel.time import Instant

BROKEN_MAX = 100
DIGITS_MAX = 30  # Of a number that somebody made up; no delivery's has so many.


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
        self._histories: dict[str, dict[int, Past]] = {}
        self._outbox: dict[str, Outgoing] = {}
        self._places: dict[str, int] = {}
        self._last_place = 0
        self._coalesced: dict[str, str] = {}
        # Documents are kept as JSON, so that nobody shares what they hold.
        self._receipts: dict[str, dict[tuple[str, str], bytes]] = {}
        self._records: dict[tuple[str, str], bytes] = {}

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
            beyond = _number(after)
            waiting = (number for number in sorted(self._backlog) if number > beyond)
            return [self._deliveries[number] for number in islice(waiting, limit)]

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """See the port."""
        with self._lock:
            for delivery_id, outcome in outcomes.items():
                number = _number(delivery_id)
                if number in self._backlog:
                    del self._backlog[number]
                    self._outcomes[number] = outcome

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        with self._lock:
            return self._deliveries.get(_number(delivery_id))

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """See the port."""
        with self._lock:
            below = _number(before) if before else self._last_delivery + 1
            numbers = [number for number in sorted(self._deliveries, reverse=True) if number < below]
            return [self._row(number) for number in numbers[:limit]]

    def replay(self, delivery_id: str) -> bool:
        """See the port."""
        with self._lock:
            found = self._deliveries.get(_number(delivery_id))
            if found is None:
                return False
            head = b"\n".join(filter(None, (f"{REPLAY_OF}: {found.id}".encode(), found.head)))
            self.accept(
                [
                    Received(
                        received_at=found.received_at, channel=found.channel, key=found.key, head=head, body=found.body
                    )
                ]
            )
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
            waiting = {
                name: found.wake_at
                for name, found in self._aggregates.items()
                if found.wake_at is not None and found.wake_at <= now
            }
            return sorted(waiting, key=waiting.__getitem__)[:limit]

    def next_wake(self) -> Instant | None:
        """See the port."""
        with self._lock:
            return min(
                (found.wake_at for found in self._aggregates.values() if found.wake_at is not None), default=None
            )

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

    def history(self, aggregate: str, limit: int, *, after: int = 0) -> Sequence[Past]:
        """See the port."""
        with self._lock:
            found = self._histories.get(aggregate, {})
            return [found[place] for place in sorted(found) if place > after][:limit]

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port."""
        with self._lock:
            wanted = None if receivers is None else set(receivers)
            lanes: dict[str, list[Outgoing]] = {}
            turns = {item.id: (item.behind - item.urgent, self._places[item.id]) for item in self._outbox.values()}
            for item in sorted(self._outbox.values(), key=lambda item: turns[item.id]):
                if item.not_before <= now and (wanted is None or item.receiver in wanted):
                    lanes.setdefault(item.receiver, []).append(item)
            return [item for lane in lanes.values() for item in lane[:per_receiver]]

    def next_attempt(self, now: Instant) -> Instant | None:
        """See the port."""
        with self._lock:
            return min((item.not_before for item in self._outbox.values() if item.not_before > now), default=None)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port."""
        with self._lock:
            for done in confirmations:
                if done.receipt is not None:
                    kept = self._receipts.setdefault(done.aggregate, {})
                    kept[done.receiver, done.transport] = json.encode(done.receipt)
                self._take_out(done.id)

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        with self._lock:
            for item in outgoing:
                old = self._outbox.get(item.id)
                if old is not None:
                    self._outbox[item.id] = replace(
                        old, attempts=item.attempts, method=item.method, not_before=item.not_before
                    )

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        with self._lock:
            return {place: json.decode(raw) for place, raw in self._receipts.get(aggregate, {}).items()}

    def shown(self, transport: str, channel: str, ts: str) -> str:
        """As of `tocsin.wiring.stores.ShowingStore`."""
        with self._lock:
            found = {
                aggregate
                for aggregate, kept in self._receipts.items()
                for (_, way), raw in kept.items()
                if way == transport
                and (receipt := json.decode(raw)).get("channel") == channel
                and receipt.get("ts") == ts
                and not receipt.get("bundle")
            }
            return found.pop() if len(found) == 1 else ""

    def record(self, kind: str, name: str) -> Json:
        """See the port."""
        with self._lock:
            return json.decode(self._records.get((kind, name), b"null"))

    def records(self, kind: str) -> Mapping[str, Json]:
        """See the port."""
        with self._lock:
            return {name: json.decode(raw) for (found, name), raw in sorted(self._records.items()) if found == kind}

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """See the port."""
        with self._lock:
            self._records[kind, name] = json.encode(document)

    def take_record(self, kind: str, name: str) -> Json:
        """See the port."""
        with self._lock:
            return json.decode(self._records.pop((kind, name), b"null"))

    def health(self, now: Instant) -> Health:
        """See the port."""
        with self._lock:
            all_of_them = self._aggregates.values()
            due = [found.wake_at for found in all_of_them if found.wake_at is not None and found.wake_at <= now]
            broken = sorted(found.aggregate for found in all_of_them if found.owes and found.wake_at is None)
            return Health(
                backlog=len(self._backlog),
                oldest_backlog_at=self._deliveries[min(self._backlog)].received_at if self._backlog else None,
                oldest_due_at=min(due, default=None),
                pending=len(self._outbox),
                oldest_pending_at=next(
                    (
                        self._outbox[name].created_at
                        for name in sorted(self._outbox, key=self._places.__getitem__)
                        if self._outbox[name].created_at <= now
                    ),
                    None,
                ),
                live=dict(Counter(found.machine for found in all_of_them if found.live)),
                broken=tuple(broken[:BROKEN_MAX]),
            )

    def prune(self, *, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        """See the port."""
        with self._lock:
            old = [
                number
                for number, delivery in sorted(self._deliveries.items(), key=lambda item: item[1].received_at)
                if delivery.received_at < deliveries_before and number not in self._backlog
            ][:limit]
            for number in old:
                del self._deliveries[number]
                self._outcomes.pop(number, None)
            last = dict.fromkeys(self._aggregates, 0)
            for owner, handled in self._handled.values():
                last[owner] = max(last[owner], handled.at)
            ended = [
                name
                for name, found in sorted(self._aggregates.items(), key=lambda item: item[1].rank)
                if not found.live and max(found.rank, last[name]) < aggregates_before
            ][:limit]
            for name in ended:
                self._forget(name)
            return len(old) + len(ended)

    def close(self) -> None:
        """Nothing to give back."""

    def _commit(self, commit: Commit) -> CommitResult:
        if any(handled.input_id in self._handled for handled in commit.handled):
            return CommitResult.SEEN
        if self._versions.get(commit.aggregate, 0) != commit.expected:
            return CommitResult.CONFLICT
        if any(self._keys.get(key) != holder for key, holder in commit.claims):
            return CommitResult.CONFLICT
        past = {item.place: item for item in commit.history}
        if len(past) < len(commit.history) or past.keys() & self._histories.get(commit.aggregate, {}).keys():
            return CommitResult.CONFLICT
        if past:
            self._histories.setdefault(commit.aggregate, {}).update(past)
        self._versions[commit.aggregate] = commit.expected + 1
        self._aggregates[commit.aggregate] = commit
        for key, _ in commit.claims:
            self._keys[key] = commit.aggregate
        for handled in commit.handled:
            self._handled[handled.input_id] = (commit.aggregate, handled)
        for name in commit.done:
            self._take_out(name)
        for item in commit.outbox:
            self._put_out(item)
        return CommitResult.COMMITTED

    def _forget(self, name: str) -> None:
        del self._aggregates[name], self._versions[name]
        self._receipts.pop(name, None)
        self._histories.pop(name, None)
        self._keys = {key: owner for key, owner in self._keys.items() if owner != name}
        self._handled = {key: found for key, found in self._handled.items() if found[0] != name}

    def _put_out(self, item: Outgoing) -> None:
        self._last_place += 1
        place = self._last_place
        item = replace(item, facts=json.decode(json.encode(item.facts)))
        replaced = self._coalesced.get(item.coalesce)
        if replaced is not None:
            place, old = self._places[replaced], self._outbox[replaced]
            self._take_out(replaced)
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
        self._places[item.id] = place

    def _take_out(self, name: str) -> None:
        item = self._outbox.pop(name, None)
        if item is not None:
            del self._places[name]
            self._coalesced.pop(item.coalesce, None)

    def _row(self, number: int) -> DeliveryRow:
        delivery = self._deliveries[number]
        return DeliveryRow(
            id=delivery.id,
            received_at=delivery.received_at,
            channel=delivery.channel,
            key=delivery.key,
            size=len(delivery.body),
            outcome="" if number in self._backlog else self._outcomes.get(number) or "handled",
        )


def _number(delivery_id: str) -> int:
    """The number of a delivery; what is no number is 0, before all of them."""
    return int(delivery_id[:DIGITS_MAX]) if delivery_id.isascii() and delivery_id.isdecimal() else 0
