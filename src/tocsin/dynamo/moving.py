"""A DynamoDB store read whole, and filled from a dump: `tocsin.engine.dump.Movable` on one table.

What is to be read is found by a consistent scan, not by an index, which may be late. It is no look at one moment: who
wants one whole stops those who write first. Nothing but this may write while a table is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, assert_never
from uuid import uuid4

import msgspec

from tocsin.dynamo import effects, packing
from tocsin.dynamo.commits import history_rows
from tocsin.dynamo.deliveries import (
    KEPT,
    PLACES,
    _fence,
    _key,
    _lot,
    _number,
    _packed,
    _tick,
    _unpacked,
)
from tocsin.dynamo.names import OWNER, TOKEN
from tocsin.dynamo.plan import Log, pages
from tocsin.dynamo.reading import Reading
from tocsin.dynamo.records import Records
from tocsin.dynamo.requests import Item, Key, Refused, Requests, Value, changed
from tocsin.dynamo.requests import load as loaded
from tocsin.dynamo.schema import (
    BROKEN,
    PK,
    SHARDS,
    SK,
    TTL,
    aggregate_key,
    claim_key,
    delivery_kind,
    effect_key,
    history_sort,
    input_key,
    list_kind,
    list_rank,
    log_sort,
    named,
    ordered,
    receipt_sort,
    shown_key,
    wake_shard,
)
from tocsin.dynamo.staged import Staging
from tocsin.engine.dump import (
    Entry,
    Receipt,
    StoredAggregate,
    StoredDelivery,
    StoredEffect,
    StoredRecord,
    oldest_first,
)
from tocsin.engine.ports import Outgoing
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.machine import Past
from tocsin.kernel.time import SECOND, Instant

PAGE: Final = 50  # Aggregates whose items are asked for at once.
MARK: Final = "restore"  # The kind of record that says how far a restore has come.
# Kinds of records that a new deployment makes before anything has happened: keys, links, secrets of its own.
FIRST: Final = frozenset({"key", "key-used", "signin", "session", "secret", "push-secret"})

_Row = tuple[Instant, str, str, bytes, bytes]
_HOLE: Final[_Row] = (0, "", "", b"", b"")  # The row of a number that nothing has, or that was forgotten.


class DynamoMovable:
    """See the module."""

    kind = "dynamodb"

    def __init__(self, client: Any, table: str, now: Instant, *, threads: int = 8) -> None:  # noqa: ANN401
        """*client* is that of `tocsin.dynamo.store.connect`."""
        self._requests = Requests(client, table, threads=threads)
        self._reading = Reading(self._requests, effects.Places(self._requests), lambda _, __: None)
        self._records = Records(self._requests)
        self._now = now
        self._place = 0

    def close(self) -> None:
        """Ask for nothing more."""
        self._requests.close()

    def last(self) -> int:
        """See the port: the last number of the last tick that any shard may have given."""
        fences = self._requests.get([_fence(shard) for shard in range(SHARDS)])
        if not fences:
            return 0
        return _number(max(int(item["last"]) for item in fences.values()) + 1, 0) - 1

    def begin(self, last: int) -> None:
        """See the port."""
        free = f"attribute_not_exists(#{PK}) OR #last < :last"
        for shard in range(SHARDS):
            try:
                self._requests.act(changed(self._requests.table, _fence(shard), {"last": _tick(last)}, free))
            except Refused:
                continue  # It is higher already.

    def is_empty(self) -> bool:
        """See the port. Fences alone are nothing, nor is what a new deployment makes by itself."""
        first = {_fence(0)[0], *(f"N{named(kind)}" for kind in FIRST)}
        return all(item[PK] in first for item in self._scan())

    def mark(self, digest: str) -> int:
        """See the port."""
        found = self._records.record(MARK, digest)
        return found if isinstance(found, int) else -1

    def put_mark(self, digest: str, lines: int) -> None:
        """See the port."""
        if lines < 0:
            self._records.take_record(MARK, digest)
        else:
            self._records.put_record(MARK, digest, lines)

    # ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def entries(self) -> Iterator[Entry]:
        """See the port."""
        Staging(self._requests).sweep(self._now)
        bases, aggregates, waiting, records = [], {}, [], set()
        for item in self._scan():
            match item[PK][0], item[SK]:
                case "D", "D":
                    bases.append(int(item[PK][1:]))
                case "A", "A":
                    aggregates[item["id"]] = item[PK], item[SK]
                case ("E", "E") | ("C", "C"):
                    waiting.append((item[PK], item[SK]))
                case "N", _:
                    records.add(item[PK])
                case _:
                    continue
        yield from (entry for base in sorted(bases) for entry in self._deliveries(base))
        for names in _paged(sorted(aggregates)):
            found = self._requests.get(aggregates[name] for name in names)
            kept = [found[aggregates[name]] for name in names if aggregates[name] in found]
            yield from self._requests.each(self._aggregate, kept)
        pending = [effects.decoded(self._requests, item) for item in self._requests.get(waiting).values()]
        yield from (StoredEffect(outgoing=item) for item in oldest_first(pending))
        for kind in sorted(map(_kind, records)):
            if kind != MARK:
                for name, document in self._records.records(kind).items():
                    yield StoredRecord(kind=kind, name=name, document=document)

    def _scan(self) -> Iterator[Item]:
        """The keys of all items, and the id of those that have one, as they are now."""
        asked: dict[str, Any] = {
            "TableName": self._requests.table,
            "ConsistentRead": True,
            "ProjectionExpression": "#pk, #sk, #id",
            "ExpressionAttributeNames": {"#pk": PK, "#sk": SK, "#id": "id"},
        }
        while True:
            answer = self._requests.call("scan", **asked)
            yield from map(loaded, answer.get("Items", ()))
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _deliveries(self, base: int) -> Iterator[StoredDelivery]:
        for place, row, outcome, waits in self._batch(base):
            received_at, channel, key, head, body = row
            yield StoredDelivery(
                id=base + place,
                received_at=received_at,
                channel=channel,
                key=key,
                head=head,
                body=body,
                outcome=outcome,
                waits=waits,
            )

    def _batch(self, base: int) -> Iterator[tuple[int, _Row, str, bool]]:
        """What one tick has stored: place, row, outcome, whether it waits; without what was forgotten."""
        noted_key = _key(base)[0], "O"
        found = self._requests.get([_key(base), noted_key, _lot(base)])
        if _key(base) not in found:
            return
        rows = msgspec.msgpack.decode(packing.fetch(self._requests, found[_key(base)]), type=list[_Row])
        noted = found.get(noted_key, {})
        left = set(_unpacked(found[_lot(base)]["left"])) if _lot(base) in found else set()
        for place, row in enumerate(rows):
            if f"g{place}" not in noted:
                raw = noted.get(f"o{place}")
                yield place, row, "" if raw is None else packing.unpack(raw).decode(), place in left

    def _aggregate(self, item: Item) -> StoredAggregate:
        name, pk = item["id"], item[PK]
        logs = list(self._reading.logs(pk))[::-1]
        claimed = dict.fromkeys(key for log in logs for key in log.keys)
        owners = self._requests.get(claim_key(key) for key in claimed)
        rows: list[Past] = []
        receipts: list[Receipt] = []
        for each in self._requests.query("#pk = :pk AND #sk BETWEEN :from AND :to", {"pk": pk, "from": "H", "to": "S"}):
            if each[SK][0] == "H":
                rows += [Past(*row) for row in history_rows(self._requests, each)]
            elif each[SK][0] == "R":
                document: Any = json.decode(packing.fetch(self._requests, each))
                receipts.append(Receipt(each["receiver"], each["transport"], document))
        return StoredAggregate(
            id=name,
            machine=item["machine"],
            version=item["version"],
            state=packing.fetch(self._requests, item),
            wake_at=item["wake_at"] if item.get("wake_shard", BROKEN) != BROKEN else None,
            live=item["live"],
            owes=item["owes"],
            rank=item["rank_at"],
            keys=tuple(sorted(key for key in claimed if owners.get(claim_key(key), {}).get(OWNER) == name)),
            handled=tuple(line for log in logs for line in log.handled),
            history=tuple(sorted(rows, key=lambda row: row.place)),
            receipts=tuple(sorted(receipts, key=lambda each: (each.receiver, each.transport))),
        )

    # ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────
    def fill(self, entries: Iterable[Entry]) -> None:
        """See the port."""
        deliveries: list[StoredDelivery] = []
        aggregates: list[StoredAggregate] = []
        items: dict[Key, Item] = {}
        for entry in entries:
            match entry:
                case StoredDelivery():
                    deliveries.append(entry)
                case StoredAggregate():
                    aggregates.append(entry)
                case StoredEffect(outgoing=item):
                    items[effect_key(item.id, item.coalesce)] = self._effect(item)
                case StoredRecord(kind=kind, name=name, document=document):
                    self._records.put_record(kind, name, document)
                case _:
                    assert_never(entry)
        for base, batch in groupby(deliveries, key=lambda each: each.id - each.id % PLACES):
            self._put_batch(base, list(batch))
        self._requests.each(self._put_aggregate, aggregates)
        self._requests.put(list(items.values()))

    def _put_batch(self, base: int, batch: Sequence[StoredDelivery]) -> None:
        """Deliveries of one tick beside those that are there already: a batch of a dump may end amid them."""
        rows: dict[int, tuple[_Row, str, bool]] = {
            place: (row, outcome, waits) for place, row, outcome, waits in self._batch(base)
        }
        for each in batch:
            row = each.received_at, each.channel, each.key, each.head, each.body
            rows[each.id - base] = row, each.outcome, each.waits
        shard = base // PLACES % SHARDS
        count = max(rows) + 1
        whole = [rows[place][0] if place in rows else _HOLE for place in range(count)]
        (pk, sk), (lot_pk, lot_sk) = _key(base), _lot(base)
        kept = {TOKEN: uuid4().hex, "count": count, TTL: (self._now + KEPT) // SECOND}
        place = {"kind": delivery_kind(shard), "rank": ordered(base)}
        body = packing.stow(self._requests, msgspec.msgpack.encode(whole))
        noted: dict[str, Value] = {f"g{place}": True for place in range(count) if place not in rows}
        noted |= {f"o{place}": packing.pack(outcome.encode()) for place, (_, outcome, _) in rows.items() if outcome}
        items: list[Item] = [{PK: pk, SK: sk, **kept, **place, **body}]
        if noted:
            items.append({PK: pk, SK: "O", **noted})
        left = [place for place in sorted(rows) if rows[place][2]]
        if left:
            items.append({PK: lot_pk, SK: lot_sk, "left": _packed(left)})
        self._requests.put(items)

    def _put_aggregate(self, entry: StoredAggregate) -> None:
        """The names and what is behind the state first, so that the state, once it is there, is whole."""
        pk, sk = aggregate_key(entry.id)
        owner = {OWNER: entry.id}
        token = uuid4().hex
        log = msgspec.msgpack.encode(Log(entry.handled, entry.keys))
        names = [_item(input_key(each.input_id)) | owner for each in entry.handled]
        self._requests.put(names + [_item(claim_key(key)) | owner for key in entry.keys])
        items: list[Item] = [{PK: pk, SK: log_sort(entry.version), TOKEN: token, **packing.stow(self._requests, log)}]
        for page in pages(entry.history):
            raw = msgspec.msgpack.encode([(each.place, each.row) for each in page])
            items.append({PK: pk, SK: history_sort(page[-1].place), **packing.stow(self._requests, raw)})
        for each in entry.receipts:
            items += self._receipt(entry.id, each)
        for item in items:
            self._requests.put([item])
        shard = wake_shard(entry.id) if entry.wake_at is not None else BROKEN if entry.owes else None
        state: Item = {
            PK: pk,
            SK: sk,
            "id": entry.id,
            "machine": entry.machine,
            "version": entry.version,
            "live": entry.live,
            "owes": entry.owes,
            "rank_at": entry.rank,
            "kind": list_kind(entry.id, live=entry.live),
            "rank": list_rank(entry.machine, entry.rank, entry.id),
            TOKEN: token,
            **packing.stow(self._requests, entry.state),
        }
        if shard is not None:
            state |= {"wake_shard": shard, "wake_at": entry.wake_at or 0}
        if entry.handled:
            state["handled_at"] = max(each.at for each in entry.handled)
        if entry.history:
            state["past"] = max(each.place for each in entry.history)
        self._requests.put([state])

    def _receipt(self, aggregate: str, each: Receipt) -> list[Item]:
        body = packing.stow(self._requests, json.encode(each.receipt))
        item: Item = {
            PK: aggregate_key(aggregate)[0],
            SK: receipt_sort(each.receiver, each.transport),
            "receiver": each.receiver,
            "transport": each.transport,
            **body,
        }
        ts, channel = each.receipt.get("ts"), each.receipt.get("channel")
        if not (isinstance(ts, str) and isinstance(channel, str)) or each.receipt.get("bundle"):
            return [item]
        return [item, _item(shown_key(each.transport, channel, ts)) | {"aggregate": aggregate}]

    def _effect(self, item: Outgoing) -> Item:
        self._place = max(item.created_at * 1000, self._place + 1)  # As a commit would have counted.
        body = packing.stow(self._requests, effects.encoded(item))
        own = {name: value for name, value in effects.attributes(item, body, 0).items() if value is not None}
        return {**_item(effect_key(item.id, item.coalesce)), **effects.lasting(item, self._place), **own}


def _item(key: Key) -> Item:
    return {PK: key[0], SK: key[1]}


def _kind(partition: str) -> str:
    """The kind of the records in a partition. Raises StoreUnavailableError: only its digest is kept."""
    kind = partition[2:]
    if partition != f"N{named(kind)}":
        raise StoreUnavailableError(f"the records {partition} have a name that is too long to be moved")
    return kind


def _paged(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + PAGE] for start in range(0, len(names), PAGE))
