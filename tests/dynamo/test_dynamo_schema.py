"""The table, its names, and what a stream shows of it."""

from __future__ import annotations

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo import schema
from tocsin.testing.conformance.subject import NOW, commit, outgoing


def test_the_table_is_as_it_was_asked_for(tables: Tables) -> None:
    found = tables.client.describe_table(TableName=tables.make())["Table"]
    asked = schema.table("x")
    assert asked["DeletionProtectionEnabled"] is True
    assert asked["SSESpecification"] == {"Enabled": True}
    assert found["KeySchema"] == asked["KeySchema"]
    assert {index["IndexName"]: index["KeySchema"] for index in found["GlobalSecondaryIndexes"]} == {
        index["IndexName"]: index["KeySchema"] for index in asked["GlobalSecondaryIndexes"]
    }
    assert found["StreamSpecification"] == asked["StreamSpecification"]


def test_a_stream_can_be_filtered_for_effects_and_for_wake_ups(tables: Tables) -> None:
    store = tables.store()
    store.commit([commit("a", wake_at=NOW, outbox=(outgoing("e"),)), commit("b", owes=True), commit("c")])
    store.close()
    pages = tables.client.get_paginator("scan").paginate(TableName=store._requests.table)
    items = [item for page in pages for item in page["Items"]]
    effects, wakes = schema.EFFECT_PATTERN["dynamodb"]["NewImage"], schema.WAKE_PATTERN["dynamodb"]["NewImage"]
    assert effects == {"lane": {"S": [{"exists": True}]}}
    assert [item["pk"]["S"] for item in items if "lane" in item] == ["E=e"]
    assert wakes == {"wake_shard": {"S": [{"prefix": "w"}]}}
    named = [item for item in items if item.get("wake_shard", {"S": ""})["S"].startswith("w")]
    assert [(item["id"]["S"], item["version"]["N"], item["wake_at"]["N"]) for item in named] == [("a", "1", str(NOW))]


@pytest.mark.parametrize("text", ["", "a", "=a", "#a", "\x00", "ä" * 300, "ä" * 301, "x" * 100_000])
def test_names_fit_into_keys_and_stay_apart(text: str) -> None:
    others = ["b", "", "a", "=a", "#a", "\x00", "ä" * 300, "ä" * 301, "x" * 99_999]
    assert len(schema.named(text).encode()) <= schema.NAME_MAX + 1
    assert all(schema.named(text) != schema.named(other) for other in others if other != text)
    for key in (schema.shown_key(text, text, text), schema.aggregate_key(text), schema.claim_key(text)):
        assert len(key[0].encode()) <= 2048
    assert len(schema.list_rank(text, NOW, text).encode()) <= 1024
    assert len(schema.receipt_sort(text, text).encode()) <= 1024


def test_parts_of_a_key_cannot_be_confused() -> None:
    assert schema.receipt_sort("a\x00=b", "c") != schema.receipt_sort("a", "b\x00=c")
    assert not schema.list_rank("a\x00b", NOW, "x").startswith(schema.list_prefix("a"))


def test_numbers_sort_as_they_are() -> None:
    numbers = [-(2**62), -10, -9, 0, 9, 10, NOW, 2**62]
    assert sorted(numbers, key=schema.ordered) == numbers


def test_every_shard_is_among_all_of_them() -> None:
    names = [f"name {number}" for number in range(200)]
    assert {schema.wake_shard(name) for name in names} == set(schema.wake_shards())
    kinds = {schema.list_kind(name, live=live) for name in names for live in (True, False)}
    assert kinds == set(schema.list_kinds(live_only=False))
    shards = {schema.out_shard(a, r, urgent=u) for a in names[:20] for r in names[:20] for u in (True, False)}
    assert shards == set(schema.out_shards())
    for name in names[:20]:
        own = {schema.out_shard(a, name, urgent=u) for a in names for u in (True, False)}
        assert own == set(schema.out_shards([name]))
    assert len(schema.wake_shards()) == len(schema.out_shards()) == schema.SHARDS
