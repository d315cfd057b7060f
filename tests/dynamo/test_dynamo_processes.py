"""Several processes on one table at the same time: stores that know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import CommitResult, Outgoing
from tocsin.testing.conformance.subject import NOW, at_once, commit, confirmation, handled, outgoing, received

PROCESSES = 4
COMMITTED, SEEN = CommitResult.COMMITTED, CommitResult.SEEN


@pytest.fixture
def stores(tables: Tables) -> Iterator[list[DynamoStore]]:
    table = tables.make()
    skews = (0, -70_000, 40_000, 5)  # Their clocks differ, by more than clocks do.
    stores = [DynamoStore(tables.client, table, threads=2, clock=lambda skew=skew: NOW + skew) for skew in skews]  # type: ignore[misc]
    yield stores
    for store in stores:
        store.close()


def test_who_follows_the_backlog_misses_nothing_that_others_accept(stores: list[DynamoStore]) -> None:
    seen: list[str] = []

    def work(number: int) -> list[str]:
        if number:
            return [name for _ in range(6) for name in stores[number].accept([received()] * number)]
        for _ in range(6):
            seen.extend(found.id for found in stores[0].backlog(5, seen[-1] if seen else ""))
        return []

    given = [name for names in at_once(work, PROCESSES) for name in names]
    while found := stores[1].backlog(5, seen[-1] if seen else ""):
        seen.extend(delivery.id for delivery in found)
    assert sorted(seen, key=int) == seen
    assert sorted(seen) == sorted(given)


def test_each_input_is_handled_once_and_each_version_is_there_once(stores: list[DynamoStore]) -> None:
    def work(number: int) -> list[CommitResult]:
        results = []
        for turn in range(5):
            found = stores[number].load(["a"]).get("a")
            step = commit("a", found.version if found else 0, handled=handled(f"i{turn}"), outbox=(show(number, turn),))
            results.append(stores[number].commit([step])[0])
        return results

    results = [result for each in at_once(work, PROCESSES) for result in each]
    version = stores[0].load(["a"])["a"].version
    assert results.count(COMMITTED) == version == len(stores[1].timeline("a", 99)) == len(stores[2].seen(ids()))
    assert len(stores[3].pending(NOW + 100_000, per_receiver=9)) == 1


def test_large_commits_get_on_beside_each_other(stores: list[DynamoStore]) -> None:
    inputs = [f"i{number}" for number in range(110)]  # More than one transaction takes.

    def work(number: int) -> CommitResult:
        while True:
            step = commit(f"a{number}", handled=handled(*inputs), claims=(("k", None),))
            result = stores[number].commit([step])[0]
            if result is not CommitResult.CONFLICT:
                return result

    results = list(at_once(work, PROCESSES))
    assert sorted(results) == [COMMITTED] + [SEEN] * (PROCESSES - 1)
    (owner,) = set(stores[0].seen(inputs).values())
    assert stores[1].find(["k"]) == {"k": owner}
    assert set(stores[2].load([f"a{number}" for number in range(PROCESSES)])) == {owner}


def test_who_has_never_seen_an_effect_confirms_it_too(stores: list[DynamoStore]) -> None:
    stores[0].commit([commit("a", outbox=(show(1, 1), outgoing("plain")))])
    stores[1].confirm([confirmation("plain"), confirmation("e1/1"), confirmation("unknown")])
    assert list(stores[2].pending(NOW + 100_000, per_receiver=9)) == []
    stores[0].confirm([confirmation("e1/1", receipt={"ts": "1.5", "channel": "C1"})])
    assert stores[3].shown("slack", "C1", "1.5") == "a"
    assert stores[3].shown("slack", "C2", "1.5") == ""


def ids() -> list[str]:
    return [f"i{turn}" for turn in range(5)]


def show(number: int, turn: int) -> Outgoing:
    return outgoing(f"e{number}/{turn}", receiver="team:ops", kind="show", coalesce="a/show")
