"""DynamoDB in memory answers as ministack does, request by request; a client in trouble makes what was ordered."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError  # type: ignore[import-untyped]

from tests.dynamo.moments import fake
from tests.dynamo.tables import Tables
from tests.dynamo.test_dynamo_moments import FULL, prepared
from tests.dynamo.test_dynamo_simulation import small
from tests.dynamo.worlds import TABLE
from tocsin.dynamo import requests
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Store
from tocsin.testing.conformance import StoreConformance
from tocsin.testing.conformance.subject import NOW, commit, confirmation, handled, received
from tocsin.testing.dynamo_counting import CountedDynamo
from tocsin.testing.dynamo_expressions import holds
from tocsin.testing.dynamo_faults import FaultyDynamo, Trouble
from tocsin.testing.dynamo_memory import FakeDynamo
from tocsin.testing.faults import CrashError


class TestFakeDynamo(StoreConformance):
    def make(self) -> Store:
        return DynamoStore(fake(), "simulated", threads=0)


class Twins:
    """A client that asks two services the same, and sees to it that they answer the same."""

    def __init__(self, first: Any, second: Any) -> None:  # noqa: ANN401 - untyped SDK.
        self.asked = 0
        self._first = first
        self._second = second

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            self.asked += 1
            answers = [_answer(getattr(client, name), request) for client in (self._first, self._second)]
            assert told(answers[0]) == told(answers[1]), (name, request)
            if isinstance(answers[0], Exception):
                raise answers[0]
            return answers[0]

        return call


def _answer(work: Callable[..., Any], request: dict[str, Any]) -> Any:  # noqa: ANN401 - any answer.
    try:
        return work(**request)
    except ClientError as problem:
        return problem


def told(answer: Any) -> Any:  # noqa: ANN401 - any answer.
    """What of an answer a store can see, where order is free, in order."""
    if isinstance(answer, ClientError):
        reasons = answer.response.get("CancellationReasons", ())
        codes = [(one.get("Code"), one.get("Item") or None) for one in reasons]
        return answer.response["Error"]["Code"], answer.response.get("Item") or None, codes
    kept = {name: answer[name] for name in ("Item", "Items", "LastEvaluatedKey") if answer.get(name)}
    responses = answer.get("Responses", {})
    if isinstance(responses, list):
        return {"Responses": [each.get("Item") for each in responses]}
    for items in responses.values():
        kept["Responses"] = sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    return kept


@pytest.mark.parametrize("whole", [True, False])
def test_it_answers_as_ministack_does(tables: Tables, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        small(monkeypatch)
    twins = Twins(tables.client, fake())
    store = DynamoStore(twins, tables.make(), threads=0, clock=lambda: NOW)
    ids = store.accept([received(), received(b"x" * 1000)])
    store.settle({ids[0]: "undecodable"})
    store.backlog(9)
    store.deliveries(9)
    prepared(store)
    store.commit([FULL, FULL, commit("a", 1), commit("b", claims=(("k", None),))])
    store.commit([commit("over", live=False, handled=handled("o"), history=FULL.history)])
    store.pending(NOW, per_receiver=2)
    store.history("a", 1, after=1)
    store.timeline("a", 2)
    store.listing("incident", live_only=False, limit=1)
    store.confirm([confirmation("i1/0", receipt={"ts": "1"}), confirmation("i1/1"), confirmation("none")])
    store.postpone([FULL.outbox[2], FULL.outbox[0]])
    store.receipts("a")
    store.due(NOW, 9)
    store.next_wake()
    store.next_attempt(NOW - 1)
    store.put_record("kind", "x", {})
    store.records("kind")
    store.take_record("kind", "x")
    store.prune(deliveries_before=NOW + 1, aggregates_before=NOW + 1, limit=9)
    store.health(NOW)
    assert twins.asked > 250


def test_it_refuses_what_the_service_refuses() -> None:
    client = fake()
    key = {"pk": {"S": "a"}, "sk": {"S": "a"}}
    put = {"Put": {"TableName": "t", "Item": key}}
    other = {"Put": {"TableName": "t", "Item": {**key, "sk": {"S": "b"}, "big": {"B": b"x" * 410_000}}}}
    wrong: list[Callable[[], object]] = [
        lambda: client.transact_write_items(TransactItems=[put, put], ClientRequestToken="1"),
        lambda: client.transact_write_items(TransactItems=[put] * 101, ClientRequestToken="2"),
        lambda: client.transact_write_items(TransactItems=[put], ClientRequestToken="3" * 37),
        lambda: client.transact_write_items(TransactItems=[other], ClientRequestToken="4"),
        lambda: client.batch_get_item(RequestItems={"t": {"Keys": [key, key]}}),
        lambda: client.batch_write_item(RequestItems={"t": []}),
        lambda: client.put_item(TableName="t", Item={**key, "pk": {"S": "x" * 2049}}),
        lambda: client.query(IndexName="out", ConsistentRead=True),
        lambda: client.query(IndexName="out", KeyConditionExpression="#x > :x", ExpressionAttributeNames={"#x": "x"}),
    ]
    for each in wrong:
        with pytest.raises(ClientError, match="ValidationException"):
            each()
    with pytest.raises(AssertionError):
        holds("size(#a) > :a", {}, {}, {})


def test_a_page_ends_by_its_bytes_too() -> None:
    client = fake()
    asked = requests.Requests(client, "t", threads=0)
    asked.put([{"pk": "a", "sk": str(number), "big": b"x" * 300_000} for number in range(9)])
    counted = CountedDynamo(client)
    found = list(requests.Requests(counted, "t", threads=0).query("#pk = :pk", {"pk": "a"}))
    assert [item["sk"] for item in found] == [str(number) for number in range(9)]
    assert counted.requests == {"query": 3}


def test_each_trouble_is_the_one_that_was_ordered() -> None:
    def troubled(**chances: float) -> requests.Requests:
        client = FaultyDynamo(fake(), TABLE, Random(3), Trouble(**chances))
        return requests.Requests(client, "t", threads=0, sleep=lambda _: None)

    for name in ("throttled", "conflict", "broken", "lost"):
        with pytest.raises(Exception, match="does not answer"):
            troubled(**{name: 2.0}).act(requests.new("t", {"pk": "a", "sk": "a"}))
    with pytest.raises(CrashError):
        troubled(crash=2.0).one(("a", "a"))
    with pytest.raises(ReadTimeoutError):
        FaultyDynamo(fake(), TABLE, Random(0), Trouble(lost=1.0)).get_item(
            Key={"pk": {"S": "a"}, "sk": {"S": "a"}}, TableName="t"
        )
    partly = troubled(partial=0.5)
    partly.put([{"pk": "a", "sk": f"{number:02}"} for number in range(60)])
    assert len(partly.get([("a", f"{number:02}") for number in range(60)])) == 60
    with pytest.raises(Exception, match="a batch"):
        troubled(partial=1.0).put([{"pk": "a", "sk": "a"}])
    with pytest.raises(Exception, match="a batch"):
        troubled(partial=1.0).get([("a", "a")])


def test_a_late_index_shows_what_was() -> None:
    client, trouble = fake(), Trouble()
    faulty = FaultyDynamo(client, TABLE, Random(1), trouble)
    asked = requests.Requests(faulty, "t", threads=0)

    def shown() -> list[str]:
        return [item["sk"] for item in asked.query("#wake_shard = :s", {"s": "w0"}, index="wake")]

    asked.put([{"pk": "a", "sk": "1", "wake_shard": "w0", "wake_at": 1}])
    assert shown() == ["1"]
    trouble.stale = 1.0
    assert shown() == []
    answers = {tuple(shown()) for _ in range(20)}
    assert answers == {(), ("1",)}
    asked.delete([("a", "1")])
    assert shown() == ["1"]
    trouble.heal()
    assert shown() == []


def test_memory_is_shared_by_all_who_have_the_client() -> None:
    client = FakeDynamo(TABLE)
    first, second = (DynamoStore(client, "t", threads=0) for _ in range(2))
    first.put_record("kind", "x", 1)
    assert second.record("kind", "x") == 1
