"""The conformance suite of the port `tocsin.engine.ports.Store`: every backend passes all of it, without a skip.

    class TestMyStore(StoreConformance):
        def make(self) -> Store:
            return MyStore(...)  # Fresh and empty; the test's own fixture closes it.

Any runner that collects `test_*` methods can run it. `tocsin.testing.conformance.comparison` goes on where examples
end: it runs random operations on two stores side by side (and needs Hypothesis).
"""

from __future__ import annotations

from tocsin.testing.conformance.claims import ClaimsConformance
from tocsin.testing.conformance.commits import CommitsConformance
from tocsin.testing.conformance.deliveries import DeliveriesConformance
from tocsin.testing.conformance.histories import HistoriesConformance
from tocsin.testing.conformance.hostile import HostileTextConformance
from tocsin.testing.conformance.lists import ListsConformance
from tocsin.testing.conformance.outbox import OutboxConformance
from tocsin.testing.conformance.records import RecordsConformance
from tocsin.testing.conformance.upkeep import UpkeepConformance

__all__ = ["StoreConformance"]


class StoreConformance(
    DeliveriesConformance,
    CommitsConformance,
    ClaimsConformance,
    ListsConformance,
    HistoriesConformance,
    OutboxConformance,
    RecordsConformance,
    UpkeepConformance,
    HostileTextConformance,
):
    """All of it; a backend's test class says in `make` how a fresh and empty store is had."""
