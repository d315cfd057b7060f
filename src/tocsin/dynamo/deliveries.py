"""What came in: numbers that grow, a backlog in their order, and what became of each.

Many functions accept at once, and who follows the backlog must be able to go on beyond what it has seen: no delivery
may turn up before one that was seen. One counter would do that, and would be one hot item. So there are sixteen shards,
each with a *fence*: the last tick that was given in it. A tick is a millisecond of the clock, or one more than the last
where that is later. To accept is one transaction: move the fence of any shard from below a tick to that tick, and store
all under it. The number of a delivery is (tick * 16 + shard) * 1000 + its place.

Who reads the backlog up to some number first moves every fence that is lower up to that tick, and then reads again,
consistently. After that no shard can give a number below: whoever was about to loses the race for its fence, and takes
a later tick. So the order needs no clock to be right; clocks only make the numbers of different functions come in about
the order of acceptance. Whoever has seen a number has closed what is before it. A plain read may see one item of a
transaction before another; so the fence also names what was stored last, and that is waited for with a read that no
transaction passes by.

One `accept` is one item (or several, by the thousand), so that a batch costs as many write units as it has kilobytes,
and not one for each delivery. What waits is a small item beside it, which a settled batch deletes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final
from uuid import uuid4

import msgspec

from tocsin.dynamo import packing
from tocsin.dynamo.requests import (
    REQUEST_MAX,
    Cancelled,
    Item,
    Key,
    Refused,
    Requests,
    UnknownResultError,
    changed,
    gone,
    new,
)
from tocsin.dynamo.schema import LIST, PK, SHARDS, SK, TTL, delivery_kind, ordered
from tocsin.engine.ports import REPLAY_OF, Delivery, DeliveryRow, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import DAY, SECOND, Duration, Instant

PLACES: Final = 1000  # Deliveries under one tick.
BATCHES_MAX: Final = 40  # Of one `accept`: a transaction has room for 100 actions.
DIGITS_MAX: Final = 18  # Of a delivery's number; SQLite takes no more either.
KEPT: Final[Duration] = 400 * DAY  # Until time to live takes what `prune` has forgotten to forget.
RACES_MAX: Final = 50  # For a fence; each is lost to somebody who got on.
BEYOND: Final = 2**62
LOOK_MAX: Final = 200  # Batches looked at by one `prune` beyond those that it is asked to forget.
PAGE: Final = 100

_Row = tuple[Instant, str, str, bytes, bytes]


class Deliveries:
    """Implements `tocsin.engine.ports.Deliveries`."""

    def __init__(self, requests: Requests, clock: Callable[[], Instant]) -> None:
        """*clock*: where numbers begin to count."""
        self._requests = requests
        self._clock = clock
        self._lock = threading.Lock()
        self._tick = 0  # The last that this process gave or saw.
        self._closed = 0  # No shard gives a tick up to this any more.

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """See the port."""
        if not received:
            return []
        rows: list[_Row] = [(item.received_at, item.channel, item.key, item.head, item.body) for item in received]
        batches = [rows[start : start + PLACES] for start in range(0, len(rows), PLACES)]
        assert len(batches) <= BATCHES_MAX, f"{len(rows)} deliveries at once"
        most = REQUEST_MAX // len(batches)
        stowed = [packing.stow(self._requests, msgspec.msgpack.encode(batch), most) for batch in batches]
        first, shard = self._store(batches, stowed)
        return [str(_number(first + n // PLACES, shard, n % PLACES)) for n in range(len(rows))]

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        """See the port."""
        beyond = number_of(after)
        if limit <= 0 or beyond >= BEYOND:
            return []
        closed = self._closed
        waiting = self._waiting(limit, beyond)
        if waiting and _tick(waiting[-1]) > closed:
            last = waiting[-1]
            self._close(_tick(last))
            waiting = [number for number in self._waiting(limit, beyond) if number <= last]
        found = self._load(waiting)
        if lost := [number for number in waiting if number not in found]:  # The rest of a transaction is on its way.
            found |= self._load(lost, read=self._requests.settled)
        return [found[number] for number in waiting if number in found]

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """See the port."""
        batches: dict[int, dict[int, str]] = {}
        for name, outcome in outcomes.items():
            number = number_of(name)
            if 0 < number < BEYOND:
                batches.setdefault(number - number % PLACES, {})[number % PLACES] = outcome
        self._requests.each(lambda given: self._settle(*given), list(batches.items()))

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        number = number_of(delivery_id)
        return self._load([number], forgotten=False).get(number) if 0 < number < BEYOND else None

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """See the port."""
        below = number_of(before) if before else BEYOND
        rows: list[DeliveryRow] = []
        bases = self._bases(below, backwards=True)
        while len(rows) < limit and (page := list(islice(bases, min(PAGE, limit)))):
            for base, batch in zip(page, self._batches(page), strict=True):
                rows += [row for number, row in batch.rows(base) if number < below]
        return rows[:limit]

    def replay(self, delivery_id: str) -> bool:
        """See the port."""
        found = self.delivery(delivery_id)
        if found is None:
            return False
        head = b"\n".join(filter(None, (f"{REPLAY_OF}: {found.id}".encode(), found.head)))
        copy = Received(received_at=found.received_at, channel=found.channel, key=found.key, head=head, body=found.body)
        self.accept([copy])
        return True

    def waiting(self) -> tuple[int, Instant | None]:
        """How many wait, and since when the first of them."""
        lots = self._requests.each(lambda shard: list(self._lots(shard, 0)), list(range(SHARDS)))
        count = sum(len(item["left"]) // 2 for lot in lots for item in lot)
        numbers = (_first(item) for lot in lots for item in lot)
        first = min(numbers, default=None)
        found = None if first is None else self._load([first]).get(first)
        return count, None if found is None else found.received_at

    def prune(self, before: Instant, limit: int) -> int:
        """Forget at most *limit* settled ones that were received before *before*; how many."""
        count, looked = 0, 0
        bases = self._bases(0, backwards=False)
        while count < limit and looked < limit + LOOK_MAX and (page := list(islice(bases, PAGE))):
            looked += len(page)
            for base, batch in zip(page, self._batches(page), strict=True):
                old = batch.old(before)[: limit - count]
                if old:
                    self._forget(base, batch, old)
                    count += len(old)
        return count

    # Accepting

    def _store(self, batches: Sequence[Sequence[_Row]], stowed: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        """The first tick and the shard under which all is stored."""
        token = uuid4().hex
        shard = int(self._requests.chance() * SHARDS)
        for _ in range(RACES_MAX):
            first = self._next(len(batches))
            last = first + len(batches) - 1
            try:
                self._requests.transact(self._actions(first, shard, batches, stowed, token), uuid4().hex)
            except Cancelled as lost:
                if lost.doubtful and self._is_mine(_number(first, shard), token):
                    return first, shard
                with self._lock:
                    self._tick = max(self._tick, *((item or {}).get("last", 0) for item in lost.items))
                shard = (shard + 1) % SHARDS
            except UnknownResultError:
                if self._is_mine(_number(first, shard), token):
                    return first, shard
                raise  # It may still happen, so that its parts must stay.
            except StoreUnavailableError:
                self._drop(stowed)
                raise
            else:
                with self._lock:
                    self._tick = max(self._tick, last)
                return first, shard
        self._drop(stowed)
        raise StoreUnavailableError(f"the fences of the backlog were lost {RACES_MAX} times")

    def _next(self, count: int) -> int:
        with self._lock:
            first = max(self._clock(), self._tick + 1)
            self._tick = first + count - 1
            return first

    def _is_mine(self, base: int, token: str) -> bool:
        found = self._requests.one(_key(base))
        return found is not None and found["token"] == token

    def _actions(
        self, first: int, shard: int, batches: Sequence[Sequence[_Row]], stowed: Sequence[Mapping[str, Any]], token: str
    ) -> list[Item]:
        table = self._requests.table
        last = first + len(batches) - 1
        free = "attribute_not_exists(#last) OR #last < :first"
        actions = [changed(table, _fence(shard), {"last": last, "given": _number(last, shard)}, free, {"first": first})]
        for number, (batch, body) in enumerate(zip(batches, stowed, strict=True)):
            base = _number(first + number, shard)
            pk, sk = _key(base)
            kept = {"token": token, "count": len(batch), TTL: (self._clock() + KEPT) // SECOND}
            place = {"kind": delivery_kind(shard), "rank": ordered(base)}
            actions.append(new(table, {PK: pk, SK: sk, **kept, **place, **body}))
            pk, sk = _lot(base)
            actions.append(new(table, {PK: pk, SK: sk, "left": _packed(range(len(batch)))}))
        return actions

    def _drop(self, stowed: Iterable[Mapping[str, Any]]) -> None:
        """Parts of what was not stored; if that fails too, they lie there, and nobody reads them."""
        try:
            for body in stowed:
                packing.discard(self._requests, body)
        except StoreUnavailableError:
            return

    # The backlog

    def _waiting(self, limit: int, beyond: int) -> list[int]:
        """The numbers that wait beyond one, the lowest first."""
        shards = self._requests.each(lambda shard: self._first(shard, limit, beyond), list(range(SHARDS)))
        return list(islice(merge(*shards), limit))

    def _first(self, shard: int, limit: int, beyond: int) -> list[int]:
        numbers = (_base(item) + n for item in self._lots(shard, beyond, limit) for n in _unpacked(item["left"]))
        return list(islice((number for number in numbers if number > beyond), limit))

    def _lots(self, shard: int, beyond: int, limit: int = PAGE) -> Iterator[Item]:
        """What waits in a shard, from the batch on in which the number *beyond* is."""
        where = {"pk": f"W{shard:x}", "from": ordered(beyond - beyond % PLACES)}
        return self._requests.query("#pk = :pk AND #sk >= :from", where, limit=min(limit, 1000))

    def _close(self, tick: int) -> None:
        """See to it that no shard gives this tick, or one before, any more."""
        fences = self._requests.get([_fence(shard) for shard in range(SHARDS)])
        low = [shard for shard in range(SHARDS) if fences.get(_fence(shard), {}).get("last", 0) < tick]
        self._requests.each(lambda shard: self._raise(shard, tick), low)
        # What the last ones to pass a fence have stored may come a moment after the fence has moved: wait for it.
        fences = self._requests.get([_fence(shard) for shard in range(SHARDS)])
        self._requests.settled(_lot(item["given"]) for item in fences.values() if "given" in item)
        with self._lock:
            self._closed = max(self._closed, tick)
            self._tick = max(self._tick, tick)

    def _raise(self, shard: int, tick: int) -> None:
        free = "attribute_not_exists(#last) OR #last < :last"
        try:
            self._requests.act(changed(self._requests.table, _fence(shard), {"last": tick}, free))
        except Refused:
            return  # It is higher already.

    # Settling and forgetting

    def _settle(self, base: int, outcomes: Mapping[int, str]) -> None:
        """Usually a whole batch at once, and nobody has settled a part of it: that is tried without reading."""
        key, left = _lot(base), _packed(range(max(outcomes) + 1))
        while True:
            waiting = _unpacked(left)
            done = {place: outcomes[place] for place in waiting if place in outcomes}
            if not done:
                return
            try:
                self._note(base, left, [place for place in waiting if place not in done], done)
            except Refused as lost:
                item: Item | None = lost.item
            except Cancelled:
                item = self._requests.one(key)
            else:
                return
            if not item:
                return  # All of it is settled, or it was never there.
            left = item["left"]

    def _note(self, base: int, was: bytes, rest: Sequence[int], done: Mapping[int, str]) -> None:
        """Only *rest* waits from now on, if what waited *was* that. Raises Refused, Cancelled."""
        table, key = self._requests.table, _lot(base)
        same, values = "#left = :was", {"was": was}
        lot = changed(table, key, {"left": _packed(rest)}, same, values) if rest else gone(table, key, same, values)
        noted = {f"o{place}": packing.pack(text.encode()) for place, text in done.items() if text}
        if noted:
            self._requests.transact([lot, changed(table, (_key(base)[0], "O"), noted)], uuid4().hex)
        else:
            self._requests.act(lot)

    def _forget(self, base: int, batch: _Batch, places: Sequence[int]) -> None:
        rest = batch.kept() - set(places)
        key = _key(base)
        if rest:
            names = {f"g{place}": True for place in places}
            self._requests.act(changed(self._requests.table, (key[0], "O"), names))
            return
        self._requests.delete([key, (key[0], "O")])
        packing.discard(self._requests, batch.item)

    # Loading

    def _load(
        self,
        numbers: Sequence[int],
        *,
        forgotten: bool = True,
        read: Callable[[Iterable[Key]], dict[Key, Item]] | None = None,
    ) -> dict[int, Delivery]:
        """Those that exist; *forgotten* False leaves out what was forgotten (what waits never was)."""
        bases = dict.fromkeys(number - number % PLACES for number in numbers)
        items = (read or self._requests.get)(
            [key for base in bases for key in (_key(base), *(() if forgotten else ((_key(base)[0], "O"),)))]
        )
        rows: dict[int, list[_Row]] = {}
        for base in bases:
            if _key(base) in items:
                rows[base] = self._rows(items[_key(base)])
        found = {}
        for number in numbers:
            place, base = number % PLACES, number - number % PLACES
            gone_too = f"g{place}" in items.get((_key(base)[0], "O"), {})
            if base in rows and place < len(rows[base]) and not gone_too:
                found[number] = _delivery(number, rows[base][place])
        return found

    def _rows(self, item: Item) -> list[_Row]:
        try:
            raw = packing.fetch(self._requests, item)
        except packing.TornError:
            return []  # It was forgotten a moment ago.
        return msgspec.msgpack.decode(raw, type=list[_Row])

    def _batches(self, bases: Sequence[int]) -> list[_Batch]:
        keys = [(_key(base), (_key(base)[0], "O"), _lot(base)) for base in bases]
        found = self._requests.get(key for three in keys for key in three)
        batches = []
        for item, noted, lot in keys:
            rows = self._rows(found[item]) if item in found else []
            batches.append(_Batch(found.get(item, {}), rows, found.get(noted, {}), found.get(lot)))
        return batches

    def _bases(self, edge: int, *, backwards: bool) -> Iterator[int]:
        """The batches below the number *edge*, the newest first, or from it on, the oldest first; from an index."""

        def shard(number: int) -> Iterator[int]:
            where = "#kind = :kind AND #rank <= :edge" if backwards else "#kind = :kind AND #rank >= :edge"
            values = {"kind": delivery_kind(number), "edge": ordered(edge)}
            return (
                _base(item, "rank")
                for item in self._requests.query(where, values, index=LIST, backwards=backwards, limit=PAGE)
            )

        return merge(*map(shard, range(SHARDS)), reverse=backwards)


class _Batch:
    """What one tick has stored, with what became of it."""

    def __init__(self, item: Item, rows: Sequence[_Row], noted: Item, lot: Item | None) -> None:
        self.item = item
        self._rows = rows
        self._noted = noted
        self._left = set(_unpacked(lot["left"])) if lot else set()

    def kept(self) -> set[int]:
        """The places that are not forgotten."""
        return {place for place in range(len(self._rows)) if f"g{place}" not in self._noted}

    def old(self, before: Instant) -> list[int]:
        """The places that are settled and were received before *before*."""
        return sorted(place for place in self.kept() - self._left if self._rows[place][0] < before)

    def rows(self, base: int) -> list[tuple[int, DeliveryRow]]:
        """The rows of the list, the newest first, with their numbers."""
        return [(base + place, self._row(base, place)) for place in sorted(self.kept(), reverse=True)]

    def _row(self, base: int, place: int) -> DeliveryRow:
        received_at, channel, key, _, body = self._rows[place]
        noted = self._noted.get(f"o{place}")
        outcome = "" if place in self._left else "handled" if noted is None else packing.unpack(noted).decode()
        return DeliveryRow(
            id=str(base + place), received_at=received_at, channel=channel, key=key, size=len(body), outcome=outcome
        )


def number_of(delivery_id: str) -> int:
    """The number of a delivery; what is none is 0, before all of them; too large a one is BEYOND them."""
    if not (delivery_id.isascii() and delivery_id.isdecimal()):
        return 0
    return int(delivery_id) if len(delivery_id) <= DIGITS_MAX else BEYOND


def _number(tick: int, shard: int, place: int = 0) -> int:
    return (tick * SHARDS + shard) * PLACES + place


def _tick(number: int) -> int:
    return number // PLACES // SHARDS


def _key(base: int) -> Key:
    return f"D{base}", "D"


def _lot(base: int) -> Key:
    return f"W{base // PLACES % SHARDS:x}", ordered(base)


def _fence(shard: int) -> Key:
    return "F", f"{shard:x}"


def _base(item: Item, attribute: str = SK) -> int:
    return int(item[attribute]) - 2**63


def _first(item: Item) -> int:
    return _base(item) + _unpacked(item["left"])[0]


def _packed(places: Iterable[int]) -> bytes:
    """Two bytes for each."""
    return b"".join(place.to_bytes(2, "big") for place in places)


def _unpacked(left: bytes) -> list[int]:
    return [int.from_bytes(left[start : start + 2], "big") for start in range(0, len(left), 2)]


def _delivery(number: int, row: _Row) -> Delivery:
    received_at, channel, key, head, body = row
    return Delivery(id=str(number), received_at=received_at, channel=channel, key=key, head=head, body=body)
