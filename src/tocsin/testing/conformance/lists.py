"""What is due, what there is, and what happened: the lists of aggregates and their timelines."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from tocsin.engine.ports import Handled, Summary
from tocsin.kernel.time import Instant
from tocsin.testing.conformance.subject import NOW, Subject, commit, handled


class ListsConformance(Subject):
    """`due`, `next_wake`, `listing`, `timeline`."""

    def test_what_is_due_comes_most_overdue_first(self) -> None:
        store = self.make()
        wakes = {"now": NOW, "later": NOW + 1, "long ago": NOW - 9, "ago": NOW - 1, "never": None}
        store.commit([commit(name, wake_at=wake) for name, wake in wakes.items()])
        assert list(store.due(NOW, 10)) == ["long ago", "ago", "now"]
        assert list(store.due(NOW, 2)) == ["long ago", "ago"]
        assert list(store.due(NOW - 10, 10)) == []

    def test_the_newest_wake_at_counts(self) -> None:
        store = self.make()
        store.commit([commit("a", wake_at=NOW), commit("b", wake_at=NOW)])
        store.commit([commit("a", 1, wake_at=NOW + 5), commit("b", 1, wake_at=None)])
        assert list(store.due(NOW, 10)) == []
        assert list(store.due(NOW + 5, 10)) == ["a"]

    def test_what_is_over_can_still_have_a_wake_at(self) -> None:
        store = self.make()
        store.commit([commit("a", wake_at=NOW, live=False)])
        assert list(store.due(NOW, 10)) == ["a"]

    def test_the_next_wake_is_the_earliest(self) -> None:
        store = self.make()
        assert store.next_wake() is None
        store.commit([commit("a", wake_at=NOW + 5), commit("b", wake_at=NOW - 5), commit("c")])
        assert store.next_wake() == NOW - 5
        store.commit([commit("b", 1)])
        assert store.next_wake() == NOW + 5
        store.commit([commit("a", 1)])
        assert store.next_wake() is None

    def test_a_list_has_the_newest_first_by_rank_and_then_by_id(self) -> None:
        store = self.make()
        ranks = {"b": NOW, "old": NOW - 1, "a": NOW, "c": NOW, "new": NOW + 1}
        store.commit([commit(name, rank=rank) for name, rank in ranks.items()])
        rows = store.listing("incident", live_only=False, limit=10)
        assert [row.id for row in rows] == ["new", "c", "b", "a", "old"]

    def test_a_list_tells_version_state_and_whether_it_is_live(self) -> None:
        store = self.make()
        store.commit([commit("a", state=b"1")])
        store.commit([commit("a", 1, state=b"2", live=False)])
        assert list(store.listing("incident", live_only=False, limit=1)) == [Summary("a", 2, False, b"2")]  # noqa: FBT003

    def test_a_list_is_of_one_machine(self) -> None:
        store = self.make()
        store.commit([commit("a"), commit("b", machine="digest")])
        assert [row.id for row in store.listing("digest", live_only=False, limit=10)] == ["b"]
        assert list(store.listing("unknown", live_only=True, limit=10)) == []

    def test_a_list_can_leave_out_what_is_over(self) -> None:
        store = self.make()
        store.commit([commit(f"a{number}", rank=NOW + number, live=number % 2 == 0) for number in range(6)])
        assert [row.id for row in store.listing("incident", live_only=True, limit=2)] == ["a4", "a2"]
        store.commit([commit("a4", 1, rank=NOW + 4, live=False)])
        assert [row.id for row in store.listing("incident", live_only=True, limit=9)] == ["a2", "a0"]

    def test_a_list_can_be_paged_to_its_end_even_among_equal_ranks(self) -> None:
        store = self.make()
        ranks = {f"a{number}": NOW + number // 3 for number in range(10)}
        store.commit([commit(name, rank=rank, live=name != "a5") for name, rank in ranks.items()])
        for live_only in (False, True):
            found: list[str] = []
            before: tuple[Instant, str] | None = None
            while page := store.listing("incident", live_only=live_only, limit=2, before=before):
                found += [row.id for row in page]
                before = (ranks[found[-1]], found[-1])
            assert found == [f"a{number}" for number in range(9, -1, -1) if not live_only or number != 5]  # noqa: PLR2004

    def test_a_timeline_is_told_in_the_order_of_the_commits(self) -> None:
        store = self.make()
        store.commit([commit("a", handled=handled("i2", at=NOW, reason="opened", story="opened; asked ada"))])
        store.commit([commit("b", handled=handled("x"))])
        store.commit([commit("a", 1, handled=(*handled("i1", at=NOW + 5), *handled("i3", at=NOW - 5)))])
        assert list(store.timeline("a", 10)) == [
            Handled("i2", NOW, "opened", "opened; asked ada"),
            Handled("i1", NOW + 5, "opened", ""),
            Handled("i3", NOW - 5, "opened", ""),
        ]
        assert list(store.timeline("nobody", 10)) == []

    def test_a_timeline_can_be_cut_to_its_end(self) -> None:
        store = self.make()
        store.commit([commit("a", handled=handled(*(f"i{number}" for number in range(5))))])
        assert [line.input_id for line in store.timeline("a", 2)] == ["i3", "i4"]
