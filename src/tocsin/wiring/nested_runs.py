"""`states:startExecution`: a task that starts a run of another of our workflows, and may wait for its end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.asl import Failure
from tocsin.asl.failures import RUNTIME
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX
from tocsin.engine.ports import ONCE, Received
from tocsin.executions.inputs import Parent
from tocsin.executions.machine import ALREADY_EXISTS
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.tasks.task import Elsewhere, Task
from tocsin.wiring.workflows import ACCOUNT, NAME_MAX, REGION, Order, Start, ordered, run_key

_NAME: Final = re.compile(rf"[A-Za-z0-9_.+@-]{{1,{NAME_MAX}}}")


class NestedRuns:
    """Starts them by orders. Any thread."""

    def __init__(
        self,
        kept: Mapping[str, str],
        roles: Mapping[str, str],
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
        *,
        seed: Callable[[], str],
        find: Callable[[str], Run | None],
    ) -> None:
        """*kept*: the ids of the workflows' definitions by their names, *roles* theirs at AWS.

        *accept* stores deliveries durably, or raises StoreUnavailableError. *seed* draws what nobody can guess.
        *find* gives the run that answers to a correlation key, or raises StoreUnavailableError.
        """
        self._kept = kept
        self._roles = roles
        self._accept = accept
        self._clock = clock
        self._seed = seed
        self._find = find

    def do(self, task: Task) -> Json:
        """A `Doer` of `states:startExecution`, its `.sync`, `.sync:2` and `.waitForTaskToken`.

        Done twice it starts one run: its name follows from the task, if the definition gives none.
        """
        given = task.arguments if isinstance(task.arguments, dict) else {}
        workflow = str(given.get("StateMachineArn", "")).rpartition(":")[2]
        if workflow not in self._kept:
            known = ", ".join(self._kept) or "none"
            cause = f"There is no workflow {workflow[:100]!r} in tocsin.yaml; there are: {known}"
            raise Failure("StepFunctions.StateMachineDoesNotExistException", cause)
        name = str(given.get("Name") or hashlib.sha256(task.id.encode()).hexdigest()[:32])
        if not _NAME.fullmatch(name):
            raise Failure("StepFunctions.InvalidNameException", f"{name[:100]!r} cannot be the name of a run")
        waits = task.what.pattern.startswith("sync")
        parent = Parent(run=task.run, task=task.task, text=task.what.pattern == "sync", waits=waits)
        start = Start(
            workflow=workflow,
            definition=self._kept[workflow],
            input=_input(given.get("Input", {})),
            seed=self._seed(),
            name=name,
            role=self._roles.get(workflow, ""),
            parent=parent,
        )
        now = self._clock()
        there = self._find(run_key(workflow, name))
        if there is None:
            self._accept([Received(**_fields(ordered(Order(start=start), now), f"{task.id}/start"))])
        elif there.parent != parent:
            raise Failure(ALREADY_EXISTS, f"Execution Already Exists: '{there.execution.names.execution}'")
        if waits:
            raise Elsewhere
        return {"ExecutionArn": f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{workflow}:{name}", "StartDate": now}


def _fields(received: Received, once: str) -> dict[str, Json]:
    return {
        "received_at": received.received_at,
        "channel": received.channel,
        "key": received.key,
        "head": f"{ONCE}: {once}".encode(),
        "body": received.body,
    }


def _input(given: Json) -> Json:
    """The input of the new run: a value, or its JSON text."""
    if isinstance(given, str):
        try:
            given = json.decode(given)
        except json.JsonError as problem:
            raise Failure("StepFunctions.InvalidExecutionInputException", f"Input is not JSON: {problem}") from None
    if len(json.encode(given)) > PAYLOAD_BYTES_MAX:
        raise Failure(RUNTIME, f"The input of the new run has more than {PAYLOAD_BYTES_MAX} bytes")
    return given
