"""Activities: tasks that wait until a worker asks for them, which answers with the token that it is given then."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final

from tocsin.asl.execution import TaskBeat, TaskFailed, TaskSucceeded
from tocsin.engine.ports import Store
from tocsin.kernel.json import Json
from tocsin.tasks.task import Elsewhere, Task
from tocsin.web.activities import Work
from tocsin.wiring import runs
from tocsin.wiring.tasks import ACTIVITY, Tokens

TOKEN_BYTES: Final = 24


class Activities:
    """`tocsin.web.activities.Activities`, and the `Doer` that offers work there. Any thread."""

    def __init__(self, store: Store, tokens: Tokens) -> None:
        """Raises StoreUnavailableError."""
        self._store = store
        self._tokens = tokens
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, None]] = {}  # The names of records by activity, the oldest first.
        found = store.records(ACTIVITY)
        for name in sorted(found, key=lambda each: int(found[each]["at"])):
            self._note(found[name]["activity"], name)

    def offer(self, clock: Callable[[], int]) -> Callable[[Task], Json]:
        """What keeps a task until a worker asks for it. It raises Elsewhere, StoreUnavailableError."""

        def do(task: Task) -> Json:
            name, activity = f"{task.run}/{task.task}", task.what.name
            work = {"activity": activity, "run": task.run, "task": task.task, "input": task.arguments, "at": clock()}
            self._store.put_record(ACTIVITY, name, work)
            self._note(activity, name)
            raise Elsewhere

        return do

    def has(self, activity: str) -> bool:
        """See the protocol."""
        with self._lock:
            return bool(self._waiting.get(activity))

    def take(self, activity: str) -> Work | None:
        """See the protocol. Who dies on the way leaves the work to the next who asks, or to its time."""
        while (name := self._next(activity)) is not None:
            try:
                found = self._taken(name)
            except BaseException:
                self._note(activity, name)
                raise
            if found is not None:
                return found
        return None

    def succeed(self, token: str, output: Json) -> bool:
        """See the protocol."""
        return self._tokens.answer(token, TaskSucceeded(task="", output=output))

    def fail(self, token: str, error: str, cause: str | None) -> bool:
        """See the protocol."""
        return self._tokens.answer(token, TaskFailed(task="", error=error, cause=cause))

    def beat(self, token: str) -> bool:
        """See the protocol."""
        return self._tokens.answer(token, TaskBeat(task=""))

    def _taken(self, name: str) -> Work | None:
        """The work *name* with a new token; None if another has it, or nobody waits for it any more."""
        found = self._store.record(ACTIVITY, name)
        if found is None:
            return None
        run = runs.find(self._store, found["run"])
        if run is None or not run.awaits(found["task"]):
            self._store.take_record(ACTIVITY, name)
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens.expect(token, run.id, found["task"])
        if self._store.take_record(ACTIVITY, name) is None:
            self._tokens.forget(token)
            return None
        return Work(token=token, input=found["input"], run=run.id, workflow=run.workflow)

    def _next(self, activity: str) -> str | None:
        with self._lock:
            waiting = self._waiting.get(activity)
            if not waiting:
                return None
            name = next(iter(waiting))
            del waiting[name]
            if not waiting:
                del self._waiting[activity]
            return name

    def _note(self, activity: str, name: str) -> None:
        with self._lock:
            self._waiting.setdefault(activity, {})[name] = None
