"""Our own API for workers: the next task of an activity, and what becomes of a task that waits for its token.

A worker asks from where it is: nothing of it needs to be reachable. A token of our API says who asks; the task's own
token says which task it is. Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.asl.sizes import PAYLOAD_BYTES_MAX
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json
from tocsin.web.api import Call, OnCallApi, read_body

WAIT_S: Final = 20.0  # How long is waited for work when nothing else is asked for,
WAIT_S_MAX: Final = 60.0  # and at most, as GetActivityTask does.
LOOK_S: Final = 0.1
WAITERS_MAX: Final = 200  # Each holds a connection.
ANSWER_BYTES_MAX: Final = 2 * PAYLOAD_BYTES_MAX  # What is too large for a state fails it, and so must come in first.


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A task to be done; its answer names *token*."""

    token: str
    input: Json
    run: str
    workflow: str


class Activities(Protocol):
    """Where tasks wait for workers. Blocks on the store, raises StoreUnavailableError, but for `has`."""

    def has(self, activity: str) -> bool:
        """Whether something waits there."""
        ...

    def take(self, activity: str) -> Work | None:
        """The task that has waited longest; it is the caller's from now on."""
        ...

    def succeed(self, token: str, output: Json) -> bool:
        """A task is over; False: none waits for this token."""
        ...

    def fail(self, token: str, error: str, cause: str | None) -> bool:
        """A task has failed; False: none waits for this token."""
        ...

    def beat(self, token: str) -> bool:
        """A task is at work; False: none waits for this token."""
        ...


class Succeeded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body for a task that is done."""

    token: str
    output: Json


class Failed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body for a task that has failed."""

    token: str
    error: str
    cause: str | None = None


class Beat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body for a task that is at work."""

    token: str


class ActivityApi:
    """The handlers."""

    def __init__(self, api: OnCallApi, activities: Activities) -> None:
        """*api* knows who asks."""
        self._api = api
        self._activities = activities
        self._waiters = 0

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        work = self._api.endpoint(self.next, before=self._wait)
        rows = [("succeed", self.succeed), ("fail", self.fail), ("beat", self.beat)]
        return [
            Route("/api/v1/activities/{name}/next", work, methods=["POST"]),
            *(
                Route(f"/api/v1/tasks/{verb}", self._api.endpoint(act, most=ANSWER_BYTES_MAX), methods=["POST"])
                for verb, act in rows
            ),
        ]

    def next(self, call: Call) -> Response:
        """The next task of an activity; 204 if there is none."""
        _seconds(call.request)
        found = self._activities.take(call.name)
        return (
            Response(status_code=HTTPStatus.NO_CONTENT) if found is None else JSONResponse(msgspec.to_builtins(found))
        )

    def succeed(self, call: Call) -> Response:
        """A task is done."""
        given = read_body(call.body, Succeeded)
        return _told(self._activities.succeed(given.token, given.output))

    def fail(self, call: Call) -> Response:
        """A task has failed."""
        given = read_body(call.body, Failed)
        return _told(self._activities.fail(given.token, given.error, given.cause))

    def beat(self, call: Call) -> Response:
        """A task is at work."""
        return _told(self._activities.beat(read_body(call.body, Beat).token))

    async def _wait(self, request: Request) -> bool:
        """Until there is work, or nobody waits for it any more; whether somebody does."""
        try:
            until = time.monotonic() + _seconds(request)
        except TocsinError:
            return True  # It is refused with its reason.
        if self._waiters >= WAITERS_MAX:
            return True  # At once, as if nobody could wait.
        self._waiters += 1
        try:
            while not self._activities.has(request.path_params["name"]) and time.monotonic() < until:
                if await request.is_disconnected():
                    return False
                await asyncio.sleep(LOOK_S)
        finally:
            self._waiters -= 1
        return True


def _seconds(request: Request) -> float:
    asked = request.query_params.get("wait", f"{WAIT_S:.0f}")
    if not asked.isascii() or not asked.isdigit() or int(asked[:9]) > WAIT_S_MAX:
        raise TocsinError("wait-invalid", f"wait is a number of seconds up to {WAIT_S_MAX:.0f}, not {asked[:20]!r}")
    return float(asked)


def _told(answered: bool) -> Response:  # noqa: FBT001 - whether a task waited.
    if not answered:
        raise TocsinError("task-unknown", "no task waits for this token: it is over, was answered, or never was")
    return Response(status_code=HTTPStatus.NO_CONTENT)
