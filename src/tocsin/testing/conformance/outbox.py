"""What must go out: in order, fairly, only the newest of its kind, until it is confirmed."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tocsin.engine.ports import Outgoing, Store
from tocsin.kernel.time import Instant
from tocsin.testing.conformance.subject import NOW, Subject, commit, confirmation, handled, outgoing

SHOW = "a/team:ops/show"  # The identity under which the messages below replace each other.


class OutboxConformance(Subject):
    """`pending`, `next_attempt`, `confirm`, `postpone`, `receipts`, and the outbox of `commit`."""

    def test_a_commit_confirms_what_it_answers(self) -> None:
        store = self.make()
        store.commit([commit("a", outbox=(outgoing("1"), outgoing("2"))), commit("b", outbox=(outgoing("3", "b"),))])
        assert [r.value for r in store.commit([commit("a", 7, done=("1",))])] == ["conflict"]
        assert names(store) == ["1", "2", "3"]
        step = commit("a", 1, done=("1", "3", "unknown"), outbox=(outgoing("4"),))
        assert [r.value for r in store.commit([step])] == ["committed"]
        assert names(store) == ["2", "4"]

    def test_an_effect_comes_out_as_it_went_in(self) -> None:
        store = self.make()
        facts = {"rung": 3, "why": "You are next.", "deep": [{"a": None, "b": 1.5, "c": True}]}
        given = outgoing(
            "i/0", "a", receiver="team:ops", kind="show", facts=facts, coalesce=SHOW, urgent=True, attempts=2, method=1
        )
        put(store, given)
        assert list(store.pending(NOW, per_receiver=10)) == [given]

    def test_nothing_leaves_before_its_time(self) -> None:
        store = self.make()
        put(store, outgoing("now"), outgoing("later", not_before=NOW + 1))
        assert names(store) == ["now"]
        assert names(store, NOW + 1) == ["now", "later"]
        assert names(store, NOW - 1) == []

    def test_urgent_effects_come_first_and_then_the_oldest(self) -> None:
        store = self.make()
        put(store, outgoing("1"), outgoing("2", urgent=True))
        put(store, outgoing("3", created_at=NOW + 1), outgoing("4", urgent=True, created_at=NOW + 1))
        assert names(store) == ["2", "4", "1", "3"]

    def test_what_is_behind_takes_no_place_of_anything_else(self) -> None:
        store = self.make()
        put(store, outgoing("1", behind=True), outgoing("2"), outgoing("3", urgent=True), outgoing("4", behind=True))
        assert names(store) == ["3", "2", "1", "4"]
        assert names(store, per_receiver=2) == ["3", "2"]
        assert [item.behind for item in store.pending(NOW, per_receiver=9)] == [False, False, True, True]

    def test_each_receiver_gets_its_share(self) -> None:
        store = self.make()
        storm = [outgoing(f"bob{number}", receiver="bob") for number in range(20)]
        put(store, *storm, outgoing("ada0", receiver="ada"), outgoing("ada1", receiver="ada", urgent=True))
        lanes = by_receiver(store.pending(NOW, per_receiver=3))
        assert lanes == {"bob": ["bob0", "bob1", "bob2"], "ada": ["ada1", "ada0"]}

    def test_what_is_not_due_takes_no_place_in_the_share(self) -> None:
        store = self.make()
        put(store, outgoing("late", not_before=NOW + 9, urgent=True), outgoing("1"), outgoing("2"))
        assert names(store, per_receiver=2) == ["1", "2"]

    def test_only_the_receivers_asked_for_are_given(self) -> None:
        store = self.make()
        put(store, *(outgoing(name, receiver=name) for name in ("ada", "bob", "eve")))
        found = store.pending(NOW, per_receiver=9, receivers=["eve", "ada", "nobody", "ada"])
        assert by_receiver(found) == {"ada": ["ada"], "eve": ["eve"]}
        assert list(store.pending(NOW, per_receiver=9, receivers=[])) == []

    def test_the_next_attempt_is_the_earliest_after_now(self) -> None:
        store = self.make()
        assert store.next_attempt(NOW) is None
        put(store, outgoing("1", not_before=NOW), outgoing("2", not_before=NOW + 7), outgoing("3", not_before=NOW + 5))
        assert store.next_attempt(NOW) == NOW + 5
        assert store.next_attempt(NOW - 1) == NOW
        assert store.next_attempt(NOW + 7) is None

    def test_what_is_confirmed_is_gone(self) -> None:
        store = self.make()
        put(store, outgoing("1"), outgoing("2"), outgoing("3"))
        store.confirm([confirmation("1"), confirmation("3", result="dropped")])
        assert names(store) == ["2"]
        store.confirm([])
        store.confirm([confirmation("1"), confirmation("unknown")])
        assert names(store) == ["2"]

    def test_postponing_writes_back_attempts_method_and_not_before_only(self) -> None:
        store = self.make()
        given = outgoing("1", facts={"rung": 1}, urgent=True)
        put(store, given, outgoing("2"))
        changed = replace(given, facts={"rung": 2}, urgent=False, kind="show", created_at=NOW + 1, receiver="bob")
        store.postpone([replace(changed, attempts=2, method=1, not_before=NOW + 9)])
        assert names(store) == ["2"]
        (found, _) = store.pending(NOW + 9, per_receiver=10)
        assert found == replace(given, attempts=2, method=1, not_before=NOW + 9)

    def test_postponing_what_is_not_pending_changes_nothing(self) -> None:
        store = self.make()
        put(store, outgoing("1"))
        store.confirm([confirmation("1")])
        store.postpone([outgoing("1"), outgoing("unknown")])
        store.postpone([])
        assert names(store) == []

    def test_the_newest_replaces_an_older_one_and_keeps_its_place(self) -> None:
        store = self.make()
        put(store, show("old", facts={"n": 1}), outgoing("between", receiver="team:ops"))
        store.postpone([show("old", attempts=2, method=1, not_before=NOW - 3)])
        put(store, show("new", facts={"n": 2}, created_at=NOW + 1, not_before=NOW + 1))
        first, second = store.pending(NOW, per_receiver=10)
        kept = {"created_at": NOW, "attempts": 2, "method": 1, "not_before": NOW - 3}
        assert first == show("new", facts={"n": 2}, **kept)
        assert second.id == "between"

    def test_the_newest_may_be_urgent_where_the_older_was_not(self) -> None:
        store = self.make()
        put(store, outgoing("first", receiver="team:ops"), show("old"))
        put(store, show("new", urgent=True))
        assert names(store) == ["new", "first"]

    def test_effects_of_one_commit_replace_each_other_too(self) -> None:
        store = self.make()
        put(store, show("1"), outgoing("between", receiver="team:ops"), show("2"), show("3"))
        assert names(store) == ["3", "between"]

    def test_other_identities_do_not_replace_each_other(self) -> None:
        store = self.make()
        put(store, show("1"), show("2", coalesce="b/team:ops/show"), outgoing("3"), outgoing("4"))
        put(store, outgoing("5"))
        assert sorted(names(store)) == ["1", "2", "3", "4", "5"]

    def test_after_a_confirmation_the_next_one_stands_last(self) -> None:
        store = self.make()
        put(store, show("1"), outgoing("2", receiver="team:ops"))
        store.confirm([confirmation("1")])
        given = show("3", created_at=NOW + 1, not_before=NOW + 1)
        put(store, given)
        assert names(store, NOW + 1) == ["2", "3"]
        assert store.pending(NOW + 1, per_receiver=10)[1] == given

    def test_confirming_a_replaced_effect_leaves_the_newer_one(self) -> None:
        store = self.make()
        put(store, show("old"))
        put(store, show("new"))
        store.confirm([confirmation("old", receiver="team:ops", receipt={"ts": "1"})])
        assert names(store) == ["new"]
        assert store.receipts("a") == {("team:ops", "slack"): {"ts": "1"}}

    def test_postponing_a_replaced_effect_leaves_the_newer_one(self) -> None:
        store = self.make()
        put(store, show("old"))
        put(store, show("new"))
        store.postpone([show("old", attempts=1, not_before=NOW + 60)])
        assert list(store.pending(NOW, per_receiver=10)) == [show("new")]

    def test_receipts_are_kept_for_each_receiver_and_transport(self) -> None:
        store = self.make()
        first, second, third = {"ts": "1", "channel": "C"}, {"id": [1, {"a": None}]}, {"ts": "3"}
        store.confirm(
            [
                confirmation("1", receipt=first),
                confirmation("2", transport="mail", receipt=second),
                confirmation("3", receiver="team:ops", receipt=third),
                confirmation("4", "b", receipt={}),
            ]
        )
        assert store.receipts("a") == {
            ("responder:ada", "slack"): first,
            ("responder:ada", "mail"): second,
            ("team:ops", "slack"): third,
        }
        assert store.receipts("b") == {("responder:ada", "slack"): {}}
        assert store.receipts("nobody") == {}

    def test_a_newer_receipt_replaces_the_former_and_none_keeps_it(self) -> None:
        store = self.make()
        store.confirm([confirmation("1", receipt={"ts": "1"})])
        store.confirm([confirmation("2", receipt={"ts": "2"}), confirmation("3")])
        store.confirm([confirmation("4")])
        assert store.receipts("a") == {("responder:ada", "slack"): {"ts": "2"}}

    def test_a_receipt_belongs_to_the_store_alone(self) -> None:
        store = self.make()
        receipt = {"ts": "1"}
        store.confirm([confirmation("1", receipt=receipt)])
        receipt["ts"] = "changed"
        store.receipts("a")["responder:ada", "slack"]["ts"] = "changed"
        assert store.receipts("a") == {("responder:ada", "slack"): {"ts": "1"}}


def put(store: Store, *items: Outgoing) -> None:
    """Bring *items* into the outbox by one commit of the aggregate `a`."""
    found = store.load(["a"]).get("a")
    expected = found.version if found else 0
    store.commit([commit("a", expected, handled=handled(f"input {expected}"), outbox=items)])
    assert store.seen([f"input {expected}"])


def show(name: str, **fields: Any) -> Outgoing:  # noqa: ANN401 - the fields of Outgoing.
    """A message of which only the newest matters."""
    return outgoing(name, **{"receiver": "team:ops", "kind": "show", "coalesce": SHOW, **fields})


def names(store: Store, now: Instant = NOW, per_receiver: int = 100) -> list[str]:
    """The ids of what may leave."""
    return [item.id for item in store.pending(now, per_receiver=per_receiver)]


def by_receiver(items: Sequence[Outgoing]) -> dict[str, list[str]]:
    """Their ids, in the order of each receiver: that of the receivers is the store's own affair."""
    return {name: [item.id for item in items if item.receiver == name] for name in {item.receiver for item in items}}
