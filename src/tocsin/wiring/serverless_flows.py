"""What rules start in the serverless runtime: executions of the stack's state machines, and how their ends are heard.

A rule decides as in `tocsin serve`; what it starts is an execution at Step Functions, named after the rule, the instant
and a number: started twice, it is there once. EventBridge tells of its end, which is a hint; a round asks for it, which
is the truth. Both are one input of the rule, named after the execution and how often it was redriven.

A record of each such execution says which rule has started it, and who: until the rule has done with it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.automation.inputs import Ended
from tocsin.automation.machine import REDRIVE, START, STOP, RuleMachine
from tocsin.aws.calls import STATES, AwsError, Caller
from tocsin.engine.ports import Delivered, Delivery, DeliveryResult, Job, Postponed, Received, Store, Transport
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.sources import Reading
from tocsin.tasks.transport import answered

RUN: Final = "states-run"  # Records of executions that rules have started, by their names.
FLOW: Final = (
    "flow-"  # So begin the names of the workflows' state machines, behind the stack's; the timer's is `timer`.
)
GRACE: Final[Duration] = 5 * MINUTE  # How long an end is left to EventBridge, and a start to the outbox.
LOST: Final[Duration] = DAY  # After it an execution that Step Functions does not know was never started.

_EVENT: Final = "Step Functions Execution Status Change"
_DIRECT: Final = "sqs"  # The channel of what EventBridge itself has written.
_AT_WORK: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})
_OVER: Final = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
_NEVER: Final = frozenset({
    "InvalidArn", "InvalidExecutionInput", "InvalidName", "StateMachineDeleting", "StateMachineDoesNotExist",
    "ValidationException",
})  # fmt: skip
"""What no second try can help."""

log = logging.getLogger(__name__)


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that a rule has started: *rule* is the id of its book, *run* what the book calls it."""

    rule: str
    run: str
    workflow: str
    at: Instant
    by: str = ""


class Flows:
    """The executions that rules have started. Any thread."""

    def __init__(self, store: Store, calls: Caller, timer: str, clock: Callable[[], Instant]) -> None:
        """*timer*: the ARN of the timers' state machine, beside which those of the workflows are."""
        self._store = store
        self._calls = calls
        self._machines = timer.rpartition("timer")[0] + FLOW
        self._clock = clock

    def start(self, name: str, rule: str, told: Mapping[str, Json]) -> None:
        """Start what an effect of *rule* tells of; once, however often. Raises StoreUnavailableError, AwsError."""
        workflow = str(told["workflow"])
        kept = Started(
            rule=rule, run=str(told["run"]), workflow=workflow, at=self._clock(), by=str(told.get("by") or "")
        )
        if self._store.record(RUN, name) is None:
            self._store.put_record(RUN, name, msgspec.to_builtins(kept))
        given = {
            "stateMachineArn": self._machines + workflow,
            "name": name,
            "input": json.encode(told["input"]).decode(),
        }
        try:
            self._calls.call(STATES, "StartExecution", given)
        except AwsError as problem:
            if problem.code != "ExecutionAlreadyExists":
                raise

    def stop(self, name: str) -> None:
        """Stop an execution; one that is over stays as it is. Raises StoreUnavailableError, AwsError."""
        found = self.started(name)
        if found is None:
            return
        try:
            given = {"executionArn": self._arn(name, found), "cause": "its rule starts it anew"}
            self._calls.call(STATES, "StopExecution", given)
        except AwsError as problem:
            if problem.code != "ExecutionDoesNotExist":
                raise

    def redrive(self, name: str, once: str) -> None:
        """Let an execution go on where it failed; *once*: however often. Raises StoreUnavailableError, AwsError."""
        found = self.started(name)
        if found is None:
            raise AwsError("RedriveExecution", "ExecutionDoesNotExist")
        token = hashlib.sha256(once.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            given = {"executionArn": self._arn(name, found), "clientToken": token}
            self._calls.call(STATES, "RedriveExecution", given)
        except AwsError as problem:
            if problem.code != "ExecutionNotRedrivable" or self._described(name, found).get("status") not in _AT_WORK:
                raise

    def started(self, name: str) -> Started | None:
        """The execution *name*, if a rule has started it. Raises StoreUnavailableError."""
        found = self._store.record(RUN, name)
        return None if found is None else msgspec.convert(found, Started)

    def attend(self, delivery: Delivery, found: Reading) -> Addressed | None:
        """The end of an execution that EventBridge tells of itself; nobody else is believed.

        Raises StoreUnavailableError.
        """
        event = found.event
        if delivery.channel != _DIRECT or not isinstance(event, dict) or event.get("detail-type") != _EVENT:
            return None
        try:
            told = json.decode(delivery.body)
        except json.JsonError:
            return None
        detail = event.get("detail")
        if told != event or event.get("source") != "aws.states" or not isinstance(detail, dict):
            return None
        name, machine = str(detail.get("name")), str(detail.get("stateMachineArn"))
        if not machine.startswith(self._machines):
            return None
        known = self.started(name)
        if known is None or machine != self._machines + known.workflow:
            return None
        return _end(name, known, detail)

    def ends(self) -> Iterator[Addressed]:
        """The ends that nobody has told of. What rules have done with is forgotten. Raises StoreUnavailableError."""
        for name, document in self._store.records(RUN).items():
            known = msgspec.convert(document, Started)
            if known.at + GRACE > self._clock():
                continue
            awaited = self._awaited(known)
            try:
                found = self._described(name, known)
            except AwsError as problem:
                if problem.code != "ExecutionDoesNotExist" or known.at + LOST > self._clock():
                    log.warning("an execution cannot be looked at", extra={"run": name, "problem": problem.code})
                    continue
                found = {"status": "FAILED", "error": problem.code}
            if not awaited and found.get("status") not in _AT_WORK:
                self._store.take_record(RUN, name)
                continue
            end = _end(name, known, found) if awaited else None
            if end is not None:
                yield end

    def _awaited(self, known: Started) -> bool:
        """Whether the rule still counts on it."""
        stored = self._store.load([known.rule]).get(known.rule)
        return stored is not None and any(each.run == known.run for each in RuleMachine().decode(stored.state).live)

    def _described(self, name: str, known: Started) -> dict[str, Any]:
        return self._calls.call(STATES, "DescribeExecution", {"executionArn": self._arn(name, known)})

    def _arn(self, name: str, known: Started) -> str:
        return (self._machines + known.workflow).replace(":stateMachine:", ":execution:") + ":" + name


class FlowTransport:
    """`tocsin.engine.ports.Transport`: what rules start, stop and redrive, and all else to the one of messages."""

    def __init__(
        self,
        inner: Transport,
        flows: Flows,
        workflows: Mapping[str, object],
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
    ) -> None:
        """*workflows*: those of the configuration; of others *inner* tells that there are none.

        *accept* stores deliveries durably.
        """
        self.name = inner.name
        self._inner = inner
        self._flows = flows
        self._workflows = workflows
        self._accept = accept
        self._clock = clock

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        others = [job for job in jobs if not self._is_ours(job)]
        told = iter(self._inner.deliver(address, others) if others else ())
        return [self._deliver(job) if self._is_ours(job) else next(told) for job in jobs]

    def _is_ours(self, job: Job) -> bool:
        facts = job.outgoing.facts
        what = facts.get("what")
        return what in {STOP, REDRIVE} or (what == START and facts.get("workflow") in self._workflows)

    def _deliver(self, job: Job) -> DeliveryResult:
        outgoing = job.outgoing
        facts = outgoing.facts
        name = str(facts["run"]).removeprefix("run-")
        try:
            if facts["what"] == START:
                self._flows.start(name, outgoing.aggregate, facts)
            elif facts["what"] == STOP:
                self._flows.stop(name)
            else:
                self._flows.redrive(name, outgoing.id)
        except AwsError as problem:
            hopeless = facts["what"] == REDRIVE and problem.code.startswith("Execution")
            if problem.code not in _NEVER and not hopeless:
                return Postponed(str(problem), counts=False)
            log.error("a rule's work cannot be done", extra={"run": name, "problem": problem.code})  # noqa: TRY400
            return self._failed(job, problem.code)
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        return Delivered()

    def _failed(self, job: Job, code: str) -> DeliveryResult:
        """The rule hears that it is over."""
        outgoing = job.outgoing
        cause = json.encode({"Error": code, "Status": "FAILED"}).decode()
        told: dict[str, Json] = {
            "run": outgoing.aggregate,
            "task": outgoing.facts["run"],
            "error": code,
            "cause": cause,
        }
        try:
            self._accept([answered(told, f"{outgoing.id}/failed", self._clock())])
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        return Delivered()


def attending(
    flows: Flows, attend: Callable[[Delivery, Reading, Interpretation], Interpretation]
) -> Callable[[Delivery, Reading, Interpretation], Interpretation]:
    """*attend*, and beside it the ends of executions."""

    def both(delivery: Delivery, found: Reading, meaning: Interpretation) -> Interpretation:
        meaning, end = attend(delivery, found, meaning), flows.attend(delivery, found)
        return meaning if end is None else Interpretation((*meaning.inputs, end), meaning.outcome)

    return both


def _end(name: str, known: Started, told: Mapping[str, Any]) -> Addressed | None:
    """The input that the end of an execution is, as an event or DescribeExecution tells it; None: it is at work."""
    status = told.get("status")
    if status not in _OVER:
        return None
    error = None
    if status != "SUCCEEDED":
        error = ": ".join(str(told[key]) for key in ("error", "cause") if told.get(key)) or str(status)
    given = Ended(run=known.run, error=error, stopped=status == "ABORTED")
    number = f"states/{name}/{int(told.get('redriveCount') or 0)}"
    return Addressed(input_id=number, machine=RuleMachine.name, given=given, aggregate=known.rule)
