"""A visit: a signed-in request, and the ways in which the console answers it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.engine.ports import Store
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import Instant
from tocsin.web.console import overview, sessions
from tocsin.web.console.assets import Assets
from tocsin.web.console.forms import read_form
from tocsin.web.console.pages import Pages
from tocsin.web.console.sessions import Session
from tocsin.web.oncall import OnCallDesk
from tocsin.web.ports import Browsers, Changes, FigureDesk, Intake, KeyDesk, NoiseDesk, PagingDesk, Roster
from tocsin.web.workflows import WorkflowDesk

NOBODY: Final = "console"  # Who acts when the signed-in person has not said who they are.
FRAGMENT: Final = "tocsin-fragment"  # The script asks with this header for the live parts of a page only.

_FLASH: Final = "tocsin-said"
_FLASH_TTL_S: Final = 60
_FLASH_MAX: Final = 600  # Characters; cookies hold 4096 bytes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Everything the console was given."""

    store: Store
    machine: IncidentMachine
    intake: Intake
    changes: Changes
    roster: Roster
    keys: KeyDesk
    oncall: OnCallDesk
    noise: NoiseDesk
    clock: Callable[[], Instant]
    token: Callable[[], str]
    public_url: str
    assets: Assets
    pages: Pages
    figures: FigureDesk | None = None
    browsers: Browsers | None = None
    paging: PagingDesk | None = None
    workflows: WorkflowDesk | None = None
    notes: Callable[[], Sequence[str]] = tuple
    """What is wrong outside, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a signed-in browser. *names*: the responders' display names by id."""

    console: Console
    request: Request
    session: Session
    now: Instant
    names: Mapping[str, str]

    @property
    def me(self) -> str:
        """The responder this visit acts as, or empty."""
        return self.session.acts_as if self.session.acts_as in self.names else ""

    @property
    def by(self) -> str:
        """Who acts, in words of the commands."""
        return self.me or NOBODY


Show: TypeAlias = Callable[[Visit], Response]
Act: TypeAlias = Callable[[Visit, Mapping[str, str]], Awaitable[Response]]


def shown(console: Console, show: Show) -> Callable[[Request], Response]:
    """The endpoint of a page. It may block on the store, so Starlette runs it in a thread."""

    def endpoint(request: Request) -> Response:
        visit = find_visit(console, request)
        return show(visit) if visit else ask_to_sign_in(console)

    return endpoint


def done(console: Console, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a button: a form of ours, from a signed-in browser, or nothing happens. Raises HTTPException."""

    async def endpoint(request: Request) -> Response:
        form = await read_form(request)
        visit = await run_in_threadpool(find_visit, console, request)
        if visit is None:
            return await run_in_threadpool(ask_to_sign_in, console)
        token = form.get("csrf", "")
        if not (sessions.from_here(request, console.public_url) and sessions.is_ours(visit.session, token)):
            raise HTTPException(403)
        return await act(visit, form)

    return endpoint


def find_visit(console: Console, request: Request) -> Visit | None:
    """The visit, if its browser is signed in. Blocks on the store."""
    now = console.clock()
    cookie = request.cookies.get(sessions.cookie_name(console.public_url))
    session = sessions.current(console.store, cookie, now)
    if session is None:
        return None
    return Visit(console=console, request=request, session=session, now=now, names=console.roster.responders())


def ask_to_sign_in(console: Console) -> Response:
    """401 in place: after signing in, loading the same address shows what was asked for."""
    return HTMLResponse(console.pages.render("signin.html", link=None), 401)


def respond(visit: Visit, template: str, *, triggered: int | None = None, **facts: object) -> Response:
    """The page, or its live parts when the script asks; *triggered* if it is known already. Blocks on the store."""
    fragment = FRAGMENT in visit.request.headers
    said = "" if fragment else _read_flash(visit)
    html = visit.console.pages.render(
        template,
        layout="fragment.html" if fragment else "page.html",
        now=visit.now,
        me=visit.me,
        my_name=visit.names.get(visit.me, ""),
        csrf=visit.session.csrf,
        path=visit.request.url.path,
        has_figures=visit.console.figures is not None,
        has_workflows=visit.console.workflows is not None,
        triggered=overview.triggered(visit.console.store) if triggered is None else triggered,
        said=said,
        asked_swaps=0 if fragment else _asked_swaps(visit),
        **facts,
    )
    response = HTMLResponse(html)
    if said:
        response.delete_cookie(_FLASH, path="/", httponly=True, samesite="lax", secure=_is_secure(visit))
    return response


def turn_to(visit: Visit, path: str, said: str) -> Response:
    """Post, redirect, get: *said* is shown once on the page that follows."""
    response = RedirectResponse(path, 303)
    text = urlsafe_b64encode(said[:_FLASH_MAX].encode("utf-8", "replace")).decode()
    response.set_cookie(
        _FLASH,
        f"{text}.{sessions.seal(visit.session, text)}",
        max_age=_FLASH_TTL_S,
        path="/",
        secure=_is_secure(visit),
        httponly=True,
        samesite="lax",
    )
    return response


def _asked_swaps(visit: Visit) -> int:
    """How many swaps wait for the answer of who looks."""
    if not visit.me:
        return 0
    found = visit.console.oncall.swaps()
    return sum(swap.to == visit.me and not swap.accepted and swap.until > visit.now for swap in found)


def _read_flash(visit: Visit) -> str:
    """What was said, if we said it: a neighbouring host can set cookies too."""
    text, _, seal = visit.request.cookies.get(_FLASH, "").partition(".")
    if not text or not sessions.is_sealed(visit.session, text, seal):
        return ""
    return urlsafe_b64decode(text).decode()


def _is_secure(visit: Visit) -> bool:
    return sessions.is_secure(visit.console.public_url)
