"""The memory store does all that the port says."""

from __future__ import annotations

from tocsin.engine.ports import Store
from tocsin.testing.conformance import StoreConformance
from tocsin.testing.memory import MemoryStore


class TestMemoryStore(StoreConformance):
    def make(self) -> Store:
        return MemoryStore()

    def test_closing_gives_nothing_back_but_is_allowed(self) -> None:
        self.make().close()
