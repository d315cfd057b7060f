"""What must go out: found by an index, read again from the table, confirmed where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tocsin.dynamo import effects, packing
from tocsin.dynamo.packing import TornError
from tocsin.dynamo.requests import Item, Key, Refused, Requests, changed, gone
from tocsin.dynamo.schema import OUT, PK, SK, aggregate_key, effect_key, named, out_shards, receipt_sort, shown_key
from tocsin.dynamo.staged import Staging
from tocsin.engine.ports import Confirmation, Outgoing
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

ROUNDS_MAX: Final = 20  # Of reading what the index shows: more means that it is hours late.


class Outbox:
    """Implements `tocsin.engine.ports.Outbox`."""

    def __init__(self, requests: Requests, places: effects.Places, staging: Staging) -> None:
        """*staging*: whose left-overs are finished when everything that waits is looked for."""
        self._requests = requests
        self._places = places
        self._staging = staging

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port."""
        asked = None if receivers is None else list(dict.fromkeys(receivers))
        if asked == [] or per_receiver <= 0:
            return []
        if asked is None:
            self._staging.sweep(now)
        hits = effects.pointers(self._requests, asked, until=now)
        wanted = None if asked is None else {effects.lane(name) for name in asked}
        lanes: dict[str, list[Item]] = {}
        for hit in sorted(hits, key=_order):
            if "lane" in hit and (wanted is None or hit["lane"] in wanted):
                lanes.setdefault(hit["lane"], []).append(hit)
        return self._first(lanes, per_receiver, now)

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Those of *outgoing* that are pending, as they are now; instead of one that was replaced, what replaced it."""
        found = []
        for item in self._requests.get(effect_key(each.id, each.coalesce) for each in outgoing).values():
            try:
                found.append(effects.decoded(self._requests, item))
            except TornError:
                continue  # As above: it has left, or was replaced.
        self._places.note(found)
        return found

    def next_attempt(self, now: Instant) -> Instant | None:
        """See the port."""

        def shard(name: str) -> Instant | None:
            where = "#out_shard = :shard AND #not_before > :now"
            for hit in self._requests.query(where, {"shard": name, "now": now}, index=OUT, limit=1):
                found = self._requests.one((hit[PK], hit[SK]))
                if found is not None and found["not_before"] > now:
                    return int(found["not_before"])
            return None

        return min(filter(None, self._requests.each(shard, out_shards())), default=None)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port. First the receipts: an effect that leaves once more then changes its message."""
        self._keep([done for done in confirmations if done.receipt is not None])
        where = self._places.of(done.id for done in confirmations)
        self._requests.delete(key for key in where.values() if key[1] != "C")
        for name, key in where.items():
            if key[1] == "C":
                self._act(gone(self._requests.table, key, "#id = :id", {"id": named(name)}))

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        for item in outgoing:
            key = effect_key(item.id, item.coalesce)
            sets = {"attempts": item.attempts, "method": item.method, "not_before": item.not_before}
            self._act(changed(self._requests.table, key, sets, "#id = :id", {"id": named(item.id)}))

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        values = {"pk": aggregate_key(aggregate)[0], "r": "R"}
        found: dict[tuple[str, str], dict[str, Json]] = {}
        for item in self._requests.query("#pk = :pk AND begins_with(#sk, :r)", values):
            try:
                found[item["receiver"], item["transport"]] = json.decode(packing.fetch(self._requests, item))
            except TornError:
                continue  # It is being replaced, or forgotten.
        return found

    def shown(self, transport: str, channel: str, ts: str) -> str:
        """The aggregate that a transport's message is about, by where it stands; empty: none, or several."""
        found = self._requests.one(shown_key(transport, channel, ts))
        return "" if found is None else str(found["aggregate"])

    def pointers(self) -> list[Item]:
        """What the index says is pending."""
        return effects.pointers(self._requests)

    def _first(self, lanes: dict[str, list[Item]], per_receiver: int, now: Instant) -> list[Outgoing]:
        """Of each lane the first few that are really there."""
        found: dict[str, dict[Key, tuple[Item, Outgoing]]] = {name: {} for name in lanes}
        for _ in range(ROUNDS_MAX):
            asked: dict[Key, str] = {}
            for name, hits in lanes.items():
                missing = per_receiver - len(found[name])
                asked |= {(hit[PK], hit[SK]): name for hit in hits[:missing]}
                del hits[:missing]
            if not asked:
                break
            for key, item in self._requests.get(asked).items():
                if item.get("not_before", now + 1) <= now:
                    try:
                        found[asked[key]][key] = item, effects.decoded(self._requests, item)
                    except TornError:
                        continue  # It has left, or was replaced, a moment ago.
        answer = [
            each
            for lane in found.values()
            for _, each in sorted(lane.values(), key=lambda pair: _order(pair[0]))[:per_receiver]
        ]
        self._places.note(answer)
        for lane in found.values():
            for item, each in lane.values():
                self._places.note_version(each.aggregate, item["version"])
        return answer

    def _keep(self, confirmations: Sequence[Confirmation]) -> None:
        items: dict[Key, Item] = {}
        for done in confirmations:
            key = aggregate_key(done.aggregate)[0], receipt_sort(done.receiver, done.transport)
            body = packing.stow(self._requests, json.encode(done.receipt))
            items[key] = {
                PK: key[0],
                SK: key[1],
                "receiver": done.receiver,
                "transport": done.transport,
                **body,
            }
            receipt = done.receipt or {}
            ts, channel = receipt.get("ts"), receipt.get("channel")
            if isinstance(ts, str) and isinstance(channel, str) and not receipt.get("bundle"):
                shown = shown_key(done.transport, channel, ts)
                items[shown] = {PK: shown[0], SK: shown[1], "aggregate": done.aggregate}
        self._requests.put(list(items.values()))

    def _act(self, action: Item) -> None:
        try:
            self._requests.act(action)
        except Refused:
            return  # It is not what stands there any more.


def _order(item: Item) -> tuple[bool, int]:
    """Urgent ones first, then the oldest."""
    return not item["out_shard"].startswith("u"), item.get("place", 0)
