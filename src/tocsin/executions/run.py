"""A run as it is stored: where it stands, and which definition it runs."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.asl.execution import Execution, Phase, Status
from tocsin.executions.inputs import Parent
from tocsin.kernel import json
from tocsin.kernel.json import Json


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state. *definition* is the id under which the definition is kept with which the run began.

    *role*: the ARN of the role at AWS that its tasks assume; empty: none. *by*: the responder who has started it;
    empty where nobody has.
    """

    id: str
    workflow: str
    definition: str
    execution: Execution
    parent: Parent | None = None
    role: str = ""
    by: str = ""

    def awaits(self, task: str) -> bool:
        """Whether *task*, by its id, is at work."""
        execution = self.execution
        return execution.status is Status.RUNNING and any(
            frame.phase is Phase.TASK and frame.task == task for frame in execution.frames.values()
        )


def encode(run: Run) -> bytes:
    """JSON."""
    return json.encode(run)


def decode(raw: bytes) -> Run:
    """The inverse of `encode`, also for what older versions wrote."""
    return _RUN.decode(raw)


_RUN: Final = msgspec.json.Decoder(Run)


def described(run: Run, *, text: bool = False) -> dict[str, Json]:
    """The run as DescribeExecution tells it, with the names that Step Functions gives in a state's output.

    *text*: input and output as JSON texts. Source:
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """
    execution = run.execution
    told: dict[str, Json] = {
        "ExecutionArn": execution.names.execution,
        "Input": _told(execution.input, text=text),
        "InputDetails": {"Included": True},
        "Name": execution.names.name,
        "RedriveCount": execution.redrives,
        "StartDate": execution.started_at,
        "StateMachineArn": execution.names.machine,
        "Status": execution.status.value,
    }
    if execution.ended_at is not None:
        told["StopDate"] = execution.ended_at
    if execution.status is Status.SUCCEEDED:
        told |= {"Output": _told(execution.output, text=text), "OutputDetails": {"Included": True}}
    if execution.error is not None:
        told["Error"] = execution.error
    if execution.cause is not None:
        told["Cause"] = execution.cause
    return told


def _told(value: Json, *, text: bool) -> Json:
    return json.encode(value).decode() if text else value
