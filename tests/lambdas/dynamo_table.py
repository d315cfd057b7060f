"""A DynamoDB table in memory whose stream tells each change as AWS does, and on which a process may die."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.lambdas.world import Life
from tocsin.dynamo import schema
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Outgoing, Wake
from tocsin.testing.dynamo_memory import FakeDynamo

NAME = "tocsin"
WRITES = frozenset({"put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items"})


class DynamoTable:
    """As `tests.lambdas.world.Table`, by requests instead of by methods of the port."""

    def __init__(self, life: Life) -> None:
        self.fake = FakeDynamo(schema.table(NAME))
        self.inner = DynamoStore(self.fake, NAME, threads=0)
        self.stream: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self._life = life
        self._store = DynamoStore(self, NAME, threads=0, sleep=lambda _: None)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of the port, or a request of the SDK.
        if not hasattr(FakeDynamo, name):
            return getattr(self._store, name)

        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            self._life.before()
            self.counts[name] += 1
            before = dict(self.fake._items)
            try:
                return getattr(self.fake, name)(**request)
            finally:
                if name in WRITES:
                    self._tell(before)
                self._life.after()

        return call

    def told(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        return self._store.told(record)

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        return self._store.still(outgoing)

    def reborn(self) -> None:
        """A new process knows nothing of what the one before has seen."""
        self._store = DynamoStore(self, NAME, threads=0, sleep=lambda _: None)

    def _tell(self, before: Mapping[Any, Any]) -> None:
        for key, image in self.fake._items.items():
            old = before.get(key)
            if old is image or old == image or not _matches(image):
                continue
            change = {"NewImage": image, "SequenceNumber": str(len(self.stream) + 1)}
            self.stream.append({"dynamodb": change | ({"OldImage": old} if old is not None else {})})


def _matches(image: Mapping[str, Any]) -> bool:
    """As the filters of the event source mapping say: `schema.EFFECT_PATTERN`, `schema.WAKE_PATTERN`."""
    return "lane" in image or str(image.get("wake_shard", {}).get("S", "")).startswith("w")
