"""How many requests an alert costs, held as it is; and what they cost in units on ministack."""

from __future__ import annotations

from tests.dynamo.moments import fake, opened
from tests.dynamo.tables import Tables
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Delivery
from tocsin.engine.runner import Addressed, Runner
from tocsin.incidents.machine import IncidentMachine
from tocsin.testing.conformance.subject import NOW, confirmation, received
from tocsin.testing.dynamo_counting import CountedDynamo
from tocsin.testing.simulator import World

ALERT = {
    "key": "cpu",
    "status": "firing",
    "severity": "high",
    "kind": "alert",
    "group": "",
    "at": NOW,
    "expires": None,
    "mute": None,
}


def alert(delivery: Delivery) -> Addressed:
    return World(0)._alert(delivery, ALERT)


def take(store: DynamoStore) -> None:
    """One alert, as a function takes it out of a queue: stored, handled, settled."""
    (name,) = store.accept([received(b"{}" * 500)])
    delivery = store.delivery(name)
    assert delivery is not None
    Runner(store, [IncidentMachine()]).handle([alert(delivery)], NOW)
    store.settle({name: ""})


def deliver(store: DynamoStore) -> None:
    """One page, as a lane does it that a stream has named: read, sent, confirmed."""
    (item,) = store.pending(NOW, per_receiver=1, receivers=["responder:ada"])
    store.load([item.aggregate])
    store.receipts(item.aggregate)
    store.confirm([confirmation(item.id, item.aggregate, receipt={"ts": "1.5", "channel": "C1"})])


def test_an_alert_costs_so_many_requests() -> None:
    counted = CountedDynamo(fake())
    store = opened(counted)
    with counted.counting() as first:
        take(store)
    assert first == {
        "transact_write_items": 2,  # The delivery; the commit.
        "batch_get_item": 2,  # The delivery; who answers to its key.
        "delete_item": 1,  # It waits no more.
    }
    with counted.counting() as again:
        take(store)
    assert again == {**first, "batch_get_item": 3}  # The incident, too.
    with counted.counting() as page:
        deliver(store)
    assert page == {
        "query": 5,  # The four shards of the lane; receipts.
        "batch_get_item": 2,  # The effect; the incident.
        "batch_write_item": 2,  # The receipt; the effect is gone.
    }


def test_an_alert_costs_so_many_units(tables: Tables) -> None:
    counted = CountedDynamo(tables.client)
    store = DynamoStore(counted, tables.make(), clock=lambda: NOW)
    take(store)
    deliver(store)
    store.close()
    assert 0 < counted.written <= 50
    assert 0 < counted.read <= 15


def test_nothing_to_do_costs_reads_only() -> None:
    counted = CountedDynamo(fake())
    store = opened(counted)
    store.backlog(100)
    store.due(NOW, 100)
    store.pending(NOW, per_receiver=1)
    assert counted.requests == {"query": 16 + 16 + 17}
    assert counted.requests.total() == 49
