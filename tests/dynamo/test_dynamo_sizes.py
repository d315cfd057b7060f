"""Nothing is too large: what does not fit into an item or a transaction of the service is kept whole all the same."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo.packing import INLINE_MAX
from tocsin.dynamo.requests import REQUEST_MAX
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import CommitResult
from tocsin.kernel.machine import Past
from tocsin.testing.conformance.subject import NOW, commit, confirmation, handled, outgoing, received

COMMITTED = CommitResult.COMMITTED
NOISE = Random(0).randbytes(2 * INLINE_MAX)  # Nothing compresses it.
TEXT = Random(0).randbytes(INLINE_MAX).hex()


@pytest.fixture
def store(tables: Tables) -> Iterator[DynamoStore]:
    store = tables.store()
    yield store
    store.close()


def parts(tables: Tables, store: DynamoStore) -> int:
    """How many parts of large things the table holds."""
    found = tables.client.get_paginator("scan").paginate(TableName=store._requests.table, ProjectionExpression="pk")
    return sum(item["pk"]["S"].startswith("P") for page in found for item in page["Items"])


def test_a_large_state_is_replaced_and_forgotten_with_its_parts(tables: Tables, store: DynamoStore) -> None:
    for version, state in enumerate((NOISE, NOISE[::-1], b"{}")):
        assert store.commit([commit("a", version, state=state)])[0] is COMMITTED
        assert store.load(["a"])["a"].state == state
        assert store.listing("incident", live_only=True, limit=1)[0].state == state
        assert parts(tables, store) == (1 if len(state) > INLINE_MAX else 0)
    assert store.commit([commit("a", 3, state=NOISE, live=False)])[0] is COMMITTED
    assert store.commit([commit("a", 3, state=NOISE)])[0] is CommitResult.CONFLICT
    assert parts(tables, store) == 1
    assert store.prune(deliveries_before=0, aggregates_before=NOW + 1, limit=9) == 1
    assert parts(tables, store) == 0


def test_all_that_a_commit_carries_may_be_large(store: DynamoStore) -> None:
    many = REQUEST_MAX // INLINE_MAX + 3
    item = outgoing("e", facts={"text": TEXT}, coalesce="one")
    step = commit(
        "a",
        state=NOISE,
        handled=handled("i", story=TEXT),
        outbox=(item, *(outgoing(f"e{number}", facts={"text": TEXT[:INLINE_MAX]}) for number in range(many))),
        history=tuple(Past(number, NOISE) for number in range(1, 4)),
    )
    assert store.commit([step])[0] is COMMITTED
    assert store.timeline("a", 9)[0].story == TEXT
    assert [row.row for row in store.history("a", 9)] == [NOISE] * 3
    assert [row.place for row in store.history("a", 1, after=2)] == [3]
    found = store.pending(NOW, per_receiver=99)
    assert found[0] == item
    assert len(found) == many + 1


def test_large_deliveries_are_stored_whole_and_forgotten(tables: Tables, store: DynamoStore) -> None:
    bodies = [NOISE, b"small", NOISE * 8]
    ids = store.accept([received(body) for body in bodies])
    assert [found.body for found in store.backlog(9)] == bodies
    assert [row.size for row in store.deliveries(9)] == [len(body) for body in bodies[::-1]]
    store.settle(dict.fromkeys(ids, ""))
    assert store.prune(deliveries_before=NOW + 1, aggregates_before=0, limit=9) == 3
    assert parts(tables, store) == 0


def test_a_thousand_deliveries_and_more_are_one_group(store: DynamoStore) -> None:
    ids = [int(name) for name in store.accept([received()] * 2100)]
    assert ids == sorted(set(ids))
    assert [int(found.id) for found in store.backlog(3000)] == ids


def test_a_large_document_is_replaced_and_taken(tables: Tables, store: DynamoStore) -> None:
    for text in (TEXT, TEXT[::-1]):
        store.put_record("knowledge", "x", {"text": text})
        assert store.record("knowledge", "x") == store.records("knowledge")["x"] == {"text": text}
    assert store.take_record("knowledge", "x") == {"text": TEXT[::-1]}
    assert parts(tables, store) == 0


def test_a_receipt_may_be_large(store: DynamoStore) -> None:
    store.confirm([confirmation("e", receipt={"text": TEXT})])
    assert store.receipts("a") == {("responder:ada", "slack"): {"text": TEXT}}
