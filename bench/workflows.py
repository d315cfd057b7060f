"""Workflows: steps a second, in memory and durably; what many waiting runs weigh.

moto's interpreter and DBOS on SQLite are compared where they are installed; they are not among what a developer needs.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure, Result, number, spread
from tocsin import asl
from tocsin.asl import Failure
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Commit, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.service import Engine
from tocsin.engine.worker import Interpretation, Worker
from tocsin.executions.machine import ExecutionMachine
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sqlite.store import SqliteStore
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions
from tocsin.tasks.task import Task
from tocsin.tasks.transport import TasksTransport
from tocsin.wiring import workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.lanes import Lanes, TaskThreads

STATES: Final = 100
WAITING: Final = 10_000
WAITING_MIB_MAX: Final = 200
DEADLINE: Final = 120.0
RATES_MIN: Final = {1: 1_500, 100: 2_500}  # Four and ten times what DBOS was measured at.


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds = 2 if quick else 5
    passes = asl.parse(_chain({"Type": "Pass"}))
    memory = [_rate(lambda: asl.run(passes, {}), STATES) for _ in range(rounds)]
    durable = {
        runs: [_durable(folder / f"{runs}-{turn}.db", runs, STATES) for turn in range(rounds)] for runs in RATES_MIN
    }
    weight = _weight(folder / "waiting.db", WAITING // 10 if quick else WAITING)
    return Result(
        name="workflows",
        peer="moto, DBOS",
        figures=(
            Figure(name=f"transitions a second, {STATES} Pass states, in memory", tocsin=spread(memory)),
            *(
                Figure(
                    name=f"durable steps a second, {runs} run{'s' if runs > 1 else ''} of {STATES} functions",
                    tocsin=spread(rates),
                    target=f"at least {number(RATES_MIN[runs])}",
                    met=sorted(rates)[len(rates) // 2] >= RATES_MIN[runs],
                )
                for runs, rates in durable.items()
            ),
            Figure(
                name=f"MiB resident, {number(WAITING)} waiting runs",
                tocsin=number(weight),
                target=f"at most {WAITING_MIB_MAX}",
                met=weight <= WAITING_MIB_MAX,
            ),
        ),
        notes=(
            f"Medians of {rounds} rounds; each step is a function, committed with synchronous=FULL before the next.",
            "The targets are multiples of what DBOS on SQLite was measured at before (373 and 253 a second).",
        ),
    )


def _rate(work: Any, steps: int) -> float:  # noqa: ANN401 - a callable of whatever result.
    began = time.perf_counter()
    work()
    return steps / (time.perf_counter() - began)


def _chain(state: dict[str, Json]) -> dict[str, Json]:
    nexts: list[dict[str, Json]] = [{"Next": f"S{number + 1}"} for number in range(STATES - 1)]
    states = {f"S{number}": {**state, **after} for number, after in enumerate([*nexts, {"End": True}])}
    return {"StartAt": "S0", "States": states}


class _Directory:
    def ways(self, receiver: str) -> Sequence[Way]:
        return (Way(TasksTransport.name, receiver),)


class _Runtime:
    """Only what drives runs, put together as the embedded runtime does."""

    def __init__(self, db: Path) -> None:
        self.clock = SystemClock()
        self.store = SqliteStore(db)
        self.definitions = workflows.Definitions(self.store)
        machine = ExecutionMachine(self.definitions)
        runner = Runner(self.store, [machine], on_commit=self._committed)
        read = workflows.channels()
        worker = Worker(
            self.store, runner, lambda delivery: read[delivery.channel](delivery), lambda *_: Interpretation(())
        )
        answers = Answers(self._accept, self._wake)
        answers.attach(runner)
        self._threads = TaskThreads(16)
        self._people = ThreadPoolExecutor(1)
        transport = TasksTransport(
            Doing(Functions({"same": lambda given: given}), {}, _nobody),
            self._accept,
            self.clock,
            lambda *_: None,
            answers,
        )
        dispatcher = Dispatcher(
            self.store,
            [machine],
            [transport],
            _Directory(),
            executor=Lanes(self._people, self._threads),
            clock=self.clock,
            chance=random.random,
            report=lambda _: None,
            on_done=self._wake,
        )
        self.engine = Engine(self.store, worker, runner, dispatcher, self.clock, answers=answers.handle)

    def order(self, definition: Json, runs: int) -> None:
        kept = self.definitions.keep("bench", json.encode(definition).decode())
        now = self.clock()
        self.store.accept([workflows.ordered(workflows.start("bench", kept, {"a": 1}), now) for _ in range(runs)])

    def wait(self, live: int) -> None:
        """Until nothing is to be done, and *live* runs are left."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            health = self.store.health(self.clock())
            if not health.backlog and not health.pending and health.live.get(ExecutionMachine.name, 0) == live:
                return
            time.sleep(0.01)
        raise TimeoutError("the runs do not end")

    def close(self) -> None:
        self.engine.stop()
        self._threads.shutdown()
        self._people.shutdown()
        self.store.close()

    def _accept(self, received: Sequence[Received]) -> None:
        self.store.accept(received)
        self.engine.wake()

    def _wake(self) -> None:
        self.engine.wake()

    def _committed(self, commits: Sequence[Commit]) -> None:
        self.engine.touch({item.receiver for commit in commits for item in commit.outbox})


def _nobody(task: Task) -> Json:
    raise Failure("States.Runtime", f"nobody does {task.resource}")


def _durable(db: Path, runs: int, steps: int) -> float:
    runtime = _Runtime(db)
    runtime.order(_chain({"Type": "Task", "Resource": "same"}), runs)
    began = time.perf_counter()
    runtime.engine.start()
    runtime.wait(0)
    took = time.perf_counter() - began
    runtime.close()
    return runs * steps / took


def _weight(db: Path, runs: int) -> float:
    """MiB resident at most, in a process of its own."""
    command = [sys.executable, "-m", "bench.workflows", str(db), str(runs)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _hold(db: Path, runs: int) -> float:
    runtime = _Runtime(db)
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
    runtime.order(wait, runs)
    runtime.engine.start()
    runtime.wait(runs)
    runtime.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(_hold(Path(sys.argv[1]), int(sys.argv[2])))
