"""The browsers that ring: a visitor registers the one in front of them, for the person as whom they act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.web.console.visits import Visit, turn_to
from tocsin.web.ports import Browsers

# The names by which browsers call themselves; the first that is found counts, since each also names older ones.
_BROWSERS: Final = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
_CALLED: Final = {"Edg": "Edge", "OPR": "Opera", "Macintosh": "Mac"}


async def register(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/browsers: the browser with this `subscription` rings. Raises StoreUnavailableError."""
    browsers, me = _browsers(visit)
    label = called(visit.request.headers.get("user-agent", ""))
    problem = await run_in_threadpool(browsers.add, me, form.get("subscription", ""), label)
    if problem:
        return turn_to(visit, "/people", f"This browser cannot ring: {problem}.")
    return turn_to(visit, "/people", f"This browser rings for {visit.names[me]} now.")


async def remove(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /people/browsers/remove: the browser `name` rings no more. Raises StoreUnavailableError."""
    browsers, me = _browsers(visit)
    if not await run_in_threadpool(browsers.remove, me, form.get("name", "")):
        raise HTTPException(404)
    return turn_to(visit, "/people", "That browser rings no more.")


def called(agent: str) -> str:
    """What a browser calls itself, in two words."""
    browser = next((each for each in _BROWSERS if f"{each}/" in agent), "A browser")
    system = next((each for each in _SYSTEMS if re.search(rf"\b{each}\b", agent)), "")
    words = [_CALLED.get(each, each) for each in (browser, system) if each]
    return " on ".join(words)


def _browsers(visit: Visit) -> tuple[Browsers, str]:
    """The book of browsers, and who acts. Raises HTTPException 404: nobody in particular has browsers."""
    if visit.console.browsers is None or not visit.me:
        raise HTTPException(404)
    return visit.console.browsers, visit.me
