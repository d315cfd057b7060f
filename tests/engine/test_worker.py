"""The worker: deliveries are settled when their inputs are handled, and what is bad costs itself only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.engine.bells import MACHINE, NOW, Burst, Listen, Ring, Why, bell, received, to
from tocsin.engine import worker as worker_module
from tocsin.engine.ports import Commit, CommitResult, Delivery
from tocsin.engine.runner import Addressed, ContentionError, Outcome, Runner
from tocsin.engine.worker import STUCK_PAUSE, Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND
from tocsin.testing.memory import MemoryStore

POISON = "undecodable"


class Office:
    """A worker whose deliveries say in words what they mean; one word is one input."""

    def __init__(self, store: MemoryStore | None = None, rate: float | None = None) -> None:
        self.store = store or MemoryStore()
        self.runner = Runner(self.store, [MACHINE])
        self.worker = Worker(
            self.store,
            self.runner,
            self.interpret,
            self.poisoned,
            rate_of=lambda _: rate,
            on_settled=self.settled,
        )
        self.told: list[tuple[str, str, list[Outcome]]] = []
        self.interpreted: list[str] = []
        self.poison: object = Ring(POISON)

    def accept(self, *bodies: str) -> Sequence[str]:
        return self.store.accept([received(body) for body in bodies])

    def interpret(self, delivery: Delivery) -> Interpretation:
        self.interpreted.append(delivery.id)
        inputs = []
        for number, word in enumerate(delivery.body.decode().split()):
            if word == "unreadable":
                raise KeyError(word)
            given = {"burst": Burst(), "listen": Listen()}.get(word, Ring(word))
            bell_name = "nobody" if word == "listen" else "b"
            inputs.append(to(bell_name, given, f"{delivery.id}/{number}"))
        return Interpretation(tuple(inputs), "half of it" if "half" in delivery.body.decode() else "")

    def poisoned(self, delivery: Delivery, error: str) -> Interpretation:
        if self.poison is None:
            raise RuntimeError(error)
        return Interpretation((to("b", self.poison, f"{delivery.id}/poison"),), f"{POISON}: {error}")

    def settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        self.told.append((delivery.id, note, list(outcomes)))

    def rung(self) -> tuple[str, ...]:
        return bell(self.store, "b").texts

    def waiting(self) -> list[str]:
        return [delivery.id for delivery in self.store.backlog(99)]

    def notes(self) -> dict[str, str]:
        return {row.id: row.outcome for row in self.store.deliveries(99) if row.outcome != "handled"}


def test_deliveries_are_handled_in_the_order_in_which_they_came() -> None:
    office = Office()
    ids = office.accept("one two", "three", "four")
    assert office.worker.step(NOW) == 3
    assert office.rung() == ("one", "two", "three", "four")
    assert office.waiting() == []
    assert [told[0] for told in office.told] == list(ids)


def test_a_step_takes_the_oldest_few() -> None:
    office = Office()
    _, second, third = office.accept("one", "two", "three")
    assert office.worker.step(NOW, limit=1) == 1
    assert (office.rung(), office.waiting()) == (("one",), [second, third])


def test_an_empty_backlog_is_no_work() -> None:
    office = Office()
    assert office.worker.step(NOW) == 0
    assert office.told == []


def test_a_delivery_that_means_nothing_is_settled() -> None:
    office = Office()
    office.accept("")
    assert office.worker.step(NOW) == 1
    assert office.waiting() == []


def test_who_listens_hears_what_became_of_each_input() -> None:
    office = Office()
    (name,) = office.accept("one listen")
    office.worker.step(NOW)
    assert office.told == [(name, Why.NO_BELL, [Outcome("b", Why.RANG), Outcome("", Why.NO_BELL)])]


def test_a_note_tells_what_no_timeline_tells() -> None:
    office = Office()
    usual, ignored, both, half = office.accept("one", "listen listen", "one listen", "half listen")
    office.worker.step(NOW)
    assert office.notes() == {ignored: Why.NO_BELL, both: Why.NO_BELL, half: f"half of it; {Why.NO_BELL}"}
    assert usual not in office.notes()


def test_a_delivery_is_settled_only_after_its_inputs_were_handled() -> None:
    class Watched(MemoryStore):
        def settle(self, outcomes: Mapping[str, str]) -> None:
            for name in outcomes:
                assert self.seen([f"{name}/0"])
            super().settle(outcomes)

    office = Office(Watched())
    office.accept("one", "two")
    assert office.worker.step(NOW) == 2


def test_who_died_between_handling_and_settling_handles_nothing_twice() -> None:
    class Dies(MemoryStore):
        alive = False

        def settle(self, outcomes: Mapping[str, str]) -> None:
            if not self.alive:
                raise StoreUnavailableError("gone")
            super().settle(outcomes)

    office = Office(store := Dies())
    office.accept("one")
    with pytest.raises(StoreUnavailableError):
        office.worker.step(NOW)
    assert (office.told, len(office.waiting())) == ([], 1)
    store.alive = True
    assert office.worker.step(NOW) == 1
    assert office.rung() == ("one",)


def test_many_inputs_are_several_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "INPUTS_MAX", 2)
    sizes: list[int] = []
    office = Office()
    office.runner._on_commit = lambda commits: sizes.append(sum(len(item.handled) for item in commits))
    office.accept("1 2 3", "4 5")
    assert office.worker.step(NOW) == 2
    assert sizes == [2, 2, 1]
    assert office.rung() == ("1", "2", "3", "4", "5")


# What is bad costs itself only


def test_what_cannot_be_interpreted_becomes_an_alert(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    _, bad, _ = office.accept("one", "unreadable", "two")
    assert office.worker.step(NOW) == 3
    assert office.rung() == ("one", POISON, "two")
    assert office.notes() == {bad: f"{POISON}: internal error: KeyError"}
    assert [(record.message, record.delivery) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("a delivery could not be interpreted", bad)
    ]


def test_what_breaks_a_machine_becomes_an_alert_and_the_others_are_handled(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    first, bad, last = office.accept("one", "before burst after", "two")
    assert office.worker.step(NOW) == 3
    assert office.rung() == ("one", "before", "after", "two", POISON)
    assert office.notes() == {bad: f"{POISON}: internal error while it was handled"}
    assert office.told == [
        (first, "", [Outcome("b", Why.RANG)]),
        (bad, f"{POISON}: internal error while it was handled", [Outcome("b", Why.RANG)]),
        (last, "", [Outcome("b", Why.RANG)]),
    ]
    assert [record.message for record in caplog.records] == [
        "a batch failed; its inputs are handled one by one",
        "an input cannot be handled",
    ]


def test_a_bad_input_costs_the_other_slices_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "INPUTS_MAX", 2)
    office = Office()
    office.accept("1 2", "burst", "3 4 5")
    assert office.worker.step(NOW) == 3
    assert office.rung() == ("1", "2", "3", "4", "5", POISON)


@pytest.mark.parametrize("body", ["burst", "unreadable"])
@pytest.mark.parametrize("poison", [Burst(), None], ids=["breaks a machine", "cannot be told"])
def test_what_cannot_even_be_set_aside_stays_in_the_backlog_and_health_tells(
    body: str, poison: object, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office()
    office.poison = poison
    _, bad, _ = office.accept("one", body, "two")
    assert office.worker.step(NOW) == 2
    assert office.rung() == ("one", "two")
    assert office.waiting() == [bad]
    health = office.store.health(NOW)
    assert (health.backlog, health.oldest_backlog_at) == (1, NOW)
    assert caplog.records[-1].message == "a delivery cannot even be set aside"


def test_what_is_stuck_holds_up_nobody_however_much_of_it_there_is() -> None:
    office = Office()
    office.poison = None
    stuck = [*office.accept(*["burst"] * 5)]
    office.accept("one", "two", "three")
    done = [office.worker.step(NOW, limit=2) for _ in range(6)]
    assert sum(done) == 3
    assert (office.rung(), office.waiting()) == (("one", "two", "three"), stuck)


def test_what_is_stuck_is_not_tried_all_the_time() -> None:
    office = Office()
    office.poison = None
    (stuck,) = office.accept("burst")
    for later in (0, 1, STUCK_PAUSE - 1):
        assert office.worker.step(NOW + later) == 0
    assert office.interpreted == [stuck]
    assert office.worker.step(NOW + STUCK_PAUSE) == 0
    assert office.interpreted == [stuck] * 2


def test_what_was_stuck_is_handled_once_its_reason_is_gone() -> None:
    office = Office()
    office.poison = None
    office.accept("burst")
    office.worker.step(NOW)
    office.poison = Ring(POISON)
    assert office.worker.step(NOW + STUCK_PAUSE) == 1
    assert (office.rung(), office.waiting()) == ((POISON,), [])


# No faster than the rate


def test_what_is_beyond_the_rate_waits_and_is_told_of() -> None:
    office = Office(rate=1.0)
    ids = office.accept("one", "two", "three")
    assert office.worker.step(NOW) == 3  # One is handled, two are parked.
    assert office.worker.step(NOW) == 0
    assert (office.rung(), office.waiting()) == (("one",), list(ids[1:]))
    assert list(office.worker.parked().values()) == [2]
    assert office.worker.oldest_waiting() is None
    assert office.worker.step(NOW + SECOND) == 1
    assert office.rung() == ("one", "two")


def test_who_dies_while_deliveries_are_parked_goes_on_with_the_oldest() -> None:
    office = Office(rate=1.0)
    office.accept("one", "two", "three")
    office.worker.step(NOW)
    again = Office(office.store, rate=1.0)
    again.worker.step(NOW + SECOND)
    assert again.rung() == ("one", "two")


def test_a_store_that_goes_away_loses_nothing_of_what_is_parked() -> None:
    office = Office(store := Failing(), rate=1.0)
    store.good = 1
    office.accept("one", "two", "three")
    office.worker.step(NOW)
    with pytest.raises(StoreUnavailableError):
        office.worker.step(NOW + SECOND)
    store.good = 99
    for later in range(2, 5):
        office.worker.step(NOW + later * SECOND)
    assert office.rung() == ("one", "two", "three")


# Trouble with the store is no fault of a delivery


class Failing(MemoryStore):
    """Works *good* commits long, then it is away."""

    good = 0

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        if not self.good:
            raise StoreUnavailableError("disk full")
        self.good -= 1
        return super().commit(commits)


@pytest.mark.parametrize("bodies", [("one", "two"), ("one", "burst", "two")], ids=["good", "with a bad one"])
@pytest.mark.parametrize("good", range(4))
def test_a_store_that_goes_away_leaves_the_rest_in_the_backlog(
    bodies: Sequence[str], good: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "INPUTS_MAX", 1 if "burst" not in bodies else 256)
    office = Office(store := Failing())
    office.accept(*bodies)
    store.good = good
    commits = (
        2 if "burst" not in bodies else 3
    )  # One for each input, and one for the alert that is made of the bad one.
    if good < commits:
        with pytest.raises(StoreUnavailableError):
            office.worker.step(NOW)
        assert len(office.waiting()) == len(bodies)
        assert office.told == []
    store.good = 99
    assert office.worker.step(NOW) == len(bodies)
    assert office.rung() == ("one", "two", POISON)[: 2 + ("burst" in bodies)]
    assert office.waiting() == []


def test_inputs_that_lose_every_race_are_tried_again_and_are_no_poison() -> None:
    class Hot(MemoryStore):
        hot = True

        def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
            return [CommitResult.CONFLICT] * len(commits) if self.hot else super().commit(commits)

    office = Office(store := Hot())
    office.accept("one", "two")
    with pytest.raises(ContentionError):
        office.worker.step(NOW)
    assert len(office.waiting()) == 2
    store.hot = False
    assert office.worker.step(NOW) == 2
    assert office.rung() == ("one", "two")


def test_nobody_needs_to_listen() -> None:
    store = MemoryStore()
    item = Addressed(input_id="i", machine="bell", given=Ring(), aggregate="b")
    worker = Worker(store, Runner(store, [MACHINE]), lambda _: Interpretation((item,)), lambda *_: Interpretation(()))
    store.accept([received()])
    assert worker.step(NOW) == 1
