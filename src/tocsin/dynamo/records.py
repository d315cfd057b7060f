"""Small named documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from tocsin.dynamo import packing
from tocsin.dynamo.packing import TornError
from tocsin.dynamo.requests import Item, Key, Refused, Requests, changed, gone
from tocsin.dynamo.schema import PK, SK, named
from tocsin.kernel import json
from tocsin.kernel.json import Json

TEARS_MAX: Final = 10

_TAKER: Final = "taker"  # Who has it, from the moment on that it is taken.


class Records:
    """Implements `tocsin.engine.ports.Records`."""

    def __init__(self, requests: Requests) -> None:
        """Of one table."""
        self._requests = requests

    def record(self, kind: str, name: str) -> Json:
        """See the port."""
        for _ in range(TEARS_MAX):
            item = self._requests.one(_key(kind, name))
            if item is None or _TAKER in item:
                return None
            try:
                return json.decode(packing.fetch(self._requests, item))
            except TornError:
                continue  # It was replaced a moment ago.
        return None

    def records(self, kind: str) -> Mapping[str, Json]:
        """See the port."""
        items = self._requests.query("#pk = :pk", {"pk": _key(kind, "")[0]})
        found = {item["name"]: self._document(kind, item) for item in items if _TAKER not in item}
        return dict(sorted(found.items()))

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """See the port."""
        key = _key(kind, name)
        former = self._requests.one(key)
        body = packing.stow(self._requests, json.encode(document))
        self._requests.put([{PK: key[0], SK: key[1], "name": name, **body}])
        packing.discard(self._requests, former or {})

    def take_record(self, kind: str, name: str) -> Json:
        """See the port. First it is marked, which may be asked twice, then it goes."""
        key, table = _key(kind, name), self._requests.table
        if (item := self._requests.one(key)) is None or _TAKER in item:
            return None
        taker = uuid4().hex
        free = f"attribute_exists(#{PK}) AND (attribute_not_exists(#{_TAKER}) OR #{_TAKER} = :{_TAKER})"
        try:
            self._requests.act(changed(table, key, {_TAKER: taker}, free))
        except Refused:
            return None
        item = self._requests.one(key) or item
        document = json.decode(packing.fetch(self._requests, item))
        try:
            self._requests.act(gone(table, key, f"#{_TAKER} = :taker", {"taker": taker}))
        except Refused:
            return document  # A new one stands there already, or the answer was lost.
        packing.discard(self._requests, item)
        return document

    def _document(self, kind: str, item: Item) -> Json:
        try:
            return json.decode(packing.fetch(self._requests, item))
        except TornError:
            return self.record(kind, item["name"])


def _key(kind: str, name: str) -> Key:
    return "N" + named(kind), named(name)
