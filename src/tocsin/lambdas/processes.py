"""The process of a function: made while Lambda starts it, or at the first request; made anew after one that failed.

Which modules a function may load when is told in docs/architecture.md, "What a function loads".
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tocsin.lambdas.logs import set_up, told
from tocsin.slack.addresses import BASE_URL
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless_process import Process, started
from tocsin.wiring.settings import Settings

SLACK_API: Final = "TOCSIN_SLACK_API"  # As `tocsin serve` has it, for tests.
STARTING: Final = "AWS_LAMBDA_INITIALIZATION_TYPE"  # Lambda sets it; see "Defined runtime environment variables".

_running: list[Process] = []


def process() -> Process:
    """The one of this process. Raises TocsinError, StoreUnavailableError."""
    if not _running:
        set_up(os.environ.get("TOCSIN_LOG_LEVEL", ""))
        _running.append(started(os.environ, outside=Outside(slack_api=os.environ.get(SLACK_API, BASE_URL))))
    return _running[0]


def use(running: Process | None) -> None:
    """Use another one; None: make it at the next request. For tests."""
    _running[:] = [running] if running is not None else []


def handling(
    work: Callable[[Process, Any], Any], load: Callable[[Settings], None] = lambda _: None
) -> Callable[[Any, object], Any]:
    """The handler that does *work* with the process and the event, and leaves nothing at work behind it.

    *load* loads the modules that the settings ask for, while Lambda starts the process.
    """

    def handle(event: Any, context: object) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
        del context
        running = process()
        try:
            answer = work(running, event)
        except BaseException:
            running.forget()  # Whatever is wrong in memory is not met again.
            raise
        running.rest()
        return answer

    if STARTING in os.environ:
        _begin(load)
    return told(handle)


def _begin(load: Callable[[Settings], None]) -> None:
    """Do what the first request needs now: Lambda gives a process more of a processor while it starts."""
    with suppress(Exception):  # The first request meets it again, and tells of it.
        load(process().settings)
