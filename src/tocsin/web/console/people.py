"""People: who is in which team, as whom this browser acts, sign-in links for colleagues, and the way in and out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.incidents.alerts import Severity
from tocsin.web.console import sessions, tokens
from tocsin.web.console.visits import Console, Visit, respond, turn_to


def show_people(visit: Visit) -> Response:
    """GET /people. Blocks on the store."""
    browsers, paging = visit.console.browsers, visit.console.paging
    return respond(
        visit,
        "people.html",
        names=visit.names,
        teams=visit.console.roster.teams(),
        tokens=tokens.mine(visit),
        push_key=browsers.public_key if browsers else "",
        browsers=browsers.of(visit.me) if browsers and visit.me else [],
        paging=paging.of(visit.me) if paging and visit.me else None,
        severities=[word.value for word in Severity],
    )


async def choose(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/me: from now on this browser acts as the responder `as`; empty is nobody in particular."""
    chosen = form.get("as", "")
    if chosen and chosen not in visit.names:
        raise HTTPException(404)
    await run_in_threadpool(sessions.act_as, visit.console.store, visit.session, chosen)
    said = f"You act as {visit.names[chosen]} now." if chosen else "You act as nobody in particular now."
    return turn_to(visit, "/people", said)


async def invite(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/links: make a sign-in link and show it, this once."""
    chosen = form.get("as", "")
    if chosen and chosen not in visit.names:
        raise HTTPException(404)
    console = visit.console
    path = await run_in_threadpool(sessions.signin_link, console.store, console.token(), visit.now, chosen)
    origin = console.public_url or str(visit.request.base_url)
    return await run_in_threadpool(
        respond, visit, "link.html", url=origin.rstrip("/") + path, called=visit.names.get(chosen, "")
    )


async def leave(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /signout."""
    del form
    await run_in_threadpool(sessions.sign_out, visit.console.store, visit.session)
    response = RedirectResponse("/signin", 303)
    sessions.drop_cookie(response, visit.console.public_url)
    return response


def show_door(console: Console, request: Request) -> Response:
    """GET /signin, /signin/{token}: only looks; a preview in a chat must not use the link up. Blocks on the store."""
    token = request.path_params.get("token", "")
    if not token:
        return HTMLResponse(console.pages.render("signin.html", link=None))
    good = sessions.link_is_good(console.store, token, console.clock())
    return HTMLResponse(console.pages.render("signin.html", link=good), 200 if good else 403)


async def enter(console: Console, request: Request) -> Response:
    """POST /signin/{token}: use the link up. The token itself proves that the form is meant."""
    if not sessions.from_here(request, console.public_url):
        raise HTTPException(403)
    token = request.path_params["token"]
    cookie = await run_in_threadpool(sessions.redeem, console.store, token, console.token, console.clock())
    if cookie is None:
        return HTMLResponse(console.pages.render("signin.html", link=False), 403)
    response = RedirectResponse("/", 303)
    sessions.set_cookie(response, cookie, console.public_url)
    return response
