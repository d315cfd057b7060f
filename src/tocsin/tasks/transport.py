"""The transport that does tasks: does one, stores its answer durably as a delivery, and then it is delivered.

At least once: who dies between doing and storing does it again. A second answer counts as the first, since both are
named after the task's effect.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final, Protocol, assert_never

from tocsin.asl import Failure
from tocsin.asl.failures import DATA_LIMIT_EXCEEDED, RUNTIME, TIMEOUT
from tocsin.asl.outcomes import oversized, too_large
from tocsin.asl.resources import resource
from tocsin.engine.backoff import ATTEMPTS_MAX
from tocsin.engine.ports import ONCE, Delivered, DeliveryResult, Job, Outgoing, Postponed, Received, Taken
from tocsin.errors import StoreUnavailableError
from tocsin.executions.machine import TASK
from tocsin.executions.receivers import ANSWER
from tocsin.executions.run import Run
from tocsin.executions.withdrawing import WITHDRAW
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.tasks.channel import CHANNEL
from tocsin.tasks.task import Doer, Elsewhere, Later, Task

DIGEST_CHARACTERS: Final = 16  # Of the name of an effect of one task: there are few of them.
WATCH_EVERY: Final[Duration] = 5 * SECOND  # A task that a thread of its own does is looked at so often.
READERS: Final = "s3"  # What a distributed Map reads is bounded by its reader, not by what a state may give.

log = logging.getLogger(__name__)

Await = Callable[[str, str, str], None]


class Claim(Enum):
    """Whose a task is: of who asks, of somebody else, of nobody any more since it was answered a moment ago."""

    OURS = 1
    ELSEWHERE = 2
    ANSWERED = 3


class Answering(Protocol):
    """Takes answers, and commits them with the end of their effects."""

    def begin(self, effect: str, now: Instant) -> Claim:
        """Whether the caller, and nobody else, does the task of *effect*."""
        ...

    def since(self, effect: str) -> Instant | None:
        """When the task of *effect* was begun that is under way."""
        ...

    def leave(self, effect: str) -> None:
        """The task of *effect* is not under way any more, and has no answer."""
        ...

    def give(self, effect: str, answer: Mapping[str, Json]) -> None:
        """The task of *effect* was answered."""
        ...


class TasksTransport:
    """`tocsin.engine.ports.Transport`. One task at a time for one address; an address is a task's own.

    What has been answered, and is not yet committed, is not done again.
    """

    name = CHANNEL

    def __init__(
        self,
        do: Doer,
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
        expect: Await,
        answers: Answering | None = None,
        *,
        abandon: Callable[[Task], None] = lambda _: None,
        withdraw: Callable[[Mapping[str, Json]], None] = lambda _: None,
    ) -> None:
        """*do* does a task. *accept* stores deliveries durably. *expect* a token of a run's task, durably.

        Both raise StoreUnavailableError. *answers* take them a shorter way than deliveries. *abandon* stops what a
        task has begun that nobody waits for any more; it may raise StoreUnavailableError, Later, Failure. *withdraw*
        tells those who have a task in hand, by its facts, that nobody waits for it; it may raise StoreUnavailableError.
        """
        self._withdraw = withdraw
        self._abandon = abandon
        self._answers = answers
        self._do = do
        self._accept = accept
        self._clock = clock
        self._expect = expect

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:  # noqa: ARG002 - the port's.
        """See the port."""
        return [self._deliver(job.outgoing) if _awaited(job) else self._given_up(job.outgoing) for job in jobs]

    def _given_up(self, outgoing: Outgoing) -> DeliveryResult:
        """Its run is over, or waits for it no more: what it has begun in the world is stopped where that can be."""
        try:
            self._abandon(task_of(outgoing))
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        except Later as later:
            return Postponed(f"{later.error}: {later.cause}", after=later.after)
        except Failure as failure:
            log.warning(
                "what a task has begun cannot be stopped", extra={"effect": outgoing.id, "error": failure.error}
            )
        return Delivered()

    def _deliver(self, outgoing: Outgoing) -> DeliveryResult:
        if outgoing.kind == WITHDRAW:
            return self._withdrawn(outgoing.facts)
        if self._answers is None:
            return self._done(outgoing)
        match self._answers.begin(outgoing.id, self._clock()):
            case Claim.ANSWERED:  # It is about to be committed, or breaks its machine and must not be done again.
                return Postponed("it is answered", after=WATCH_EVERY, counts=False)
            case Claim.ELSEWHERE:
                return self._watched(outgoing, self._answers)
            case Claim.OURS:
                try:
                    return self._done(outgoing)
                finally:
                    self._answers.leave(outgoing.id)
            case claim:
                assert_never(claim)

    def _withdrawn(self, facts: Mapping[str, Json]) -> DeliveryResult:
        try:
            self._withdraw(facts)
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        return Delivered()

    def _watched(self, outgoing: Outgoing, answers: Answering) -> DeliveryResult:
        """A thread of its own does the task: all that is seen to here is that it does not take for ever."""
        task, since = task_of(outgoing), answers.since(outgoing.id)
        if since is not None and since + task.time <= self._clock():
            cause = f"{task.what.name} did not come back within {task.time // SECOND} s"
            answers.give(outgoing.id, _failed(task, TIMEOUT, cause))
            return Taken()
        return Postponed("it is under way", after=WATCH_EVERY, counts=False)

    def _done(self, outgoing: Outgoing) -> DeliveryResult:
        try:
            answer = outgoing.facts if outgoing.kind == ANSWER else self.answer(outgoing)
            if answer is not None and self._answers is not None:
                self._answers.give(outgoing.id, answer)
                return Taken()
            if answer is not None:
                self._accept([answered(answer, once(answer, outgoing.id), self._clock())])
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        except Later as later:
            return Postponed(f"{later.error}: {later.cause}", after=later.after, counts=later.counts)
        return Delivered()

    def answer(self, outgoing: Outgoing, do: Doer | None = None) -> dict[str, Json] | None:
        """What became of a task, which *do* does if given; None if somebody else says so later.

        Raises Later, StoreUnavailableError.
        """
        task = task_of(outgoing)
        if task.what.waits:
            self._expect(task.token, task.run, task.task)
        try:
            output = (do or self._do)(task)
            large = task.what.type != READERS and oversized(output)
        except Failure as failure:
            return _failed(task, failure.error, failure.cause)
        except Elsewhere:
            return None
        except Later as later:
            if later.counts and outgoing.attempts + 1 >= ATTEMPTS_MAX:
                return _failed(task, later.error, later.cause)
            raise
        except StoreUnavailableError:
            raise
        except Exception as problem:
            log.exception("a task broke", extra={"resource": task.resource, "run": task.run})
            return _failed(task, RUNTIME, f"internal error: {type(problem).__name__}; the log of Tocsin has it whole")
        if large:
            return _failed(task, DATA_LIMIT_EXCEEDED, too_large(task.what.type or task.resource))
        return None if task.what.waits else {"run": task.run, "task": task.task, "output": output}


def _awaited(job: Job) -> bool:
    """Whether the run still waits for the task."""
    return job.outgoing.kind != TASK or not isinstance(job.state, Run) or job.state.awaits(job.outgoing.facts["task"])


def task_of(outgoing: Outgoing) -> Task:
    """The task of an effect."""
    facts = outgoing.facts
    return Task(
        id=outgoing.id,
        run=facts["run"],
        task=facts["task"],
        resource=facts["resource"],
        what=resource(facts["resource"]),
        arguments=facts["arguments"],
        token=facts["token"],
        role=role_of(facts["role"]),
        runs_as=facts.get("runs_as", ""),
        timeout=facts["timeout"],
    )


def role_of(credentials: Json) -> str:
    """The role that the Credentials of a state name, or empty."""
    found = credentials.get("RoleArn") if isinstance(credentials, dict) else credentials
    return found if isinstance(found, str) else ""


def once(answer: Mapping[str, Json], effect: str) -> str:
    """What all answers of one *effect* are called.

    Effects are named after the inputs that led to them: a name that held the effect's own would grow with each task.
    """
    digest = hashlib.sha256(effect.encode()).hexdigest()[:DIGEST_CHARACTERS]
    return f"{answer['run']}/{answer['task']}/{digest}"


def answered(answer: dict[str, Json], name: str, now: Instant) -> Received:
    """The delivery of an answer; *name*: what all copies of it are called."""
    return Received(received_at=now, channel=CHANNEL, key="", head=f"{ONCE}: {name}".encode(), body=json.encode(answer))


def _failed(task: Task, error: str, cause: str | None) -> dict[str, Json]:
    return {"run": task.run, "task": task.task, "error": error, "cause": cause}
