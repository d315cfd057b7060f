"""Whatever comes between any two requests of a commit, or ends it there: it is whole, or it is not there at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dynamo.moments import crashed_at, fake, moments_of, opened, with_other
from tests.dynamo.test_dynamo_simulation import small
from tocsin.dynamo.staged import ABANDONED_AFTER
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Commit, CommitResult, Outgoing
from tocsin.kernel.machine import Past
from tocsin.testing.conformance.subject import NOW, commit, confirmation, handled, outgoing, received
from tocsin.testing.dynamo_memory import FakeDynamo

COMMITTED, CONFLICT, SEEN = CommitResult.COMMITTED, CommitResult.CONFLICT, CommitResult.SEEN
LATER = NOW + ABANDONED_AFTER

Work = Callable[[DynamoStore], Any]


def show(name: str) -> Outgoing:
    return outgoing(name, receiver="team:ops", kind="show", coalesce="a/team:ops/show")


def prepared(store: DynamoStore) -> None:
    first = commit("a", claims=(("k", None),), handled=handled("i0"), outbox=(show("i0/0"), outgoing("i0/1")))
    assert list(store.commit([first, commit("other", claims=(("theirs", None),))])) == [COMMITTED, COMMITTED]


# Two commits that cannot both be: of one aggregate, with one input, and with keys that are taken over.
FULL: Commit = commit(
    "a",
    1,
    state=b"x" * 1000,
    wake_at=NOW,
    claims=(("k", "a"), ("new", None), ("theirs", "other")),
    handled=handled("i1", "i2", "i3"),
    outbox=(show("i1/0"), outgoing("i1/1"), outgoing("i2/0")),
    history=(Past(1, b"1"), Past(2, b"2"), Past(5, b"5")),
    done=("i0/1", "i0/0"),
)
RIVALS = {
    "version": (commit("a", 1, handled=handled("r1"), outbox=(show("r1/0"),)), {CONFLICT}),
    "input": (commit("b", handled=handled("i2")), {SEEN}),
    "key": (commit("b", claims=(("new", None),), handled=handled("r1")), {CONFLICT}),
    "taken": (commit("b", claims=(("theirs", "other"),), handled=handled("r1")), {CONFLICT}),
}


@pytest.fixture(params=("whole", "staged"))
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As it is usually, and as if everything were too large."""
    if request.param == "staged":
        small(monkeypatch)
    return str(request.param)


def committed(step: Commit) -> Work:
    return lambda store: store.commit([step])[0]


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("rival", RIVALS)
def test_of_two_that_cannot_both_be_one_is(rival: str) -> None:
    step, refusals = RIVALS[rival]
    for moment in range(1, moments_of(committed(FULL), prepared) + 2):
        client, first, second = with_other(committed(FULL), committed(step), prepared, moment)
        assert {first, second} == {COMMITTED, *({first, second} & {CONFLICT, SEEN})}, moment
        assert [first, second].count(COMMITTED) == 1, moment
        assert second is COMMITTED or second in refusals, moment
        check(client, full=first is COMMITTED)


@pytest.mark.usefixtures("size")
def test_the_same_commit_by_two_processes_is_written_once() -> None:
    for moment in range(1, moments_of(committed(FULL), prepared) + 2):
        client, first, second = with_other(committed(FULL), committed(FULL), prepared, moment)
        assert sorted([first, second]) == [COMMITTED, SEEN], moment
        check(client, full=True)


@pytest.mark.usefixtures("size")
def test_who_looks_meanwhile_sees_all_of_it_or_nothing() -> None:
    def look(store: DynamoStore) -> set[bool]:
        found = store.load(["a"])["a"].version == 2
        names = {store.find(["new"]) == {"new": "a"}, store.find(["theirs"]) == {"theirs": "a"}}
        return {found, *names, bool(store.seen(["i1"])), len(store.seen(["i1", "i2", "i3"])) == 3}

    answers = set()
    for moment in range(1, moments_of(committed(FULL), prepared) + 2):
        _, _, seen = with_other(committed(FULL), look, prepared, moment)
        assert len(seen) == 1, moment
        answers |= seen
    assert answers == {True, False}


def test_a_crash_at_any_moment_leaves_all_of_it_or_nothing(size: str) -> None:
    outcomes = set()
    for moment in range(1, moments_of(committed(FULL), prepared) + 1):
        client = crashed_at(committed(FULL), prepared, moment)
        store = opened(client)
        done = bool(store.seen(["i1"]))
        outcomes.add(done)
        assert store.commit([FULL])[0] is (SEEN if done else COMMITTED), moment
        check(client, full=True)
    assert outcomes == ({False} if size == "whole" else {True, False})  # A single transaction is the last request.


@pytest.mark.usefixtures("size")
def test_after_a_crash_others_get_on() -> None:
    for moment in range(1, moments_of(committed(FULL), prepared) + 1):
        for step, refusals in RIVALS.values():
            client = crashed_at(committed(FULL), prepared, moment)
            store = opened(client)
            done = bool(store.seen(["i1"]))
            result = store.commit([step])[0]
            assert (result in refusals) if done else (result is COMMITTED), (moment, result)
            check(client, full=done)


@pytest.mark.usefixtures("size")
def test_what_a_crash_has_left_the_sweep_finishes_or_takes_away() -> None:
    for moment in range(1, moments_of(committed(FULL), prepared) + 1):
        client = crashed_at(committed(FULL), prepared, moment)
        store = opened(client)
        done = bool(store.seen(["i1"]))
        store.pending(LATER, per_receiver=9)
        left = {key for key in client._items if key[1].startswith("X")}
        assert not left, moment
        assert not any("token" in item and "next" in item for item in client._items.values()), moment
        check(client, full=done)


def test_a_crash_while_an_aggregate_is_forgotten_leaves_it_to_the_next_time() -> None:
    def prepare(store: DynamoStore) -> None:
        prepared(store)
        store.confirm([confirmation("i0/0", receipt={"ts": "1"}), confirmation("i0/1")])
        assert store.commit([commit("a", 1, live=False, handled=handled("i1"), history=(Past(1, b"1"),))])

    def forget(store: DynamoStore) -> None:
        store.prune(deliveries_before=0, aggregates_before=NOW + 1, limit=9)

    for moment in range(1, moments_of(forget, prepare) + 1):
        client = crashed_at(forget, prepare, moment)
        forget(opened(client))
        left = {key for key in client._items if "other" not in key[0] and key[0] not in {"K=theirs", "F"}}
        assert not left, (moment, left)


def test_a_document_is_taken_by_one_of_two() -> None:
    def put(store: DynamoStore) -> None:
        store.put_record("link", "x", {"who": "ada"})

    def take(store: DynamoStore) -> object:
        return store.take_record("link", "x")

    for moment in range(1, moments_of(take, put) + 2):
        client, first, second = with_other(take, take, put, moment)
        assert [first, second].count({"who": "ada"}) == 1, moment
        assert opened(client).records("link") == {}


def test_a_reader_of_the_backlog_sees_no_number_below_one_that_it_has_seen() -> None:
    def accept(store: DynamoStore) -> list[int]:
        return [int(name) for name in store.accept([received(), received()])]

    def follow(store: DynamoStore) -> list[int]:
        store.accept([received()])
        return [int(found.id) for found in store.backlog(9)]

    for moment in range(1, moments_of(accept, lambda _: None) + 2):
        client, given, seen = with_other(accept, follow, lambda _: None, moment)
        rest = [int(found.id) for found in opened(client).backlog(9, str(seen[-1]))]
        assert sorted({*seen, *rest}) == sorted({*seen, *given}), moment
    for moment in range(1, moments_of(follow, lambda _: None) + 2):
        client, seen, given = with_other(follow, accept, lambda _: None, moment)
        rest = [int(found.id) for found in opened(client).backlog(9, str(seen[-1]))]
        assert sorted({*seen, *rest}) == sorted({*seen, *given}), moment


def test_a_clock_that_is_behind_gives_numbers_that_are_not() -> None:
    client = fake()
    ahead, behind = opened(client, lambda: NOW + 60_000), opened(client, lambda: NOW - 60_000)
    ahead.accept([received(b"1")])
    first = ahead.backlog(9)
    behind.accept([received(b"2")])
    assert [found.body for found in behind.backlog(9, first[-1].id)] == [b"2"]


def check(client: FakeDynamo, *, full: bool) -> None:
    """All of `FULL` is there, or nothing of it."""
    store = opened(client)
    names = [item.id for item in store.pending(LATER, per_receiver=9)]
    if not full:
        assert store.seen(["i1", "i3"]) == {}
        assert store.find(["new", "theirs"]).get("theirs") in {"other", "b"}
        assert store.history("a", 9) == []
        assert not {"i1/0", "i1/1", "i2/0"} & set(names)
        assert "i0/1" in names
        return
    assert store.load(["a"])["a"].state == FULL.state
    assert store.seen(["i1", "i2", "i3"]) == dict.fromkeys(("i1", "i2", "i3"), "a")
    assert store.find(["k", "new", "theirs"]) == dict.fromkeys(("k", "new", "theirs"), "a")
    assert store.history("a", 9) == list(FULL.history)
    assert [line.input_id for line in store.timeline("a", 9)] == ["i0", "i1", "i2", "i3"]
    assert sorted(names) == ["i1/0", "i1/1", "i2/0"]
    assert list(store.due(NOW, 9)) == ["a"]
