"""A task as those see it who do it, and how doing it can end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tocsin.asl.resources import Resource
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, Duration

TIME_MAX: Final[Duration] = HOUR  # Of a task that says nothing about it; what takes longer waits for a token.


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task at work. *id*: the same however often it is done, and no other task's: an idempotency key.

    *run*, *task*: where its answer goes. *what*: its resource, *resource* as the definition writes it. *token*: with
    what it is answered, if it waits for that. *role*: the ARN of the role to assume, or empty;
    *runs_as*: that of its workflow.
    """

    id: str
    run: str
    task: str
    resource: str
    what: Resource
    arguments: Json
    token: str = ""
    role: str = ""
    runs_as: str = ""
    timeout: Duration | None = None

    @property
    def time(self) -> Duration:
        """How long it may take, in ms."""
        return min(self.timeout or TIME_MAX, TIME_MAX)


class Later(Exception):
    """The task was not done, and may be tried again; *error* fails it when that has helped nothing."""

    def __init__(self, error: str, cause: str, after: Duration | None = None, *, counts: bool = True) -> None:
        """*after*: not before so many ms. *counts* False: nothing went wrong, it only is not over yet."""
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.after = after
        self.counts = counts


class Elsewhere(Exception):
    """The task has begun, and its answer comes by another way."""


Doer = Callable[[Task], Any]
"""Does a task and gives its output, which is JSON. Raises `asl.Failure`, Later, Elsewhere."""
