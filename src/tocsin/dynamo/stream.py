"""What the table's stream tells: effects that were put out, and new times at which aggregates want to be woken.

A record is a copy of what was written; what is true now is read from the table (`still`). Source: "DynamoDB Streams
record format" in the Amazon DynamoDB Developer Guide, and "Process DynamoDB records with Lambda" in that of Lambda,
whose events have binary values in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.dynamo import effects
from tocsin.dynamo.effects import Places
from tocsin.dynamo.packing import TornError
from tocsin.dynamo.requests import Item, Requests, load
from tocsin.dynamo.schema import BROKEN, effect_key, named
from tocsin.engine.ports import Outgoing, Wake

_LANE: Final = "lane"
_SHARD: Final = "wake_shard"


class Stream:
    """Reads records as an event source mapping hands them over."""

    def __init__(self, requests: Requests, places: Places) -> None:
        """*places* of the store: so that what was told can be confirmed without a look at the index."""
        self._requests = requests
        self._places = places

    def read(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        """The effect that a record says was put out, or the new wake; None: nothing for us.

        Raises KeyError, ValueError for a record of another shape, StoreUnavailableError for one whose item has parts.
        """
        told = record["dynamodb"]
        new = _item(told.get("NewImage"))
        if _LANE in new:
            return self._effect(new)
        if new.get(_SHARD, BROKEN) == BROKEN:
            return None
        old = _item(told.get("OldImage"))
        if old.get(_SHARD, BROKEN) != BROKEN and old["wake_at"] == new["wake_at"]:
            return None
        return Wake(aggregate=new["id"], version=new["version"], at=new["wake_at"])

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Those of *outgoing* that are pending, as they are now: read consistently. Raises StoreUnavailableError."""
        keys = {effect_key(item.id, item.coalesce): named(item.id) for item in outgoing}
        found = []
        for key, item in self._requests.get(keys).items():
            if item.get("id") == keys[key] and (effect := self._effect(item)) is not None:
                found.append(effect)
        return found

    def _effect(self, item: Item) -> Outgoing | None:
        try:
            effect = effects.decoded(self._requests, item)
        except TornError:
            return None  # It has left, or was replaced, a moment ago.
        self._places.note([effect])
        return effect


def _item(image: Mapping[str, Mapping[str, Any]] | None) -> Item:
    """An image as the store reads items. Raises ValueError."""
    return {
        name: _bytes(value["B"]) if "B" in value else load({name: value})[name] for name, value in (image or {}).items()
    }


def _bytes(told: str | bytes) -> bytes:
    return base64.b64decode(told, validate=True) if isinstance(told, str) else told
