"""What the table's stream tells of its changes: effects that were put out, and aggregates that are to be woken.

An event source mapping gives the records; `schema.EFFECT_PATTERN` and `schema.WAKE_PATTERN` keep the others from it. In
them bytes are written in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from tocsin.dynamo import effects
from tocsin.dynamo.requests import Item, Requests
from tocsin.dynamo.schema import SK
from tocsin.engine.ports import Outgoing, Wake

EFFECTS: Final = frozenset({"E", "C"})
AGGREGATE: Final = "A"


def told(requests: Requests, record: Mapping[str, Any]) -> Outgoing | Wake | None:
    """The effect that a record puts out, or the new wake-up; None: neither.

    Raises TornError for an effect whose parts are gone, since it has left or was replaced; StoreUnavailableError.
    """
    change = record["dynamodb"]
    if "NewImage" not in change:
        return None
    new = _item(change["NewImage"])
    if new[SK] in EFFECTS:
        return effects.decoded(requests, new)
    if new[SK] != AGGREGATE or not str(new.get("wake_shard", "")).startswith("w"):
        return None
    old = _item(change.get("OldImage", {}))
    if "wake_shard" in old and old["wake_shard"] == new["wake_shard"] and old["wake_at"] == new["wake_at"]:
        return None
    return Wake(aggregate=new["id"], version=new["version"], at=new["wake_at"])


def _item(image: Mapping[str, Mapping[str, Any]]) -> Item:
    return {name: _value(kind, value) for name, one in image.items() for kind, value in one.items()}


def _value(kind: str, value: Any) -> Any:  # noqa: ANN401 - of any type.
    match kind:
        case "N":
            return int(value)
        case "B":
            return value if isinstance(value, bytes) else base64.b64decode(value)
        case _:
            return value
