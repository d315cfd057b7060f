"""Timers: one execution of a small state machine for each new `wake_at`. A hint only; the sweep is the truth."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from typing import Final

from tocsin.aws.calls import STATES, AwsError
from tocsin.engine.ports import Wake
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant, format_instant
from tocsin.wiring.serverless_process import TIMER_ARN, Process

NAME_MAX: Final = 80  # Characters of an execution's name: the service's own limit.
HASH_CHARACTERS: Final = 16

_STRANGE: Final = re.compile(r"[^A-Za-z0-9_-]+")

log = logging.getLogger(__name__)


def name(wake: Wake) -> str:
    """The name of the execution: what people recognise of the aggregate, its version, and a hash of the whole name."""
    whole = hashlib.sha256(wake.aggregate.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARACTERS]
    end = f"-{wake.version}-{whole}"
    return _STRANGE.sub("-", wake.aggregate)[: NAME_MAX - len(end)] + end


def when(at: Instant) -> str:
    """The instant for a Wait state, no earlier than *at*: a clock that is a little slow must not find it early."""
    return format_instant(-(-at // SECOND) * SECOND).removesuffix(".000Z") + "Z"


def start(running: Process, wakes: Iterable[Wake]) -> int:
    """Start a timer for each of *wakes* that has none; how many could not be. They are left to the sweep."""
    machine = running.environ.get(TIMER_ARN, "")
    if not machine:
        return 0
    failed = 0
    for wake in wakes:
        given = json.encode({"aggregate": wake.aggregate, "version": wake.version, "at": when(wake.at)}).decode()
        try:
            running.calls.call(
                STATES, "StartExecution", {"stateMachineArn": machine, "name": name(wake), "input": given}
            )
        except AwsError as problem:
            if problem.code != "ExecutionAlreadyExists":
                failed += 1
                log.warning("a timer was not started", extra={"aggregate": wake.aggregate, "problem": problem.code})
    return failed
