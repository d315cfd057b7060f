"""The runner: one commit for each aggregate, each input once, whatever gets in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import pytest
from msgspec.structs import replace

from tests.engine.bells import (
    MACHINE,
    NOW,
    Bell,
    BellMachine,
    Burst,
    End,
    Listen,
    Ring,
    Why,
    bell,
    by,
    page,
    show,
    spoil,
    to,
)
from tocsin.engine.ports import STORY_MAX, Aggregates, Commit, CommitResult, Stored
from tocsin.engine.runner import ATTEMPTS_MAX, Addressed, ContentionError, Outcome, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Decision, Tick
from tocsin.testing.memory import MemoryStore


class Crowd(MemoryStore):
    """Somebody else writes first, *races* times: a commit finds another version than was loaded."""

    def __init__(self, races: int = 0) -> None:
        super().__init__()
        self.races = races
        self.commits: list[Commit] = []

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        if self.races:
            self.races -= 1
            Runner(cast("Aggregates", _Beside(self)), [MACHINE]).handle(
                [to(commits[0].aggregate, Ring("other"), f"o{self.races}")], NOW
            )
        self.commits.extend(commits)
        return super().commit(commits)


def test_machines_are_made_anew_for_every_batch() -> None:
    made: list[BellMachine] = []

    def renew() -> list[BellMachine]:
        made.append(BellMachine())
        return made[-1:]

    runner = Runner(MemoryStore(), [MACHINE], renew=renew)
    runner.handle([to("b", Ring("x"), "1")], NOW)
    runner.handle([to("b", Ring("x"), "2")], NOW)
    assert len(made) == 2


class _Beside:
    """The same store for the other writer, which meets nobody."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def __getattr__(self, name: str) -> object:
        return getattr(super(Crowd, self._crowd), name)


def handle(store: MemoryStore, *items: Addressed, now: int = NOW) -> Mapping[str, Outcome]:
    return Runner(store, [MACHINE]).handle(items, now)


# Folding


def test_inputs_for_one_aggregate_are_one_commit() -> None:
    store = Crowd()
    outcomes = handle(store, to("b", Ring("ding"), "i1"), to("b", Ring("dong"), "i2"))
    assert outcomes == {"i1": Outcome("b", Why.RANG), "i2": Outcome("b", Why.RANG)}
    assert bell(store, "b").texts == ("ding", "dong")
    (commit,) = store.commits
    assert [done.input_id for done in commit.handled] == ["i1", "i2"]


def test_many_aggregates_are_one_transaction() -> None:
    store = MemoryStore()
    heard: list[list[str]] = []
    runner = Runner(store, [MACHINE], on_commit=lambda commits: heard.append([item.aggregate for item in commits]))
    runner.handle([to("a", Ring(), "i1"), to("b", Ring(), "i2"), to("a", Ring(), "i3")], NOW)
    assert heard == [["a", "b"]]


def test_folding_means_what_one_by_one_means() -> None:
    items = [
        by("k", Ring("1", (page("ada"),)), "i1"),
        by("kg", Ring("2", (show("team:ops"),)), "i2"),
        to("bell-i1", End(), "i3"),
        by("g", Ring("3", (show("team:ops"),)), "i4"),
        by("k", Ring("4"), "i5"),
        to("nobody", Listen(), "i6"),
        to("bell-i1", Ring("5"), "i7"),
    ]
    together, alone = MemoryStore(), MemoryStore()
    outcomes = handle(together, *items)
    assert outcomes == {item.input_id: handle(alone, item)[item.input_id] for item in items}
    for name in ("bell-i1", "bell-i4"):
        assert bell(together, name) == bell(alone, name)
        assert together.timeline(name, 99) == alone.timeline(name, 99)
    assert together.find("kg") == alone.find("kg")


def test_one_now_stands_in_all_that_a_batch_writes() -> None:
    store = MemoryStore()
    handle(store, to("a", Ring("x", (page("ada"),)), "i1"), to("b", Ring("y"), "i2"), now=NOW + 7)
    assert bell(store, "a").heard_at == bell(store, "b").heard_at == (NOW + 7,)
    assert [line.at for line in store.timeline("a", 9)] == [NOW + 7]
    (effect,) = store.pending(NOW + 7, per_receiver=9)
    assert (effect.created_at, effect.not_before) == (NOW + 7, NOW + 7)


def test_an_input_that_comes_twice_in_a_batch_counts_once() -> None:
    store = MemoryStore()
    twice = Ring("ding", (page("ada"),))
    assert handle(store, by("k", twice, "i", fresh="b1"), by("k", twice, "i", fresh="b2")) == {
        "i": Outcome("b1", Why.RANG)
    }
    assert bell(store, "b1").texts == ("ding",)
    assert len(store.pending(NOW, per_receiver=9)) == 1


def test_nothing_to_handle_is_no_commit() -> None:
    store = Crowd(races=1)
    assert handle(store) == {}
    assert store.commits == []


def test_a_story_is_cut_where_people_stop_reading() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring("x" * 2000)))
    (line,) = store.timeline("b", 9)
    assert len(line.story) == STORY_MAX


# Addresses


def test_an_input_finds_the_aggregate_that_holds_one_of_its_keys() -> None:
    store = MemoryStore()
    handle(store, by("k", Ring("1"), "i1"))
    assert handle(store, by("xk", Ring("2"), "i2")) == {"i2": Outcome("bell-i1", Why.RANG)}
    assert store.find("xk") == {"x": "bell-i1", "k": "bell-i1"}


def test_the_first_key_that_is_held_decides() -> None:
    store = MemoryStore()
    handle(store, by("a", Ring(), "i1"), by("b", Ring(), "i2"))
    assert handle(store, by("ba", Ring(), "i3"))["i3"].aggregate == "bell-i2"
    assert store.find("ab") == {"a": "bell-i2", "b": "bell-i2"}


def test_what_no_longer_answers_is_followed_by_a_new_aggregate_that_takes_its_key() -> None:
    store = MemoryStore()
    handle(store, by("k", Ring("1"), "i1"), to("bell-i1", End(), "i2"))
    assert handle(store, by("k", Ring("2"), "i3")) == {"i3": Outcome("bell-i3", Why.RANG)}
    assert store.find("k") == {"k": "bell-i3"}
    assert (bell(store, "bell-i1").texts, bell(store, "bell-i3").texts) == (("1",), ("2",))


def test_a_key_may_move_twice_in_one_batch() -> None:
    store = MemoryStore()
    handle(
        store,
        by("k", Ring("1"), "i1"),
        to("bell-i1", End(), "i2"),
        by("k", Ring("2"), "i3"),
        to("bell-i3", End(), "i4"),
        by("k", Ring("3"), "i5"),
    )
    assert store.find("k") == {"k": "bell-i5"}
    assert [bell(store, name).texts for name in ("bell-i1", "bell-i3", "bell-i5")] == [("1",), ("2",), ("3",)]


def test_a_key_is_claimed_from_who_held_it_when_it_was_read() -> None:
    store = Crowd()
    handle(store, by("k", Ring(), "i1"), to("bell-i1", End(), "i2"))
    handle(store, by("k", Ring(), "i3"))
    assert [item.claims for item in store.commits] == [(("k", None),), (("k", "bell-i1"),)]


def test_an_input_by_name_arrives_there_even_if_its_aggregate_answers_to_no_key() -> None:
    store = MemoryStore()
    handle(store, by("k", Ring("1"), "i1"), to("bell-i1", End(), "i2"))
    assert handle(store, to("bell-i1", Ring("late"), "i3")) == {"i3": Outcome("bell-i1", Why.RANG)}
    assert bell(store, "bell-i1").texts == ("1", "late")


def test_what_began_with_a_name_that_is_taken_costs_the_others_of_its_batch_nothing() -> None:
    store = MemoryStore()
    handle(store, by("k", Ring("1"), "i1", fresh="b"), to("b", End(), "i2"))
    again = by("k", Ring("1"), "i1", fresh="b")  # It was handled, and not settled; now nobody answers to it.
    assert handle(store, to("b", Ring("2"), "i3"), again, to("b", Ring("3"), "i4")) == {
        "i1": Outcome("b", "handled before"),
        "i3": Outcome("b", Why.RANG),
        "i4": Outcome("b", Why.RANG),
    }
    assert set(bell(store, "b").texts) == {"1", "2", "3"}


# What means nothing


def test_an_input_without_state_is_ignored_and_leaves_no_trace() -> None:
    store = Crowd()
    assert handle(store, to("nobody", Listen())) == {"i": Outcome("", Why.NO_BELL)}
    assert store.commits == []
    assert store.seen(["i"]) == {}


def test_an_ignored_input_claims_no_key() -> None:
    store = MemoryStore()
    handle(store, by("k", Listen(), "i1"), by("k", Ring(), "i2"))
    assert store.find("k") == {"k": "bell-i2"}
    assert store.load(["bell-i1"]) == {}


# Once each


def test_an_input_that_was_handled_before_is_not_handled_again() -> None:
    store = MemoryStore()
    item = to("b", Ring("ding", (page("ada"),)))
    handle(store, item)
    assert handle(store, item) == {"i": Outcome("b", "handled before")}
    assert bell(store, "b").texts == ("ding",)
    assert len(store.pending(NOW, per_receiver=9)) == 1


def test_what_is_new_is_handled_beside_what_was_handled_before() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring("1"), "i1"))
    assert handle(store, to("b", Ring("1"), "i1"), to("b", Ring("2"), "i2")) == {
        "i1": Outcome("b", "handled before"),
        "i2": Outcome("b", Why.RANG),
    }
    assert bell(store, "b").texts == ("1", "2")


def test_an_unknown_commit_is_not_repeated() -> None:
    class Mute(MemoryStore):
        silent = True

        def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
            results = super().commit(commits)
            if self.silent:
                self.silent = False
                raise StoreUnavailableError("the answer was lost")
            return results

    store = Mute()
    item = to("b", Ring("ding"))
    with pytest.raises(StoreUnavailableError):
        handle(store, item)
    assert handle(store, item) == {"i": Outcome("b", "handled before")}
    assert bell(store, "b").texts == ("ding",)


# Races


@pytest.mark.parametrize("races", [1, 2, ATTEMPTS_MAX - 1])
def test_a_lost_race_is_decided_again_on_what_the_other_wrote(races: int) -> None:
    store = Crowd(races)
    assert handle(store, to("b", Ring("mine"))) == {"i": Outcome("b", Why.RANG)}
    assert bell(store, "b").texts == ("other",) * races + ("mine",)


def test_a_lost_race_is_run_again_by_those_who_lost_it_only() -> None:
    store = Crowd(races=1)
    handle(store, to("a", Ring("mine"), "i1"), to("b", Ring("mine"), "i2"))
    assert [item.aggregate for item in store.commits] == ["a", "b", "a"]
    assert bell(store, "a").texts == ("other", "mine")
    assert bell(store, "b").texts == ("mine",)


def test_a_key_that_somebody_else_took_leads_to_its_new_holder() -> None:
    class Taken(MemoryStore):
        free = True

        def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
            if self.free:
                self.free = False
                handle(self, by("k", Ring("other"), "o", fresh="theirs"))
            return super().commit(commits)

    store = Taken()
    assert handle(store, by("k", Ring("mine"))) == {"i": Outcome("theirs", Why.RANG)}
    assert bell(store, "theirs").texts == ("other", "mine")


def test_who_loses_every_race_is_told_so_and_others_are_done() -> None:
    store = Crowd(races=ATTEMPTS_MAX)
    with pytest.raises(ContentionError, match=f"1 inputs lost {ATTEMPTS_MAX} races, first i1"):
        handle(store, to("a", Ring(), "i1"), to("b", Ring("mine"), "i2"))
    assert bell(store, "b").texts == ("mine",)
    assert "mine" not in bell(store, "a").texts
    assert store.seen(["i1"]) == {}


def test_a_refused_commit_is_not_told_as_a_commit() -> None:
    store = Crowd(races=1)
    heard: list[str] = []
    runner = Runner(store, [MACHINE], on_commit=lambda commits: heard.extend(item.aggregate for item in commits))
    runner.handle([to("b", Ring())], NOW)
    assert heard == ["b"]


# Effects


def test_the_ids_of_effects_follow_from_their_input() -> None:
    effects = (page("ada"), page("bo"), show("team:ops"))
    stores = [MemoryStore(), Crowd(races=3)]
    for store in stores:
        handle(store, to("b", Ring("x", effects), "in/7"))
        assert {item.id: item.receiver for item in store.pending(NOW, per_receiver=9)} == {
            "in/7/0": "responder:ada",
            "in/7/1": "responder:bo",
            "in/7/2": "team:ops",
        }


def test_an_effect_carries_what_the_decision_fixed() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring("x", (page("ada"), show("team:ops")))))
    urgent, quiet = store.pending(NOW, per_receiver=9)
    assert (urgent.aggregate, urgent.machine, urgent.kind, urgent.facts) == ("b", "bell", "page", {"why": "you"})
    assert (urgent.urgent, urgent.coalesce) == (True, "")
    assert (quiet.urgent, quiet.coalesce) == (False, "b/team:ops/show")


def test_of_effects_that_coalesce_one_commit_carries_the_newest() -> None:
    store = Crowd()
    both = (show("team:ops"), show("responder:ada"))
    handle(store, to("b", Ring("1", both), "i1"), to("b", Ring("2", (page("ada"), show("team:ops"))), "i2"))
    (commit,) = store.commits
    assert [item.id for item in commit.outbox] == ["i1/1", "i2/0", "i2/1"]


def test_effects_of_two_aggregates_do_not_coalesce() -> None:
    store = MemoryStore()
    handle(store, to("a", Ring("1", (show("team:ops"),)), "i1"), to("b", Ring("2", (show("team:ops"),)), "i2"))
    assert len(store.pending(NOW, per_receiver=9)) == 2


# Ticks


def tick(store: MemoryStore, *names: str, now: int = NOW) -> Sequence[str]:
    return Runner(store, [MACHINE]).tick(names, now)


def test_a_tick_wakes_what_is_due() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring(wake_in=0)))
    assert tick(store, "b") == ()
    assert store.due(NOW, 9) == []
    assert store.timeline("b", 1)[0].reason == Why.TICKED


def test_a_tick_that_comes_twice_wakes_once() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring(wake_in=0)))
    before = store.load(["b"])

    class Lagging(MemoryStore):
        """Shows the aggregate as it was before the first tick, once more."""

        stale = True

        def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
            if self.stale:
                self.stale = False
                return before
            return store.load(ids)

        def __getattribute__(self, name: str) -> object:
            own = {"load", "stale", "__class__"}
            return super().__getattribute__(name) if name in own else getattr(store, name)

    tick(store, "b")
    tick(Lagging(), "b")
    assert [line.reason for line in store.timeline("b", 9)] == [Why.RANG, Why.TICKED]
    assert len(store.pending(NOW, per_receiver=9)) == 1


def test_a_tick_too_early_is_not_due() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring(wake_in=5)))
    tick(store, "b")
    assert store.timeline("b", 1)[0].reason == Why.NOT_DUE
    assert store.next_wake() == NOW + 5


def test_a_tick_to_nobody_does_nothing() -> None:
    store = Crowd()
    assert tick(store, "nobody") == ()
    assert store.commits == []


def test_a_tick_must_leave_no_wake_time_that_has_passed(caplog: pytest.LogCaptureFixture) -> None:
    """Law 7: otherwise the sweeper would never rest."""
    store = MemoryStore()
    handle(store, to("b", Ring("crack", wake_in=0)))
    item = to("b", Tick(), "t")
    with pytest.raises(AssertionError, match="ticked"):
        handle(store, item)
    assert tick(store, "b") == ["b"]
    assert "an aggregate cannot be woken" in caplog.text
    assert store.due(NOW, 9) == ["b"]


def test_other_inputs_may_leave_a_wake_time_that_has_passed() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring("crack", wake_in=-5)))
    assert store.due(NOW, 9) == ["b"]


@pytest.mark.parametrize("how", ["crack", "unreadable"])
def test_an_aggregate_that_cannot_be_woken_costs_the_others_nothing(how: str, caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    handle(store, *(to(name, Ring("crack" if name == "b" else "ding", wake_in=0), name) for name in "abc"))
    if how == "unreadable":
        spoil(store, "b")
    assert tick(store, "a", "b", "c") == ["b"]
    assert store.due(NOW, 9) == ["b"]
    assert [record.message for record in caplog.records] == [
        "a batch of ticks failed; they are sent one by one",
        "an aggregate cannot be woken",
    ]


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_a_store_that_goes_away_while_ticks_are_sent_is_told(calls: int) -> None:
    class Leaving(MemoryStore):
        left = -1

        def load(self, ids: Iterable[str]) -> Mapping[str, Stored]:
            if self.left == 0:
                raise StoreUnavailableError("gone")
            self.left -= 1
            return super().load(ids)

    store = Leaving()
    handle(store, to("a", Ring("crack", wake_in=0), "i1"), to("b", Ring(wake_in=0), "i2"))
    store.left = calls
    with pytest.raises(StoreUnavailableError):
        tick(store, "a", "b")


# Our own bugs


def test_an_input_that_breaks_its_machine_breaks_the_batch_before_anything_is_written() -> None:
    store = Crowd()
    with pytest.raises(ZeroDivisionError):
        handle(store, to("a", Ring(), "i1"), to("b", Burst(), "i2"))
    assert store.commits == []


def test_a_state_of_an_unknown_machine_is_our_bug() -> None:
    store = MemoryStore()
    handle(store, to("b", Ring()))
    with pytest.raises(KeyError):
        Runner(store, []).handle([to("b", Ring(), "i2")], NOW)


def test_each_machine_gets_its_own_inputs() -> None:
    class Gong(BellMachine):
        name = "gong"

        def decide(self, state: Bell | None, given: object, now: int) -> Decision[Bell]:
            decision = super().decide(state, given, now)
            assert decision.state is not None
            return replace(decision, state=replace(decision.state, texts=("gong",)))

    store = MemoryStore()
    Runner(store, [MACHINE, Gong()]).handle(
        [to("a", Ring(), "i1"), replace(to("b", Ring(), "i2"), machine="gong")], NOW
    )
    assert (bell(store, "a").texts, bell(store, "b").texts) == (("ding",), ("gong",))
    assert {name: found.machine for name, found in store.load("ab").items()} == {"a": "bell", "b": "gong"}
