"""Workflows of Step Functions that ask and tell people: they call our functions, and hear the answer by their token.

The question is the same machine as in the embedded runtime. Only its run is elsewhere: so its task's token is kept
until the question is decided, and then Step Functions is told. The token opens nothing by itself: whoever answers with
it needs a permission of this account as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.asl import Failure
from tocsin.asl.resources import resource
from tocsin.aws.calls import STATES, AwsError, Caller
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Transport
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE
from tocsin.tasks.task import Task
from tocsin.tasks.transport import CHANNEL
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.questions import ELSEWHERE
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.stores import ShowingStore

TOKEN: Final = "states-token"  # noqa: S105 - records of the tokens that are waited for, by their digests.
ERROR_MAX: Final = 256  # Characters: limits of SendTaskFailure.
CAUSE_MAX: Final = 32768

_WAITS: Final = "arn:aws:states:::lambda:invoke.waitForTaskToken"
_CALLED: Final = "arn:aws:states:::lambda:invoke"
_OVER: Final = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})  # Nobody waits any more.


class Flows:
    """What workflows call."""

    def __init__(self, thinking: Thinking, calls: Caller) -> None:
        """*calls* tell Step Functions."""
        self._thinking = thinking
        self._calls = calls
        asking = AskingPeople(
            lambda: thinking.settings, thinking.store, thinking.accept, thinking.clock, lambda _: None
        )
        self._functions = asking.functions()

    def do(self, event: Mapping[str, Any]) -> Json:
        """Do what *event* asks for, `{"function": name, "payload": ...}`; what the function gives.

        A task that waits for its token hears by that what failed. Raises Failure, StoreUnavailableError, AwsError.
        """
        name, payload = str(event["function"]), event.get("payload")
        token = str(payload.get("token") or "") if isinstance(payload, dict) else ""
        try:
            if token:
                self._thinking.store.put_record(TOKEN, _digest(token), {"token": token})
            found = self._functions.get(name, _unknown)(payload, self._task(name, payload, token))
        except Failure as failure:
            if not token:
                raise
            told(self._calls, token, {"error": failure.error, "cause": failure.cause})
            self._thinking.store.take_record(TOKEN, _digest(token))
            return {}
        self._thinking.drain()
        return found

    def _task(self, name: str, payload: Json, token: str) -> Task:
        """*payload* of a call without a token is the same task if it comes twice within a minute."""
        once = token or f"{name}/{self._thinking.clock() // MINUTE}/{json.encode(payload).decode()}"
        return Task(
            id=f"{ELSEWHERE}{_digest(once)}",
            run=f"{ELSEWHERE}{_digest(once)}",
            task=name,
            resource=_WAITS if token else _CALLED,
            what=resource(_WAITS if token else _CALLED),
            arguments=payload,
            token=token,
        )


class StatesTransport:
    """The transport of tasks, which knows that some answers are for Step Functions."""

    name = CHANNEL

    def __init__(self, inner: Transport, store: ShowingStore, calls: Caller) -> None:
        """*inner* does all other tasks."""
        self._inner = inner
        self._store = store
        self._calls = calls

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        return [
            self._answer(job.outgoing.facts)
            if str(job.outgoing.facts.get("run", "")).startswith(ELSEWHERE)
            else self._inner.deliver(address, [job])[0]
            for job in jobs
        ]

    def _answer(self, facts: Mapping[str, Any]) -> DeliveryResult:
        digest = str(facts["run"]).removeprefix(ELSEWHERE)
        found = self._store.record(TOKEN, digest)
        if isinstance(found, dict):
            try:
                told(self._calls, str(found["token"]), facts)
            except AwsError as problem:
                return Postponed(str(problem))
            self._store.take_record(TOKEN, digest)
        return Delivered()


def told(calls: Caller, token: str, answer: Mapping[str, Any]) -> None:
    """Tell Step Functions the *answer* of the task with *token*; to a run that is over it means nothing.

    Raises AwsError.
    """
    given = {"taskToken": token}
    try:
        if "error" in answer:
            error, cause = str(answer["error"])[:ERROR_MAX], str(answer.get("cause") or "")[:CAUSE_MAX]
            calls.call(STATES, "SendTaskFailure", given | {"error": error, "cause": cause})
        else:
            calls.call(STATES, "SendTaskSuccess", given | {"output": json.encode(answer["output"]).decode()})
    except AwsError as problem:
        if problem.code not in _OVER:
            raise


def _unknown(payload: Json, task: Task) -> Json:
    del payload
    raise Failure("Tocsin.FunctionUnknown", f"There is no function {task.task[:100]!r}.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
