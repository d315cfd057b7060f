"""Requests to DynamoDB: values in and out, pages and batches to their end, patience where the service wants it.

What the service refuses for now (throttling, a conflict of two transactions, its own trouble) is tried again with
growing pauses and full jitter. Where an answer was lost nobody knows whether the request was done: `doubtful` says so
to the one who knows how to find out. Sources: "Error handling with DynamoDB", "TransactWriteItems" of the API
Reference; "Exponential backoff and jitter" (AWS Architecture Blog).
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, Final, TypeAlias, TypeVar

from tocsin.dynamo.schema import PK, SK
from tocsin.errors import StoreUnavailableError

T = TypeVar("T")
U = TypeVar("U")
Value: TypeAlias = str | int | bytes | bool
Item: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]

ATTEMPTS_MAX: Final = 10  # With the pauses below that is about five seconds: a function has time for its own answer.
PAUSE_FIRST: Final = 0.025  # Seconds.
PAUSE_MAX: Final = 1.0  # Seconds.
GET_MAX: Final = 100  # Keys of one BatchGetItem.
WRITE_MAX: Final = 25  # Items of one BatchWriteItem.
SETTLED_MAX: Final = 10  # Items of one TransactGetItems, which may have 4 MB; each may have 400 KB.
ACTIONS_MAX: Final = 100  # Of one TransactWriteItems.
REQUEST_MAX: Final = 3_500_000  # Bytes of one TransactWriteItems: 4 MB are allowed, by a count that is not ours.
THREADS: Final = 8  # Requests at the same time: a small function has no more use for them.

CONDITION: Final = "ConditionalCheckFailed"
_NONE: Final = "None"
_NAME: Final = re.compile(r"#(\w+)")
_REFUSED_FOR_NOW: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_CANCELLED_FOR_NOW: Final = frozenset(
    {"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError", _NONE}
)


class Refused(Exception):
    """A condition does not hold. *item*: what is there. *doubtful*: a former try of the request may have done it."""

    def __init__(self, item: Item, *, doubtful: bool) -> None:
        super().__init__("a condition does not hold")
        self.item = item
        self.doubtful = doubtful


class Cancelled(Exception):
    """A transaction whose conditions do not hold: of each action the item that is there, or None where it was fine."""

    def __init__(self, items: Sequence[Item | None], *, doubtful: bool) -> None:
        super().__init__("conditions do not hold")
        self.items = items
        self.doubtful = doubtful


class AnswerError(Exception):
    """The service refuses a request. *response*: what it has answered, in the shape of the SDK's `ClientError`."""

    def __init__(self, response: Item) -> None:
        super().__init__(str(response.get("Error", {}).get("Code", "")))
        self.response = response


class UnknownResultError(StoreUnavailableError):
    """The last answer was lost: nobody knows whether the request was done."""


class Requests:
    """What the store asks of one table. From any thread."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - untyped SDK.
        table: str,
        *,
        threads: int = THREADS,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """*client*: of the SDK, or as it. *threads* 0: one request after the other, on the caller's thread."""
        self.table = table
        self.chance = chance
        self._client = client
        self._sleep = sleep
        self._pool = ThreadPoolExecutor(threads, "dynamo") if threads else None

    def close(self) -> None:
        """No more requests."""
        if self._pool is not None:
            self._pool.shutdown()

    def each(self, work: Callable[[T], U], given: Sequence[T]) -> list[U]:
        """*work* of each, at the same time where there are several; never from within another `each`."""
        if self._pool is None or len(given) <= 1:
            return [work(one) for one in given]
        return list(self._pool.map(work, given))

    # Reading

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items with these keys, as far as they exist, as they are now."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), GET_MAX):
            left = [_key(key) for key in wanted[start : start + GET_MAX]]
            attempts = 0
            while left:
                asked = {self.table: {"Keys": left, "ConsistentRead": True}}
                answer = self.call("batch_get_item", RequestItems=asked)
                for raw in answer.get("Responses", {}).get(self.table, ()):
                    item = load(raw)
                    found[item[PK], item[SK]] = item
                rest = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
                attempts = self._wait(attempts, "reading a batch") if len(rest) == len(left) else 0
                left = rest
        return found

    def settled(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The same, and as they are after every transaction that any of them is in.

        A plain read, even a consistent one, may see one item of a transaction as it is after it, and another as it was
        before ("Isolation levels and transactions" of the Developer Guide).
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), SETTLED_MAX):
            part = wanted[start : start + SETTLED_MAX]
            asked = [{"Get": {"TableName": self.table, "Key": _key(key)}} for key in part]
            answer = self.call("transact_get_items", TransactItems=asked)
            for key, each in zip(part, answer["Responses"], strict=True):
                if raw := each.get("Item"):
                    found[key] = load(raw)
        return found

    def one(self, key: Key) -> Item | None:
        """The item with this key as it is now, or None."""
        raw = self.call("get_item", TableName=self.table, Key=_key(key), ConsistentRead=True).get("Item")
        return load(raw) if raw else None

    def query(
        self,
        where: str,
        values: Mapping[str, Value],
        *,
        index: str | None = None,
        limit: int | None = None,
        backwards: bool = False,
        keep: str | None = None,
    ) -> Iterator[Item]:
        """Items in the order of their sort key, page after page as they are asked for; names are written `#name`.

        Of an index they may be old, of the table they are as they are now. *limit*: of one page. *keep*: a filter.
        """
        request: Item = {"TableName": self.table, "KeyConditionExpression": where, "ScanIndexForward": not backwards}
        request["ExpressionAttributeValues"] = dump({f":{name}": value for name, value in values.items()})
        request |= _names(f"{where} {keep or ''}")
        request |= {"IndexName": index} if index else {"ConsistentRead": True}
        request |= {"Limit": limit} if limit else {}
        request |= {"FilterExpression": keep} if keep else {}
        while True:
            answer = self.call("query", **request)
            yield from map(load, answer.get("Items", ()))
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    # Writing

    def put(self, items: Sequence[Item]) -> None:
        """Write items, whatever is there; each key once."""
        self._write([{"PutRequest": {"Item": dump(item)}} for item in items])

    def delete(self, keys: Iterable[Key]) -> None:
        """Delete items, whatever is there."""
        self._write([{"DeleteRequest": {"Key": _key(key)}} for key in dict.fromkeys(keys)])

    def act(self, action: Item) -> None:
        """One action of a transaction by itself. Raises Refused."""
        ((kind, request),) = action.items()
        operation = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}[kind]
        self.call(operation, **request)

    def transact(self, actions: Sequence[Item], token: str) -> None:
        """All of *actions* or none, once for a *token*. Raises Cancelled."""
        self.call("transact_write_items", TransactItems=actions, ClientRequestToken=token)

    def call(self, operation: str, **request: Any) -> Item:  # noqa: ANN401 - as the SDK takes it.
        """One request, with patience. Raises Refused, Cancelled, StoreUnavailableError, UnknownResultError."""
        attempts, doubtful = 0, False
        while True:
            lost = False
            try:
                return getattr(self._client, operation)(**request)  # type: ignore[no-any-return]
            except _answers() as problem:
                error = problem.response.get("Error", {})
                code, status = str(error.get("Code", "")), _status(problem.response)
                if code == "ConditionalCheckFailedException":
                    raise Refused(load(problem.response.get("Item", {})), doubtful=doubtful) from problem
                if code == "TransactionCanceledException":
                    _check_cancelled(problem.response.get("CancellationReasons", ()), doubtful=doubtful)
                elif status >= 500:  # noqa: PLR2004 - the service's own trouble, by HTTP.
                    lost = True
                elif code not in _REFUSED_FOR_NOW:
                    raise StoreUnavailableError(f"DynamoDB refuses {operation}: {code}") from problem
                cause = code
            except _losses() as problem:
                lost, cause = True, type(problem).__name__
            doubtful |= lost
            attempts = self._wait(attempts, f"{operation}: {cause}", doubtful=doubtful)

    def pause(self, attempts: int) -> None:
        """Wait, the longer the more attempts there were."""
        self._sleep(self.chance() * min(PAUSE_MAX, PAUSE_FIRST * 2**attempts))

    def _write(self, requests: Sequence[Item]) -> None:
        for start in range(0, len(requests), WRITE_MAX):
            left, attempts = list(requests[start : start + WRITE_MAX]), 0
            while left:
                answer = self.call("batch_write_item", RequestItems={self.table: left})
                rest = answer.get("UnprocessedItems", {}).get(self.table, [])
                attempts = self._wait(attempts, "writing a batch") if len(rest) == len(left) else 0
                left = rest

    def _wait(self, attempts: int, what: str, *, doubtful: bool = False) -> int:
        """A pause before the next try; how many there were. Raises StoreUnavailableError."""
        attempts += 1
        if attempts >= ATTEMPTS_MAX:
            kind = UnknownResultError if doubtful else StoreUnavailableError
            raise kind(f"DynamoDB does not answer: {what}, {attempts} times")
        self.pause(attempts)
        return attempts


def new(table: str, item: Item, condition: str = "", values: Mapping[str, Value] | None = None) -> Item:
    """The action that puts *item*, if *condition* holds."""
    return {"Put": {"TableName": table, "Item": dump(item)} | _condition(condition, values or {})}


def gone(table: str, key: Key, condition: str = "", values: Mapping[str, Value] | None = None) -> Item:
    """The action that deletes the item with *key*, if *condition* holds."""
    return {"Delete": {"TableName": table, "Key": _key(key)} | _condition(condition, values or {})}


def changed(
    table: str,
    key: Key,
    sets: Mapping[str, Value | None],
    condition: str = "",
    values: Mapping[str, Value] | None = None,
    *,
    first: Mapping[str, Value] | None = None,
) -> Item:
    """The action that sets attributes (None: removes them), and those of *first* only where there are none yet."""
    given = {name: value for name, value in sets.items() if value is not None}
    parts = [f"#{name} = :{name}" for name in given]
    parts += [f"#{name} = if_not_exists(#{name}, :{name})" for name in first or ()]
    expression = f"SET {', '.join(parts)}" if parts else ""
    removed = [f"#{name}" for name, value in sets.items() if value is None]
    if removed:
        expression += f" REMOVE {', '.join(removed)}"
    everything = {**given, **(first or {}), **(values or {})}
    request = {"TableName": table, "Key": _key(key), "UpdateExpression": expression.strip()}
    request |= _condition(condition, everything)
    return {"Update": request | _names(f"{expression} {condition}")}


def dump(values: Mapping[str, Value]) -> Item:
    """As the service takes them."""
    return {name: _value(value) for name, value in values.items()}


def load(raw: Mapping[str, Mapping[str, Any]]) -> Item:
    """The inverse of `dump`."""
    return {name: int(one["N"]) if "N" in one else next(iter(one.values())) for name, one in raw.items()}


def _value(value: Value) -> Item:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"S": value} if isinstance(value, str) else {"B": value}


def _key(key: Key) -> Item:
    return {PK: {"S": key[0]}, SK: {"S": key[1]}}


def _condition(condition: str, values: Mapping[str, Value]) -> Item:
    request: Item = {}
    if values:
        request["ExpressionAttributeValues"] = dump({f":{name}": value for name, value in values.items()})
    if condition:
        request |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        request |= _names(condition)
    return request


def _names(expression: str) -> Item:
    """Every name is written `#name`: the service has a long list of words that may not be names."""
    names = sorted(set(_NAME.findall(expression)))
    return {"ExpressionAttributeNames": {f"#{name}": name for name in names}} if names else {}


def _check_cancelled(reasons: Sequence[Mapping[str, Any]], *, doubtful: bool) -> None:
    """Raises Cancelled where a condition does not hold; does nothing where trying again may help."""
    codes = [str(reason.get("Code") or _NONE) for reason in reasons]
    if CONDITION in codes:
        pairs = zip(reasons, codes, strict=True)
        found = [load(one.get("Item", {})) if code == CONDITION else None for one, code in pairs]
        raise Cancelled(found, doubtful=doubtful)
    if strange := set(codes) - _CANCELLED_FOR_NOW:
        raise StoreUnavailableError(f"DynamoDB refuses a transaction: {', '.join(sorted(strange))}")


def _answers() -> tuple[type[Any], ...]:
    """The errors that carry an answer of the service: our own client's, and the SDK's where that is loaded."""
    sdk = sys.modules.get("botocore.exceptions")
    return (AnswerError, sdk.ClientError) if sdk else (AnswerError,)


def _losses() -> tuple[type[Exception], ...]:
    """The errors after which nobody knows what the service has done."""
    sdk = sys.modules.get("botocore.exceptions")
    return (OSError, HTTPException, sdk.BotoCoreError) if sdk else (OSError, HTTPException)


def _status(response: Mapping[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
