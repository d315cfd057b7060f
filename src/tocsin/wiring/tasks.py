"""Tasks as the settings allow them: which functions there are, who calls AWS, who waits for a token."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import importlib.util
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.asl import Failure
from tocsin.asl.execution import TaskBeat, TaskFailed, TaskSucceeded
from tocsin.asl.failures import RUNTIME
from tocsin.asl.resources import WAITS
from tocsin.engine.ports import Received, Records, Store
from tocsin.errors import TocsinError
from tocsin.executions.inputs import Answer
from tocsin.executions.run import Run
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.tasks.doing import Doing, Own
from tocsin.tasks.functions import Function, Functions, functions_of
from tocsin.tasks.gateways import Gateways
from tocsin.tasks.task import Doer, Task
from tocsin.tasks.transport import Answering, TasksTransport, answered
from tocsin.tasks.web import Added, Web
from tocsin.webpush.subscriptions import public_address
from tocsin.wiring.nested_runs import NestedRuns
from tocsin.wiring.settings import Settings
from tocsin.wiring.withdrawals import Withdrawals
from tocsin.wiring.workflows import SEED_BYTES

TOKEN: Final = "task-token"  # noqa: S105 - records of tokens that are waited for, by their digests.

ACTIVITY: Final = "activity"  # Records of tasks that wait for a worker.
JOB: Final = "job"  # Records of jobs at AWS whose end is awaited, by their tasks.

_NO_SDK: Final = 'tocsin[aws] is not installed, and a task needs it: pip install "tocsin[aws]"'

Accept = Callable[[Sequence[Received]], object]


class Tokens:
    """The tokens of tasks that wait for one. Only digests are kept: who reads the database can answer nothing."""

    def __init__(self, store: Store, accept: Accept, clock: Callable[[], Instant]) -> None:
        """*accept* stores deliveries durably."""
        self._store = store
        self._accept = accept
        self._clock = clock

    def expect(self, token: str, run: str, task: str) -> None:
        """Wait for *token*. Raises StoreUnavailableError."""
        digest = _digest(token)
        if self._store.record(TOKEN, digest) is None:
            self._store.put_record(TOKEN, digest, {"digest": digest, "run": run, "task": task})

    def forget(self, token: str) -> None:
        """Wait for *token* no more. Raises StoreUnavailableError."""
        self._store.take_record(TOKEN, _digest(token))

    def answer(self, token: str, given: Answer) -> bool:
        """Give the task of *token* its answer, durably; False: there is none that waits.

        What *given* names as its task does not matter. Raises StoreUnavailableError.
        """
        digest = _digest(token)
        found = self._store.record(TOKEN, digest)
        if found is None or not hmac.compare_digest(str(found["digest"]), digest):
            return False
        now = self._clock()
        told: dict[str, Json] = {"run": found["run"], "task": found["task"]}
        match given:
            case TaskBeat():
                self._accept([answered({**told, "beat": True}, f"{digest}/beat/{now}", now)])
                return True
            case TaskSucceeded(output=output):
                told["output"] = output
            case TaskFailed():
                told |= {"error": given.error, "cause": given.cause}
        self._accept([answered(told, f"{digest}/answer", now)])
        self._store.take_record(TOKEN, digest)
        return True


class JobBook:
    """`tocsin.tasks.jobs.Book`: the jobs at AWS whose end is awaited, by their tasks."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def job(self, task: str) -> Json:
        """See the protocol."""
        return self._records.record(JOB, task)

    def keep(self, task: str, job: Json) -> None:
        """See the protocol."""
        self._records.put_record(JOB, task, job)

    def forget(self, task: str) -> None:
        """See the protocol."""
        self._records.take_record(JOB, task)


def transport(
    settings: Settings,
    kept: Mapping[str, str],
    accept: Accept,
    clock: Callable[[], Instant],
    *,
    tokens: Tokens,
    find: Callable[[str], Run | None],
    functions: Functions,
    book: JobBook,
    answers: Answering | None = None,
    people: Mapping[str, Own] | None = None,
    activities: Doer | None = None,
) -> TasksTransport:
    """What does the tasks of runs; *kept*: the definitions' ids by the names of their workflows.

    *find* gives the run of a correlation key. *people*: the functions that ask and tell people, by name.
    """
    roles = {name: each.role for name, each in settings.workflows.items() if each.role}
    nested = NestedRuns(kept, roles, accept, clock, seed=lambda: secrets.token_urlsafe(SEED_BYTES), find=find)
    aws = _Aws(clock, book)
    web = Web(public_address, authorize=aws.authorize)
    own = {
        "states:startExecution": nested.do,
        "http:invoke": web.do,
        "apigateway:invoke": Gateways(web, aws.sign).do,
        **({"activity": activities} if activities else {}),
    }
    return TasksTransport(
        Doing(functions, own, aws.do, people),
        accept,
        clock,
        tokens.expect,
        answers,
        abandon=aws.abandon,
        withdraw=Withdrawals(accept, clock),
    )


class _Loaded(NamedTuple):
    """What needs the SDK."""

    amazon: Any
    integrations: Any
    jobs: Any
    connections: Any
    doers: Mapping[str, Doer]
    awaited: Mapping[str, Doer]


class _Aws:
    """Everything at AWS; the SDK is imported when the first task needs it."""

    def __init__(self, clock: Callable[[], Instant], book: JobBook) -> None:
        self._clock = clock
        self._book = book
        self._lock = threading.Lock()
        self._known: _Loaded | None = None

    def do(self, task: Task) -> Json:
        """A `Doer`."""
        what, found = task.what, self._loaded()
        if what.kind == "lambda":
            return found.integrations.function(task)
        known = found.awaited if what.pattern == "sync" else found.doers if what.pattern in {"", WAITS} else {}
        return known.get(f"{what.type}:{what.name}", found.amazon.do)(task)

    def abandon(self, task: Task) -> None:
        """Stop what *task* has begun, if that is a job. Raises Failure, Later, StoreUnavailableError."""
        if self._book.job(task.id) is not None:
            self._loaded().jobs.abandon(task)

    def authorize(self, task: Task, arn: str) -> Added:
        """What a connection of EventBridge adds to a request. Raises Failure, Later."""
        added: Added = self._loaded().connections.added(task, arn)
        return added

    def sign(self, *given: Any) -> dict[str, str]:  # noqa: ANN401 - as `Amazon.signed`.
        """See `Amazon.signed`."""
        signed: dict[str, str] = self._loaded().amazon.signed(*given)
        return signed

    def _loaded(self) -> _Loaded:
        with self._lock:
            if self._known is None:
                if not _sdk():
                    raise Failure(RUNTIME, _NO_SDK)
                amazon = importlib.import_module("tocsin.tasks.amazon").Amazon(self._clock)
                integrations = importlib.import_module("tocsin.tasks.integrations").Integrations(amazon)
                kinds = importlib.import_module("tocsin.tasks.jobs")
                jobs = kinds.Jobs(amazon, self._book, self._clock)
                doers, awaited = integrations.doers(), dict.fromkeys(kinds.KINDS, jobs.do)
                connections = importlib.import_module("tocsin.tasks.connections").Connections(amazon)
                self._known = _Loaded(amazon, integrations, jobs, connections, doers, awaited)
            return self._known


def _sdk() -> bool:
    return importlib.util.find_spec("boto3") is not None


def functions(settings: Settings) -> Functions:
    """Those of the module that the settings name. Raises TocsinError for one that cannot be used."""
    return Functions(_functions(settings.functions) if settings.functions else {})


def _functions(module: str) -> Mapping[str, Function]:
    try:
        return functions_of(importlib.import_module(module))
    except Exception as problem:
        message = f"functions: the module {module} cannot be imported: {type(problem).__name__}: {problem}"
        raise TocsinError("functions-unusable", message) from problem


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
