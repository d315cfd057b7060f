"""Workflows: durable steps a second, side by side with DBOS on SQLite in the same minutes; what waiting runs weigh."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from bench import peers
from bench.figures import Figure, Result, number, paired_ratio, spread
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
from tocsin.tasks.functions import RUNNING_MAX, Functions
from tocsin.tasks.task import Task
from tocsin.tasks.transport import TasksTransport
from tocsin.wiring import workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.direct import Direct
from tocsin.wiring.lanes import Lanes, TaskThreads

STATES: Final = 100
WAITING: Final = 10_000
WAITING_MIB_MAX: Final = 200
WARM: Final = 5  # Runs that come first: a log that has come round is not made longer with every commit.
DEADLINE: Final = 120.0
RATIOS_MIN: Final = {1: 4.0, 100: 10.0}  # By runs at once.
ROUNDS: Final = 5
QUICK_ROUNDS: Final = 2

_DBOS: Final = """
import json, sys, time
from dbos import DBOS
given = json.load(sys.stdin)
database = f"sqlite:///{given['db']}"
DBOS(config={"name": "bench", "system_database_url": database, "run_admin_server": False, "log_level": "ERROR"})

@DBOS.step()
def same(value):
    return value

@DBOS.workflow()
def flow(steps):
    value = {"a": 1}
    for _ in range(steps):
        value = same(value)
    return value

DBOS.launch()
for _ in range(given["warm"]):
    flow(given["steps"])
begun = time.perf_counter()
for run in [DBOS.start_workflow(flow, given["steps"]) for _ in range(given["runs"])]:
    run.get_result(polling_interval_sec=0.01)
took = time.perf_counter() - begun
DBOS.destroy()
print(json.dumps({"rate": given["runs"] * given["steps"] / took}))
"""


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    ours: dict[int, list[float]] = {runs: [] for runs in RATIOS_MIN}
    theirs: dict[int, list[float]] = {runs: [] for runs in RATIOS_MIN}
    for turn in range(rounds):
        for runs in RATIOS_MIN:
            ours[runs].append(_durable(folder / f"{runs}-{turn}.db", runs, STATES))
            given = {"db": str(folder / f"dbos-{runs}-{turn}.db"), "runs": runs, "steps": STATES, "warm": WARM}
            theirs[runs].append(peers.run(folder.parent, _DBOS, given)["rate"])
    weight = _weight(folder / "waiting.db", WAITING)
    return Result(
        name="workflows",
        peer="DBOS 3.4.0",
        figures=(
            *(_against(runs, ours[runs], theirs[runs], least) for runs, least in RATIOS_MIN.items()),
            Figure(
                name=f"MiB resident, {number(WAITING)} waiting runs",
                tocsin=number(weight),
                target=f"at most {WAITING_MIB_MAX}",
                met=weight <= WAITING_MIB_MAX,
            ),
        ),
        notes=(
            (
                f"A step is a function that gives back what it is given. {rounds} rounds, one after the other; both on "
                "SQLite with synchronous=FULL: Tocsin with a write-ahead log, DBOS as it comes, with a rollback "
                f"journal. Each has done {WARM} runs before."
            ),
        ),
    )


def _against(runs: int, ours: Sequence[float], theirs: Sequence[float], least: float) -> Figure:
    ratio = paired_ratio(ours, theirs)
    return Figure(
        name=f"durable steps a second, {runs} run{'s' if runs > 1 else ''} of {STATES} functions",
        tocsin=spread(ours),
        other=spread(theirs),
        ratio=number(ratio, 1),
        target=f"at least {least:.0f} times as many",
        met=ratio >= least,
    )


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
        self._change, self._over = threading.Condition(), 0
        self.store = SqliteStore(db)
        self.definitions = workflows.Definitions(self.store)
        machine = ExecutionMachine(self.definitions)
        runner = Runner(self.store, [machine], on_commit=self._committed)
        read = workflows.channels()
        worker = Worker(
            self.store, runner, lambda delivery: read[delivery.channel](delivery), lambda *_: Interpretation(())
        )
        answers = Answers(self._accept, self._wake)
        answers.attach(Runner(self.store, [machine], on_commit=self._committed))
        self._threads, self._function_threads = TaskThreads(), TaskThreads(RUNNING_MAX)
        functions = Functions({"same": lambda given: given})
        self._people = ThreadPoolExecutor(1)
        transport = TasksTransport(
            Doing(functions, {}, _nobody),
            self._accept,
            self.clock,
            lambda *_: None,
            answers,
        )
        self._direct = Direct(
            functions, transport, answers, executor=self._function_threads, clock=self.clock, wake=self._wake
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
        self.engine.wake()

    def finish(self, runs: int) -> None:
        """Until so many runs more are over, durably."""
        with self._change:
            self._change.wait_for(lambda: self._over >= runs, DEADLINE)
            if self._over < runs:
                raise TimeoutError("the runs do not end")
            self._over -= runs

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
        self._direct.close()
        self._threads.shutdown()
        self._function_threads.shutdown()
        self._people.shutdown()
        self.store.close()

    def _accept(self, received: Sequence[Received]) -> None:
        self.store.accept(received)
        self.engine.wake()

    def _wake(self) -> None:
        self.engine.wake()

    def _committed(self, commits: Sequence[Commit]) -> None:
        if over := sum(not commit.live for commit in commits):
            with self._change:
                self._over += over
                self._change.notify()
        if receivers := self._direct.take(commits):
            self.engine.touch(receivers)


def _nobody(task: Task) -> Json:
    raise Failure("States.Runtime", f"nobody does {task.resource}")


def _durable(db: Path, runs: int, steps: int) -> float:
    runtime, chain = _Runtime(db), _chain({"Type": "Task", "Resource": "same"})
    runtime.engine.start()
    for _ in range(WARM):
        runtime.order(chain, 1)
        runtime.finish(1)
    began = time.perf_counter()
    runtime.order(chain, runs)
    runtime.finish(runs)
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
