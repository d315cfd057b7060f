"""Which task is done by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel.json import Json
from tocsin.tasks.functions import Functions
from tocsin.tasks.task import Doer, Task

Own: TypeAlias = Callable[[Json, Task], Json]
"""A function of ours: gives its output for its payload, as a `Doer` does."""


class Doing:
    """A `Doer` of all tasks."""

    def __init__(
        self, functions: Functions, services: Mapping[str, Doer], aws: Doer, own: Mapping[str, Own] | None = None
    ) -> None:
        """*functions* by name; they stand in for Lambda functions of their names.

        *services* by what a resource names, like `states:startExecution`. *aws*: all else. *own*: functions that come
        with Tocsin, by name; *functions* come before them.
        """
        self._functions = functions
        self._services = services
        self._aws = aws
        self._own = own or {}

    def __call__(self, task: Task) -> Json:
        """See `Doer`."""
        what = task.what
        if what.kind == "local":
            return self._functions.do(task)
        name = _function(task)
        if name in self._functions or name in self._own:
            return self._lambda(name, task)
        if what.kind == "activity":
            raise Failure(RUNTIME, f"Nobody works on activities here: {task.resource}")
        service = self._services.get(f"{what.type}:{what.name}", self._aws)
        return service(task)

    def _lambda(self, name: str, task: Task) -> Json:
        """As AWS answers: by its ARN the payload alone, by `lambda:invoke` an envelope around it."""
        if task.what.kind == "lambda":
            return self._call(name, task.arguments, task)
        payload = task.arguments.get("Payload")
        found = self._call(name, {} if payload is None else payload, task)
        return {"ExecutedVersion": "$LATEST", "Payload": found, "StatusCode": 200}

    def _call(self, name: str, argument: Json, task: Task) -> Json:
        if name in self._functions:
            return self._functions.call(name, argument, task)
        return self._own[name](argument, task)


def _function(task: Task) -> str:
    """The name of the Lambda function that a task calls, or nothing."""
    named = task.what.name if task.what.kind == "lambda" else ""
    if (task.what.type, task.what.name) == ("lambda", "invoke") and isinstance(task.arguments, dict):
        named = str(task.arguments.get("FunctionName", "")).rpartition(":function:")[2]
    return named.partition(":")[0]
