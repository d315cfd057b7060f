"""The threads of the dispatcher's lanes: tasks have some of their own, so that a slow one holds up no page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from tocsin.executions.receivers import is_task

T = TypeVar("T")

TASKS_MAX: Final = 64  # Tasks at work at the same time.
GRACE_SECONDS: Final = 3.0  # For tasks that are under way when the process ends; a later start does them again.


class Lanes(Executor):
    """Runs a lane's batch on the threads for its receiver."""

    def __init__(self, people: Executor, tasks: Executor) -> None:
        """*people*: for all but tasks."""
        self._people = people
        self._tasks = tasks

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401 - as the base.
        """See the base; the first argument knows its lane's `name`."""
        chosen = self._tasks if args and is_task(getattr(args[0], "name", "")) else self._people
        return chosen.submit(fn, *args, **kwargs)


class TaskThreads(Executor):
    """Threads that are made when they are needed, and that a task which never comes back cannot keep from ending."""

    def __init__(self, most: int = TASKS_MAX) -> None:
        """At most *most*."""
        self._most = most
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._busy = 0
        self._closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401 - as the base.
        """See the base; what is submitted once it is shut down is never done."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as problem:  # noqa: BLE001 - the future tells it.
                future.set_exception(problem)

        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._busy += 1
            if self._busy > self._threads and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._run, name=f"task {self._threads}", daemon=True).start()
        self._waiting.put(work)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """End; tasks that are under way get GRACE_SECONDS, those that wait are left to the next start."""
        with self._lock:
            self._closed = True
            threads = self._threads
        for _ in range(threads):
            self._waiting.put(None)
        deadline = time.monotonic() + (GRACE_SECONDS if wait else 0.0)
        while self._threads and time.monotonic() < deadline:
            time.sleep(0.005)

    def _run(self) -> None:
        while True:
            work = self._waiting.get()
            if work is None or self._closed:
                break
            work()
            with self._lock:
                self._busy -= 1
        with self._lock:
            self._threads -= 1
