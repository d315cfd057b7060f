"""Tasks as a run wants them done."""

from __future__ import annotations

from typing import Any

from tocsin.asl.resources import resource
from tocsin.kernel.json import Json
from tocsin.tasks.task import Task


def task(name: str, arguments: Json = None, **more: Any) -> Task:  # noqa: ANN401 - the fields of Task.
    """A task of the resource *name*."""
    usual = {"id": "7/0/0", "run": "run-7", "task": "1.3.0"}
    return Task(
        resource=name, what=resource(name), arguments={} if arguments is None else arguments, **{**usual, **more}
    )


def sdk(name: str, arguments: Json = None, **more: Any) -> Task:  # noqa: ANN401 - the fields of Task.
    """A task of an action of the SDK: `sqs:sendMessage`."""
    return task(f"arn:aws:states:::aws-sdk:{name}", arguments, **more)
