"""Requests to DynamoDB, counted: how many of each kind, and how many units they cost.

counted = CountedDynamo(client)
store = DynamoStore(counted, "table")
...
assert counted.requests.total() <= 5
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

READS: Final = frozenset({"get_item", "batch_get_item", "query"})


class CountedDynamo:
    """Wraps any client of DynamoDB. *requests* counts by operation; *read* and *written* are units (0 on a fake)."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - untyped SDK.
        """Begin at zero."""
        self.requests: Counter[str] = Counter()
        self.read = 0.0
        self.written = 0.0
        self._client = client
        self._lock = threading.Lock()

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """The requests of this context, complete when it ends."""
        before = Counter(self.requests)
        during: Counter[str] = Counter()
        yield during
        during.update(self.requests - before)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The request of the SDK, counted."""

        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            done = getattr(self._client, name)(**{**request, "ReturnConsumedCapacity": "TOTAL"})
            told = done.get("ConsumedCapacity", [])
            units = sum(each.get("CapacityUnits", 0.0) for each in (told if isinstance(told, list) else [told]))
            with self._lock:
                self.requests[name] += 1
                if name in READS:
                    self.read += units
                else:
                    self.written += units
            return done

        return call
