"""The console as one ASGI application: its routes, its error pages, and the guard around them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from tocsin.engine.ports import Store
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant
from tocsin.web.console import browsers as browser_pages
from tocsin.web.console import (
    deliveries,
    figures,
    heartbeats,
    incident,
    overview,
    people,
    policies,
    silences,
    tokens,
    verbs,
)
from tocsin.web.console import keys as key_pages
from tocsin.web.console import noise as noise_pages
from tocsin.web.console import oncall as calendar
from tocsin.web.console import paging as paging_pages
from tocsin.web.console import workflows as workflow_pages
from tocsin.web.console.assets import Assets
from tocsin.web.console.events import EventStream
from tocsin.web.console.guard import Guard
from tocsin.web.console.pages import Pages
from tocsin.web.console.visits import Console, Visit, done, find_visit, respond, shown
from tocsin.web.oncall import OnCallDesk
from tocsin.web.ports import Browsers, Changes, FigureDesk, Intake, KeyDesk, NoiseDesk, PagingDesk, Roster
from tocsin.web.workflows import WorkflowDesk

STREAMS_MAX: Final = 256  # Browsers that listen at once; a tab beyond that still asks every few seconds.
RETRY_AFTER_S: Final = 5

log = logging.getLogger(__name__)

_Endpoint = Callable[[Request], Awaitable[ASGIApp] | ASGIApp]

_PROBLEMS: Final = {
    400: ("That was not understood", "Go back, load the page again, and try once more."),
    403: (
        "That was not accepted",
        "Nothing was done: the form was older than your session, or not ours. Go back, load the page, press again.",
    ),
    404: (
        "There is nothing here",
        "The address may be mistyped, or what it named is gone: old deliveries are forgotten.",
    ),
    405: ("That cannot be done here", "Go back to the incidents and start from there."),
    408: ("The form did not arrive", "Nothing was done. Check your connection, go back, and press once more."),
    413: ("That is too much at once", "Nothing was done. Go back and write less."),
    415: ("That was not understood", "Nothing was done. Go back, load the page again, and try once more."),
    500: (
        "Something broke in here",
        "This is a fault of ours. Whoever runs Tocsin finds it in the log by the id below.",
    ),
    503: (
        "The store does not answer",
        "Nothing was done: the disk may be full, or the database locked. Try again; if it stays, look at the log.",
    ),
}


def console(
    *,
    store: Store,
    machine: IncidentMachine,
    intake: Intake,
    changes: Changes,
    roster: Roster,
    keys: KeyDesk,
    oncall: OnCallDesk,
    noise: NoiseDesk,
    clock: Callable[[], Instant],
    token: Callable[[], str],
    public_url: str = "",
    figure_desk: FigureDesk | None = None,
    browsers: Browsers | None = None,
    paging: PagingDesk | None = None,
    workflows: WorkflowDesk | None = None,
    notes: Callable[[], Sequence[str]] = tuple,
) -> ASGIApp:
    """The console, to be mounted at `/`.

    *store* is called from several threads. *token* makes secrets of at least 128 random bits, safe in a URL.
    *public_url* is where browsers find the console; with https its cookies travel over TLS only. Without *figure_desk*
    there are no figures; without *browsers* none can be made to ring; without *paging* nobody says how they are paged;
    without *workflows* none are shown. *notes*: what is wrong outside.
    """
    assets = Assets()
    parts = Console(
        store=store,
        machine=machine,
        intake=intake,
        changes=changes,
        roster=roster,
        keys=keys,
        oncall=oncall,
        noise=noise,
        clock=clock,
        token=token,
        public_url=public_url,
        assets=assets,
        pages=Pages(assets),
        figures=figure_desk,
        browsers=browsers,
        paging=paging,
        workflows=workflows,
        notes=notes,
    )
    handlers = {
        HTTPException: partial(_refused, parts),
        StoreUnavailableError: partial(_unavailable, parts),
        Exception: partial(_broken, parts),
    }
    return Guard(Starlette(routes=_routes(parts), exception_handlers=handlers))


def _routes(parts: Console) -> list[BaseRoute]:
    listening = _Listening(parts)

    def get(path: str, endpoint: _Endpoint) -> Route:
        return Route(path, endpoint, methods=["GET"])

    def post(path: str, endpoint: _Endpoint) -> Route:
        return Route(path, endpoint, methods=["POST"])

    counted = [
        get("/stats", shown(parts, figures.show_stats)),
        get("/missed", shown(parts, figures.show_missed)),
    ]
    flows = [
        get("/workflows", shown(parts, workflow_pages.show_workflows)),
        get("/workflows/{name}", shown(parts, workflow_pages.show_workflow)),
        post("/workflows/{name}", done(parts, workflow_pages.start)),
        get("/runs/{id:path}", shown(parts, workflow_pages.show_run)),
        post("/runs/{id:path}", done(parts, workflow_pages.act_on_run)),
        get("/questions/{id}", shown(parts, workflow_pages.show_question)),
        post("/questions/{id}", done(parts, workflow_pages.answer)),
        get("/rules/{name}", shown(parts, workflow_pages.show_rule)),
    ]
    return [
        *(counted if parts.figures is not None else ()),
        *(flows if parts.workflows is not None else ()),
        get("/", shown(parts, show_incidents)),
        get("/incidents/{id:path}", shown(parts, incident.show_incident)),
        post("/incidents/{id:path}", done(parts, verbs.act_on_incident)),
        get("/deliveries", shown(parts, deliveries.show_deliveries)),
        get("/deliveries/{id}", shown(parts, deliveries.show_delivery)),
        get("/deliveries/{id}/raw", shown(parts, deliveries.download)),
        post("/deliveries/{id}/replay", done(parts, deliveries.replay)),
        get("/silences", shown(parts, silences.show_silences)),
        post("/silences", done(parts, silences.change_silences)),
        get("/heartbeats", shown(parts, heartbeats.show_heartbeats)),
        post("/heartbeats", done(parts, heartbeats.switch)),
        get("/keys", shown(parts, key_pages.show_keys)),
        post("/keys", done(parts, key_pages.ring)),
        post("/keys/rotate", done(parts, key_pages.rotate)),
        post("/keys/revoke", done(parts, key_pages.revoke)),
        get("/oncall", shown(parts, calendar.show_oncall)),
        post("/oncall/overrides", done(parts, calendar.override)),
        post("/oncall/swaps", done(parts, calendar.swap)),
        post("/oncall/feeds", done(parts, calendar.feed)),
        get("/policies", shown(parts, policies.show_policies)),
        get("/noise", shown(parts, noise_pages.show_noise)),
        post("/noise", done(parts, noise_pages.remedy)),
        get("/people", shown(parts, people.show_people)),
        post("/people/me", done(parts, people.choose)),
        post("/people/links", done(parts, people.invite)),
        post("/people/tokens", done(parts, tokens.change)),
        post("/people/browsers", done(parts, browser_pages.register)),
        post("/people/browsers/remove", done(parts, browser_pages.remove)),
        post("/people/paging", done(parts, paging_pages.change)),
        get("/worker.js", parts.assets.worker),
        get("/signin", partial(people.show_door, parts)),
        get("/signin/{token}", partial(people.show_door, parts)),
        post("/signin/{token}", partial(people.enter, parts)),
        post("/signout", done(parts, people.leave)),
        get("/events", listening.listen),
        get("/static/{name}", parts.assets.serve),
    ]


def show_incidents(visit: Visit) -> Response:
    """GET /. Blocks on the store."""
    parts = visit.console
    query = overview.read_query(visit.request.query_params)
    teams = parts.roster.teams()
    found = overview.overview(parts.store, parts.machine, query, names=visit.names, me=visit.me, teams=teams)
    plain = query == overview.Query()
    return respond(
        visit,
        "incidents.html",
        triggered=found.counts[Status.TRIGGERED] if overview.sees_newest(query) else None,
        query=query,
        list=found,
        statuses=overview.STATUSES,
        window=overview.WINDOW_MAX,
        resolved=overview.last_resolved(parts.store, parts.machine, visit.names) if plain else [],
        integrations=list(parts.roster.integrations()),
        notes=parts.notes(),
    )


class _Listening:
    """Counts the browsers that listen to the live stream."""

    def __init__(self, parts: Console) -> None:
        self._parts = parts
        self._streams = 0

    async def listen(self, request: Request) -> ASGIApp:
        """GET /events."""
        if await run_in_threadpool(find_visit, self._parts, request) is None:
            return PlainTextResponse("Sign in first.", 401)
        if self._streams >= STREAMS_MAX:
            return PlainTextResponse("Too many listen already.", 503, {"retry-after": str(RETRY_AFTER_S)})
        self._streams += 1

        async def may_stay() -> bool:
            return await run_in_threadpool(find_visit, self._parts, request) is not None

        return EventStream(self._parts.changes.subscribe(), may_stay=may_stay, on_end=self._gone)

    def _gone(self) -> None:
        self._streams -= 1


def _refused(parts: Console, request: Request, problem: Exception) -> Response:
    del request
    assert isinstance(problem, HTTPException)
    return _page(parts, problem.status_code, problem.detail, dict(problem.headers or {}))


def _unavailable(parts: Console, request: Request, problem: Exception) -> Response:
    log.warning("the console could not reach the store: %s", problem, extra={"path": request.url.path})
    return _page(parts, 503, str(problem), {"retry-after": str(RETRY_AFTER_S)})


def _broken(parts: Console, request: Request, problem: Exception) -> Response:
    """The exception itself goes on to the server, which logs it whole."""
    error_id = parts.token()[:8]
    log.error("internal error %s: %r", error_id, problem, extra={"path": request.url.path})
    return _page(parts, 500, f"internal error {error_id}", {})


def _page(parts: Console, status: int, detail: str, headers: dict[str, str]) -> Response:
    title, remedy = _PROBLEMS.get(status, (detail, ""))
    html = parts.pages.render("error.html", status=status, title=title, remedy=remedy, detail=detail)
    return HTMLResponse(html, status, headers)
