"""Workflows in the console of the serverless runtime: they are shown here, and run at Step Functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from tocsin.engine.ports import Store
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.wiring.serverless_flows import FLOW
from tocsin.wiring.settings import Settings
from tocsin.wiring.workflow_desk import StoreWorkflowDesk
from tocsin.wiring.workflows import Definitions


class StatesWorkflowDesk(StoreWorkflowDesk):
    """See the port. Any thread."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        definitions: Definitions,
        clock: Callable[[], Instant],
        timer: str,
    ) -> None:
        """*timer*: the ARN of the timers' state machine, beside which those of the workflows are."""
        super().__init__(settings, store, definitions, clock)
        self._timer = timer

    def start(self, workflow: str, given: Json, name: str = "", by: str = "") -> NoReturn:
        """Raises TocsinError: a run of ours would have none of the rights that the workflow's role has."""
        del given, name, by
        if workflow not in self._settings().workflows:
            raise TocsinError("workflow-unknown", f"there is no workflow {workflow[:100]!r}")
        arn = f"{self._timer.rpartition('timer')[0]}{FLOW}{workflow}"
        region = arn.split(":")[3]
        raise TocsinError(
            "workflow-at-aws",
            f"{workflow} runs at Step Functions, and is started there: https://{region}.console.aws.amazon.com/states/home"
            f"?region={region}#/statemachines/view/{arn}",
        )
