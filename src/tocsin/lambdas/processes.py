"""The process of a function: made when the function's first request comes, and made anew after one that failed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from tocsin.lambdas.logs import set_up, told
from tocsin.slack.addresses import BASE_URL
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless_process import Process, started

SLACK_API: Final = "TOCSIN_SLACK_API"  # As `tocsin serve` has it, for tests.

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


def handling(work: Callable[[Process, Any], Any]) -> Callable[[Any, object], Any]:
    """The handler that does *work* with the process and the event, and leaves nothing at work behind it."""

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

    return told(handle)
