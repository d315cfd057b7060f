"""A client of DynamoDB in trouble: whatever the service may do to a request, in a way that a seed decides.

It wraps any client (the SDK's, or `tocsin.testing.dynamo_memory.FakeDynamo`), and is weaker than the service, never
stronger: throttled, in conflict, out of order inside, its answer lost after the work was done, half of a batch left
over, and indexes that show what was a while ago. It can also kill the process before or after any request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from botocore.exceptions import ReadTimeoutError  # type: ignore[import-untyped]

from tocsin.testing.dynamo_memory import answer, cancelled, error
from tocsin.testing.faults import CrashError

BATCHES: Final = {"batch_get_item": "UnprocessedKeys", "batch_write_item": "UnprocessedItems"}
WRITES: Final = frozenset({"put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items"})
PLAIN: Final = frozenset({"get_item", "batch_get_item", "query"})
NOW_AND_THEN: Final = 0.3  # How likely an index catches up when it is asked, and an item of a transaction is late.
CATCHES_UP = 0.1  # How likely a late item is there for the next read.


class Trouble:
    """How likely what goes wrong, for each request; `heal` ends it all."""

    def __init__(
        self,
        *,
        throttled: float = 0.0,
        conflict: float = 0.0,
        broken: float = 0.0,
        lost: float = 0.0,
        partial: float = 0.0,
        stale: float = 0.0,
        torn: float = 0.0,
        crash: float = 0.0,
    ) -> None:
        """Probabilities in [0, 1].

        *conflict*: of two transactions. *broken*: HTTP 500, half of them after the work was done. *lost*: the answer,
        after it was done. *partial*: a part of a batch is not done. *stale*: a query of an index. *torn*: a
        transaction, of which plain reads see some items before others. *crash*: CrashError, half of them before the
        work.
        """
        self.throttled = throttled
        self.conflict = conflict
        self.broken = broken
        self.lost = lost
        self.partial = partial
        self.stale = stale
        self.torn = torn
        self.crash = crash

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        for name in vars(self):
            setattr(self, name, 0.0)


class FaultyDynamo:
    """The same methods, with trouble in them. *happened* counts it by its name."""

    def __init__(self, client: Any, table: Mapping[str, Any], random: Random, trouble: Trouble) -> None:  # noqa: ANN401
        """*table*: the keyword arguments of `create_table`. *trouble* may be changed at any time."""
        self.happened: Counter[str] = Counter()
        self._client = client
        self._random = random
        self._trouble = trouble
        self._keys = tuple(each["AttributeName"] for each in table["KeySchema"])
        self._ranges = {
            each["IndexName"]: each["KeySchema"][1]["AttributeName"] for each in table["GlobalSecondaryIndexes"]
        }
        self._before: dict[tuple[str, str], list[Any]] = {}
        self._behind: dict[tuple[str, str], Any] = {}  # Items as they were before a transaction; None: not there.

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The request of the SDK, in trouble."""

        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            return self._call(name, request)

        return call

    def _call(self, name: str, request: dict[str, Any]) -> Any:  # noqa: ANN401 - as above.
        work = getattr(self._client, name)
        trouble = self._trouble
        if self._happens("crash", trouble.crash / 2):
            raise CrashError
        if self._happens("throttled", trouble.throttled):
            raise error(self._random.choice(("ThrottlingException", "ProvisionedThroughputExceededException")))
        if name in WRITES and name != "batch_write_item" and self._happens("conflict", trouble.conflict):
            raise self._conflict(name, request)
        if self._happens("broken", trouble.broken / 2):
            raise error("InternalServerError", 500)
        if name == "query" and "IndexName" in request and self._happens("stale", trouble.stale):
            return self._stale(request)
        if name in BATCHES and self._happens("partial", trouble.partial):
            return self._partial(name, work, request)
        done = self._read(work, request) if name in PLAIN else self._write(name, work, request)
        if self._happens("crash", trouble.crash / 2):
            raise CrashError
        if self._happens("broken", trouble.broken / 2):
            raise error("InternalServerError", 500)
        if self._happens("lost", trouble.lost):
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return done

    def _conflict(self, name: str, request: Mapping[str, Any]) -> Exception:
        """Somebody else's transaction is at one of the items."""
        if name != "transact_write_items":
            return error("TransactionConflictException")
        hit = self._random.randrange(len(request["TransactItems"]))
        count = range(len(request["TransactItems"]))
        return cancelled([{"Code": "TransactionConflict"} if number == hit else {} for number in count])

    def _partial(self, name: str, work: Callable[..., Any], request: dict[str, Any]) -> Any:  # noqa: ANN401
        ((table, asked),) = request["RequestItems"].items()
        all_of_them = asked["Keys"] if name == "batch_get_item" else asked
        count = self._random.randrange(len(all_of_them)) if len(all_of_them) > 1 else 0
        now, later = all_of_them[:count], all_of_them[count:]

        def part(some: Any) -> Any:  # noqa: ANN401
            return {table: {**asked, "Keys": some} if name == "batch_get_item" else some}

        done = work(**{**request, "RequestItems": part(now)}) if now else {"Responses": {table: []}}
        return {**done, BATCHES[name]: part(later)}

    def _write(self, name: str, work: Callable[..., Any], request: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """A write, or a read in a transaction: each waits for what is under way at its own items."""
        keys = [self._key(place) for place in _places(name, request)]
        for key in keys:
            self._behind.pop(key, None)
        if name != "transact_write_items" or not self._happens("torn", self._trouble.torn):
            return work(**request)
        late = [key for key in keys if self._random.random() < NOW_AND_THEN]
        before = {key: self._one(request["TransactItems"], key) for key in late}
        done = work(**request)
        self._behind |= before
        return done

    def _read(self, work: Callable[..., Any], request: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """A plain read: some of what a transaction has written is not there yet."""
        done = work(**request)
        if not self._behind or "IndexName" in request:
            return done
        behind = {key: item for key, item in self._behind.items() if self._random.random() >= CATCHES_UP}
        self._behind = behind
        if "KeyConditionExpression" in request:
            items = [behind.get(self._key(item), item) for item in done["Items"]]
            return {**done, "Items": [item for item in items if item is not None]}
        if "Key" in request:
            key = self._key(request["Key"])
            return ({"Item": behind[key]} if behind[key] else {}) if key in behind else done
        ((table, asked),) = request["RequestItems"].items()
        found = {self._key(item): item for item in done["Responses"].get(table, ())}
        for key in map(self._key, asked["Keys"]):
            if key in behind:
                found.pop(key, None)
                found |= {key: behind[key]} if behind[key] else {}
        return {**done, "Responses": {table: list(found.values())}}

    def _one(self, actions: Any, key: tuple[str, str]) -> Any:  # noqa: ANN401
        ((_, first),) = actions[0].items()
        names = dict(zip(self._keys, ({"S": part} for part in key), strict=True))
        return self._client.get_item(TableName=first["TableName"], Key=names, ConsistentRead=True).get("Item")

    def _key(self, item: Mapping[str, Any]) -> tuple[str, str]:
        return item[self._keys[0]]["S"], item[self._keys[1]]["S"]

    def _stale(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """The partition of the index as it was when it last caught up; the first time it had nothing yet."""
        index, first = request["IndexName"], request["KeyConditionExpression"].split(" ")
        value = request["ExpressionAttributeValues"][first[2]]
        place = index, value["S"]
        before = self._before.get(place, [])
        if self._random.random() < NOW_AND_THEN:
            self._before[place] = self._whole(request, first)
        return answer(request, before, self._ranges[index], self._keys)

    def _whole(self, request: Mapping[str, Any], first: list[str]) -> list[Any]:
        name = request["ExpressionAttributeNames"][first[0]]
        asked: dict[str, Any] = {
            "TableName": request["TableName"],
            "IndexName": request["IndexName"],
            "KeyConditionExpression": " ".join(first[:3]),
            "ExpressionAttributeNames": {first[0]: name},
            "ExpressionAttributeValues": {first[2]: request["ExpressionAttributeValues"][first[2]]},
        }
        items: list[Any] = []
        while True:
            page = self._client.query(**asked)
            items += page["Items"]
            if not page.get("LastEvaluatedKey"):
                return items
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _happens(self, name: str, chance: float) -> bool:
        happens = bool(chance) and self._random.random() < chance
        self.happened[name] += happens
        return happens


def _places(name: str, request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items, or their keys, that a request is about."""
    if name in {"transact_write_items", "transact_get_items"}:
        parts = [part for action in request["TransactItems"] for part in action.values()]
    elif name == "batch_write_item":
        parts = [part for asked in request["RequestItems"].values() for each in asked for part in each.values()]
    else:
        parts = [request]
    return [part.get("Key") or part["Item"] for part in parts]
