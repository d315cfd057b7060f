"""Our own API, `/api/v1`: who is on call, overrides and swaps, for the programs of people.

A token stands for a responder, and what a request does is done by that person, with the rules and the words of the
terminal and the console. Whoever makes something may choose its id; the same request again is then answered with what
is there, so that a client which has heard nothing may simply ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, Duration, Instant, format_instant, parse_duration, parse_instant
from tocsin.schedules.documents import override_document, shift_document, swap_document
from tocsin.schedules.schedule import Schedule
from tocsin.schedules.timeline import current, gaps, next_on_call, shifts
from tocsin.web.credentials import presented
from tocsin.web.gate import RETRY_AFTER
from tocsin.web.oncall import OnCallDesk

BODY_BYTES_MAX: Final = 64 * 1024
READ_TIMEOUT_S: Final = 10.0  # Such a body comes in one packet; who sends it slower holds a connection for nothing.
SHOWN: Final[Duration] = 14 * DAY  # Of a schedule, when nothing else is asked for,
SHOWN_MAX: Final[Duration] = 400 * DAY  # and at most.

_STATUSES: Final = {
    "unknown": HTTPStatus.NOT_FOUND,
    "foreign": HTTPStatus.FORBIDDEN,
    "exists": HTTPStatus.CONFLICT,
    "accepted": HTTPStatus.CONFLICT,
    "over": HTTPStatus.CONFLICT,
}
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_BEARER: Final = b"bearer "
_BROKEN: Final = f"the body did not arrive whole within {READ_TIMEOUT_S:.0f} s"
_ANONYMOUS: Final = "this needs `Authorization: Bearer TOKEN` with a token that the console's page of people has made"


class NewOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an override; *until* may be a duration."""

    schedule: str
    who: str
    until: str
    start: str = "now"
    id: str = ""


class NewSwap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a swap; *to* is empty to ask anybody."""

    schedule: str
    until: str
    start: str = "now"
    to: str = ""
    back_start: str = ""
    back_until: str = ""
    id: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request of *by*, which came at *now*."""

    request: Request
    body: bytes
    by: str
    now: Instant

    @property
    def name(self) -> str:
        """What its path names."""
        name: str = self.request.path_params["name"]
        return name


Act = Callable[[Call], Response]
_Body = TypeVar("_Body", bound=msgspec.Struct)


class OnCallApi:
    """The handlers; they block on the desk."""

    def __init__(self, desk: OnCallDesk, clock: Callable[[], Instant]) -> None:
        """*desk* is called on other threads."""
        self._desk = desk
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        rows: list[tuple[str, str, Act]] = [
            ("GET", "/schedules", self.schedules),
            ("GET", "/schedules/{name}", self.schedule),
            ("POST", "/overrides", self.override),
            ("DELETE", "/overrides/{name}", self.end_override),
            ("GET", "/swaps", self.swaps),
            ("POST", "/swaps", self.ask),
            ("DELETE", "/swaps/{name}", self.withdraw),
            ("POST", "/swaps/{name}/accept", self.accept),
            ("POST", "/swaps/{name}/decline", self.decline),
        ]
        return [Route(f"/api/v1{path}", self.endpoint(act), methods=[method]) for method, path, act in rows]

    def schedules(self, call: Call) -> Response:
        """All schedules: who is on call in each, and who is next."""
        found: list[Json] = [
            {
                "schedule": name,
                "time_zone": schedule.zone,
                "now": shift_document(current(schedule, call.now)),
                "next": None if (after := next_on_call(schedule, call.now)) is None else shift_document(after),
            }
            for name, schedule in self._desk.schedules().items()
        ]
        return JSONResponse({"schedules": found})

    def schedule(self, call: Call) -> Response:
        """The timeline of one of them; `from` and `until` say of when."""
        known = self._desk.schedules()
        if call.name not in known:
            raise TocsinError("schedule-unknown", f"there is no schedule {call.name!r}")
        asked = call.request.query_params
        start, until = period(asked.get("from", "now"), asked.get("until") or "14d", call.now)
        if not start < until <= start + SHOWN_MAX:
            raise TocsinError("time-invalid", "until must be later than from, and at most 400 days later")
        return JSONResponse(_timeline(known[call.name], start, until))

    def override(self, call: Call) -> Response:
        """Put somebody on call for a while."""
        given = read_body(call.body, NewOverride)
        start, until = period(given.start, given.until, call.now)
        made, fresh = self._desk.override(
            schedule=given.schedule, who=given.who, start=start, until=until, by=call.by, name=given.id
        )
        return JSONResponse(override_document(made), _made(fresh=fresh))

    def end_override(self, call: Call) -> Response:
        """Take an override back."""
        self._desk.end_override(call.name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def swaps(self, call: Call) -> Response:
        """All swaps."""
        del call
        return JSONResponse({"swaps": [swap_document(swap) for swap in self._desk.swaps()]})

    def ask(self, call: Call) -> Response:
        """Ask somebody, or anybody, to take one's turns."""
        given = read_body(call.body, NewSwap)
        start, until = period(given.start, given.until, call.now)
        if bool(given.back_start) != bool(given.back_until):
            raise TocsinError("swap-incomplete", "back_start and back_until stand together, or not at all")
        back = period(given.back_start, given.back_until, call.now) if given.back_start else None
        made, fresh = self._desk.ask(
            schedule=given.schedule, by=call.by, to=given.to, start=start, until=until, back=back, name=given.id
        )
        return JSONResponse(swap_document(made), _made(fresh=fresh))

    def accept(self, call: Call) -> Response:
        """Take the turns."""
        return JSONResponse(swap_document(self._desk.accept(call.name, call.by)))

    def decline(self, call: Call) -> Response:
        """Do not take them: the swap is gone."""
        self._desk.decline(call.name, call.by)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def withdraw(self, call: Call) -> Response:
        """Take a swap back."""
        self._desk.withdraw(call.name, call.by)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def endpoint(
        self,
        act: Act,
        *,
        most: int = BODY_BYTES_MAX,
        before: Callable[[Request], Awaitable[bool]] | None = None,
    ) -> Callable[[Request], Awaitable[Response]]:
        """Serve *act* for whoever has a token, with all refusals.

        *most*: bytes of its body. *before* waits on the loop, for those with a token, and says whether to go on.
        """

        async def endpoint(request: Request) -> Response:
            try:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    body = await _body_of(request, most)
            except (TimeoutError, ClientDisconnect):
                response = _refusal(HTTPStatus.BAD_REQUEST, "body-invalid", _BROKEN)
            else:
                known = before is not None and await run_in_threadpool(self._known, request)
                if before is not None and known and not await before(request):
                    return Response(status_code=HTTPStatus.NO_CONTENT)  # Nobody hears it any more.
                response = await run_in_threadpool(self._answer, act, request, body, most)
            response.headers.update(_HEADERS)
            return response

        return endpoint

    def _known(self, request: Request) -> bool:
        try:
            return bool(self._desk.acts_as(_token(request)))
        except StoreUnavailableError:
            return False

    def _answer(self, act: Act, request: Request, body: bytes, most: int) -> Response:
        if len(body) > most:
            return _refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-invalid", f"the body is larger than {most} bytes"
            )
        try:
            by = self._desk.acts_as(_token(request))
            if not by:
                headers = {"www-authenticate": "Bearer"}
                return _refusal(HTTPStatus.UNAUTHORIZED, "token-unknown", _ANONYMOUS, headers)
            return act(Call(request=request, body=body, by=by, now=self._clock()))
        except StoreUnavailableError as problem:
            sentence = f"not available now, try again: {problem.message}"
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, problem.code, sentence, RETRY_AFTER)
        except TocsinError as problem:
            kind = problem.code.rpartition("-")[2]
            return _refusal(_STATUSES.get(kind, HTTPStatus.BAD_REQUEST), problem.code, problem.message)


async def _body_of(request: Request, most: int) -> bytes:
    """The body, or a beginning of it that is too long already: more is not kept. Raises ClientDisconnect."""
    body = bytearray()
    async for part in request.stream():
        body += part[: most + 1 - len(body)]
    return bytes(body)


def _token(request: Request) -> str:
    """The token of a request; empty without one.

    Of Authorization only Bearer counts (RFC 6750): Basic browsers remember, and add to what a foreign page has them
    send.
    """
    headers = [
        (name, value)
        for name, value in request.headers.raw
        if name != b"authorization" or value[: len(_BEARER)].lower() == _BEARER
    ]
    return presented("", headers, "")


def _timeline(schedule: Schedule, start: Instant, until: Instant) -> dict[str, Json]:
    return {
        "schedule": schedule.name,
        "time_zone": schedule.zone,
        "start": format_instant(start),
        "until": format_instant(until),
        "shifts": [shift_document(shift) for shift in shifts(schedule, start, until)],
        "gaps": [shift_document(gap) for gap in gaps(schedule, start, until)],
        "overrides": [override_document(each) for each in schedule.overrides if each.until > start],
        "swaps": [swap_document(each) for each in schedule.swaps if each.until > start],
    }


def read_body(body: bytes, kind: type[_Body]) -> _Body:
    """The document of a request. Raises TocsinError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise TocsinError("body-invalid", f"the body is not what it must be: {problem}") from None


def period(begin: str, end: str, now: Instant) -> tuple[Instant, Instant]:
    """From *begin* to *end*, which may be a duration. Raises TocsinError."""
    start = _instant(begin, now)
    duration = parse_duration(end)
    return start, _instant(end, now) if duration is None else start + duration


def _instant(text: str, now: Instant) -> Instant:
    found = now if text == "now" else parse_instant(text)
    if found is None:
        raise TocsinError("time-invalid", f"{text!r} is no time like now or 2026-12-24T09:00:00+01:00")
    return found


def _made(*, fresh: bool) -> int:
    return HTTPStatus.CREATED if fresh else HTTPStatus.OK


def _refusal(status: int, code: str, sentence: str, headers: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"status": "refused", "code": code, "message": sentence}, status, headers)
