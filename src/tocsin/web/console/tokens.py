"""Tokens for programs that act for a person over HTTP: made and shown once, listed by their last characters, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.web.console.visits import Visit, respond, turn_to
from tocsin.web.oncall import RESPONDER, TokenView


def mine(visit: Visit) -> Sequence[TokenView]:
    """The tokens of who looks. Blocks on the store."""
    return [each for each in visit.console.oncall.tokens() if visit.me and each.subject == RESPONDER + visit.me]


async def change(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/tokens: a new token for who acts, shown once; with `revoke`, the end of one."""
    if not visit.me:
        return turn_to(visit, "/people", "Say who you are first: a token acts for somebody.")
    hint = form.get("revoke", "")
    if hint:
        if not await run_in_threadpool(visit.console.oncall.revoke_token, visit.me, hint):
            raise HTTPException(404)
        return turn_to(visit, "/people", f"Revoked: the token …{hint} opens nothing any more.")
    token = await run_in_threadpool(visit.console.oncall.make_token, visit.me)
    origin = (visit.console.public_url or str(visit.request.base_url)).rstrip("/")
    return await run_in_threadpool(respond, visit, "token.html", token=token, url=f"{origin}/api/v1/schedules")
