"""The console, the API and the ways in that need an answer of ours, in the serverless runtime."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.applications import Starlette

from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.later import later
from tocsin.web.activities import Activities, ActivityApi
from tocsin.web.gate import Gate
from tocsin.web.peers import networks
from tocsin.web.reception import Reception
from tocsin.web.workflows import WorkflowDesk
from tocsin.wiring.pages import Surface, application, new_key
from tocsin.wiring.senders import rules, sns_check
from tocsin.wiring.serverless_intake import DirectIntake, DirectWriter
from tocsin.wiring.serverless_process import TIMER_ARN, Process
from tocsin.wiring.serverless_reach import Reach
from tocsin.wiring.watch import trouble

if TYPE_CHECKING:
    from tocsin.wiring import serverless_desk, workflow_desk
else:
    workflow_desk = later("tocsin.wiring.workflow_desk")
    serverless_desk = later("tocsin.wiring.serverless_desk")

FIGURES: Final = b"# The figures of this runtime are in CloudWatch.\n"
CHECKS_MAX: Final = 2  # Signatures that are checked beside the loop; an invocation has one request.

log = logging.getLogger(__name__)


def site(running: Process, loop: asyncio.AbstractEventLoop) -> Starlette:
    """The application; it is asked on *loop* only. Raises StoreUnavailableError, TocsinError."""
    thinking, reach, talk = running.thinking(), running.reach(), running.talk()
    settings, store, clock = thinking.settings, thinking.store, thinking.clock
    check = sns_check(settings, clock, running.outside.sns_fetch)
    intake = DirectIntake(talk.errands)
    gate = Gate(
        intake,
        clock,
        talk.ring.integration,
        _refused,
        check_sns=check,
        rules=rules(settings),
        proxies=networks(settings.server.proxies),
        on_wrong_key=talk.wrong_keys.note,
    )
    reception = Reception(
        loop=loop,
        executor=ThreadPoolExecutor(CHECKS_MAX, thread_name_prefix="check"),
        clock=clock,
        gate=gate,
        check_sns=check,
        new_key=new_key,
        on_accepted=lambda _: None,
        on_refused=_refused,
    )
    reception.attach(DirectWriter(talk.errands, reception.answered))

    def accept(received: Received) -> None:
        talk.errands.store(received)

    def readiness() -> str:
        now = clock()
        try:
            return trouble(store.health(now), now)
        except StoreUnavailableError as problem:
            return problem.message

    return application(
        Surface(
            settings=settings,
            store=store,
            url=thinking.url,
            clock=clock,
            chats=reach.chats,
            intake=intake,
            changes=Standing(),
            gate=gate,
            reception=reception,
            desk=talk.desk,
            browsers=reach.browsers,
            knowledge=thinking.knowledge,
            personal=thinking.personal,
            care=reach.care,
            accept=accept,
            readiness=readiness,
            figures=lambda: FIGURES,
            workflows=_desk(running),
            on_refused=_refused,
            more=lambda api: ActivityApi(api, cast("Activities", _Activities(reach))).routes(),
        ),
        at_once=False,
    )


def _desk(running: Process) -> WorkflowDesk:
    thinking, timer = running.thinking(), running.environ.get(TIMER_ARN, "")
    given = (lambda: thinking.settings), running.store, thinking.definitions, running.clock
    if timer and thinking.settings.workflows:
        return serverless_desk.StatesWorkflowDesk(*given, timer)
    return workflow_desk.StoreWorkflowDesk(*given)


class Standing:
    """`tocsin.web.ports.Changes` of a runtime that tells nobody anything between requests.

    The stream ends at once, and the browser opens it again by itself. Each time it does, the page looks what is new.
    """

    async def subscribe(self) -> AsyncIterator[frozenset[str]]:
        """See the port."""
        nothing: Sequence[Any] = ()
        for each in nothing:
            yield each


def _refused(why: str) -> None:
    log.info("refused", extra={"why": why})


class _Activities:
    """Those of a `Reach`, made when a worker asks for work: what does tasks costs a start."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what activities can do.
        return getattr(self._reach.working.activities, name)
