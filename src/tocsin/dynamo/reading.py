"""What is read of aggregates: their states, what is due, the lists, timelines and histories.

Indexes may be late. Whatever they show is read again from the table before it counts, and what they do not show yet the
next look finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Final

import msgspec

from tocsin.dynamo import packing
from tocsin.dynamo.commits import history_rows
from tocsin.dynamo.effects import Places
from tocsin.dynamo.packing import TornError
from tocsin.dynamo.plan import Log
from tocsin.dynamo.requests import Item, Key, Requests
from tocsin.dynamo.schema import (
    BROKEN,
    LIST,
    PK,
    SK,
    WAKE,
    aggregate_key,
    history_sort,
    list_kinds,
    list_prefix,
    list_rank,
    wake_shards,
)
from tocsin.engine.ports import Handled, Stored, Summary
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Past
from tocsin.kernel.time import Instant

PAGE: Final = 100
TEARS_MAX: Final = 10  # Of one state in a row: each is a commit that came in between.


class Reading:
    """Implements the reading half of `tocsin.engine.ports.Aggregates`."""

    def __init__(self, requests: Requests, places: Places, on_load: Callable[[str, Item], None]) -> None:
        """*places* knows the versions that effects follow from. *on_load* hears of each aggregate that was loaded."""
        self._requests = requests
        self._places = places
        self._on_load = on_load

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See the port."""
        wanted = {aggregate_key(name): name for name in ids}
        whole = self._whole(wanted)
        # A plain read may come between two items of a transaction: an effect was seen, and its state is not there yet.
        behind = [key for key, name in wanted.items() if self._places.version(name) > _version(whole.get(key))]
        if behind:
            whole = {key: item for key, item in whole.items() if key not in behind}
            whole |= self._whole(behind, self._requests.settled)
            for key in behind:
                if self._places.version(wanted[key]) > _version(whole.get(key)):
                    self._places.forget_version(wanted[key])
        return {
            name: Stored(name, whole[key]["machine"], whole[key]["version"], whole[key]["state"])
            for key, name in wanted.items()
            if key in whole
        }

    def due(self, now: Instant, limit: int) -> Sequence[str]:
        """See the port."""

        def shard(name: str) -> list[Item]:
            where = "#wake_shard = :shard AND #wake_at <= :now"
            hits = self._requests.query(where, {"shard": name, "now": now}, index=WAKE, limit=limit)
            return list(islice(hits, limit))

        hits = [hit for hits in self._requests.each(shard, wake_shards()) for hit in hits] if limit > 0 else []
        hits.sort(key=lambda hit: hit["wake_at"])
        due: dict[str, Instant] = {}
        for start in range(0, len(hits), PAGE):
            if len(due) >= limit:
                break
            found = self._requests.get(_keys(hits[start : start + PAGE]))
            due |= {item["id"]: item["wake_at"] for item in found.values() if _wakes(item) and item["wake_at"] <= now}
        return sorted(due, key=lambda name: due[name])[:limit]

    def next_wake(self) -> Instant | None:
        """See the port."""
        return min(filter(None, self._requests.each(self._first_wake, wake_shards())), default=None)

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Summary]:
        """See the port."""
        prefix = list_prefix(machine)
        edge = list_rank(machine, *before) if before else f"{prefix}\U0010ffff"
        where = "#kind = :kind AND #rank BETWEEN :from AND :edge"
        kinds = list_kinds(live_only=live_only)
        page = min(limit + 1, PAGE)

        def first(kind: str) -> tuple[list[Item], Iterator[Item]]:
            hits = self._requests.query(
                where, {"kind": kind, "from": prefix, "edge": edge}, index=LIST, backwards=True, limit=page
            )
            return list(islice(hits, page)), hits

        shards = self._requests.each(first, kinds)
        hits = merge(*(_chained(*shard) for shard in shards), key=lambda hit: str(hit["rank"]), reverse=True)
        found: dict[str, tuple[Instant, Summary]] = {}
        while len(found) < limit and (some := list(islice(hits, min(PAGE, limit + 1)))):
            for item in self._whole(_keys(some)).values():
                rank, name = item["rank_at"], item["id"]
                fits = item["machine"] == machine and (item["live"] or not live_only)
                if fits and (before is None or (rank, name) < before):
                    found[name] = rank, Summary(name, item["version"], item["live"], item["state"])
        rows = sorted(found.values(), key=lambda row: (row[0], row[1].id), reverse=True)
        return [row for _, row in rows[:limit]]

    def timeline(self, aggregate: str, limit: int) -> Sequence[Handled]:
        """See the port."""
        lines: list[Handled] = []
        if limit <= 0:
            return lines
        for log in self.logs(aggregate_key(aggregate)[0], limit):
            lines[:0] = log.handled
            if len(lines) >= limit:
                break
        return lines[-limit:]

    def logs(self, pk: str, page: int | None = None) -> Iterator[Log]:
        """What the commits of an aggregate left behind, the newest first."""
        values = {"pk": pk, "t": "T"}
        items = self._requests.query("#pk = :pk AND begins_with(#sk, :t)", values, backwards=True, limit=page)
        for item in items:
            try:
                yield msgspec.msgpack.decode(packing.fetch(self._requests, item), type=Log)
            except TornError:
                return  # It is being forgotten.

    def history(self, aggregate: str, limit: int, *, after: int = 0) -> Sequence[Past]:
        """See the port."""
        values = {"pk": aggregate_key(aggregate)[0], "from": history_sort(after + 1), "to": "I"}
        pages = self._requests.query("#pk = :pk AND #sk BETWEEN :from AND :to", values, limit=limit or 1)
        rows = (Past(*row) for page in pages for row in self._rows(page) if row[0] > after)
        return list(islice(rows, limit))

    def verified(self, hits: Iterable[Item]) -> dict[Key, Item]:
        """The items that an index has shown, as they are now."""
        return self._requests.get(_keys(hits))

    def _rows(self, page: Item) -> list[tuple[int, bytes]]:
        try:
            return history_rows(self._requests, page)
        except TornError:
            return []  # It is being forgotten.

    def _whole(
        self, keys: Iterable[Key], read: Callable[[Iterable[Key]], dict[Key, Item]] | None = None
    ) -> dict[Key, Item]:
        """Aggregates with their `state`."""
        read = read or self._requests.get
        whole: dict[Key, Item] = {}
        left = list(keys)
        for _ in range(TEARS_MAX):
            torn = []
            for key, item in read(left).items():
                try:
                    whole[key] = item | {"state": packing.fetch(self._requests, item)}
                except TornError:
                    torn.append(key)
                else:
                    self._on_load(item["id"], item)
            left = torn
            if not left:
                return whole
        raise StoreUnavailableError(f"the state of {left[0][0]} was written anew each time while it was read")

    def _first_wake(self, shard: str) -> Instant | None:
        hits = self._requests.query("#wake_shard = :shard", {"shard": shard}, index=WAKE, limit=2)
        while some := list(islice(hits, 2)):
            now = self._requests.get(_keys(some))
            true = [int(now[key]["wake_at"]) for key in _keys(some) if key in now and _wakes(now[key])]
            if true:
                return min(true)
        return None


def _version(item: Item | None) -> int:
    return 0 if item is None else int(item["version"])


def _wakes(item: Item) -> bool:
    return str(item.get("wake_shard", BROKEN)) != BROKEN


def _keys(hits: Iterable[Item]) -> list[Key]:
    return [(hit[PK], hit[SK]) for hit in hits]


def _chained(some: list[Item], more: Iterator[Item]) -> Iterator[Item]:
    yield from some
    yield from more
