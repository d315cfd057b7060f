"""Questions of workflows that run on Step Functions: asked as those of our own runs, answered with the task's token.

Such a task sends `{"ask": what tocsin-ask takes, "token": its token}` to the inbox, and waits (`.waitForTaskToken`).
The token is kept in a record until it is answered; the question knows only its digest. What becomes of a question
leaves through the outbox, as an effect that is repeated until Step Functions has taken it, or waits no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.asl import Failure
from tocsin.asl.resources import WAITS, Resource
from tocsin.aws.calls import STATES, AwsError, Caller
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Records, Transport
from tocsin.errors import StoreUnavailableError
from tocsin.executions.receivers import ANSWER
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks.task import Task
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.questions import ELSEWHERE
from tocsin.wiring.serverless import Thinking

TOKEN: Final = "states-token"  # noqa: S105 - records of tokens that Step Functions waits for, by their digests.
ERROR_MAX: Final = 256  # Characters: the service's own limits.
CAUSE_MAX: Final = 32_768

_RESOURCE: Final = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
_WHAT: Final = Resource(kind="service", type="sqs", action=f"sendMessage.{WAITS}", name="sendMessage", pattern=WAITS)
_OVER: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


class StatesAsking:
    """Asks people for tasks of Step Functions."""

    def __init__(self, thinking: Thinking, calls: Caller) -> None:
        """*calls* tell a task at once that its question is none."""
        self._thinking = thinking
        self._calls = calls
        self._people = AskingPeople(
            lambda: thinking.settings, thinking.store, thinking.accept, thinking.clock, lambda _: None
        )

    def ask(self, given: Mapping[str, Json], token: str) -> None:
        """Ask; the same task asked again is the same question. Raises StoreUnavailableError, AwsError."""
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        run = ELSEWHERE + name
        payload = {**given, "token": token}
        task = Task(id=run, run=run, task="question", resource=_RESOURCE, what=_WHAT, arguments=payload, token=token)
        self._thinking.store.put_record(TOKEN, name, token)
        try:
            self._people.ask(payload, task)
        except Failure as failure:
            answer(self._thinking.store, self._calls, name, {"error": failure.error, "cause": failure.cause})


class StatesAnswers:
    """`tocsin.engine.ports.Transport`: the answers for Step Functions, and all else to the transport of tasks."""

    def __init__(self, inner: Transport, records: Records, calls: Caller) -> None:
        """*inner* does what is for our own runs."""
        self.name = inner.name
        self._inner = inner
        self._records = records
        self._calls = calls

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        return [self._deliver(address, job) for job in jobs]

    def _deliver(self, address: str, job: Job) -> DeliveryResult:
        facts = job.outgoing.facts
        run = str(facts.get("run", ""))
        if job.outgoing.kind != ANSWER or not run.startswith(ELSEWHERE):
            return self._inner.deliver(address, [job])[0]
        try:
            answer(self._records, self._calls, run.removeprefix(ELSEWHERE), facts)
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        except AwsError as problem:
            return Postponed(str(problem))
        return Delivered()


def answer(records: Records, calls: Caller, name: str, told: Mapping[str, Json]) -> None:
    """Answer the task whose token has the digest *name*; once it was, or waits no more, nothing happens.

    Raises StoreUnavailableError, AwsError.
    """
    token = records.record(TOKEN, name)
    if token is None:
        return
    given: dict[str, Any] = {"taskToken": token}
    try:
        if told.get("error") is not None:
            given |= {"error": str(told["error"])[:ERROR_MAX], "cause": str(told.get("cause") or "")[:CAUSE_MAX]}
            calls.call(STATES, "SendTaskFailure", given)
        else:
            given["output"] = json.encode(told.get("output")).decode()
            calls.call(STATES, "SendTaskSuccess", given)
    except AwsError as problem:
        if problem.code not in _OVER:
            raise
    records.take_record(TOKEN, name)
