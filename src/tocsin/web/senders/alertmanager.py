"""Tocsin as an Alertmanager: version 2 of its API under `/am/{key}`, for Prometheus, amtool, karma and Grafana.

Alerts and silences are deliveries like any other; what is asked for is read from the incidents. Each key sees and
silences its own integration only.

Source: api/v2/openapi.yaml of Prometheus Alertmanager.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.engine.ports import Aggregates
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.matchers import Matcher, MatcherError, parse
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_instant
from tocsin.regexes import Regex, RegexError, compiled
from tocsin.sources import prometheus
from tocsin.sources.reading import Problem
from tocsin.web.gate import RETRY_AFTER, Gate, Refused, body_of
from tocsin.web.ports import Roster
from tocsin.web.senders import alertmanager_alerts as alerts
from tocsin.web.senders import alertmanager_silences as silences
from tocsin.web.senders.channels import ALERTS, SILENCES

VERSION: Final = "0.27.0"  # The Alertmanager whose API this is: karma and Grafana look at it.
OUTCOME_SECONDS: Final = 5.0  # Who has made a silence asks for it at once; it is stored in any case.
FILTERS_MAX: Final = 64

_TRUE: Final = frozenset({"true", "1", "t", "yes"})
_FALSE: Final = frozenset({"false", "0", "f", "no"})

_Handler = Callable[[Request, str], Awaitable[Response]]


class Upstream(msgspec.Struct, frozen=True):
    """What the API is made of beside the gate. *new_id* makes UUIDs; *ready* says what is wrong, or nothing."""

    store: Aggregates
    roster: Roster
    clock: Callable[[], Instant]
    new_id: Callable[[], str]
    ready: Callable[[], str]


def alertmanager_routes(gate: Gate, upstream: Upstream) -> list[BaseRoute]:
    """All of `/am/{key}`."""
    api = _Api(gate, upstream, upstream.clock())
    routes: Sequence[tuple[str, str, _Handler]] = (
        ("POST", "/api/v2/alerts", api.post_alerts),
        ("GET", "/api/v2/alerts", api.get_alerts),
        ("POST", "/api/v1/alerts", api.post_alerts),
        ("GET", "/api/v2/alerts/groups", api.get_groups),
        ("GET", "/api/v2/silences", api.get_silences),
        ("POST", "/api/v2/silences", api.post_silence),
        ("GET", "/api/v2/silence/{id}", api.get_silence),
        ("DELETE", "/api/v2/silence/{id}", api.delete_silence),
        ("GET", "/api/v2/status", api.status),
        ("GET", "/api/v2/receivers", api.receivers),
        ("GET", "/metrics", api.metrics),
        ("GET", "/-/healthy", api.healthy),
        ("GET", "/-/ready", api.ready),
    )
    return [Route(f"/am/{{key}}{path}", api.guarded(handler), methods=[method]) for method, path, handler in routes]


class _Api:
    """The handlers; each is given the integration of the key."""

    def __init__(self, gate: Gate, upstream: Upstream, started_at: Instant) -> None:
        self._gate = gate
        self._upstream = upstream
        self._started_at = started_at

    def guarded(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """*handler* for those who have a key; own trouble is 503, on which senders come again."""

        async def answer(request: Request) -> Response:
            try:
                found = self._gate.enter(request, await body_of(request), request.path_params["key"], "/am/")
                if isinstance(found, Refused):
                    headers = RETRY_AFTER if found.status == HTTPStatus.SERVICE_UNAVAILABLE else None
                    return JSONResponse(found.sentence, found.status, headers)
                return await handler(request, found.integration)
            except _RefusedError as refusal:
                return JSONResponse(str(refusal), refusal.status)
            except StoreUnavailableError as problem:
                return JSONResponse(f"not now, come again: {problem.message}", 503, RETRY_AFTER)

        return answer

    # Alerts

    async def post_alerts(self, request: Request, integration: str) -> Response:
        """The valid alerts of a batch are taken, whatever stands beside them; what is not is told with 400."""
        body = await body_of(request)
        try:
            found = await run_in_threadpool(lambda: prometheus.posted(json.decode(body), self._upstream.clock()))
        except json.JsonError as problem:
            raise _RefusedError(f"this is not JSON: {problem}") from None
        if found.alerts:
            await self._gate.accept(request, channel=ALERTS, integration=integration, body=body)
        if found.problems:
            raise _RefusedError("; ".join(map(_sentence, found.problems)))
        return Response(status_code=HTTPStatus.OK)

    async def get_alerts(self, request: Request, integration: str) -> Response:
        """GET /alerts."""
        wanted = _wanted(request)
        return JSONResponse(await run_in_threadpool(self._alerts, integration, wanted))

    async def get_groups(self, request: Request, integration: str) -> Response:
        """GET /alerts/groups: alerts of one name and one team are a group."""
        wanted = _wanted(request)
        return JSONResponse(alerts.groups(await run_in_threadpool(self._alerts, integration, wanted)))

    def _alerts(self, integration: str, wanted: alerts.Wanted) -> list[alerts.Shown]:
        store, now = self._upstream.store, self._upstream.clock()
        known = silences.listed(store, integration)
        return alerts.listed(store, integration, wanted, known, now)

    # Silences

    async def get_silences(self, request: Request, integration: str) -> Response:
        """GET /silences."""
        wanted = _matchers(request)
        found = await run_in_threadpool(silences.listed, self._upstream.store, integration)
        return JSONResponse(silences.shown(found, wanted, self._upstream.clock()))

    async def post_silence(self, request: Request, integration: str) -> Response:
        """Makes one, or changes the one whose id is given: by Alertmanager's rules that may make a new one."""
        body = await body_of(request)
        try:
            asked = silences.asked(json.decode(body), self._upstream.clock())
        except json.JsonError as problem:
            raise _RefusedError(f"this is not JSON: {problem}") from None
        except silences.AskedError as problem:
            raise _RefusedError(str(problem)) from None
        before = await self._find(asked.id, integration) if asked.id else None
        order = silences.order(asked, before, integration, self._upstream.new_id(), self._upstream.clock())
        assert order.make is not None
        await self._order(request, integration, json.encode(order))
        return JSONResponse({"silenceID": order.make.id})

    async def get_silence(self, request: Request, integration: str) -> Response:
        """GET /silence/{id}."""
        found = await self._find(request.path_params["id"], integration)
        return JSONResponse(silences.show(found, self._upstream.clock()))

    async def delete_silence(self, request: Request, integration: str) -> Response:
        """DELETE /silence/{id}: it expires now. One that has expired stays so."""
        found = await self._find(request.path_params["id"], integration)
        await self._order(request, integration, json.encode(silences.Order(end=found.id)))
        return Response(status_code=HTTPStatus.OK)

    async def _find(self, name: str, integration: str) -> silences.Silence:
        found = await run_in_threadpool(silences.find, self._upstream.store, name, integration)
        if found is None:
            raise _RefusedError(f"silence {name[:100]} not found", HTTPStatus.NOT_FOUND)
        return found

    async def _order(self, request: Request, integration: str, body: bytes) -> None:
        name = await self._gate.accept(request, channel=SILENCES, integration=integration, body=body)
        await self._gate.outcome(name, OUTCOME_SECONDS)

    # The server

    async def status(self, _: Request, integration: str) -> Response:
        """GET /status; the configuration is what amtool needs in order to show routes."""
        version = {"version": VERSION, "revision": "", "branch": "tocsin", "buildUser": "", "buildDate": ""}
        return JSONResponse(
            {
                "cluster": {"status": "disabled", "peers": []},
                "versionInfo": {**version, "goVersion": ""},
                "config": {"original": alerts.configuration(self._teams(integration))},
                "uptime": format_instant(self._started_at),
            }
        )

    async def receivers(self, _: Request, integration: str) -> Response:
        """GET /receivers: the teams."""
        return JSONResponse([{"name": team} for team in self._teams(integration)])

    async def metrics(self, _: Request, integration: str) -> Response:  # noqa: ARG002 - as all handlers.
        """Where karma looks for the version."""
        return PlainTextResponse(f'alertmanager_build_info{{branch="tocsin",version="{VERSION}"}} 1\n')

    async def healthy(self, _: Request, integration: str) -> Response:  # noqa: ARG002 - as all handlers.
        """GET /-/healthy."""
        return PlainTextResponse("OK")

    async def ready(self, _: Request, integration: str) -> Response:  # noqa: ARG002 - as all handlers.
        """GET /-/ready, as `/readyz`."""
        trouble = await run_in_threadpool(self._upstream.ready)
        return PlainTextResponse(trouble or "OK", HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK)

    def _teams(self, integration: str) -> list[str]:
        """All teams, that of the integration first."""
        own = self._upstream.roster.integrations().get(integration)
        return list(dict.fromkeys((*([own] if own else []), *self._upstream.roster.teams())))


class _RefusedError(Exception):
    """The request can never succeed; the text says why."""

    def __init__(self, sentence: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


def _sentence(problem: Problem) -> str:
    return ": ".join(filter(None, (problem.place, problem.message)))


def _wanted(request: Request) -> alerts.Wanted:
    """What the query asks for. Raises _RefusedError."""
    return alerts.Wanted(
        matchers=_matchers(request),
        receiver=_receiver(request),
        active=_flag(request, "active"),
        silenced=_flag(request, "silenced"),
    )


def _matchers(request: Request) -> tuple[Matcher, ...]:
    texts = request.query_params.getlist("filter")
    if len(texts) > FILTERS_MAX:
        raise _RefusedError(f"{len(texts)} filters are too many; {FILTERS_MAX} are possible")
    try:
        return tuple(map(parse, texts))
    except MatcherError as problem:
        raise _RefusedError(str(problem)) from None


def _receiver(request: Request) -> Regex | None:
    text = request.query_params.get("receiver")
    try:
        return compiled(text) if text else None
    except RegexError as problem:
        raise _RefusedError(f"failed to parse receiver param: {problem}") from None


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "true").lower()
    if text not in _TRUE | _FALSE:
        raise _RefusedError(f"{name} must be true or false, and is {text[:100]!r}")
    return text in _TRUE
