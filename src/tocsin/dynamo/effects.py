"""Effects as items: what is written of one, and what is remembered of where those are that replace each other.

Effects that coalesce share one item, named after their identity: a newer one writes its own id and facts over it, and
leaves place, times and attempts as they are, without reading. An effect's id alone so does not say where such a one is.
Who has read it knows; for everybody else the index is asked, which may be late: then the effect leaves once more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.dynamo import packing
from tocsin.dynamo.requests import Item, Key, Requests, Value
from tocsin.dynamo.schema import NAME_MAX, OUT, PK, SK, effect_key, named, out_shard, out_shards
from tocsin.engine.ports import Outgoing

REMEMBERED_MAX: Final = 20_000  # Effects: some megabytes.
BEHIND: Final = 10**17  # Added to the places of those that are behind: places are microseconds, and stay below it.

_FIRST: Final = ("created_at", "not_before", "attempts", "method")


class Places:
    """Where effects are, as far as this process has seen them. From any thread."""

    def __init__(self, requests: Requests) -> None:
        """Begin with nothing."""
        self._requests = requests
        self._known: dict[str, Key] = {}
        self._versions: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, items: Iterable[Outgoing]) -> None:
        """These were seen."""
        with self._lock:
            for item in items:
                self._known[item.id] = effect_key(item.id, item.coalesce)
            while len(self._known) > REMEMBERED_MAX:
                del self._known[next(iter(self._known))]

    def note_version(self, aggregate: str, version: int) -> None:
        """An effect was seen that follows from this version: whoever loads the aggregate must see no older one."""
        with self._lock:
            self._versions[aggregate] = max(version, self._versions.get(aggregate, 0))
            while len(self._versions) > REMEMBERED_MAX:
                del self._versions[next(iter(self._versions))]

    def version(self, aggregate: str) -> int:
        """The least version of an aggregate that is known to be there."""
        with self._lock:
            return self._versions.get(aggregate, 0)

    def forget_version(self, aggregate: str) -> None:
        """It was forgotten, and perhaps begun anew."""
        with self._lock:
            self._versions.pop(aggregate, None)

    def known(self, name: str) -> Key | None:
        """Where an effect is that was seen."""
        with self._lock:
            return self._known.get(name)

    def holds(self, name: str, key: Key) -> bool:
        """Whether this effect is what stands there now."""
        found = self._requests.one(key)
        return found is not None and found["id"] == named(name)

    def of(self, ids: Iterable[str]) -> dict[str, Key]:
        """Where each of these is, or would be if it is pending at all."""
        wanted = dict.fromkeys(ids)
        with self._lock:
            found = {name: self._known[name] for name in wanted if name in self._known}
        unknown = [name for name in wanted if name not in found]
        if not unknown:
            return found
        plain = {name: effect_key(name, "") for name in unknown}
        there = self._requests.get(plain.values())
        found |= plain
        lost = {named(name): name for name in unknown if plain[name] not in there}
        if lost:
            keys = [(item[PK], item[SK]) for item in pointers(self._requests) if item[SK] == "C"]
            for key, item in self._requests.get(keys).items():
                if item.get("id") in lost:
                    found[lost[item["id"]]] = key
        return found


def pointers(requests: Requests, receivers: Sequence[str] | None = None, *, until: int = 2**62) -> list[Item]:
    """What the index says is pending, with its shard, of those that could be for *receivers*."""

    def shard(name: str) -> list[Item]:
        where = "#out_shard = :shard AND #not_before <= :until"
        return list(requests.query(where, {"shard": name, "until": until}, index=OUT))

    names = out_shards(None if receivers is None else list(receivers))
    return [item for part in requests.each(shard, names) for item in part]


def lane(receiver: str) -> str:
    """The receiver, as an index holds it."""
    return named(receiver, NAME_MAX)


def attributes(item: Outgoing, body: Mapping[str, Value], version: int) -> dict[str, Value | None]:
    """What a newer effect writes over an older one of its identity. *version*: of the commit that it follows from."""
    shard = out_shard(item.aggregate, item.receiver, urgent=item.urgent)
    own: dict[str, Value | None] = {"id": named(item.id), "lane": lane(item.receiver), "out_shard": shard}
    own["version"] = version
    return own | packing.unplaced(body)


def lasting(item: Outgoing, place: int) -> dict[str, Value]:
    """What the first effect of an identity leaves to those that replace it."""
    return {"place": place + BEHIND * item.behind, **{name: getattr(item, name) for name in _FIRST}}


def encoded(item: Outgoing) -> bytes:
    """All of it, as bytes."""
    return msgspec.msgpack.encode(item)


def decoded(requests: Requests, item: Item) -> Outgoing:
    """The effect that an item holds. Raises TornError."""
    found = msgspec.msgpack.decode(packing.fetch(requests, item), type=Outgoing)
    return replace(found, **{name: item[name] for name in _FIRST})


def folded(outbox: Sequence[Outgoing]) -> list[Outgoing]:
    """Of effects of one commit that replace each other the last, with what the first leaves to it."""
    kept: dict[tuple[str, str], Outgoing] = {}
    for item in outbox:
        key = effect_key(item.id, item.coalesce)
        old = kept.get(key)
        if old is not None and item.coalesce:
            left: dict[str, Any] = {name: getattr(old, name) for name in _FIRST}
            kept[key] = replace(item, **left)
        else:
            kept[key] = item
    return list(kept.values())
