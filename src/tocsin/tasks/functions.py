"""Local Python functions by name: the public functions of one module, no two of them on one thread at once.

A thread cannot be ended from outside. A function that does not come back in time fails its task, its thread is left
behind, and when too many are left behind the next ones wait.
"""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as OutOfTime
from functools import partial
from queue import SimpleQueue
from types import ModuleType
from typing import Any, Final

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME, TIMEOUT
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND
from tocsin.tasks.task import Later, Task

RUNNING_MAX: Final = 128  # Calls at once, those included that did not come back in time.

Function = Callable[..., Any]


def functions_of(module: ModuleType) -> dict[str, Function]:
    """The functions that *module* offers: those of its `__all__`, or the public ones that it defines itself."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]
    found = {str(name): getattr(module, str(name), None) for name in names}
    return {name: value for name, value in found.items() if callable(value) and not inspect.isclass(value)}


class Functions:
    """Calls them. Any thread."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        """*functions* by the name that stands in a definition."""
        self._functions = functions
        self._free = threading.BoundedSemaphore(RUNNING_MAX)
        self._idle: deque[SimpleQueue[Callable[[], None]]] = deque()  # The ways to threads that have nothing to do.

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def do(self, task: Task) -> Json:
        """A `Doer`: call the function that the task's resource names, with its arguments."""
        return self.call(task.what.name, task.arguments, task)

    def here(self, task: Task) -> Json:
        """As `do`, on the thread of the caller, however long it takes. Raises Failure."""
        found: Future[Json] = Future()
        self._run(self._functions[task.what.name], task.arguments, found)
        return found.result()

    def call(self, name: str, argument: Json, task: Task) -> Json:
        """What the function *name* gives for *argument*. Raises Failure, Later."""
        function = self._functions.get(name)
        if function is None:
            known = ", ".join(sorted(self._functions)) or "none"
            raise Failure(RUNTIME, f"There is no function {name!r} here; there are: {known}")
        if not self._free.acquire(blocking=False):
            raise Later(RUNTIME, f"{RUNNING_MAX} functions are at work and do not come back")
        found: Future[Json] = Future()
        self._thread().put(partial(self._run, function, argument, found))
        try:
            return found.result(task.time / SECOND)
        except OutOfTime:
            if not found.done():
                raise Failure(TIMEOUT, f"{name} did not come back within {task.time // SECOND} s") from None
            raise

    def _thread(self) -> SimpleQueue[Callable[[], None]]:
        try:
            return self._idle.pop()
        except IndexError:
            way: SimpleQueue[Callable[[], None]] = SimpleQueue()
            threading.Thread(target=self._work, args=(way,), name="function", daemon=True).start()
            return way

    def _work(self, way: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            way.get()()
            self._idle.append(way)
            self._free.release()

    @staticmethod
    def _run(function: Function, argument: Json, found: Future[Json]) -> None:
        try:
            found.set_result(json.decode(json.encode(function(argument))))
        except Failure as failure:
            found.set_exception(failure)
        except BaseException as problem:  # noqa: BLE001 - whatever a team's own code raises fails its task.
            found.set_exception(_failure(problem))


def _failure(problem: BaseException) -> Failure:
    """As a Lambda function fails in Python: the error is the exception's type, the cause tells it as JSON."""
    told = {"errorMessage": str(problem), "errorType": type(problem).__name__, "stackTrace": []}
    return Failure(type(problem).__name__, json.encode(told).decode())
