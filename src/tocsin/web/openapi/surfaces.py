"""All surfaces, and the route that shows the document."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin import __version__
from tocsin.web.openapi.activities import ACTIVITIES
from tocsin.web.openapi.alertmanager import ALERTMANAGER
from tocsin.web.openapi.deliveries import DELIVERIES, HEARTBEATS
from tocsin.web.openapi.oncall import API, CALENDARS
from tocsin.web.openapi.opsgenie import OPSGENIE
from tocsin.web.openapi.people import CHAT, CONSOLE, HEALTH
from tocsin.web.openapi.people_api import PEOPLE
from tocsin.web.openapi.writing import Surface, document

SURFACES: Final[tuple[Surface, ...]] = (
    DELIVERIES,
    HEARTBEATS,
    OPSGENIE,
    ALERTMANAGER,
    API,
    PEOPLE,
    ACTIVITIES,
    CALENDARS,
    CHAT,
    HEALTH,
    CONSOLE,
)


def openapi(url: str) -> dict[str, Any]:
    """The document of a server that is reached at *url*."""
    return document(SURFACES, __version__, url)


def openapi_route(url: str) -> Route:
    """`/openapi.json`."""
    told = openapi(url)

    async def show(_: Request) -> Response:
        return JSONResponse(told)

    return Route("/openapi.json", show)
