"""The figures of law 12, and what may be forgotten."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from typing import Any

from tocsin.engine.ports import Health
from tocsin.testing.conformance.subject import (
    HANDLED,
    NOW,
    Subject,
    commit,
    confirmation,
    handled,
    outgoing,
    received,
)

BROKEN_MAX = 100
FOREVER = NOW + 1000


class UpkeepConformance(Subject):
    """`health`, `prune`."""

    def test_an_empty_store_is_healthy(self) -> None:
        assert self.make().health(NOW) == Health(
            backlog=0,
            oldest_backlog_at=None,
            oldest_due_at=None,
            pending=0,
            oldest_pending_at=None,
            live={},
            broken=(),
        )

    def test_the_backlog_is_counted_from_its_oldest(self) -> None:
        store = self.make()
        ids = store.accept([received(received_at=NOW + number) for number in range(3)])
        assert (store.health(NOW).backlog, store.health(NOW).oldest_backlog_at) == (3, NOW)
        store.settle({ids[0]: ""})
        assert (store.health(NOW).backlog, store.health(NOW).oldest_backlog_at) == (2, NOW + 1)

    def test_the_oldest_due_is_told_only_when_it_is_due(self) -> None:
        store = self.make()
        store.commit([commit("a", wake_at=NOW + 5), commit("b", wake_at=NOW + 3), commit("c")])
        assert store.health(NOW).oldest_due_at is None
        assert store.health(NOW + 3).oldest_due_at == NOW + 3
        assert store.health(NOW + 9).oldest_due_at == NOW + 3

    def test_pending_effects_are_counted_even_before_their_time(self) -> None:
        store = self.make()
        items = (
            outgoing("1", created_at=NOW - 9, not_before=NOW + 60),
            outgoing("2", created_at=NOW - 3),
            outgoing("3", created_at=NOW - 1, receiver="bob"),
        )
        store.commit([commit("a", outbox=items)])
        assert (store.health(NOW).pending, store.health(NOW).oldest_pending_at) == (3, NOW - 9)
        store.confirm([confirmation("1"), confirmation("3")])
        assert (store.health(NOW).pending, store.health(NOW).oldest_pending_at) == (1, NOW - 3)

    def test_what_was_put_off_is_late_only_after_its_time(self) -> None:
        store = self.make()
        later = outgoing("1", created_at=NOW + 60, not_before=NOW + 60)
        store.commit([commit("a", outbox=(later, outgoing("2", created_at=NOW - 3)))])
        assert store.health(NOW).oldest_pending_at == NOW - 3
        store.confirm([confirmation("2")])
        assert (store.health(NOW).pending, store.health(NOW).oldest_pending_at) == (1, None)
        assert store.health(NOW + 60).oldest_pending_at == NOW + 60

    def test_what_is_live_is_counted(self) -> None:
        store = self.make()
        store.commit([commit("a"), commit("b", machine="digest"), commit("c", live=False)])
        assert store.health(NOW).live == {"incident": 1, "digest": 1}
        store.commit([commit("a", 1, live=False)])
        assert store.health(NOW).live == {"digest": 1}

    def test_who_owes_a_next_action_and_has_none_is_broken(self) -> None:
        store = self.make()
        store.commit(
            [
                commit("promise kept", owes=True, wake_at=NOW - 999),
                commit("broken", owes=True),
                commit("owes nothing"),
                commit("over", live=False),
            ]
        )
        assert store.health(NOW).broken == ("broken",)
        store.commit([commit("broken", 1, owes=True, wake_at=NOW)])
        assert store.health(NOW).broken == ()

    def test_of_many_broken_ones_the_first_hundred_are_named(self) -> None:
        store = self.make()
        names = [f"a{number:03}" for number in range(BROKEN_MAX + 7)]
        store.commit([commit(name, owes=True) for name in names])
        found = store.health(NOW).broken
        assert len(found) == BROKEN_MAX
        assert set(found) < set(names)

    def test_settled_deliveries_are_forgotten_when_they_are_old(self) -> None:
        store = self.make()
        ids = store.accept([received(received_at=NOW + number) for number in range(4)])
        store.settle({ids[0]: "undecodable", ids[2]: "", ids[3]: ""})
        assert store.prune(deliveries_before=NOW + 3, aggregates_before=0, limit=10) == 2  # noqa: PLR2004 - 0 and 2.
        assert [row.id for row in store.deliveries(10)] == [ids[3], ids[1]]
        assert store.delivery(ids[0]) is None
        assert not store.replay(ids[0])
        assert [found.id for found in store.backlog(10)] == [ids[1]]
        assert store.prune(deliveries_before=NOW + 3, aggregates_before=0, limit=10) == 0

    def test_an_id_that_was_forgotten_is_not_given_again(self) -> None:
        store = self.make()
        (first,) = store.accept([received()])
        store.settle({first: "undecodable"})
        assert store.prune(deliveries_before=FOREVER, aggregates_before=0, limit=10) == 1
        (second,) = store.accept([received()])
        assert int(second) > int(first)
        store.settle({second: ""})
        assert [row.outcome for row in store.deliveries(10)] == [HANDLED]

    def test_no_more_is_forgotten_at_once_than_asked(self) -> None:
        store = self.make()
        ids = store.accept([received()] * 5)
        store.settle(dict.fromkeys(ids, ""))
        store.commit([commit(f"a{number}", live=False) for number in range(3)])
        counts = [store.prune(deliveries_before=FOREVER, aggregates_before=FOREVER, limit=2) for _ in range(4)]
        assert counts == [4, 3, 1, 0]

    def test_an_aggregate_that_ended_is_forgotten_with_all_that_belongs_to_it(self) -> None:
        store = self.make()
        full: dict[str, Any] = {"claims": (("k", None),), "handled": handled("i", story="opened"), "live": False}
        store.commit([commit("a", **full), commit("b", claims=(("own", None),), handled=handled("j"))])
        store.confirm([confirmation("e", receipt={"ts": "1"}), confirmation("f", "b", receipt={"ts": "2"})])
        assert store.prune(deliveries_before=0, aggregates_before=FOREVER, limit=10) == 1
        assert set(store.load(["a", "b"])) == {"b"}
        assert store.find(["k", "own"]) == {"own": "b"}
        assert store.seen(["i", "j"]) == {"j": "b"}
        assert list(store.timeline("a", 10)) == []
        assert store.receipts("a") == {}
        assert store.receipts("b") == {("responder:ada", "slack"): {"ts": "2"}}
        assert [row.id for row in store.listing("incident", live_only=False, limit=10)] == ["b"]

    def test_an_aggregate_that_is_live_or_ended_later_stays(self) -> None:
        store = self.make()
        store.commit(
            [
                commit("live", rank=NOW - 9, handled=handled("1", at=NOW - 9)),
                commit("ended later", rank=NOW - 9, live=False, handled=handled("2", at=NOW)),
                commit("began later", rank=NOW, live=False),
                commit("old", rank=NOW - 9, live=False, handled=handled("3", at=NOW - 1)),
            ]
        )
        assert store.prune(deliveries_before=0, aggregates_before=NOW, limit=10) == 1
        assert set(store.load(["live", "ended later", "began later", "old"])) == {"live", "ended later", "began later"}

    def test_a_forgotten_aggregate_may_begin_anew(self) -> None:
        store = self.make()
        step = commit("a", live=False, claims=(("k", None),), handled=handled("i"))
        store.commit([step])
        store.prune(deliveries_before=0, aggregates_before=FOREVER, limit=10)
        assert [result.value for result in store.commit([step])] == ["committed"]
        assert store.load(["a"])["a"].version == 1
