"""The figures of law 12, and forgetting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Final

from tocsin.dynamo import effects, packing
from tocsin.dynamo.deliveries import Deliveries
from tocsin.dynamo.names import OWNER
from tocsin.dynamo.plan import FORGOTTEN, UNFINISHED
from tocsin.dynamo.reading import Reading
from tocsin.dynamo.requests import Item, Refused, Requests, changed, gone
from tocsin.dynamo.schema import (
    BROKEN,
    LIST,
    LIST_SHARDS,
    PK,
    SK,
    WAKE,
    claim_key,
    input_key,
    list_kinds,
    list_prefix,
    ordered,
    wake_shards,
)
from tocsin.dynamo.staged import Staging
from tocsin.engine.ports import Health
from tocsin.kernel.time import Instant

BROKEN_MAX: Final = 100
LOOK_MAX: Final = 200  # Aggregates looked at by one `prune` beyond those that it is asked to forget.
PAGE: Final = 100


class Upkeep:
    """Implements `health` and `prune`."""

    def __init__(self, requests: Requests, deliveries: Deliveries, reading: Reading, staging: Staging) -> None:
        """Of one table, with those who know their parts of it."""
        self._requests = requests
        self._deliveries = deliveries
        self._reading = reading
        self._staging = staging

    def health(self, now: Instant) -> Health:
        """See the port. Counted from indexes: the figures may be a moment old."""
        backlog, oldest = self._deliveries.waiting()
        waiting = [hit for hit in effects.pointers(self._requests) if "lane" in hit]
        live = self._requests.each(self._live, list_kinds(live_only=True))
        wakes = self._requests.each(lambda shard: self._due(shard, now), wake_shards())
        return Health(
            backlog=backlog,
            oldest_backlog_at=oldest,
            oldest_due_at=min((at for at in wakes if at is not None), default=None),
            pending=len(waiting),
            oldest_pending_at=min((hit["created_at"] for hit in waiting if hit["created_at"] <= now), default=None),
            live=dict(Counter(hit["machine"] for part in live for hit in part)),
            broken=tuple(sorted(self._broken())[:BROKEN_MAX]),
        )

    def prune(self, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        """See the port."""
        count = self._deliveries.prune(deliveries_before, limit)
        forgotten = 0
        for hit in islice(self._ended(aggregates_before), limit + LOOK_MAX):
            if forgotten >= limit:
                break
            forgotten += self._forget(hit, aggregates_before)
        return count + forgotten

    def _live(self, kind: str) -> list[Item]:
        return list(self._requests.query("#kind = :kind", {"kind": kind}, index=LIST))

    def _due(self, shard: str, now: Instant) -> Instant | None:
        """The earliest of those that are due, as they are now."""
        where = "#wake_shard = :shard AND #wake_at <= :now"
        for hit in self._requests.query(where, {"shard": shard, "now": now}, index=WAKE, limit=2):
            item = self._requests.one((hit[PK], hit[SK]))
            if item is not None and item.get("wake_shard") == shard and item["wake_at"] <= now:
                return int(item["wake_at"])
        return None

    def _broken(self) -> list[str]:
        hits = list(self._requests.query("#wake_shard = :shard", {"shard": BROKEN}, index=WAKE))
        found = self._reading.verified(hits)
        return [item["id"] for item in found.values() if item.get("wake_shard") == BROKEN]

    def _ended(self, before: Instant) -> Iterator[Item]:
        """Aggregates that are over and began before *before*, as an index shows them: of each machine the oldest."""
        shards = [f"over{number:x}" for number in range(LIST_SHARDS)]
        return merge(*(self._ended_in(kind, before) for kind in shards), key=lambda hit: str(hit["rank"]))

    def _ended_in(self, kind: str, before: Instant) -> Iterator[Item]:
        edge = "\x00"
        while True:
            values = {"kind": kind, "edge": edge}
            first = next(self._requests.query("#kind = :kind AND #rank > :edge", values, index=LIST, limit=1), None)
            if first is None:
                return
            machine = list_prefix(first["machine"])
            values = {"kind": kind, "from": machine, "edge": machine + ordered(before)}
            where = "#kind = :kind AND #rank BETWEEN :from AND :edge"
            yield from self._requests.query(where, values, index=LIST, limit=PAGE)
            edge = f"{machine}\U0010ffff"

    def _forget(self, hit: Item, before: Instant) -> bool:
        """An aggregate with all that is its own, if it is over and old; its state goes last."""
        key, table = (hit[PK], hit[SK]), self._requests.table
        item = self._requests.one(key)
        if item is None or item["live"] or max(item["rank_at"], item.get("handled_at", 0)) >= before:
            return False
        if item.get(UNFINISHED, FORGOTTEN) != FORGOTTEN:
            self._staging.finish((item[PK], "X" + item[UNFINISHED]))
        logs = list(self._reading.logs(key[0]))
        if any(line.at >= before for log in logs for line in log.handled):
            return False
        # From here on nobody commits to it: what comes next waits until it is gone, and begins anew.
        exact = f"#version = :was AND (attribute_not_exists(#{UNFINISHED}) OR #{UNFINISHED} = :{UNFINISHED})"
        try:
            self._requests.act(changed(table, key, {UNFINISHED: FORGOTTEN}, exact, {"was": item["version"]}))
        except Refused:
            return False
        self._requests.delete(input_key(line.input_id) for log in logs for line in log.handled)
        for name in dict.fromkeys(name for log in logs for name in log.keys):
            try:
                mine = f"#{OWNER} = :owner"
                self._requests.act(gone(table, claim_key(name), mine, {"owner": item["id"]}))
            except Refused:
                continue  # Somebody else answers to it by now.
        rest = [each for each in self._requests.query("#pk = :pk", {"pk": key[0]}) if each[SK] != key[1]]
        for each in (*rest, item):
            packing.discard(self._requests, each)
        self._requests.delete((each[PK], each[SK]) for each in rest)
        self._requests.delete([key])
        return True
