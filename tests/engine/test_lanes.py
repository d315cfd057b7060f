"""Lanes on real threads: one batch at a time for each receiver, and nobody waits for somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engine.bells import MACHINE, NOW, Pigeons, Post, Ways, page, show
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivered, DeliveryResult, Job

DEADLINE = 30.0  # Seconds: only a broken test waits so long.


class Slow(Pigeons):
    """Holds what it is given for some addresses until it is released."""

    def __init__(self, *held: str) -> None:
        super().__init__(script=self._hold)
        self.release = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        self._held = held
        self._lock = threading.Lock()

    def _hold(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        with self._lock:
            self.at_once[address] = self.at_once.get(address, 0) + 1
            self.most_at_once = max(self.most_at_once, self.at_once[address])
        self.arrived.release()
        if address in self._held:
            assert self.release.wait(DEADLINE)
        with self._lock:
            self.at_once[address] -= 1
        return [Delivered()] * len(jobs)


class Threads(Post):
    """A post whose lanes run on real threads."""

    def __init__(self, transport: Slow, executor: ThreadPoolExecutor) -> None:
        super().__init__(transport)
        self._finished = threading.Semaphore(0)
        self.dispatcher = Dispatcher(
            self.store,
            [MACHINE],
            [transport],
            Ways("chat"),
            executor=executor,
            clock=lambda: NOW,
            chance=lambda: 0.0,
            report=self.failures.append,
            on_done=self._finished.release,
        )

    def until(self, condition: Callable[[], bool]) -> None:
        """Step after each lane that finishes, until *condition* holds."""
        while not condition():
            assert self._finished.acquire(timeout=DEADLINE)
            self.dispatcher.step(NOW, [])


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_a_slow_receiver_blocks_nobody_else(executor: ThreadPoolExecutor) -> None:
    post = Threads(chat := Slow("ada"), executor)
    post.ring("b", page("ada"), page("bo"), show("team:ops"))
    assert post.step() == 3
    post.until(lambda: list(post.pending()) == ["r1/0"])
    post.ring("c", page("bo"))
    assert post.step() == 1
    post.until(lambda: list(post.pending()) == ["r1/0"])
    assert post.dispatcher.busy()
    chat.release.set()
    post.until(lambda: not post.pending())


def test_one_batch_is_in_flight_for_each_receiver(executor: ThreadPoolExecutor) -> None:
    post = Threads(chat := Slow("ada"), executor)
    post.ring("b", page("ada"))
    assert post.step() == 1
    assert chat.arrived.acquire(timeout=DEADLINE)
    for name in "cdef":
        post.ring(name, page("ada"))
        assert post.step() == 0
        assert post.dispatcher.step(NOW, ["responder:ada"]) == 0
    chat.release.set()
    post.until(lambda: not post.pending())
    assert [len(ids) for _, ids in chat.flights] == [1, 4]
    assert chat.most_at_once == 1


def test_what_comes_while_its_lane_is_busy_leaves_without_another_hint(executor: ThreadPoolExecutor) -> None:
    post = Threads(chat := Slow("ada"), executor)
    post.ring("b", page("ada"))
    post.step()
    assert chat.arrived.acquire(timeout=DEADLINE)
    post.ring("c", page("ada"))
    post.dispatcher.step(NOW, ["responder:ada"])
    chat.release.set()
    post.until(lambda: not post.pending())
    assert chat.flights == [("ada", ["r1/0"]), ("ada", ["r2/0"])]


def test_nothing_is_sent_twice_in_a_storm_of_hints(executor: ThreadPoolExecutor) -> None:
    post = Threads(chat := Slow("ops"), executor)
    for number in range(50):
        post.ring(f"b{number}", show("team:ops"), page("ada"))
        post.step()
        post.dispatcher.step(NOW, ["responder:ada", "team:ops"])
    chat.release.set()
    post.until(lambda: not post.pending())
    executor.shutdown()
    sent = [name for _, ids in chat.flights for name in ids]
    assert len(sent) == len(set(sent)) == 100
    assert chat.most_at_once == 1
