"""How the one who acts is paged: quiet hours and notification rules, said here instead of in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.incidents.alerts import Severity
from tocsin.web.console.visits import Visit, turn_to
from tocsin.web.ports import PagingDesk

LOUD = "loud-"  # A box of the form, before the severity.


async def change(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/paging: from now on with these `windows` and `rules`; or `back` to what the configuration says."""
    desk, me = _desk(visit)
    if form.get("back"):
        await run_in_threadpool(desk.reset, me)
        return turn_to(visit, "/people", "You are paged as the configuration says.")
    loud = [word.value for word in Severity if form.get(f"{LOUD}{word.value}")]
    problem = await run_in_threadpool(desk.change, me, form.get("windows", ""), loud, form.get("rules", ""))
    return turn_to(
        visit, "/people", f"Nothing was changed: {problem}." if problem else "It counts from the next page on."
    )


def _desk(visit: Visit) -> tuple[PagingDesk, str]:
    """The desk, and who acts. Raises HTTPException 404: nobody in particular is paged."""
    if visit.console.paging is None or not visit.me:
        raise HTTPException(404)
    return visit.console.paging, visit.me
