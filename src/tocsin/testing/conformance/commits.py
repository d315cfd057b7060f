"""Commits: at the expected version, each input once, whole or not at all."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from typing import Any

from tocsin.engine.ports import CommitResult, Store, Stored
from tocsin.testing.conformance.subject import NOW, THREADS, Subject, at_once, commit, handled, outgoing

COMMITTED, CONFLICT, SEEN = CommitResult.COMMITTED, CommitResult.CONFLICT, CommitResult.SEEN
BATCH = 600  # More than any backend writes in one statement or one request.


class CommitsConformance(Subject):
    """`commit`, `load`, `seen`."""

    def test_a_new_aggregate_has_version_one(self) -> None:
        store = self.make()
        assert list(store.commit([commit("a", machine="digest", state=b"\x00\xff")])) == [COMMITTED]
        assert store.load(["a"]) == {"a": Stored("a", "digest", 1, b"\x00\xff")}

    def test_each_commit_counts_the_version_up(self) -> None:
        store = self.make()
        for version in range(3):
            assert list(store.commit([commit("a", version, state=b"%d" % version)])) == [COMMITTED]
        assert store.load(["a"]) == {"a": Stored("a", "incident", 3, b"2")}

    def test_a_commit_at_another_version_is_a_conflict(self) -> None:
        store = self.make()
        store.commit([commit("a"), commit("b")])
        store.commit([commit("a", 1)])
        for expected in (0, 1, 3):
            assert list(store.commit([commit("a", expected, state=b"late")])) == [CONFLICT]
        assert list(store.commit([commit("new", 1)])) == [CONFLICT]
        assert store.load(["a", "new"]) == {"a": Stored("a", "incident", 2, b"{}")}

    def test_committing_nothing_is_allowed(self) -> None:
        assert list(self.make().commit([])) == []

    def test_only_what_exists_is_loaded(self) -> None:
        store = self.make()
        store.commit([commit("a"), commit("b")])
        assert set(store.load(["a", "x", "b", "a"])) == {"a", "b"}
        assert store.load([]) == {}

    def test_handled_inputs_are_seen_with_the_aggregate_that_took_them(self) -> None:
        store = self.make()
        store.commit([commit("a", handled=handled("i1", "i2")), commit("b", handled=handled("i3"))])
        assert store.seen(["i1", "i3", "i4", "i1"]) == {"i1": "a", "i3": "b"}
        assert store.seen([]) == {}

    def test_an_input_is_handled_once(self) -> None:
        store = self.make()
        store.commit([commit("a", handled=handled("i1"))])
        assert list(store.commit([commit("a", 1, handled=handled("i0", "i1"))])) == [SEEN]
        assert list(store.commit([commit("b", handled=handled("i1"))])) == [SEEN]
        assert store.seen(["i0", "i1"]) == {"i1": "a"}
        assert store.load(["a", "b"]) == {"a": Stored("a", "incident", 1, b"{}")}

    def test_an_unknown_result_is_found_out_by_committing_again(self) -> None:
        store = self.make()
        step = commit("a", claims=(("k", None),), handled=handled("i1"), outbox=(outgoing("i1/0"),))
        assert list(store.commit([step])) == [COMMITTED]
        assert list(store.commit([step])) == [SEEN]

    def test_a_refused_commit_leaves_no_trace(self) -> None:
        store = self.make()
        store.commit([commit("a", handled=handled("i1"), claims=(("k", None),), wake_at=NOW)])
        before = everything(store)
        full: dict[str, Any] = {
            "claims": (("new", None),),
            "outbox": (outgoing("e"),),
            "wake_at": NOW - 1,
            "state": b"late",
        }
        assert list(store.commit([commit("a", 0, handled=handled("i2"), **full)])) == [CONFLICT]
        assert list(store.commit([commit("b", 1, handled=handled("i2"), **full)])) == [CONFLICT]
        assert list(store.commit([commit("a", 1, handled=handled("i2", "i1"), **full)])) == [SEEN]
        held = {**full, "claims": (("new", None), ("k", None))}
        assert list(store.commit([commit("b", handled=handled("i2"), **held)])) == [CONFLICT]
        assert everything(store) == before

    def test_one_conflict_in_a_batch_costs_that_commit_only(self) -> None:
        store = self.make()
        store.commit([commit("known"), commit("moved"), commit("seen", handled=handled("i0"))])
        store.commit([commit("moved", 1)])
        results = store.commit(
            [
                commit("new", handled=handled("i1"), claims=(("k1", None),), outbox=(outgoing("e1", "new"),)),
                commit("moved", 1, handled=handled("i2"), claims=(("k2", None),), outbox=(outgoing("e2"),)),
                commit("known", 1, handled=handled("i3"), claims=(("k3", None),), outbox=(outgoing("e3"),)),
                commit("seen", 1, handled=handled("i4", "i0"), claims=(("k4", None),), outbox=(outgoing("e4"),)),
                commit("last", handled=handled("i5"), claims=(("k5", None),), outbox=(outgoing("e5"),)),
            ]
        )
        assert list(results) == [COMMITTED, CONFLICT, COMMITTED, SEEN, COMMITTED]
        names = ["new", "moved", "known", "seen", "last"]
        assert {name: found.version for name, found in store.load(names).items()} == {
            "new": 1,
            "moved": 2,
            "known": 2,
            "seen": 1,
            "last": 1,
        }
        assert store.seen([f"i{number}" for number in range(1, 6)]) == {"i1": "new", "i3": "known", "i5": "last"}
        assert store.find([f"k{number}" for number in range(1, 6)]) == {"k1": "new", "k3": "known", "k5": "last"}
        assert [item.id for item in store.pending(NOW, per_receiver=10)] == ["e1", "e3", "e5"]

    def test_two_steps_of_one_aggregate_in_a_batch_are_taken_in_order(self) -> None:
        store = self.make()
        assert list(store.commit([commit("a"), commit("a", 1), commit("a", 1)])) == [COMMITTED, COMMITTED, CONFLICT]
        assert list(store.commit([commit("b", 1), commit("b")])) == [CONFLICT, COMMITTED]
        assert {name: found.version for name, found in store.load(["a", "b"]).items()} == {"a": 2, "b": 1}

    def test_an_input_in_two_commits_of_a_batch_is_taken_by_the_first(self) -> None:
        store = self.make()
        steps = [commit("a", handled=handled("i")), commit("b", handled=handled("i")), commit("c")]
        assert list(store.commit(steps)) == [COMMITTED, SEEN, COMMITTED]
        assert store.seen(["i"]) == {"i": "a"}
        assert set(store.load(["a", "b", "c"])) == {"a", "c"}

    def test_a_large_batch_is_written_whole(self) -> None:
        store = self.make()
        names = [f"a{number}" for number in range(BATCH)]
        steps = [
            commit(n, handled=handled(f"i/{n}"), claims=((f"k/{n}", None),), outbox=(outgoing(f"e/{n}", n),))
            for n in names
        ]
        assert set(store.commit(steps)) == {COMMITTED}
        assert set(store.load(names)) == set(names)
        assert store.seen([f"i/{name}" for name in names]) == {f"i/{name}": name for name in names}
        assert store.find([f"k/{name}" for name in names]) == {f"k/{name}": name for name in names}
        assert len(store.pending(NOW, per_receiver=BATCH + 1)) == BATCH
        again = [commit(name, 1, handled=handled(f"j/{name}")) for name in names]
        assert set(store.commit(again)) == {COMMITTED}

    def test_a_commit_may_handle_many_inputs(self) -> None:
        store = self.make()
        ids = [f"i{number}" for number in range(BATCH)]
        assert list(store.commit([commit("a", handled=handled(*ids))])) == [COMMITTED]
        assert list(store.commit([commit("b", handled=handled(*ids[::-1]))])) == [SEEN]
        late = (*(f"j{number}" for number in range(BATCH)), ids[-1])
        assert list(store.commit([commit("b", handled=handled(*late))])) == [SEEN]
        assert set(store.seen([*ids, *late])) == set(ids)

    def test_of_several_threads_at_one_version_one_wins(self) -> None:
        store = self.make()
        for version in range(3):
            step = version
            results = at_once(lambda number, step=step: store.commit([commit("a", step, state=b"%d" % number)])[0])  # type: ignore[misc]
            assert sorted(results) == [COMMITTED] + [CONFLICT] * (THREADS - 1)
        assert store.load(["a"])["a"].version == 3  # noqa: PLR2004 - three rounds.


def everything(store: Store) -> object:
    """All that a commit could have touched, of the few names that the tests use."""
    names = ["a", "b"]
    return (
        store.load(names),
        store.find(["k", "new"]),
        store.seen(["i1", "i2"]),
        [store.timeline(name, 10) for name in names],
        store.pending(NOW, per_receiver=10),
        store.due(NOW, 10),
        store.next_wake(),
        store.listing("incident", live_only=False, limit=10),
    )
