"""Questions of workflows that run on Step Functions: asked as those of our own runs, answered with the task's token.

A task of `lambda:invoke` that names `tocsin-ask` or `tocsin-announce` calls the inbox function: `tocsin.stack.flows`
writes it so, with what it is given, and in which state of which execution. A task may also send `{"ask": what
tocsin-ask takes, "token": its token}` to the inbox queue. Who asks waits (`.waitForTaskToken`).
The token is kept in a record until it is answered; the question knows only its digest. What becomes of a question
leaves through the outbox, as an effect that is repeated until Step Functions has taken it, or waits no more.

Nothing tells us that an execution was stopped or a task timed out. So a heartbeat asks whether the task waits: every
few minutes, and before an answer is sent for the first time. If it does not, the question is withdrawn, or the answer
came too late, and both say so. After that it cannot be known, since a task that has our answer looks the same as one
that never waited for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.asl import Failure
from tocsin.asl.resources import WAITS, Resource
from tocsin.aws.calls import STATES, AwsError, Caller
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Received, Records, Transport
from tocsin.errors import StoreUnavailableError
from tocsin.executions.receivers import ANSWER
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.tasks.task import Task
from tocsin.wiring import questions
from tocsin.wiring.asking_people import ANNOUNCE, ASK, INVALID, AskingPeople
from tocsin.wiring.questions import ELSEWHERE
from tocsin.wiring.serverless import Thinking

TOKEN: Final = "states-token"  # noqa: S105 - records of tokens that Step Functions waits for, by their digests.
ERROR_MAX: Final = 256  # Characters: the service's own limits.
CAUSE_MAX: Final = 32_768

QUESTION: Final = "question"  # The only task of a run that is elsewhere.
_SENT: Final = "sent"  # In a record: the token, from when on an answer may have been sent with it.
_RESOURCE: Final = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
_WHAT: Final = Resource(kind="service", type="sqs", action=f"sendMessage.{WAITS}", name="sendMessage", pattern=WAITS)
_TELLS: Final = "arn:aws:states:::lambda:invoke"
_TOLD: Final = Resource(kind="service", type="lambda", action="invoke", name="invoke")
_OVER: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call of one of our functions, as `tocsin.stack.flows` writes it: *execution* and *state* by `$$` of the task.

    *entered*: when the state was entered; a task that is tried again is the same.
    """

    function: str
    payload: Json = None
    execution: str = ""
    state: str = ""
    entered: str = ""


def called(event: Json) -> Call | None:
    """The call that an invocation is; None for the batches of a queue."""
    if not isinstance(event, dict) or "Records" in event or not isinstance(event.get("function"), str):
        return None
    return msgspec.convert(event, Call)


class StatesAsking:
    """Asks people, and tells them something, for tasks of Step Functions."""

    def __init__(self, thinking: Thinking, calls: Caller) -> None:
        """*calls* tell a task at once that its question is none."""
        self._thinking = thinking
        self._calls = calls
        self._people = AskingPeople(
            lambda: thinking.settings, thinking.store, thinking.accept, thinking.clock, lambda _: None
        )

    def call(self, call: Call) -> Json:
        """What one of our functions answers. Raises Failure, StoreUnavailableError, AwsError."""
        if call.function == ANNOUNCE:
            number = json.encode([call.execution, call.state, call.entered, call.payload])
            name = ELSEWHERE + hashlib.sha256(number).hexdigest()
            task = Task(id=name, run=name, task="", resource=_TELLS, what=_TOLD, arguments=call.payload)
            return self._people.announce(call.payload, task)
        if call.function != ASK:
            raise Failure(INVALID, f"There is no function {call.function[:100]!r}; there are {ASK}, {ANNOUNCE}")
        given = call.payload if isinstance(call.payload, dict) else {}
        token = given.get("token")
        if not isinstance(token, str) or not token:
            raise Failure(INVALID, "token: a question needs that of its task; take $states.context.Task.Token")
        self.ask(given, token, call.execution)
        return {}

    def ask(self, given: Mapping[str, Json], token: str, execution: str = "") -> None:
        """Ask; the same task asked again is the same question. *execution*: the ARN of the one that asks, if known.

        Raises StoreUnavailableError, AwsError.
        """
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        run = ELSEWHERE + name
        payload = {**given, "token": token}
        if started_by := self._started_by(execution):
            payload["started_by"] = started_by  # What a rule knows counts more than what the definition says.
        task = Task(id=run, run=run, task=QUESTION, resource=_RESOURCE, what=_WHAT, arguments=payload, token=token)
        store = self._thinking.store
        if store.record(TOKEN, name) is None:  # Asked again, it may hold that an answer has been sent.
            store.put_record(TOKEN, name, token)
        try:
            self._people.ask(payload, task)
        except Failure as failure:
            answer(store, self._calls, name, {"error": failure.error, "cause": failure.cause})

    def look(self) -> None:
        """Withdraw the questions that no task waits for any more. Raises StoreUnavailableError."""
        thinking = self._thinking
        for name, kept in thinking.store.records(TOKEN).items():
            if isinstance(kept, str) and (code := _over(self._calls, kept)):
                _withdraw(thinking.store, thinking.accept, name, code, thinking.clock())

    def _started_by(self, execution: str) -> str:
        """The responder whose word has started the *execution*, by a rule; empty: nobody, or nobody knows."""
        flows = self._thinking.flows
        known = flows.started(execution.rpartition(":")[2]) if flows is not None and execution else None
        return known.by if known is not None else ""


class StatesAnswers:
    """`tocsin.engine.ports.Transport`: the answers for Step Functions, and all else to the transport of tasks."""

    def __init__(
        self,
        inner: Transport,
        records: Records,
        calls: Caller,
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
    ) -> None:
        """*inner* does what is for our own runs. *accept* stores deliveries durably: of answers that came too late."""
        self.name = inner.name
        self._inner = inner
        self._records = records
        self._calls = calls
        self._accept = accept
        self._clock = clock

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        return [self._deliver(address, job) for job in jobs]

    def _deliver(self, address: str, job: Job) -> DeliveryResult:
        facts = job.outgoing.facts
        run = str(facts.get("run", ""))
        if job.outgoing.kind != ANSWER or not run.startswith(ELSEWHERE):
            return self._inner.deliver(address, [job])[0]
        name = run.removeprefix(ELSEWHERE)
        try:
            if facts.get("error") is None and (code := self._too_late(name)):
                _withdraw(self._records, self._accept, name, code, self._clock())
            else:
                answer(self._records, self._calls, name, facts)
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        except AwsError as problem:
            return Postponed(str(problem))
        return Delivered()

    def _too_late(self, name: str) -> str:
        """What Step Functions says of a task that had no answer and waits for none; empty: it waits, or may have it.

        Raises StoreUnavailableError.
        """
        kept = self._records.record(TOKEN, name)
        if not isinstance(kept, str):
            return ""  # It was answered, or an answer has been sent that it may have taken.
        code = _over(self._calls, kept)
        if not code:
            self._records.put_record(TOKEN, name, {_SENT: kept})
        return code


def _over(calls: Caller, token: str) -> str:
    """What Step Functions says of a task that waits no more; empty: it waits, or that cannot be known now."""
    try:
        calls.call(STATES, "SendTaskHeartbeat", {"taskToken": token})
    except AwsError as problem:
        return problem.code if problem.code in _OVER else ""
    return ""


def _withdraw(
    records: Records, accept: Callable[[Sequence[Received]], object], name: str, code: str, now: Instant
) -> None:
    """Have the question withdrawn whose task's token has the digest *name*. Raises StoreUnavailableError."""
    accept([questions.unwaited(ELSEWHERE + name, QUESTION, f"Step Functions waits for it no more ({code})", now)])
    records.take_record(TOKEN, name)


def answer(records: Records, calls: Caller, name: str, told: Mapping[str, Json]) -> None:
    """Answer the task whose token has the digest *name*; once it was, or waits no more, nothing happens.

    Raises StoreUnavailableError, AwsError.
    """
    kept = records.record(TOKEN, name)
    if kept is None:
        return
    given: dict[str, Any] = {"taskToken": kept[_SENT] if isinstance(kept, Mapping) else kept}
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
