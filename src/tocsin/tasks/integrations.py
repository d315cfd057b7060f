"""The optimised integrations of Step Functions: calls of AWS whose answers are told in a form of their own.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks.amazon import Amazon, Call, token_of
from tocsin.tasks.task import Doer, Task

_BEGUN: Final = {
    "ecs:runTask": "ECS",
    "batch:submitJob": "Batch",
    "glue:startJobRun": "Glue",
    "codebuild:startBuild": "CodeBuild",
    "codebuild:stopBuild": "CodeBuild",
    "codebuild:batchDeleteBuilds": "CodeBuild",
    "codebuild:batchGetReports": "CodeBuild",
}
_DYNAMODB: Final = ("getItem", "putItem", "updateItem", "deleteItem")


class Integrations:
    """Does them. Any thread."""

    def __init__(self, amazon: Amazon) -> None:
        """*amazon* makes the calls."""
        self._amazon = amazon

    def doers(self) -> Mapping[str, Doer]:
        """By what a resource names."""
        return {
            "lambda:invoke": self.invoke,
            "sqs:sendMessage": self._send,
            "sns:publish": self._publish,
            "events:putEvents": self._put_events,
            "s3:getObject": self._read,
            **dict.fromkeys(_BEGUN, self._begun),
            **{f"dynamodb:{action}": self._item for action in _DYNAMODB},
        }

    def function(self, task: Task) -> Json:
        """A Lambda function by its ARN: its payload alone."""
        call = {"FunctionName": task.resource, "Payload": task.arguments}
        return self._invoked(task, call)["Payload"]

    def invoke(self, task: Task) -> Json:
        """`lambda:invoke`: an envelope around the payload."""
        arguments = _object(task)
        if "FunctionName" not in arguments:
            raise Failure(RUNTIME, "lambda:invoke needs a FunctionName")
        return self._invoked(task, arguments)

    def _invoked(self, task: Task, arguments: Mapping[str, Json]) -> dict[str, Json]:
        payload = json.encode(arguments.get("Payload", {})).decode()
        call = Call(
            service="lambda", action="invoke", parameters={**arguments, "Payload": payload}, named="Lambda", about=True
        )
        answer = self._amazon.call(task, call, native=True)
        said = answer.get("Payload") or ""
        try:
            answer["Payload"] = json.decode(said) if said else None
        except json.JsonError:
            answer["Payload"] = said
        if answer.pop("FunctionError", None):
            told = answer["Payload"] if isinstance(answer["Payload"], dict) else {}
            raise Failure(str(told.get("errorType", "Lambda.Unknown")), said)
        return answer

    def _send(self, task: Task) -> Json:
        return self._amazon.call(task, _call(task, "sqs", "sendMessage", "SQS", text="MessageBody"), native=True)

    def _publish(self, task: Task) -> Json:
        return self._amazon.call(task, _call(task, "sns", "publish", "SNS", text="Message"), native=True)

    def _item(self, task: Task) -> Json:
        return self._amazon.call(task, _call(task, "dynamodb", task.what.name, "DynamoDB"), native=True)

    def _begun(self, task: Task) -> Json:
        """A job whose end is not awaited, or told by somebody with the task's token."""
        what = task.what
        parameters = dict(_object(task))
        if what.name == "startBuild":
            parameters.setdefault("IdempotencyToken", token_of(task))
        call = _call(task, what.type, what.name, _BEGUN[f"{what.type}:{what.name}"])
        return self._amazon.call(task, msgspec.structs.replace(call, parameters=parameters))

    def _read(self, task: Task) -> Json:
        """An object whose items a distributed Map reads: a text, also where it is packed."""
        call = _call(task, "s3", "getObject", "S3")
        return self._amazon.call(task, msgspec.structs.replace(call, whole=True, about=False), native=True)

    def _put_events(self, task: Task) -> Json:
        answer = self._amazon.call(task, _call(task, "events", "putEvents", "EventBridge"), native=True)
        if answer.get("FailedEntryCount"):
            raise Failure("EventBridge.FailedEntry", json.encode(answer).decode())
        return answer


def _call(task: Task, service: str, action: str, named: str, *, text: str = "") -> Call:
    """The call with the task's own parameters; *text* is the one that may be any value, and is sent as a text."""
    arguments = dict(_object(task))
    if text in arguments and not isinstance(arguments[text], str):
        arguments[text] = json.encode(arguments[text]).decode()
    return Call(service=service, action=action, parameters=arguments, named=named, about=True)


def _object(task: Task) -> dict[str, Any]:
    if not isinstance(task.arguments, dict):
        raise Failure(RUNTIME, f"The parameters of {task.what.type}:{task.what.action} must be an object")
    return task.arguments
