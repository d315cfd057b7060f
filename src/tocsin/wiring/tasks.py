"""Tasks as the settings allow them: which functions there are, who calls AWS, who waits for a token."""

from __future__ import annotations

import hashlib
import hmac
import importlib
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.asl import Failure
from tocsin.asl.execution import TaskBeat, TaskFailed, TaskSucceeded
from tocsin.asl.failures import RUNTIME
from tocsin.engine.ports import Received, Store
from tocsin.executions.inputs import Answer
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions, functions_of
from tocsin.tasks.task import Task
from tocsin.tasks.transport import TasksTransport, answered
from tocsin.wiring.settings import Settings

TOKEN: Final = "task-token"  # noqa: S105 - records of tokens that are waited for, by their digests.

Accept = Callable[[Sequence[Received]], object]


class Tokens:
    """The tokens of tasks that wait for one. Only digests are kept: who reads the database can answer nothing."""

    def __init__(self, store: Store, accept: Accept, clock: Callable[[], Instant]) -> None:
        """*accept* stores deliveries durably."""
        self._store = store
        self._accept = accept
        self._clock = clock

    def expect(self, token: str, run: str, task: str) -> None:
        """Wait for *token*. Raises StoreUnavailableError."""
        digest = _digest(token)
        self._store.put_record(TOKEN, digest, {"digest": digest, "run": run, "task": task})

    def answer(self, token: str, given: Answer) -> bool:
        """Give the task of *token* its answer, durably; False: there is none that waits.

        What *given* names as its task does not matter. Raises StoreUnavailableError.
        """
        digest = _digest(token)
        found = self._store.record(TOKEN, digest)
        if found is None or not hmac.compare_digest(str(found["digest"]), digest):
            return False
        now = self._clock()
        told: dict[str, Json] = {"run": found["run"], "task": found["task"]}
        match given:
            case TaskBeat():
                self._accept([answered({**told, "beat": True}, f"{digest}/beat/{now}", now)])
                return True
            case TaskSucceeded(output=output):
                told["output"] = output
            case TaskFailed():
                told |= {"error": given.error, "cause": given.cause}
        self._accept([answered(told, f"{digest}/answer", now)])
        self._store.take_record(TOKEN, digest)
        return True


def transport(
    settings: Settings, store: Store, accept: Accept, clock: Callable[[], Instant], tokens: Tokens
) -> TasksTransport:
    """What does the tasks of runs. Raises TocsinError for a module of functions that cannot be used."""
    functions = Functions(functions_of(importlib.import_module(settings.functions)) if settings.functions else {})
    return TasksTransport(Doing(functions, {}, _no_aws), accept, clock, tokens.expect)


def _no_aws(task: Task) -> Json:
    raise Failure(RUNTIME, f"nobody does {task.resource}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
