"""Which task is done by whom."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel.json import Json
from tocsin.tasks.functions import Functions
from tocsin.tasks.task import Doer, Task


class Doing:
    """A `Doer` of all tasks."""

    def __init__(self, functions: Functions, services: Mapping[str, Doer], aws: Doer) -> None:
        """*functions* by name. *services* by what a resource names, like `states:startExecution`. *aws*: all else."""
        self._functions = functions
        self._services = services
        self._aws = aws

    def __call__(self, task: Task) -> Json:
        """See `Doer`."""
        what = task.what
        if what.kind == "local":
            return self._functions.do(task)
        if what.kind == "lambda" and what.name in self._functions:
            return self._functions.do(task)
        if what.kind == "activity":
            raise Failure(RUNTIME, f"Nobody works on activities here: {task.resource}")
        service = self._services.get(f"{what.type}:{what.name}", self._aws)
        return service(task)
