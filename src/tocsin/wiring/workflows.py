"""Workflows at work: the definitions that runs keep, and orders to start, stop and redrive as deliveries."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Delivery, Received, Records
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.tasks.channel import CHANNEL as ANSWERS
from tocsin.wiring import channel_names
from tocsin.wiring.machine_names import EXECUTION
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_workflows import definition_text

if TYPE_CHECKING:
    from tocsin import asl
    from tocsin.asl import execution
    from tocsin.asl.program import Definition
    from tocsin.executions import inputs
else:
    asl = later("tocsin.asl")
    execution = later("tocsin.asl.execution")
    inputs = later("tocsin.executions.inputs")

ORDERS: Final = channel_names.EXECUTION  # The channel of orders.
DEFINITION: Final = "workflow-definition"
ACCOUNT: Final = "000000000000"  # Of the ARNs of runs here: no account of AWS.
REGION: Final = "us-east-1"
SEED_BYTES: Final = 24
DEFINITIONS_MAX: Final = 1000  # Compiled ones that are kept in memory.
NAME_MAX: Final = 80  # Characters, as StartExecution has it.

_MACHINE: Final = EXECUTION

log = logging.getLogger(__name__)
_NAME: Final = re.compile(rf"[A-Za-z0-9_.+@-]{{1,{NAME_MAX}}}")


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A run to begin. *name*: under which it is started once only; empty: as often as asked.

    *by*: the responder who begins it.
    """

    workflow: str
    definition: str
    input: Json
    seed: str
    name: str = ""
    region: str = REGION
    role: str = ""
    parent: inputs.Parent | None = None
    by: str = ""


class Unawait(msgspec.Struct, frozen=True, kw_only=True):
    """The task of a run waits for the run that it has started no more; *why* ends a sentence."""

    run: str
    task: str
    why: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: that a run begins, or that the run *stop* is stopped or *redrive* goes on, or see `Unawait`."""

    start: Start | None = None
    stop: str = ""
    redrive: str = ""
    unawait: Unawait | None = None
    error: str | None = None
    cause: str | None = None


# ── Definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────
class _KeptDefinition(msgspec.Struct):
    source: dict[str, Json]


class Definitions:
    """The definitions of all runs, by their ids; a lookup that always gives the same. Any thread."""

    def __init__(self, records: Records) -> None:
        """*records* keep them."""
        self._records = records
        self._compiled: dict[str, Definition] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str) -> Definition | None:
        """The definition of an id; None if there is none that can be read. Raises StoreUnavailableError."""
        with self._lock:
            found = self._compiled.get(name)
        if found is None:
            kept = self._records.record(DEFINITION, name)
            if kept is None:
                return None
            try:
                made = asl.parse(msgspec.convert(kept, _KeptDefinition).source)
            except (asl.DefinitionError, msgspec.ValidationError):
                # What cannot be read now never will be: its runs end and say so, instead of breaking at every wake.
                log.exception("a kept definition cannot be read", extra={"definition": name})
                return None
            found = self._keep(name, made)
        return found

    def keep(self, workflow: str, text: str) -> str:
        """Keep a definition for the runs that begin with it; its id. Raises DefinitionError, StoreUnavailableError."""
        definition = asl.parse(text)
        name = definition_id(definition)
        if self._records.record(DEFINITION, name) is None:
            self._records.put_record(DEFINITION, name, {"workflow": workflow, "source": definition.source})
        self._keep(name, definition)
        return name

    def _keep(self, name: str, definition: Definition) -> Definition:
        with self._lock:
            if len(self._compiled) >= DEFINITIONS_MAX:
                del self._compiled[next(iter(self._compiled))]
            self._compiled[name] = definition
        return definition


def definition_id(definition: Definition) -> str:
    """The id of a definition: what it says, whatever its layout."""
    return hashlib.sha256(json.encode(definition.source)).hexdigest()


def keep_all(settings: Settings, definitions: Definitions) -> Mapping[str, str]:
    """Keep the definitions of all workflows as their files are now; their ids by name. Raises TocsinError."""
    found = {}
    for name, workflow in settings.workflows.items():
        try:
            found[name] = definitions.keep(name, definition_text(workflow))
        except (OSError, ValueError) as problem:
            raise TocsinError("workflow-unreadable", f"{workflow.file} cannot be read: {problem}") from None
    return found


# ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def start(workflow: str, definition: str, given: Json, **more: Any) -> Order:  # noqa: ANN401 - the fields of Start.
    """The order for a new run; its seed is drawn here, at the edge."""
    return Order(
        start=Start(
            workflow=workflow, definition=definition, input=given, seed=secrets.token_urlsafe(SEED_BYTES), **more
        )
    )


def named(name: str) -> str:
    """*name*, if a run may be called so; empty: it has no name of its own. Raises TocsinError."""
    if name and not _NAME.fullmatch(name):
        message = f"{name[:100]!r} cannot be the name of a run; use letters, digits and . _ @ + -, at most {NAME_MAX}"
        raise TocsinError("workflow-name-invalid", message)
    return name


def ordered(order: Order, now: Instant) -> Received:
    """The delivery of an order."""
    return Received(received_at=now, channel=ORDERS, key="", head=b"", body=json.encode(order))


def channels() -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads orders, and the answers of tasks."""
    return {ORDERS: _ordered, ANSWERS: answered}


def run_key(workflow: str, name: str) -> str:
    """The correlation key of the run *name* of *workflow*."""
    return f"run/{workflow}/{name}"


def _awaited_by(run: str, task: str) -> str:
    """The correlation key of the run for which a *task* of *run* waits."""
    return f"awaited/{run}/{task}"


def started_as(delivery_id: str) -> str:
    """The id of the run that the order of a delivery begins."""
    return f"run-{delivery_id}"


def _ordered(delivery: Delivery) -> Interpretation:
    try:
        order = msgspec.convert(json.decode(delivery.body), Order)
    except (msgspec.ValidationError, json.JsonError) as problem:
        return Interpretation((), f"not an order: {problem}")
    found: list[Addressed] = []
    name = f"{delivery.occurrence}/0"
    if order.start:
        begun = begin(order.start, started_as(delivery.id), name)
        parent = order.start.parent
        awaited = (_awaited_by(parent.run, parent.task),) if parent is not None and parent.waits else ()
        found.append(replace(begun, keys=begun.keys + awaited))
    elif order.stop:
        given: execution.Stopped | execution.Redriven = execution.Stopped(error=order.error, cause=order.cause)
        found.append(Addressed(input_id=name, machine=_MACHINE, given=given, aggregate=order.stop))
    elif order.redrive:
        found.append(Addressed(input_id=name, machine=_MACHINE, given=execution.Redriven(), aggregate=order.redrive))
    elif order.unawait:
        run, task = order.unawait.run, order.unawait.task
        over = inputs.Unawaited(run=run, task=task, why=order.unawait.why)
        found.append(Addressed(input_id=name, machine=_MACHINE, given=over, keys=(_awaited_by(run, task),)))
    return Interpretation(tuple(found), "" if found else "an empty order")


def begin(wanted: Start, fresh: str, input_id: str) -> Addressed:
    """The input that begins the run *fresh*."""
    name = wanted.name or fresh
    place = f"{wanted.region}:{ACCOUNT}"
    names = execution.Names(
        execution=f"arn:aws:states:{place}:execution:{wanted.workflow}:{name}",
        name=name,
        machine=f"arn:aws:states:{place}:stateMachine:{wanted.workflow}",
        machine_name=wanted.workflow,
        role=wanted.role or f"arn:aws:iam::{ACCOUNT}:role/{wanted.workflow}",
    )
    given = inputs.Started(
        run=fresh,
        workflow=wanted.workflow,
        definition=wanted.definition,
        input=wanted.input,
        names=names,
        seed=wanted.seed,
        parent=wanted.parent,
        role=wanted.role,
        by=wanted.by,
    )
    keys = (run_key(wanted.workflow, wanted.name),) if wanted.name else ()
    return Addressed(input_id=input_id, machine=_MACHINE, given=given, keys=keys, fresh=fresh)


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    task: str
    output: Json = None
    error: str | None = None
    cause: str | None = None
    beat: bool = False


def answered(delivery: Delivery) -> Interpretation:
    """The input that the answer of a task is."""
    try:
        told = msgspec.convert(json.decode(delivery.body), _Answer)
    except (msgspec.ValidationError, json.JsonError) as problem:
        return Interpretation((), f"not an answer: {problem}")
    return Interpretation((_addressed(told, f"{delivery.occurrence}/0"),))


def answer_input(answer: Mapping[str, Json], input_id: str, effect: str) -> Addressed:
    """The input that an answer is, which confirms the *effect* that asked for it."""
    return _addressed(msgspec.convert(answer, _Answer), input_id, effect)


def _addressed(told: _Answer, input_id: str, done: str = "") -> Addressed:
    given: inputs.Answer
    if told.beat:
        given = execution.TaskBeat(task=told.task)
    elif told.error is not None:
        given = execution.TaskFailed(task=told.task, error=told.error, cause=told.cause)
    else:
        given = execution.TaskSucceeded(task=told.task, output=told.output)
    return Addressed(input_id=input_id, machine=_MACHINE, given=given, aggregate=told.run, done=done)
