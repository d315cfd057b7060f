"""Histories: rows beside a state, appended by its commits, read in pages, forgotten with it."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from tocsin.engine.ports import CommitResult
from tocsin.kernel.machine import Past
from tocsin.testing.conformance.subject import NOW, Subject, commit, handled

BATCH = 600  # More than any backend writes in one statement or one request.
LARGE = b"x" * 256 * 1024


class HistoriesConformance(Subject):
    """`Commit.history`, `history`."""

    def test_rows_are_kept_in_the_order_of_their_places(self) -> None:
        store = self.make()
        store.commit([commit("a", history=past(1, 2)), commit("b", history=past(1))])
        store.commit([commit("a", 1, history=past(3))])
        assert store.history("a", 10) == [*past(1, 2, 3)]
        assert store.history("b", 10) == [*past(1)]
        assert list(store.history("nobody", 10)) == []

    def test_a_history_is_read_in_pages(self) -> None:
        store = self.make()
        store.commit([commit("a", history=past(*range(1, 8)))])
        assert store.history("a", 3) == [*past(1, 2, 3)]
        assert store.history("a", 3, after=3) == [*past(4, 5, 6)]
        assert store.history("a", 3, after=6) == [*past(7)]
        assert list(store.history("a", 3, after=7)) == []

    def test_many_and_large_rows_are_kept_whole(self) -> None:
        store = self.make()
        many = past(*range(1, BATCH + 1))
        assert list(store.commit([commit("a", history=(*many, Past(BATCH + 1, LARGE)))])) == [CommitResult.COMMITTED]
        found = store.history("a", BATCH + 2)
        assert len(found) == BATCH + 1
        assert found[-1].row == LARGE

    def test_a_refused_commit_leaves_no_rows(self) -> None:
        store = self.make()
        store.commit([commit("a", history=past(1), handled=handled("i"))])
        late = [
            commit("a", 0, history=past(2)),
            commit("a", 1, history=past(2), handled=handled("i")),
            commit("a", 1, history=past(2, 1)),
            commit("a", 1, history=past(2, 2)),
        ]
        results = list(store.commit(late))
        assert results == [CommitResult.CONFLICT, CommitResult.SEEN, CommitResult.CONFLICT, CommitResult.CONFLICT]
        assert store.history("a", 10) == [*past(1)]
        assert store.load(["a"])["a"].version == 1

    def test_a_history_is_forgotten_with_its_aggregate(self) -> None:
        store = self.make()
        store.commit([commit("a", live=False, history=past(1)), commit("b", history=past(1))])
        assert store.prune(deliveries_before=0, aggregates_before=NOW + 1, limit=10) == 1
        assert list(store.history("a", 10)) == []
        assert store.history("b", 10) == [*past(1)]
        assert list(store.commit([commit("a", history=past(1))])) == [CommitResult.COMMITTED]


def past(*places: int) -> tuple[Past, ...]:
    """Rows at these places."""
    return tuple(Past(place, b"row \x00 %d" % place) for place in places)
