"""The store of the serverless runtime: `tocsin.engine.ports.Store` on one DynamoDB table.

What is in the table is in `tocsin.dynamo.schema`; how deliveries get their numbers in `tocsin.dynamo.deliveries`, what
a commit is in `tocsin.dynamo.commits`, and what happens to one that is too large in `tocsin.dynamo.staged`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tocsin.dynamo.commits import Commits
from tocsin.dynamo.deliveries import Deliveries
from tocsin.dynamo.effects import Places
from tocsin.dynamo.names import Names
from tocsin.dynamo.outbox import Outbox
from tocsin.dynamo.reading import Reading
from tocsin.dynamo.records import Records
from tocsin.dynamo.requests import THREADS, Requests
from tocsin.dynamo.stream import told
from tocsin.dynamo.upkeep import Upkeep
from tocsin.engine.ports import (
    Commit,
    CommitResult,
    Confirmation,
    Delivery,
    DeliveryRow,
    Handled,
    Health,
    Outgoing,
    Received,
    Stored,
    Summary,
    Wake,
)
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Past
from tocsin.kernel.time import Instant

CONNECT_SECONDS = 2
READ_SECONDS = 5


class DynamoStore:
    """See the module. From any thread, and from any number of processes at the same time."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - untyped SDK.
        table: str,
        *,
        threads: int = THREADS,
        clock: Callable[[], Instant] = lambda: time.time_ns() // 1_000_000,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """*client*: of the SDK (`connect` makes one), or as it; without retries of its own."""
        self._requests = Requests(client, table, threads=threads, chance=chance, sleep=sleep)
        places = Places(self._requests)
        self._names = Names(self._requests)
        self._commits = Commits(self._requests, places, clock)
        self._reading = Reading(self._requests, places, self._commits.remember)
        self._deliveries = Deliveries(self._requests, clock)
        self._outbox = Outbox(self._requests, places, self._commits.staging)
        self._records = Records(self._requests)
        self._upkeep = Upkeep(self._requests, self._deliveries, self._reading, self._commits.staging)

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """See the port."""
        return self._deliveries.accept(received)

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        """See the port."""
        return self._deliveries.backlog(limit, after)

    def settle(self, outcomes: Mapping[str, str]) -> None:
        """See the port."""
        self._deliveries.settle(outcomes)

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        return self._deliveries.delivery(delivery_id)

    def deliveries(self, limit: int, before: str = "") -> Sequence[DeliveryRow]:
        """See the port."""
        return self._deliveries.deliveries(limit, before)

    def replay(self, delivery_id: str) -> bool:
        """See the port."""
        return self._deliveries.replay(delivery_id)

    def find(self, keys: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        return self._names.find(keys)

    def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
        """See the port."""
        return self._reading.load(ids)

    def seen(self, input_ids: Iterable[str]) -> Mapping[str, str]:
        """See the port."""
        return self._names.seen(input_ids)

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """See the port."""
        return self._commits.commit(commits)

    def due(self, now: Instant, limit: int) -> Sequence[str]:
        """See the port."""
        return self._reading.due(now, limit)

    def next_wake(self) -> Instant | None:
        """See the port."""
        return self._reading.next_wake()

    def listing(
        self, machine: str, *, live_only: bool, limit: int, before: tuple[Instant, str] | None = None
    ) -> Sequence[Summary]:
        """See the port."""
        return self._reading.listing(machine, live_only=live_only, limit=limit, before=before)

    def timeline(self, aggregate: str, limit: int) -> Sequence[Handled]:
        """See the port."""
        return self._reading.timeline(aggregate, limit)

    def history(self, aggregate: str, limit: int, *, after: int = 0) -> Sequence[Past]:
        """See the port."""
        return self._reading.history(aggregate, limit, after=after)

    def pending(self, now: Instant, *, per_receiver: int, receivers: Iterable[str] | None = None) -> Sequence[Outgoing]:
        """See the port."""
        return self._outbox.pending(now, per_receiver=per_receiver, receivers=receivers)

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Those of *outgoing* that are pending, as they are now; instead of one that was replaced, what replaced it."""
        return self._outbox.still(outgoing)

    def told(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        """What a record of the table's stream tells, if it is an effect or a wake-up; see `tocsin.dynamo.stream`."""
        return told(self._requests, record)

    def next_attempt(self, now: Instant) -> Instant | None:
        """See the port."""
        return self._outbox.next_attempt(now)

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        """See the port."""
        self._outbox.confirm(confirmations)

    def postpone(self, outgoing: Sequence[Outgoing]) -> None:
        """See the port."""
        self._outbox.postpone(outgoing)

    def receipts(self, aggregate: str) -> Mapping[tuple[str, str], dict[str, Json]]:
        """See the port."""
        return self._outbox.receipts(aggregate)

    def shown(self, transport: str, channel: str, ts: str) -> str:
        """The aggregate that a transport's message is about, by where it stands; empty: none, or several."""
        return self._outbox.shown(transport, channel, ts)

    def record(self, kind: str, name: str) -> Json:
        """See the port."""
        return self._records.record(kind, name)

    def records(self, kind: str) -> Mapping[str, Json]:
        """See the port."""
        return self._records.records(kind)

    def put_record(self, kind: str, name: str, document: Json) -> None:
        """See the port."""
        self._records.put_record(kind, name, document)

    def take_record(self, kind: str, name: str) -> Json:
        """See the port."""
        return self._records.take_record(kind, name)

    def health(self, now: Instant) -> Health:
        """See the port."""
        return self._upkeep.health(now)

    def prune(self, *, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        """See the port."""
        return self._upkeep.prune(deliveries_before, aggregates_before, limit)

    def close(self) -> None:
        """See the port."""
        self._requests.close()


def connect(session: Any = None, **more: Any) -> Any:  # noqa: ANN401 - untyped SDK.
    """A client of the SDK for a `DynamoStore`; *more*: `region_name`, `endpoint_url` and the like.

    *session*: whose login counts, a `boto3.Session`; without it that of the environment.

    It does not try again by itself: the store does, and must know of each answer that was lost.
    """
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - functions have a client of their own: this one
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415 - costs a cold start as much again.

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=2 * THREADS,
        tcp_keepalive=True,
    )
    return (session or boto3).client("dynamodb", config=config, **more)
