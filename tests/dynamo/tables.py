"""Tables on ministack, each new and empty, and stores on them."""

from __future__ import annotations

from itertools import count
from typing import Any

from tocsin.dynamo import schema
from tocsin.dynamo.store import DynamoStore, connect

_NUMBERS = count(1)


class Tables:
    """Makes them."""

    def __init__(self) -> None:
        self.client = connect()

    def make(self) -> str:
        """A new table; its name."""
        name = f"tocsin-{next(_NUMBERS)}"
        self.client.create_table(**schema.table(name, protected=False))
        return name

    def store(self, **more: Any) -> DynamoStore:  # noqa: ANN401 - as the store takes it.
        """A store on a new table."""
        return DynamoStore(self.client, self.make(), **more)
