"""Correlation keys: which aggregate answers to them, and who takes them over from whom."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from tocsin.engine.ports import CommitResult
from tocsin.testing.conformance.subject import THREADS, Subject, at_once, commit

COMMITTED, CONFLICT = CommitResult.COMMITTED, CommitResult.CONFLICT
KEYS = 1200


class ClaimsConformance(Subject):
    """`find`, and the claims of `commit`."""

    def test_a_claimed_key_is_found(self) -> None:
        store = self.make()
        store.commit([commit("a", claims=(("k1", None), ("k2", None)))])
        assert store.find(["k1", "k2", "k3", "k1"]) == {"k1": "a", "k2": "a"}
        assert store.find([]) == {}

    def test_many_keys_are_found_at_once(self) -> None:
        store = self.make()
        keys = [f"k{number}" for number in range(KEYS)]
        store.commit([commit("a", claims=tuple((key, None) for key in keys))])
        assert store.find(keys) == dict.fromkeys(keys, "a")

    def test_a_key_stays_when_its_holder_commits_without_it(self) -> None:
        store = self.make()
        store.commit([commit("a", claims=(("k", None),))])
        store.commit([commit("a", 1)])
        assert store.find(["k"]) == {"k": "a"}

    def test_a_newer_aggregate_displaces_the_holder_that_was_loaded(self) -> None:
        store = self.make()
        store.commit([commit("a", claims=(("k", None), ("other", None)))])
        assert list(store.commit([commit("b", claims=(("k", "a"),))])) == [COMMITTED]
        assert store.find(["k", "other"]) == {"k": "b", "other": "a"}

    def test_a_key_with_another_holder_than_was_loaded_is_a_conflict(self) -> None:
        store = self.make()
        store.commit([commit("a", claims=(("k", None),))])
        for holder in (None, "z"):
            assert list(store.commit([commit("b", claims=(("k", holder),))])) == [CONFLICT]
        assert list(store.commit([commit("b", claims=(("free", "a"),))])) == [CONFLICT]
        assert store.find(["k", "free"]) == {"k": "a"}
        assert store.load(["b"]) == {}

    def test_of_two_commits_of_a_batch_that_claim_one_key_the_first_gets_it(self) -> None:
        store = self.make()
        steps = [commit("a", claims=(("k", None),)), commit("b", claims=(("own", None), ("k", None))), commit("c")]
        assert list(store.commit(steps)) == [COMMITTED, CONFLICT, COMMITTED]
        assert store.find(["k", "own"]) == {"k": "a"}
        assert set(store.load(["a", "b", "c"])) == {"a", "c"}

    def test_a_key_can_be_handed_on_within_a_batch(self) -> None:
        store = self.make()
        steps = [commit("a", claims=(("k", None),)), commit("b", claims=(("k", "a"),))]
        assert list(store.commit(steps)) == [COMMITTED, COMMITTED]
        assert store.find(["k"]) == {"k": "b"}

    def test_a_batch_is_taken_in_order_where_keys_meet(self) -> None:
        store = self.make()
        steps = [commit("b", claims=(("k", "a"),)), commit("a", claims=(("k", None),))]
        assert list(store.commit(steps)) == [CONFLICT, COMMITTED]
        assert store.find(["k"]) == {"k": "a"}

    def test_of_several_threads_that_claim_one_key_one_gets_it(self) -> None:
        store = self.make()
        results = at_once(lambda number: (store.commit([commit(f"a{number}", claims=(("k", None),))])[0], number))
        winners = [f"a{number}" for result, number in results if result is COMMITTED]
        assert len(winners) == 1
        assert len(results) == THREADS
        assert store.find(["k"]) == {"k": winners[0]}
