"""Where our OpenAPI document is read; it is put together for the first who asks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin.kernel.later import later

if TYPE_CHECKING:
    from tocsin.web.openapi import surfaces
else:
    surfaces = later("tocsin.web.openapi.surfaces")


def openapi_route(url: str) -> Route:
    """`/openapi.json` of a server at *url*."""

    @cache
    def told() -> dict[str, Any]:
        return surfaces.openapi(url)

    async def show(_: Request) -> Response:
        return JSONResponse(told())

    return Route("/openapi.json", show)
