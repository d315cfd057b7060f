"""Functions on their short way: done once, by whoever commits that they are wanted, and in trouble left to a lane."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from tests.executions.durable_world import Inline
from tocsin.engine.ports import Commit, Job, Outgoing, Postponed, Taken
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR
from tocsin.tasks.functions import Functions
from tocsin.tasks.transport import WATCH_EVERY, Claim, TasksTransport
from tocsin.testing.conformance.subject import NOW, outgoing
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.answers import Answers
from tocsin.wiring.direct import FRESH, Direct
from tocsin.wiring.lanes import TaskThreads


def wanted(number: int, resource: str = "same") -> Outgoing:
    facts: dict[str, Json] = {
        "run": f"run-{number}",
        "task": "1.3.0",
        "resource": resource,
        "arguments": number,
        "token": "",
        "role": None,
        "timeout": None,
    }
    return outgoing(f"{number}/0", kind="task", facts=facts, receiver=f"task:local/run-{number}/1.3.0")


def commit(*items: Outgoing) -> Commit:
    return Commit(
        aggregate="run-1",
        machine="execution",
        expected=1,
        state=b"",
        wake_at=None,
        live=True,
        owes=False,
        rank=0,
        outbox=items,
    )


class Committing(Runner):
    """Keeps the batches that it is given, and wants done what follows from them."""

    def __init__(self, follows: Mapping[str, Sequence[Outgoing]]) -> None:
        super().__init__(MemoryStore(), [])
        self.follows = dict(follows)
        self.batches: list[list[str]] = []
        self.trouble = False
        self.on_commit: Callable[[Sequence[Commit]], object] = lambda _: None

    def handle(self, inputs: Sequence[Addressed], now: int) -> Any:  # noqa: ANN401, ARG002 - as the base.
        if self.trouble:
            raise StoreUnavailableError("away")
        self.batches.append([item.done for item in inputs])
        for item in inputs:
            self.on_commit([commit(*self.follows.pop(item.done, ()))])
        return {}


class World:
    def __init__(
        self, functions: Mapping[str, Callable[[Any], Any]], executor: Executor, **follows: Sequence[Outgoing]
    ) -> None:
        self.now = NOW
        self.store, self.woken = MemoryStore(), 0
        self.answers = Answers(self.store.accept, self.wake)
        self.transport = TasksTransport(
            lambda _: "by the lane", self.store.accept, lambda: self.now, lambda *_: None, self.answers
        )
        self.runner = Committing({name.removeprefix("after_") + "/0": items for name, items in follows.items()})
        self.answers.attach(self.runner)
        self.direct = Direct(
            Functions(functions),
            self.transport,
            self.answers,
            executor=executor,
            clock=lambda: self.now,
            wake=self.wake,
        )
        self.runner.on_commit = self.direct.take

    def wake(self) -> None:
        self.woken += 1


def test_one_thread_does_what_follows_from_what_it_has_committed() -> None:
    seen: list[Any] = []
    world = World({"same": seen.append}, Inline(), after_1=[wanted(2)], after_2=[wanted(3), wanted(4)])
    assert world.direct.take([commit(wanted(1))]) == set()
    assert seen == [1, 2, 3, 4]
    assert sorted(name for batch in world.runner.batches for name in batch) == ["1/0", "2/0", "3/0", "4/0"]
    assert not world.answers.waiting()


def test_what_is_no_function_of_ours_or_is_under_way_is_left_to_its_lane() -> None:
    world = World({"same": lambda given: given}, Inline())
    assert world.direct.take([commit(wanted(1, "other"))]) == {"task:local/run-1/1.3.0"}
    page = outgoing("9/0")
    assert world.direct.take([commit(page)]) == {"responder:ada"}
    assert world.answers.begin("1/0", NOW) is Claim.OURS
    assert world.direct.take([commit(wanted(1))]) == {"task:local/run-1/1.3.0"}
    assert world.runner.batches == []


def test_what_has_waited_for_a_thread_is_left_to_its_lane_which_reads_its_state_first() -> None:
    seen: list[Any] = []
    world = World({"same": seen.append}, Inline())
    world.now = NOW + FRESH + 1
    world.direct.take([commit(wanted(1))])
    assert (seen, world.woken) == ([], 1)
    assert world.answers.begin("1/0", NOW) is Claim.OURS


def test_an_answer_that_the_store_cannot_take_waits_for_the_engine() -> None:
    seen: list[Any] = []
    world = World({"same": seen.append}, Inline())
    world.runner.trouble = True
    world.direct.take([commit(wanted(1))])
    assert (seen, world.woken, world.answers.waiting()) == ([1], 1, True)
    world.runner.trouble = False
    assert world.answers.handle(NOW) == 1
    assert world.runner.batches == [["1/0"]]


def test_once_it_is_closed_nothing_is_begun_or_committed() -> None:
    world = World({"same": lambda _: world.direct.close()}, Inline())
    world.direct.take([commit(wanted(1))])
    assert world.runner.batches == []
    assert world.direct.take([commit(wanted(2))]) == {"task:local/run-2/1.3.0"}


def test_a_function_that_does_not_come_back_fails_its_task_and_its_late_answer_is_none() -> None:
    began, gate, ended = threading.Event(), threading.Event(), threading.Event()

    def hangs(_: Json) -> None:
        began.set()
        gate.wait(30)

    threads = TaskThreads(1)
    world = World({"same": hangs}, threads)
    world.direct.take([commit(wanted(1))])
    assert began.wait(30)
    job = Job(wanted(1), None, None)
    assert world.transport.deliver("t", [job]) == [Postponed("it is under way", WATCH_EVERY, counts=False)]
    world.now += HOUR
    assert world.transport.deliver("t", [job]) == [Taken()]
    assert world.answers.handle(world.now) == 1
    gate.set()
    threads.submit(ended.set)
    assert ended.wait(30)
    assert world.runner.batches == [["1/0"]]
    threads.shutdown()


def test_many_at_once_are_done_once_each_by_many_threads() -> None:
    threads = TaskThreads(8)
    seen: list[Any] = []
    runs = range(1, 200)
    world = World(
        {"same": seen.append},
        threads,
        **{f"after_{number}": [wanted(1000 + number)] for number in runs},
    )
    world.direct.take([commit(*(wanted(number) for number in runs))])
    done, expected = threading.Event(), 2 * len(runs)
    for _ in range(3000):
        if sum(map(len, world.runner.batches)) == expected:
            break
        done.wait(0.01)
    assert sorted(seen) == sorted([*runs, *(1000 + number for number in runs)])
    assert sum(map(len, world.runner.batches)) == expected
    threads.shutdown()
