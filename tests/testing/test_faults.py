"""The store in trouble: it fails as often as it is told, before or after its work, and never in another way."""

from __future__ import annotations

from random import Random
from typing import cast

import pytest

from tocsin.engine.ports import CommitResult, Store
from tocsin.errors import StoreUnavailableError
from tocsin.testing.conformance.subject import NOW, commit, handled, received
from tocsin.testing.faults import READS, WRITES, CrashError, Faults, FaultyStore
from tocsin.testing.memory import MemoryStore


def faulty(faults: Faults, *, loads_lag: bool = True) -> tuple[Store, MemoryStore]:
    """A store in trouble, and the one inside it."""
    inner = MemoryStore()
    return cast("Store", FaultyStore(inner, Random(1), faults, loads_lag=loads_lag)), inner


def trouble(store: Store) -> bool:
    """Whether a delivery met trouble on its way in."""
    try:
        store.accept([received()])
    except (CrashError, StoreUnavailableError):
        return True
    return False


def test_every_method_that_the_engine_works_with_is_in_trouble() -> None:
    store, _ = faulty(Faults(crash=1.0))
    assert not (WRITES | READS) - set(dir(Store))
    with pytest.raises(CrashError):
        store.backlog(1)


def test_what_only_tests_ask_is_answered() -> None:
    store, inner = faulty(Faults(crash=1.0, unavailable=1.0))
    assert store.health(NOW) == inner.health(NOW)


@pytest.mark.parametrize("faults", [Faults(crash=0.5), Faults(unavailable=0.5)], ids=["crash", "unavailable"])
def test_trouble_strikes_before_and_after_the_work(faults: Faults) -> None:
    store, inner = faulty(faults)
    done = {True: 0, False: 0}
    for _ in range(100):
        before = len(inner.deliveries(999))
        if trouble(store):
            done[len(inner.deliveries(999)) > before] += 1
    assert min(done.values()) > 5


def test_a_crash_is_nothing_that_an_engine_may_survive() -> None:
    assert not issubclass(CrashError, Exception)


def test_a_lost_race_leaves_no_trace_and_hits_single_commits() -> None:
    store, inner = faulty(Faults(conflict=0.5))
    names = [f"a{number}" for number in range(40)]
    results = store.commit([commit(name, handled=handled(name)) for name in names])
    assert {*results} == {CommitResult.COMMITTED, CommitResult.CONFLICT}
    committed = [name for name, result in zip(names, results, strict=True) if result is CommitResult.COMMITTED]
    assert list(inner.load(names)) == committed


def test_a_load_that_lags_shows_what_was_there_before() -> None:
    store, _ = faulty(Faults(stale=0.5))
    store.commit([commit("a", state=b"1")])
    assert store.load(["a"])["a"].version == 1
    store.commit([commit("a", 1, state=b"2")])
    lagging = [store.load(["a"])["a"].version for _ in range(20)]
    assert set(lagging) == {1, 2}
    assert lagging == sorted(lagging), "once the newest was shown, nothing older is"


def test_a_load_for_the_dispatcher_never_lags() -> None:
    store, _ = faulty(Faults(stale=1.0), loads_lag=False)
    for version in range(3):
        store.commit([commit("a", version)])
        assert store.load(["a"])["a"].version == version + 1


def test_a_sweep_that_lags_says_what_it_has_said_before() -> None:
    store, _ = faulty(faults := Faults(stale=1.0))
    store.commit([commit("a", wake_at=NOW)])
    assert list(store.due(NOW, 9)) == []
    store.commit([commit("a", 1)])
    assert list(store.due(NOW, 9)) == ["a"]
    faults.heal()
    assert list(store.due(NOW, 9)) == []


def test_healed_faults_do_nothing_any_more() -> None:
    faults = Faults(crash=1.0, unavailable=1.0, conflict=1.0, stale=1.0)
    store, inner = faulty(faults)
    assert trouble(store)
    faults.heal()
    assert not any(trouble(store) for _ in range(100))
    assert len(inner.backlog(999)) == 100
