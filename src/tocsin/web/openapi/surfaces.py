"""All surfaces, and the route that shows the document."""

from __future__ import annotations

from typing import Any, Final

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
