"""The engine's thread: it wakes by hints, does without them, and nothing stops it but its end."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from msgspec.structs import replace

from tests.engine.bells import MACHINE, NOW, Pigeons, Post, Ring, Why, bell, page, received, to
from tocsin.engine import service
from tocsin.engine.ports import Commit, Delivery
from tocsin.engine.runner import Runner
from tocsin.engine.service import SWEEP_EVERY, TROUBLE_PAUSE, Engine
from tocsin.engine.worker import Interpretation, Worker
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import HOUR
from tocsin.testing.memory import MemoryStore

DEADLINE = 30.0  # Seconds: only a broken test waits so long.
WATCHED = frozenset({"backlog", "due", "confirm", "settle", "commit", "next_wake"})


class Watched(MemoryStore):
    """Counts its calls, tells whoever waits of each, and can go away."""

    def __init__(self) -> None:
        self.told = threading.Condition()
        self.calls: Counter[str] = Counter()
        self.problem: Exception | None = None
        super().__init__()

    def __getattribute__(self, name: str) -> object:
        work = super().__getattribute__(name)
        if name not in WATCHED:
            return work

        def call(*args: object, **kwargs: object) -> object:
            try:
                if self.problem is not None:
                    raise self.problem
                return work(*args, **kwargs)
            finally:
                with self.told:
                    self.calls[name] += 1
                    self.told.notify_all()

        return call

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds, asked after every call."""
        with self.told:
            assert self.told.wait_for(condition, DEADLINE)

    def until_called(self, name: str, times: int) -> None:
        """Wait until *name* was called so many times more."""
        goal = self.calls[name] + times
        self.until(lambda: self.calls[name] >= goal)


class Service(Post):
    """A post with an engine around it; a delivery rings the bell that it names, and ada is paged."""

    def __init__(self, accepted: Callable[[], int] = lambda: 0) -> None:
        self.watched = Watched()
        self.chat = Pigeons()
        super().__init__(self.chat, store=self.watched)
        self.runner = Runner(self.watched, [MACHINE], on_commit=self._committed)
        worker = Worker(self.watched, self.runner, self._interpret, lambda *_: Interpretation(()))
        self.engine = Engine(self.watched, worker, self.runner, self.dispatcher, lambda: self.now, accepted=accepted)

    def accept(self, *names: str) -> None:
        self.store.accept([received(name) for name in names])

    def write(self, name: str, given: Ring) -> None:
        """As another process does: the engine hears nothing of it."""
        Runner(self.store, [MACHINE]).handle([to(name, given, f"other/{name}")], self.now)

    def until_paged(self, *effects: str) -> None:
        self.watched.until(lambda: set(effects) <= {name for _, ids in self.chat.flights for name in ids})

    def until_asleep(self) -> None:
        """Wait for the end of a round that was not begun yet."""
        self.engine.wake()
        self.watched.until_called("backlog", 1)

    def paged(self) -> list[str]:
        return [address for address, _ in self.chat.flights]

    def _committed(self, commits: Sequence[Commit]) -> None:
        self.engine.touch({item.receiver for commit in commits for item in commit.outbox})

    def _interpret(self, delivery: Delivery) -> Interpretation:
        name = delivery.body.decode()
        return Interpretation((to(name, Ring(effects=(page("ada"),)), f"{delivery.id}/0"),))


@pytest.fixture
def running() -> Iterator[Service]:
    made = Service()
    made.engine.start()
    yield made
    made.engine.stop()


@pytest.fixture
def hints_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SWEEP_EVERY", HOUR)


# The thread


def test_a_delivery_becomes_a_page(running: Service) -> None:
    running.accept("b")
    running.engine.wake()
    running.until_paged("1/0/0")
    assert bell(running.store, "b").texts == ("ding",)


def test_what_waited_for_the_start_is_worked_off() -> None:
    waiting = Service()
    waiting.accept("b")
    waiting.write("c", Ring(wake_in=0))
    waiting.engine.start()
    waiting.until_paged("1/0/0", "tick/c/1/0")
    waiting.engine.stop()


@pytest.mark.usefixtures("hints_only")
def test_stop_ends_the_thread_even_while_it_sleeps() -> None:
    service_ = Service()
    service_.engine.start()
    service_.until_asleep()
    service_.engine.stop()
    assert not service_.engine._thread.is_alive()
    rounds = service_.watched.calls["backlog"]
    service_.engine.wake()
    assert service_.watched.calls["backlog"] == rounds


def test_stop_is_allowed_before_the_start() -> None:
    Service().engine.stop()


@pytest.mark.usefixtures("hints_only")
def test_a_hint_wakes_the_engine(running: Service) -> None:
    running.until_asleep()
    running.accept("b")
    running.engine.wake()
    running.until_paged("1/0/0")


@pytest.mark.usefixtures("hints_only")
def test_a_hint_for_a_receiver_moves_what_waits_for_it() -> None:
    touched = Service()
    touched.engine.step()
    touched.write("b", Ring(effects=(page("ada"), page("bo"))))
    touched.engine.step()
    assert touched.paged() == []
    touched.engine.touch(["responder:bo"])
    touched.engine.step()
    assert touched.paged() == ["bo"]
    touched.engine.step()
    assert touched.paged() == ["bo"]


@pytest.mark.usefixtures("hints_only")
def test_a_touch_wakes_the_engine(running: Service) -> None:
    running.until_asleep()
    running.write("b", Ring(effects=(page("ada"),)))
    running.engine.touch(["responder:ada"])
    running.until_paged("other/b/0")


def test_without_any_hint_a_delivery_is_found(running: Service) -> None:
    running.until_asleep()
    running.accept("b")
    running.watched.until(lambda: running.watched.calls["settle"] > 0)
    assert bell(running.store, "b").texts == ("ding",)


def test_without_any_hint_what_is_due_and_what_is_pending_is_found(running: Service) -> None:
    running.until_asleep()
    running.write("b", Ring(wake_in=1, effects=(page("bo"),)))
    running.now += SWEEP_EVERY
    running.until_paged("other/b/0", "tick/b/1/0")
    assert running.store.timeline("b", 1)[0].reason == Why.TICKED


# Trouble


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TROUBLE_PAUSE", 1)


def test_trouble_with_the_store_and_its_end_are_logged_once_each(
    running: Service, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    del quick
    caplog.set_level(logging.WARNING)
    for number in (1, 2):
        running.watched.problem = StoreUnavailableError("disk full")
        running.watched.until_called("backlog", 3)
        running.watched.problem = None
        running.now += SWEEP_EVERY
        running.watched.until_called("next_wake", 1)
        running.accept(f"b{number}")
        running.until_paged(f"{number}/0/0")
    said = [(record.message, getattr(record, "problem", "")) for record in caplog.records]
    assert said == [("the store cannot work", "disk full"), ("the store works again", "")] * 2


def test_the_engine_survives_what_nobody_expected(
    running: Service, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    del quick
    running.watched.problem = KeyError("a bug")
    running.watched.until_called("backlog", 3)
    running.watched.problem = None
    running.accept("b")
    running.until_paged("1/0/0")
    assert {record.message for record in caplog.records} == {"the engine stumbled; it goes on"}
    assert all(record.exc_info for record in caplog.records)


def test_hints_do_not_hurry_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TROUBLE_PAUSE", HOUR)
    away = Service()
    away.watched.problem = StoreUnavailableError("disk full")
    away.engine.start()
    away.watched.until(lambda: away.watched.calls["backlog"] == 1)
    for _ in range(1000):
        away.engine.wake()
    away.engine.stop()  # ... but the end does.
    assert away.watched.calls["backlog"] == 1


def test_what_could_not_be_handled_is_handled_when_the_store_is_back() -> None:
    shaky = Service()
    shaky.accept("b")
    shaky.watched.problem = StoreUnavailableError("disk full")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            shaky.engine.step()
    shaky.watched.problem = None
    assert shaky.engine.step()
    assert shaky.paged() == ["ada"]


def test_in_a_rush_the_engine_rests_and_still_works() -> None:
    rush = Service(accepted=itertools.count(0, 10_000_000).__next__)
    rush.accept("b", "c")
    rush.engine.start()
    rush.until_paged("1/0/0", "2/0/0")
    rush.accept("d")
    rush.until_paged("3/0/0")
    rush.engine.stop()


# When it sweeps


def sweeps(service_: Service, instants: Sequence[int]) -> list[int]:
    """At which of *instants* (after NOW) the engine has asked what is due."""
    found = []
    for instant in instants:
        service_.now = NOW + instant
        before = service_.watched.calls["due"]
        service_.engine.step()
        if service_.watched.calls["due"] > before:
            found.append(instant)
    return found


def test_an_idle_engine_sweeps_now_and_then() -> None:
    assert sweeps(Service(), [0, 1, SWEEP_EVERY - 1, SWEEP_EVERY, SWEEP_EVERY + 1, 2 * SWEEP_EVERY]) == [
        0,
        SWEEP_EVERY,
        2 * SWEEP_EVERY,
    ]


def test_a_timer_is_kept_to_the_millisecond_when_it_is_known() -> None:
    known = Service()
    known.write("b", Ring(wake_in=100))
    assert sweeps(known, [0, 99, 100]) == [0, 100]
    assert known.paged() == ["ada"]


def test_a_postponed_page_is_kept_to_the_millisecond_too() -> None:
    late = Service()
    late.write("b", Ring(effects=(page("ada"),)))
    (waiting,) = late.pending().values()
    late.store.postpone([replace(waiting, not_before=NOW + 70)])
    assert sweeps(late, [0, 69, 70]) == [0, 70]
    assert late.paged() == ["ada"]


def test_a_timer_that_nobody_told_of_is_late_by_one_sweep_at_most() -> None:
    late = Service()
    late.engine.step()
    late.write("b", Ring(wake_in=1))
    assert sweeps(late, [1, SWEEP_EVERY - 1, SWEEP_EVERY]) == [SWEEP_EVERY]
    assert late.paged() == ["ada"]


def test_after_an_outage_all_that_is_due_is_woken_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "DUE_MAX", 2)
    outage = Service()
    for name in "abcde":
        outage.write(name, Ring(wake_in=0))
    rounds = 0
    while outage.engine.step():
        rounds += 1
    assert rounds == 3
    assert outage.store.due(NOW, 9) == []
    assert len(outage.chat.jobs) == 5


def test_what_cannot_be_woken_costs_the_others_nothing_and_is_not_tried_all_the_time() -> None:
    cracked = Service()
    cracked.write("b", Ring("crack", wake_in=0))
    cracked.write("c", Ring(wake_in=0))
    assert sweeps(cracked, [0, 1, TROUBLE_PAUSE - 1, TROUBLE_PAUSE]) == [0, TROUBLE_PAUSE]
    assert [job.outgoing.aggregate for job in cracked.chat.jobs] == ["c"]
    assert not cracked.engine.step()
    assert cracked.store.health(NOW).oldest_due_at == NOW


def test_an_engine_with_nothing_to_do_says_so() -> None:
    idle = Service()
    assert not idle.engine.step()
    idle.accept("b")
    assert idle.engine.step()
    assert not idle.engine.step()
