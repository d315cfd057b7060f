"""Turns: what an integration sends beyond its rate waits in its order, is never lost, and holds up nobody else."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine import turns as turns_module
from tocsin.engine.ports import Delivery, Received
from tocsin.engine.turns import Turns
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.testing.memory import MemoryStore

NOW = 1_795_000_000_000
RATES = {"flood": 10.0, "slow": 1.0, "second": 10.0}


class Hall:
    """Turns over a store; `work` settles what they hand out."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.now = NOW
        self.turns = Turns(self.store, RATES.get)
        self.done: list[Delivery] = []

    def send(self, key: str, count: int = 1) -> None:
        body = b"%d"
        self.store.accept(
            [
                Received(received_at=self.now, channel="in", key=key, head=b"", body=body % number)
                for number in range(count)
            ]
        )

    def step(self, limit: int = 128) -> Sequence[Delivery]:
        batch = self.turns.take(self.now, limit)
        self.store.settle({delivery.id: "" for delivery in batch})
        self.turns.done()
        self.done += batch
        return batch

    def work(self, limit: int = 128) -> list[str]:
        """Steps until nothing moves; the integrations whose turn it was."""
        found: list[str] = []
        while True:
            batch = self.step(limit)
            if not batch and not self.turns.newly_parked:
                return found
            found += [delivery.key for delivery in batch]


def test_without_a_rate_everything_goes_in_the_order_of_acceptance() -> None:
    hall = Hall()
    for key in ("a", "b", "a"):
        hall.send(key, 50)
    assert hall.work() == ["a"] * 50 + ["b"] * 50 + ["a"] * 50
    assert hall.turns.parked() == {}


def test_what_is_beyond_the_rate_is_parked_and_goes_when_its_time_comes() -> None:
    hall = Hall()
    hall.send("flood", 35)
    assert len(hall.work()) == 10
    assert hall.turns.parked() == {"flood": 25}
    for seconds, count in ((0.05, 0), (0.05, 1), (1, 10), (30, 10), (30, 4)):
        hall.now += int(seconds * SECOND)
        assert len(hall.work()) == count
    assert [int(delivery.body) for delivery in hall.done] == list(range(35))
    assert hall.turns.parked() == {"flood": 0}
    assert list(hall.store.backlog(1)) == []


def test_who_keeps_to_the_rate_never_waits() -> None:
    hall = Hall()
    for _ in range(50):
        hall.send("flood")
        assert len(hall.work()) == 1
        hall.now += SECOND // 10


def test_a_newcomer_stands_behind_those_in_line() -> None:
    hall = Hall()
    hall.send("slow", 3)
    assert len(hall.work()) == 1
    hall.now += 10 * SECOND
    hall.send("slow")
    for _ in range(3):
        hall.work()
        hall.now += SECOND
    assert [int(delivery.id) for delivery in hall.done] == [1, 2, 3, 4]


def test_others_behind_a_flood_are_found_in_the_same_step() -> None:
    hall = Hall()
    hall.send("flood", 1000)
    hall.send("calm", 3)
    assert [delivery.key for delivery in hall.step(32)] == ["flood"] * 10 + ["calm"] * 3
    assert hall.turns.newly_parked == 990


def test_one_step_looks_at_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "LOOK_MAX", 100)
    hall = Hall()
    hall.send("flood", 1000)
    hall.send("calm")
    steps = 0
    while not any(delivery.key == "calm" for delivery in hall.step(64)):
        assert hall.turns.newly_parked > 0
        steps += 1
    assert 5 <= steps <= 11


def test_two_floods_share_the_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall()
    hall.send("flood", 50)
    hall.send("second", 50)
    hall.work()
    hall.now += SECOND
    monkeypatch.setattr(hall.turns, "_found", lambda *_: iter(()))
    assert [delivery.key for delivery in hall.step(12)] == ["flood", "second"] * 3


def test_those_in_line_leave_room_for_others_and_others_for_those_in_line() -> None:
    hall = Hall()
    hall.send("flood", 100)
    hall.work()
    hall.send("calm", 100)
    hall.now += SECOND
    assert [delivery.key for delivery in hall.step(2)] == ["flood", "calm"]
    assert [delivery.key for delivery in hall.step(1)] == ["flood", "calm"]


def test_what_was_set_aside_comes_again_after_its_pause_and_holds_up_nobody() -> None:
    hall = Hall()
    hall.send("calm", 3)
    first, *others = hall.turns.take(hall.now, 128)
    hall.turns.set_aside(first, hall.now + MINUTE)
    hall.store.settle({delivery.id: "" for delivery in others})
    hall.turns.done()
    hall.send("calm")
    assert [delivery.id for delivery in hall.step()] == ["4"]
    assert hall.turns.oldest_waiting() == NOW
    hall.now += MINUTE
    assert [delivery.id for delivery in hall.step()] == [first.id]
    assert hall.step() == []
    assert hall.turns.oldest_waiting() is None


def test_much_that_was_set_aside_comes_again_a_little_at_a_time() -> None:
    hall = Hall()
    hall.send("calm", 5)
    for delivery in hall.turns.take(hall.now, 128):
        hall.turns.set_aside(delivery, hall.now + MINUTE)
    hall.turns.done()
    hall.now += MINUTE
    assert [len(hall.step(4)) for _ in range(4)] == [2, 2, 1, 0]
    assert len({delivery.id for delivery in hall.done}) == 5


def test_what_waits_for_its_rate_is_not_the_oldest_that_waits() -> None:
    hall = Hall()
    hall.send("flood", 100)
    hall.work()
    hall.now += SECOND // 2
    hall.send("calm")
    assert hall.turns.oldest_waiting() == NOW + SECOND // 2
    hall.turns.take(hall.now, 128)  # Whoever dies here has it in hand, and it is not done.
    assert hall.turns.oldest_waiting() == NOW + SECOND // 2


def test_what_was_taken_and_not_settled_comes_again_in_order() -> None:
    hall = Hall()
    hall.send("flood", 30)
    hall.send("calm")
    hall.turns.take(hall.now, 128)
    hall.turns.again()
    hall.now += SECOND
    assert [delivery.id for delivery in hall.step()] == [*map(str, range(1, 11)), "31"]
    assert hall.turns.parked() == {"flood": 20}


def test_a_failure_gives_nobody_more_than_the_rate() -> None:
    hall = Hall()
    hall.send("flood", 100)
    for _ in range(5):
        hall.turns.take(hall.now, 128)
        hall.turns.again()
    assert hall.work() == []


def test_what_has_vanished_from_the_store_is_passed_over() -> None:
    class Forgets(MemoryStore):
        def delivery(self, delivery_id: str) -> Delivery | None:
            return None if delivery_id in {"2", "4"} else super().delivery(delivery_id)

    hall = Hall(Forgets())
    hall.send("slow", 3)
    hall.send("calm")
    calm = hall.turns.take(hall.now, 128)[-1]
    hall.turns.set_aside(calm, hall.now + SECOND)
    hall.store.settle({"1": "", "2": "", "4": ""})
    hall.turns.done()
    for _ in range(3):
        hall.now += SECOND
        hall.step()
    assert [delivery.id for delivery in hall.done] == ["3"]
    assert hall.turns.oldest_waiting() is None


def test_a_long_line_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TRIM_LEAST", 20)
    hall = Hall()
    hall.send("flood", 60)
    lengths = []
    for _ in range(6):
        hall.work()
        lengths.append(len(hall.turns._lines["flood"]._ids))
        hall.now += SECOND
    assert [int(delivery.body) for delivery in hall.done] == list(range(60))
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 30


# Never lost, never out of order within an integration, others not delayed


class Flaky(MemoryStore):
    """A store that is away now and then."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.flaky = False

    def trouble(self) -> None:
        if self.flaky and self.chance.random() < 0.05:
            raise StoreUnavailableError("gone")

    def backlog(self, limit: int, after: str = "") -> Sequence[Delivery]:
        self.trouble()
        return super().backlog(limit, after)

    def delivery(self, delivery_id: str) -> Delivery | None:
        self.trouble()
        return super().delivery(delivery_id)


class Crowd(Hall):
    """A hall in which much goes wrong; who was sent, and when whose turn it was."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.flaky = Flaky(self.chance)
        super().__init__(self.flaky)
        self.sent: dict[str, list[str]] = {key: [] for key in ("calm", *RATES)}
        self.went: dict[str, list[str]] = {key: [] for key in self.sent}
        self.times: dict[str, list[int]] = {key: [] for key in self.sent}

    def come(self) -> None:
        key = self.chance.choice(list(self.sent))
        count = self.chance.choice((1, 3, 40)) if key in RATES else 1
        item = Received(received_at=self.now, channel="in", key=key, head=b"", body=b"")
        self.sent[key] += self.store.accept([item] * count)

    def go(self) -> bool:
        """One step, as the worker makes it; whether anything has moved."""
        try:
            batch = self.turns.take(self.now, self.chance.choice((1, 2, 24, 128)))
            self.flaky.trouble()
        except StoreUnavailableError:
            self.turns.again()
            return True
        self.store.settle({delivery.id: "" for delivery in batch})
        self.turns.done()
        for delivery in batch:
            self.went[delivery.key].append(delivery.id)
            self.times[delivery.key].append(self.now)
        return bool(batch or self.turns.newly_parked)

    def rest(self) -> None:
        self.flaky.flaky = False
        while self.go():
            pass

    def restart(self) -> None:
        self.turns = Turns(self.store, RATES.get)
        self.times = {key: [] for key in self.sent}  # A bucket is full again.


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_in_any_world_nothing_is_lost_or_overtakes_its_own_and_others_go_at_once(seed: int) -> None:
    crowd = Crowd(seed)
    for _ in range(60):
        crowd.come()
        crowd.flaky.flaky = crowd.chance.random() < 0.3
        if crowd.chance.random() < 0.05:
            crowd.restart()
        for _ in range(crowd.chance.choice((0, 1, 5))):
            crowd.go()
        crowd.now += crowd.chance.choice((0, 3, 100, 2000))
        crowd.rest()
        assert crowd.went["calm"] == crowd.sent["calm"]
    while crowd.went != crowd.sent:
        crowd.now += SECOND
        crowd.rest()
        assert crowd.now < NOW + 4000 * SECOND, "somebody waits for ever"
    assert list(crowd.store.backlog(1)) == []
    for key, rate in RATES.items():
        for first, began in enumerate(crowd.times[key]):
            window = sum(at < began + 10 * SECOND for at in crowd.times[key][first:])
            assert window <= rate * 11 + 1, f"{key} went faster than its rate"
