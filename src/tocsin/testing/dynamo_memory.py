"""DynamoDB in memory: the requests that a store makes, answered as the service does, for seeds by the hundred.

It knows one table's items and sparse indexes, and the limits that a store has to mind: 100 actions and 4 MB in a
transaction, 100 keys and 25 items in a batch, 400 KB an item, 1 MB a page, and no two actions on one item. Its indexes
are never late: `tocsin.testing.dynamo_faults` is what makes them so.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tocsin.testing.dynamo_expressions import Image, holds, plain, updated

ACTIONS_MAX: Final = 100
GET_MAX: Final = 100
WRITE_MAX: Final = 25
ITEM_BYTES_MAX: Final = 400 * 1024
TRANSACTION_BYTES_MAX: Final = 4 * 1024 * 1024
PAGE_BYTES_MAX: Final = 1024 * 1024

_Key = tuple[str, str]


class FakeDynamo:
    """Has the methods of the SDK's client that a store calls. From any thread."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """*table*: the keyword arguments of `create_table`."""
        self._lock = threading.RLock()
        self._pk, self._sk = (each["AttributeName"] for each in table["KeySchema"])
        self._indexes = {
            each["IndexName"]: tuple(part["AttributeName"] for part in each["KeySchema"])
            for each in table["GlobalSecondaryIndexes"]
        }
        self._projected = {
            each["IndexName"]: {self._pk, self._sk, *self._indexes[each["IndexName"]]}
            | set(each["Projection"].get("NonKeyAttributes", ()))
            for each in table["GlobalSecondaryIndexes"]
        }
        self._items: dict[_Key, Image] = {}
        self._sorted: dict[str, list[str]] = {}
        self._entries: dict[tuple[str, str], dict[_Key, Image]] = {}
        self._tokens: set[str] = set()

    # Reading

    def get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as the SDK takes it; so below.
        """See the API Reference."""
        with self._lock:
            found = self._items.get(self._key(request["Key"]))
            return {"Item": dict(found)} if found is not None else {}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        ((table, asked),) = request["RequestItems"].items()
        keys = [self._key(key) for key in asked["Keys"]]
        _check(0 < len(keys) <= GET_MAX and len(set(keys)) == len(keys), "keys of a batch")
        with self._lock:
            return {"Responses": {table: [dict(self._items[key]) for key in keys if key in self._items]}}

    def transact_get_items(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        keys = [self._key(each["Get"]["Key"]) for each in request["TransactItems"]]
        _check(0 < len(keys) <= ACTIONS_MAX, "items of a transaction")
        with self._lock:
            return {"Responses": [{"Item": dict(self._items[key])} if key in self._items else {} for key in keys]}

    def query(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        with self._lock:
            index = request.get("IndexName")
            _check(not (index and request.get("ConsistentRead")), "a consistent read of an index")
            entries = self._partition(request, index)
        return answer(request, entries, self._indexes[index][1] if index else self._sk, (self._pk, self._sk))

    # Writing

    def put_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        return self._single({"Put": request})

    def update_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        return self._single({"Update": request})

    def delete_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        return self._single({"Delete": request})

    def batch_write_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        ((_, asked),) = request["RequestItems"].items()
        actions = [_batched(each) for each in asked]
        keys = [self._place(action) for action in actions]
        _check(0 < len(keys) <= WRITE_MAX and len(set(keys)) == len(keys), "items of a batch")
        with self._lock:
            for key, action in zip(keys, actions, strict=True):
                self._write(key, self._after(key, action))
        return {}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """See the API Reference."""
        actions, token = request["TransactItems"], request["ClientRequestToken"]
        _check(0 < len(actions) <= ACTIONS_MAX, "actions of a transaction")
        _check(0 < len(token) <= 36, "the token")  # noqa: PLR2004 - its documented length.
        with self._lock:
            if token in self._tokens:
                return {}
            keys = [self._place(action) for action in actions]
            _check(len(set(keys)) == len(keys), "two actions on one item")
            failed = [not self._fits(key, action) for key, action in zip(keys, actions, strict=True)]
            if any(failed):
                raise cancelled([self._reason(key) if bad else {} for key, bad in zip(keys, failed, strict=True)])
            after = [self._after(key, action) for key, action in zip(keys, actions, strict=True)]
            _check(sum(map(_size, filter(None, after))) <= TRANSACTION_BYTES_MAX, "bytes of a transaction")
            self._tokens.add(token)
            for key, image in zip(keys, after, strict=True):
                self._write(key, image)
        return {}

    def _single(self, action: Mapping[str, Any]) -> dict[str, Any]:
        key = self._place(action)
        with self._lock:
            if not self._fits(key, action):
                raise _refused("ConditionalCheckFailedException", {"Item": dict(self._items.get(key, {}))})
            self._write(key, self._after(key, action))
        return {}

    def _place(self, action: Mapping[str, Any]) -> _Key:
        ((kind, request),) = action.items()
        return self._key(request["Item" if kind == "Put" else "Key"])

    def _key(self, attributes: Image) -> _Key:
        return attributes[self._pk]["S"], attributes[self._sk]["S"]

    def _fits(self, key: _Key, action: Mapping[str, Any]) -> bool:
        ((_, request),) = action.items()
        condition = request.get("ConditionExpression")
        return not condition or holds(condition, self._items.get(key, {}), *_given(request))

    def _reason(self, key: _Key) -> dict[str, Any]:
        return {"Code": "ConditionalCheckFailed", "Item": dict(self._items.get(key, {}))}

    def _after(self, key: _Key, action: Mapping[str, Any]) -> Image | None:
        ((kind, request),) = action.items()
        if kind == "Delete":
            return None
        if kind == "Put":
            return dict(request["Item"])
        bare = {self._pk: {"S": key[0]}, self._sk: {"S": key[1]}}
        return updated(request["UpdateExpression"], self._items.get(key, bare), *_given(request))

    def _write(self, key: _Key, image: Image | None) -> None:
        for index, parts in self._indexes.items():
            self._enter(index, parts, key, self._items.get(key), image)
        if image is None:
            if self._items.pop(key, None) is not None:
                self._sorted[key[0]].remove(key[1])
            return
        _check(_size(image) <= ITEM_BYTES_MAX, "bytes of an item")
        _check(0 < len(key[0].encode()) <= 2048 and 0 < len(key[1].encode()) <= 1024, "bytes of a key")  # noqa: PLR2004
        if key not in self._items:
            insort(self._sorted.setdefault(key[0], []), key[1])
        self._items[key] = image

    def _enter(self, index: str, parts: tuple[str, ...], key: _Key, before: Image | None, after: Image | None) -> None:
        if before is not None and parts[0] in before and parts[1] in before:
            del self._entries[index, before[parts[0]]["S"]][key]
        if after is not None and parts[0] in after and parts[1] in after:
            kept = {name: after[name] for name in self._projected[index] if name in after}
            self._entries.setdefault((index, after[parts[0]]["S"]), {})[key] = kept

    def _partition(self, request: Mapping[str, Any], index: str | None) -> list[Image]:
        """All entries of the partition that is asked for, in order."""
        name = self._indexes[index][0] if index else self._pk
        wanted = hash_value(request, name)
        if index is None:
            return [self._items[wanted, sort] for sort in self._sorted.get(wanted, ())]
        return list(self._entries.get((index, wanted), {}).values())


def answer(request: Mapping[str, Any], entries: Sequence[Image], sort: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """A page of a query, of all *entries* of its partition; *sort*: the range's attribute."""
    names, values = _given(request)
    backwards = not request.get("ScanIndexForward", True)
    fitting = [entry for entry in entries if holds(request["KeyConditionExpression"], entry, names, values)]

    def order(entry: Image) -> tuple[Any, ...]:
        return plain(entry[sort]), *(plain(entry[key]) for key in keys)

    fitting.sort(key=order, reverse=backwards)
    if start := request.get("ExclusiveStartKey"):
        at = order(start)
        fitting = [entry for entry in fitting if (order(entry) < at if backwards else order(entry) > at)]
    page, size = [], 0
    limit = request.get("Limit", len(fitting) + 1)
    for entry in fitting[:limit]:
        size += _size(entry)
        page.append(entry)
        if size > PAGE_BYTES_MAX:
            break
    last = {}
    if page and (len(page) < len(fitting) or len(page) == limit):
        hashed = request["KeyConditionExpression"].split(" ")[0]
        wanted = {*keys, sort, names[hashed]}
        last = {"LastEvaluatedKey": {name: page[-1][name] for name in wanted}}
    kept = request.get("FilterExpression")
    found = [dict(entry) for entry in page if not kept or holds(kept, entry, names, values)]
    return {"Items": found, "Count": len(found), "ScannedCount": len(page), **last}


def hash_value(request: Mapping[str, Any], name: str) -> str:
    """The partition that a query asks for: its key condition begins with it."""
    first = request["KeyConditionExpression"].split(" ")
    _check(first[1] == "=" and _given(request)[0][first[0]] == name, "a key condition")
    return str(_given(request)[1][first[2]]["S"])


def cancelled(reasons: Sequence[Mapping[str, Any]]) -> Exception:
    """The refusal of a transaction."""
    told = [{"Code": "None", **reason} for reason in reasons]
    return _refused("TransactionCanceledException", {"CancellationReasons": told})


def error(code: str, status: int = 400, operation: str = "Write") -> Exception:
    """An error as the SDK raises it."""
    response = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)  # type: ignore[no-any-return]


def _refused(code: str, more: Mapping[str, Any]) -> Exception:
    response = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
    return ClientError(response, "Write")  # type: ignore[no-any-return]


def _given(request: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    return request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})


def _batched(request: Mapping[str, Any]) -> Mapping[str, Any]:
    ((kind, asked),) = request.items()
    return {"Put" if kind == "PutRequest" else "Delete": asked}


def _size(image: Image) -> int:
    """Bytes: "DynamoDB Item sizes and formats"."""
    total = 0
    for name, attribute in image.items():
        ((kind, value),) = attribute.items()
        total += len(name) + (1 if kind == "BOOL" else len(value) // 2 + 2 if kind == "N" else len(value))
    return total


def _check(holds_true: bool, what: str) -> None:  # noqa: FBT001 - as an assert.
    if not holds_true:
        raise error(f"ValidationException ({what})")
