"""Runs on a SQLite file in a process that may die after each thing it has written; the world outside lives on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tests.sqlite.connections import UnsyncedConnection
from tocsin import asl
from tocsin.asl.execution import Status
from tocsin.asl.history import Event, shown
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Commit, CommitResult, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.executions.inputs import Answer
from tocsin.executions.machine import ExecutionMachine
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.tasks.channel import CHANNEL
from tocsin.tasks.functions import Function, Functions
from tocsin.tasks.task import Doer, Task
from tocsin.tasks.transport import TasksTransport
from tocsin.testing.conformance.subject import NOW
from tocsin.wiring import workflows
from tocsin.wiring.answers import Answers
from tocsin.wiring.direct import Direct
from tocsin.wiring.tasks import Tokens

T = TypeVar("T")

STEPS_MAX = 3000
WRITES = ("accept", "settle", "commit", "confirm", "postpone", "put_record", "take_record")
REGION = "us-east-1"


class Died(BaseException):
    """The process was killed."""


class Mortal:
    """A store after whose write number *life* the process dies; None: it lives."""

    def __init__(self, store: SqliteStore, life: int | None) -> None:
        self._store = store
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the port.
        work = getattr(self._store, name)
        if name not in WRITES:
            return work

        def write(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above.
            result = work(*args, **kwargs)
            written = name != "commit" or CommitResult.COMMITTED in result  # What was refused has written nothing.
            if self._life is not None and written:
                self._life -= 1
                if self._life <= 0:
                    raise Died
            return result

        return write


class Inline(Executor):
    """Runs what it is given at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401 - as the base.
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class _Called(Functions):
    """Functions that are called as the world does."""

    def __init__(self, functions: Mapping[str, Function], do: Doer) -> None:
        super().__init__(functions)
        self._do = do

    def here(self, task: Task) -> Json:
        return self._do(task)


class Directory:
    def ways(self, receiver: str) -> Sequence[Way]:
        return (Way(CHANNEL, receiver),)


class World:
    """The file, the clock, and what the functions have been asked."""

    def __init__(self, path: Path, functions: Mapping[str, Function] | None = None, do: Doer | None = None) -> None:
        self.path = path
        self.now: Instant = NOW
        self.functions = functions or {}
        self.calls: list[str] = []
        self.tokens: dict[str, str] = {}  # By the name of the run.
        self.processes = 0
        self.quick = True  # Answers take the short way.
        self.direct = False  # And functions are called by whoever commits that they are wanted.
        self.do = do or self._call
        self.aws: Callable[[Any], tuple[Doer, Callable[[Task], None]]] = lambda _: (self.do, lambda _: None)
        self.store = SqliteStore(path, UnsyncedConnection)

    def close(self) -> None:
        self.store.close()

    def start(self, definition: Json, given: Json = None, **more: Any) -> str:  # noqa: ANN401 - the fields of Start.
        """Order a run; its id."""
        kept = workflows.Definitions(self.store).keep("test", json.encode(definition).decode())
        wanted = {"seed": "run", **more}
        order = workflows.Order(
            start=workflows.Start(workflow="test", definition=kept, input={} if given is None else given, **wanted)
        )
        (delivery,) = self.accept(workflows.ordered(order, self.now))
        return f"run-{delivery}"

    def accept(self, *received: Received) -> Sequence[str]:
        return self.store.accept(received)

    def answer(self, token: str, given: Answer) -> bool:
        return Tokens(self.store, self.store.accept, lambda: self.now).answer(token, given)

    def run(self, name: str) -> Run:
        return ExecutionMachine().decode(self.store.load([name])[name].state)

    def history(self, name: str) -> list[dict[str, Json]]:
        rows = self.store.history(name, 100_000)
        return shown(msgspec.json.decode(row.row, type=Event) for row in rows)

    def play(self, life: int | None = None, *, until: Instant | None = None) -> None:
        """Go on until nothing happens any more by itself; each process dies after *life* writes."""
        for _ in range(STEPS_MAX):
            self.processes += 1
            try:
                if not self._live(life, until):
                    return
            except Died:
                continue
        raise AssertionError("it goes round in circles")

    def live_once(self, life: int) -> None:
        """One process that dies after *life* writes, if it has so many."""
        with suppress(Died):
            self._live(life, self.now + 10 * SECOND)

    def _live(self, life: int | None, until: Instant | None) -> bool:
        """One process, whose memory is empty at first; whether it has been of use before time stood still."""
        store: Any = Mortal(self.store, life)
        machine = ExecutionMachine(workflows.Definitions(store))
        tokens = Tokens(store, store.accept, lambda: self.now)

        def begin(commits: Sequence[Commit]) -> None:
            direct.take(commits)

        answers = Answers(store.accept, lambda: None)
        do, abandon = self.aws(store)
        transport = TasksTransport(
            do, store.accept, lambda: self.now, tokens.expect, answers if self.quick else None, abandon=abandon
        )
        runner = Runner(store, [machine], on_commit=begin)
        answers.attach(Runner(store, [machine], on_commit=begin))
        direct = Direct(
            _Called(self.functions, self.do) if self.direct else Functions({}),
            transport,
            answers,
            executor=Inline(),
            clock=lambda: self.now,
            wake=lambda: None,
        )
        read = workflows.channels()
        worker = Worker(
            store, runner, lambda delivery: read[delivery.channel](delivery), lambda *_: Interpretation((), "poisoned")
        )
        dispatcher = Dispatcher(
            store,
            [machine],
            [transport],
            Directory(),
            executor=Inline(),
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=lambda _: None,
        )
        for _ in range(STEPS_MAX):
            busy = answers.handle(self.now) + worker.step(self.now)
            due = store.due(self.now, 100)
            if due:
                runner.tick(due, self.now)
            started = dispatcher.step(self.now)
            if busy or due or started:
                continue
            times = [store.next_wake(), store.next_attempt(self.now), dispatcher.next_start()]
            known = [at for at in times if at is not None and (until is None or at <= until)]
            if not known:
                return False
            self.now = max(self.now + 1, min(known))
        raise AssertionError("a process goes round in circles")

    def _call(self, task: Task) -> Json:
        """Answers at once, without a thread."""
        self.calls.append(task.id)
        if task.what.waits:
            self.tokens[task.run] = task.token
            return None
        try:
            return self.functions[task.what.name](task.arguments)
        except asl.Failure:
            raise
        except Exception as problem:
            raise asl.Failure(type(problem).__name__, str(problem)) from problem


def outcome(run: Run) -> tuple[str, Json, str | None, str | None]:
    """How it ended."""
    execution = run.execution
    assert execution.status is not Status.RUNNING
    return execution.status.value, execution.output, execution.error, execution.cause
